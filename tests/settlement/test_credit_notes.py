"""The life of a credit note: every way through it, and every instant around its deadline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.credit_notes import (
    CONFIRM_WITHIN,
    LIVES,
    CreditNote,
    CreditNoteEvent,
    CreditNoteRefusal,
    CreditNoteState,
    after,
)

ASKED, CONFIRMED, RAN_OUT, ISSUED = CreditNoteEvent
HOUR = 3600


def lived(note: CreditNote, *steps: tuple[CreditNoteEvent, int]) -> CreditNote | CreditNoteRefusal:
    """A note after several events; the first refusal ends it."""
    for event, at in steps:
        following = after(note, event, at)
        if isinstance(following, CreditNoteRefusal):
            return following
        note = following
    return note


UNUSED, USED = CreditNote(invoice_used=False, since=0), CreditNote(invoice_used=True, since=0)


def state_of(lives: CreditNote | CreditNoteRefusal) -> str:
    return lives.value if isinstance(lives, CreditNoteRefusal) else lives.state.value


@pytest.mark.parametrize(
    ("note", "steps", "told"),
    [
        (UNUSED, [(ISSUED, 5)], "issued"),
        (UNUSED, [(ASKED, 5)], "no_confirmation_needed"),
        (USED, [(ISSUED, 5)], "confirmation_needed"),
        (USED, [(ASKED, 5)], "awaiting_confirmation"),
        (USED, [(ASKED, 0), (CONFIRMED, 72 * HOUR - 1)], "confirmed"),
        (USED, [(ASKED, 0), (CONFIRMED, 72 * HOUR)], "too_late"),
        (USED, [(ASKED, 0), (RAN_OUT, 72 * HOUR - 1)], "too_early"),
        (USED, [(ASKED, 0), (RAN_OUT, 72 * HOUR)], "lapsed"),
        (USED, [(ASKED, 0), (RAN_OUT, 72 * HOUR), (CONFIRMED, 72 * HOUR)], "out_of_turn"),
        (USED, [(ASKED, 0), (RAN_OUT, 72 * HOUR), (ISSUED, 72 * HOUR)], "out_of_turn"),
        (USED, [(ASKED, 0), (RAN_OUT, 80 * HOUR), (ASKED, 90 * HOUR)], "awaiting_confirmation"),
        (USED, [(ASKED, 0), (RAN_OUT, 80 * HOUR), (ASKED, 90 * HOUR), (CONFIRMED, 161 * HOUR)], "confirmed"),
        (USED, [(ASKED, 0), (RAN_OUT, 80 * HOUR), (ASKED, 90 * HOUR), (CONFIRMED, 162 * HOUR)], "too_late"),
        (USED, [(ASKED, 9), (CONFIRMED, 8)], "too_early"),
        (USED, [(ASKED, 0), (ISSUED, 1)], "out_of_turn"),
        (USED, [(ASKED, 0), (CONFIRMED, 1), (ISSUED, 10**9)], "issued"),
        (USED, [(ASKED, 0), (CONFIRMED, 1), (RAN_OUT, 10**9)], "out_of_turn"),
    ],
)
def test_a_life(note: CreditNote, steps: list[tuple[CreditNoteEvent, int]], told: str) -> None:
    assert state_of(lived(note, *steps)) == told


def test_what_is_issued_stays_so() -> None:
    for event in CreditNoteEvent:
        assert (CreditNoteState.ISSUED, event) not in LIVES
        note = CreditNote(invoice_used=True, since=0, state=CreditNoteState.ISSUED)
        assert after(note, event, CONFIRM_WITHIN) is CreditNoteRefusal.OUT_OF_TURN


@given(
    used=st.booleans(),
    steps=st.lists(st.tuples(st.sampled_from(CreditNoteEvent), st.integers(0, 200 * HOUR)), max_size=6),
)
def test_a_used_invoice_is_never_taken_back_unconfirmed(
    used: bool, steps: list[tuple[CreditNoteEvent, int]]
) -> None:
    note, seen = CreditNote(invoice_used=used, since=0), [CreditNoteState.DRAFT]
    for event, at in steps:
        following = after(note, event, at)
        if isinstance(following, CreditNote):
            assert following.since >= note.since
            note = following
            seen.append(note.state)
    if note.state is CreditNoteState.ISSUED:
        assert (CreditNoteState.CONFIRMED in seen) == used
