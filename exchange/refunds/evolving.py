"""What refunds change in the venue's state."""

from exchange.quarters.evolving import note_refund
from exchange.refunds.events import CreditNoteMoved, LineRefunded
from exchange.state import LiveNote, State
from exchange.subsidies.evolving import uncover
from exchange.vouchers.rules import give_back
from settlement.credit_notes import CreditNoteState

ENDED = frozenset({CreditNoteState.ISSUED, CreditNoteState.LAPSED})


def evolve_refunds(state: State, event: LineRefunded | CreditNoteMoved) -> None:
    """Let a refund, or the life of its credit note, have gone on."""
    match event:
        case LineRefunded(refund, line, amount, _, reference, _, note, payable, returned):
            state.refunds.setdefault(line.name, {})[reference] = amount
            state.notes[refund] = LiveNote(line.buyer, line.seller, note)
            state.earnings[line.run].add(line.seller, payable)
            for part, back in zip(line.vouchers, returned, strict=True):
                give_back(state, line.buyer, part, back.amount)
            uncover(state, event)
            if line.agreement is not None:
                note_refund(state, line.agreement)
        case CreditNoteMoved(refund, note):
            if note.state in ENDED:
                del state.notes[refund]
            else:
                state.notes[refund].note = note
