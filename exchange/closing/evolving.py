"""What runs and statements change in the venue's state."""

from exchange.closing.events import CloseBegun, PeriodClosed, StatementPosted, SubjectKind, UsageCut
from exchange.state import ContractId, Earnings, LeaseId, State
from exchange.vouchers.rules import use


def evolve_closing(state: State, event: CloseBegun | UsageCut | StatementPosted | PeriodClosed) -> None:
    """Let something about the closing of a period have happened."""
    match event:
        case CloseBegun(run):
            state.open_run = run
            state.runs += 1
            state.earnings[run.id] = Earnings()
        case UsageCut(run):
            state.open_run = run
        case StatementPosted():
            _settle(state, event)
        case PeriodClosed(run):
            state.open_run, state.last_run = None, run
            state.earnings[run.id].closed = state.now


def _settle(state: State, event: StatementPosted) -> None:
    """Slots that are charged are done with, and so is a lease without slots; a contract's budget shrinks."""
    earned = sum(max(0, line.line.payout_on_charge_fen) for line in event.lines)
    state.earnings[event.run].add(event.seller, earned)
    for line in event.lines:
        for part in line.vouchers:
            use(state, event.subject, part.voucher, part.covered)
    if event.kind is SubjectKind.CONTRACT:
        contract = state.contracts[ContractId(event.subject)]
        contract.left, contract.last_run = event.held_left, event.run
        return
    lease = state.leases[LeaseId(event.subject)]
    lease.last_run = event.run
    for price, slots in event.settled:
        lease.unsettled[price] -= slots
        assert lease.unsettled[price] >= 0, "a slot was settled twice"
    if not any(lease.unsettled.values()):
        del state.leases[lease.terms.id]
