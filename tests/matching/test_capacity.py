"""Free cards, compared with a plain list of one number a slot."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from matching.capacity import FreeCards
from tests.matching.strategies import lawful

FIRST, END, CARDS = 5, 29, 9


@dataclass
class Dense:
    """Free cards of the slots from FIRST on; what is before `since` is forgotten."""

    free: list[int] = field(default_factory=lambda: [CARDS] * (END - FIRST))
    since: int = FIRST

    def at(self, slot: int) -> int:
        return self.free[slot - FIRST]

    def change(self, start: int, end: int, by: int) -> None:
        for slot in range(start, end):
            self.free[slot - FIRST] += by


windows = st.tuples(st.integers(FIRST, END - 1), st.integers(1, 10)).map(
    lambda at: (at[0], min(END, sum(at)))
)
changes = st.one_of(
    st.tuples(st.just("take"), windows, st.integers(1, CARDS)),
    st.tuples(st.just("give back"), windows, st.integers(1, 3)),
    st.tuples(st.just("add"), windows, st.integers(-2, 3)),
    st.tuples(st.just("forget"), windows, st.just(0)),
)


@lawful(300)
@given(st.lists(changes, max_size=12), windows, st.integers(1, CARDS))
def test_free_cards_are_a_list_of_slots(
    made: list[tuple[str, tuple[int, int], int]], window: tuple[int, int], cards: int
) -> None:
    dense, free = Dense(), FreeCards(FIRST, END, CARDS)
    for kind, changed, number in made:
        start, end = still_known(changed, dense)
        coming = range(dense.since, END)
        if kind == "take" and all(dense.at(slot) >= number for slot in range(start, end)):
            free.take(start, end, number)
            dense.change(start, end, -number)
        elif kind == "give back":
            free.take(start, end, -number)
            dense.change(start, end, number)
        elif kind == "add" and all(dense.at(slot) + number >= 0 for slot in coming):
            free.add(number)
            dense.change(FIRST, END, number)
        elif kind == "forget":
            free.forget_before(start)
            dense.since = start
    agree(free, dense, window, cards)


def still_known(window: tuple[int, int], dense: Dense) -> tuple[int, int]:
    start = max(window[0], dense.since)
    return start, max(window[1], start + 1)


def agree(free: FreeCards, dense: Dense, window: tuple[int, int], cards: int) -> None:
    """Every answer over a window that is still known."""
    start, end = still_known(window, dense)
    slots = range(start, end)
    assert [number for since, until, number in free.steps(start, end) for _ in range(since, until)] == [
        dense.at(slot) for slot in slots
    ]
    assert free.least(start, end) == min(dense.at(slot) for slot in slots)
    runs = list(free.runs(start, end, cards))
    enough = [slot for slot in slots if dense.at(slot) >= cards]
    assert [slot for since, until in runs for slot in range(since, until)] == enough
    assert all(until not in enough for _, until in runs), "runs are as long as they can be"


def test_what_lies_outside_the_listing_is_not_there() -> None:
    free = FreeCards(FIRST, END, CARDS)
    assert list(free.runs(0, 100, 1)) == [(FIRST, END)]
    assert list(free.steps(0, FIRST)) == []
    assert list(free.steps(END, 100)) == []
