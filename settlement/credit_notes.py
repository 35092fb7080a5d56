"""The life of a credit note (红字发票): a draft, the buyer's confirmation where one is needed, then issued or lapsed.

Once a buyer has deducted or booked an invoice, the note that takes it back needs a confirmed 红字发票信息确认单, which
lapses if it is not confirmed within 72 hours, and may then be asked for again. Otherwise the issuer issues the note by itself. The rule is that of STA
announcement 2024 no. 11 as its mirrors give it: hold it against the announcement's own text before going live.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

CONFIRM_WITHIN = 72 * 3600
"""Seconds from asking for a confirmation to its lapse."""


class CreditNoteState(StrEnum):
    """Where a credit note stands."""

    DRAFT = "draft"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    CONFIRMED = "confirmed"
    ISSUED = "issued"
    LAPSED = "lapsed"


class CreditNoteEvent(StrEnum):
    """What happens to a credit note."""

    CONFIRMATION_ASKED = "confirmation_asked"
    CONFIRMED = "confirmed"
    TIME_RAN_OUT = "time_ran_out"
    ISSUED = "issued"


class CreditNoteRefusal(StrEnum):
    """Why an event can't happen to a credit note."""

    OUT_OF_TURN = "out_of_turn"
    """Its state does not have this event."""
    CONFIRMATION_NEEDED = "confirmation_needed"
    """The buyer has used the invoice: only a confirmed note is issued."""
    NO_CONFIRMATION_NEEDED = "no_confirmation_needed"
    """The buyer has not used the invoice: the issuer issues the note by itself."""
    TOO_LATE = "too_late"
    """The 72 hours are over."""
    TOO_EARLY = "too_early"
    """The 72 hours are not over, or it lies before what has happened."""


LIVES: Mapping[tuple[CreditNoteState, CreditNoteEvent], CreditNoteState] = {
    (CreditNoteState.DRAFT, CreditNoteEvent.CONFIRMATION_ASKED): CreditNoteState.AWAITING_CONFIRMATION,
    (CreditNoteState.DRAFT, CreditNoteEvent.ISSUED): CreditNoteState.ISSUED,
    (CreditNoteState.AWAITING_CONFIRMATION, CreditNoteEvent.CONFIRMED): CreditNoteState.CONFIRMED,
    (CreditNoteState.AWAITING_CONFIRMATION, CreditNoteEvent.TIME_RAN_OUT): CreditNoteState.LAPSED,
    (CreditNoteState.CONFIRMED, CreditNoteEvent.ISSUED): CreditNoteState.ISSUED,
    (CreditNoteState.LAPSED, CreditNoteEvent.CONFIRMATION_ASKED): CreditNoteState.AWAITING_CONFIRMATION,
}
"""Every state that follows. What is issued stays so; what has lapsed waits until its confirmation is asked for again."""


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note as it stands. `since` is when it came into its state, in UTC seconds."""

    invoice_used: bool
    """Whether the buyer has deducted or booked the invoice that the note takes back."""
    since: int
    state: CreditNoteState = CreditNoteState.DRAFT

    @property
    def deadline(self) -> int | None:
        """The first instant at which it is too late to confirm, while a confirmation is awaited."""
        awaited = self.state is CreditNoteState.AWAITING_CONFIRMATION
        return self.since + CONFIRM_WITHIN if awaited else None


def after(note: CreditNote, event: CreditNoteEvent, at: int) -> CreditNote | CreditNoteRefusal:
    """The note after an event at an instant, or why that can't be."""
    following = LIVES.get((note.state, event))
    if following is None:
        return CreditNoteRefusal.OUT_OF_TURN
    if note.state is CreditNoteState.DRAFT:
        if event is CreditNoteEvent.ISSUED and note.invoice_used:
            return CreditNoteRefusal.CONFIRMATION_NEEDED
        if event is CreditNoteEvent.CONFIRMATION_ASKED and not note.invoice_used:
            return CreditNoteRefusal.NO_CONFIRMATION_NEEDED
    if at < note.since:
        return CreditNoteRefusal.TOO_EARLY
    if note.deadline is not None and event is CreditNoteEvent.CONFIRMED and at >= note.deadline:
        return CreditNoteRefusal.TOO_LATE
    if note.deadline is not None and event is CreditNoteEvent.TIME_RAN_OUT and at < note.deadline:
        return CreditNoteRefusal.TOO_EARLY
    return replace(note, since=at, state=following)
