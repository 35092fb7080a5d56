"""What refunds change in the venue's state."""

from exchange.quarters.evolving import note_refund
from exchange.refunds.events import CreditNoteMoved, LineRefunded, RefundEvent
from exchange.state import LiveNote, State
from exchange.subsidies.evolving import done_with
from exchange.vouchers.evolving import give_back
from settlement.credit_notes import CreditNoteState
from settlement.money import Fen


def evolve_refunds(state: State, event: RefundEvent) -> None:
    """Let a refund, or the life of its credit note, have gone on."""
    match event:
        case LineRefunded(refund, line, amount, _, reference, _, note, payable, returned):
            state.refunds.setdefault(line.name, {})[reference] = amount
            state.notes[refund] = LiveNote(line.buyer, line.seller, note)
            state.earnings[line.run].add(line.seller, payable)
            for part, back in zip(line.vouchers, returned, strict=True):
                give_back(state, line.buyer, part, back.amount)
            if returned:
                _owed_less(state, event)
            if line.agreement is not None:
                note_refund(state, line.agreement)
        case CreditNoteMoved(refund, note):
            if note.state is CreditNoteState.ISSUED:
                del state.notes[refund]
            else:
                state.notes[refund].note = note


def _owed_less(state: State, event: LineRefunded) -> None:
    """Regions owe less of a line that was refunded, and what they have paid of that already is theirs again."""
    line = state.covered[event.line.name]
    line.on_charge = Fen(line.on_charge + event.correction.payout_on_charge_fen)
    for back in event.returned:
        subsidy = line.subsidies[back.voucher]
        subsidy.covered = Fen(subsidy.covered - back.amount)
        subsidy.paid = Fen(subsidy.paid - back.paid_back)
        done_with(state, line, back.voucher)
