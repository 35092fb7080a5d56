"""What regions owe for settled lines, and what they have paid of that, in the venue's state."""

from exchange.names import VoucherId
from exchange.promises import CoveredLine
from exchange.state import State
from exchange.subsidies.events import SubsidyEvent, SubsidyRepaid
from settlement.money import Fen
from settlement.terms import VoucherMode


def evolve_subsidies(state: State, event: SubsidyEvent) -> None:
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


def done_with(state: State, line: CoveredLine, voucher: VoucherId) -> None:
    """A line of which a voucher's part is paid is not among what its programme owes."""
    subsidy = line.subsidies[voucher]
    assert 0 <= subsidy.paid <= subsidy.covered, "a region pays what it owes"
    if not subsidy.open:
        state.programmes[subsidy.programme].owed.pop(line.name, None)
