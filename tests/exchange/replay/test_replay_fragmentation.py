"""Fragmentation: rectangles and short runs against counting them one by one, and what was known when."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from exchange.replay.fragmentation import (
    Fragmentation,
    fragmentation,
    largest_rectangle,
    mean_slots,
    short_area,
)
from exchange.replay.uses import Use
from matching.terms import Block
from tests.exchange.replay.small import CARD, DAY, HOUR, START, listing, market, order

Skyline = st.lists(st.integers(0, 5), max_size=12)


@given(Skyline)
def test_the_largest_rectangle_is_the_largest_of_all(heights: Sequence[int]) -> None:
    every = [
        min(heights[start:end]) * (end - start)
        for start in range(len(heights))
        for end in range(start + 1, len(heights) + 1)
    ]
    assert largest_rectangle(heights) == max(every, default=0)


@given(Skyline, st.integers(1, 6))
def test_short_runs_are_counted_card_by_card(heights: Sequence[int], shortest: int) -> None:
    short = 0
    for card in range(1, 6):
        closed = "".join("#" if height >= card else " " for height in heights).split(" ")[:-1]
        short += sum(len(run) for run in closed if len(run) < shortest)
    assert short_area(heights, shortest) == short


def test_a_day_is_seen_as_it_was_known_when_it_began() -> None:
    jobs = [order(Block(1, 1, HOUR), 9), order(Block(1, 1, 3 * HOUR), 9)]
    plan = market([listing(1, ask=1), listing(1, ask=1)], jobs)
    assert mean_slots(plan) == 2 * HOUR
    granted_later = Use(0, 0, 1, 1, START + 8, ((START + 1, START + 12),))
    assert fragmentation(plan, [granted_later]) == {CARD: Fragmentation(1, 0, 0)}
    known = Use(0, 0, 1, 1, START + 4, ((START, START + 8),))
    whole = fragmentation(plan, [known])
    free, largest, short = 2 * DAY - 4, 2 * (DAY - 8), 4
    assert largest > DAY
    assert whole == {CARD: Fragmentation(1, (free - largest) * 1_000 // free, short * 1_000 // free)}
    taken_back_later = Use(0, 0, 1, 1, START + 4, ((START, START + 8), (START + 2, START + 5)))
    assert fragmentation(plan, [taken_back_later]) == whole


def test_a_chip_that_is_never_free_is_not_judged() -> None:
    plan = market([listing(1, ask=1)], [order(Block(1, 1, DAY), 9)])
    assert fragmentation(plan, [Use(0, 0, 1, 1, START, ((START, START + DAY),))]) == {}
