"""What runs and their statements change in the venue's state."""

from exchange.closing.events import (
    CloseBegun,
    ClosingEvent,
    PeriodClosed,
    StatementPosted,
    SubjectKind,
    UsageCut,
)
from exchange.closing.packages import settle_contract
from exchange.earnings import Earnings
from exchange.names import LeaseId
from exchange.promises import CoveredLine, Subsidy
from exchange.quarters.evolving import note_booked
from exchange.state import State
from exchange.vouchers.evolving import use


def evolve_closing(state: State, event: ClosingEvent) -> None:
    """Let a run have gone on."""
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
    """Let a lease or a contract have paid for what it used."""
    earned = sum(max(0, line.line.payout_on_charge_fen) for line in event.lines)
    state.earnings[event.run].add(event.seller, earned)
    _use_vouchers(state, event)
    _note_late_lines(state, event)
    if event.kind is SubjectKind.CONTRACT:
        settle_contract(state, event)
    else:
        _settle_lease(state, event)


def _note_late_lines(state: State, event: StatementPosted) -> None:
    """Lines of earlier months keep the version that was in force then: they are figures of the quarter of their run."""
    assert state.open_run is not None, "statements are posted by a run"
    month = state.open_run.period
    late = {line.agreement for line in event.lines if line.service_period != month}
    versions = {version for version in late if version is not None}
    if versions:
        note_booked(state, event.source, event.destination, month, versions)


def _settle_lease(state: State, event: StatementPosted) -> None:
    """Slots that are charged are done with, and so is a lease without slots."""
    lease = state.leases[LeaseId(event.subject)]
    lease.last_run = event.run
    for price, slots in event.settled:
        lease.unsettled[price] -= slots
        assert lease.unsettled[price] >= 0, "a slot was settled twice"
    if not any(lease.unsettled.values()):
        del state.leases[lease.terms.id]


def _use_vouchers(state: State, event: StatementPosted) -> None:
    """What a lease held of vouchers is used, and from now on their regions owe it."""
    assert state.open_run is not None, "statements are posted by a run"
    for n, line in enumerate(event.lines):
        if not line.vouchers:
            continue
        covered = CoveredLine(
            event.run,
            event.subject,
            n,
            state.open_run.period,
            event.buyer,
            event.seller,
            line.line.payout_on_charge_fen,
            {part.voucher: Subsidy(part.programme, part.terms.mode, part.covered) for part in line.vouchers},
        )
        state.covered[covered.name] = covered
        for part in line.vouchers:
            use(state, event.subject, part.voucher, part.covered)
            state.programmes[part.programme].owed[covered.name] = part.voucher
