"""What regions owe for settled lines, and what they have paid of that, in the venue's state."""

from exchange.closing.events import StatementPosted
from exchange.names import VoucherId
from exchange.promises import CoveredLine, Subsidy
from exchange.state import State
from exchange.subsidies.events import SubsidyPaid, SubsidyRepaid
from settlement.money import Fen
from settlement.terms import VoucherMode


def evolve_subsidies(state: State, event: SubsidyPaid | SubsidyRepaid) -> None:
    """Let a region have paid, or have something of that back."""
    references = state.subsidy_references.setdefault(event.issuer, set())
    references.add(event.reference)
    if isinstance(event, SubsidyRepaid):
        return
    for part in event.parts:
        line = state.covered[part.line]
        subsidy = line.subsidies[part.voucher]
        subsidy.paid = Fen(subsidy.paid + part.amount)
        done_with(state, line, part.voucher)
        if part.mode is not VoucherMode.REIMBURSE_BUYER:
            state.earnings[line.run].add(line.seller, part.received)


def cover(state: State, event: StatementPosted) -> None:
    """Regions owe what vouchers cover of a statement's lines."""
    assert state.open_run is not None, "statements are posted by a run"
    for n, line in enumerate(event.lines):
        if line.vouchers:
            covered = CoveredLine(
                event.run,
                event.subject,
                n,
                state.open_run.period,
                event.buyer,
                event.seller,
                line.line.payout_on_charge_fen,
                {
                    part.voucher: Subsidy(part.programme, part.terms.mode, part.covered)
                    for part in line.vouchers
                },
            )
            state.covered[covered.name] = covered
            for part in line.vouchers:
                state.programmes[part.programme].owed[covered.name] = part.voucher


def done_with(state: State, line: CoveredLine, voucher: VoucherId) -> None:
    """A line of which a voucher's part is paid is not among what its programme owes."""
    subsidy = line.subsidies[voucher]
    assert 0 <= subsidy.paid <= subsidy.covered, "a region pays what it owes"
    if not subsidy.open:
        state.programmes[subsidy.programme].owed.pop(line.name, None)
