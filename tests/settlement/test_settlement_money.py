"""Rounding and splitting, by hand."""

import pytest

from settlement.money import Tie, ceil_div, chain, round_half_away, two_way
from tests.settlement.bookkeeping import refused


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(0, 7, 0), (1, 2, 1), (-1, 2, -1), (3, 2, 2), (-3, 2, -2), (49, 100, 0), (-51, 100, -1), (7, 1, 7)],
)
def test_a_half_is_rounded_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_away(numerator, denominator) == rounded


@pytest.mark.parametrize(("numerator", "rounded"), [(0, 0), (1, 1), (10, 1), (11, 2), (-9, 0), (-11, -1)])
def test_a_hold_is_rounded_up(numerator: int, rounded: int) -> None:
    assert ceil_div(numerator, 10) == rounded


@pytest.mark.parametrize(
    ("total", "tie", "parts"),
    [
        (567, Tie.FIRST, (284, 283)),
        (567, Tie.SECOND, (283, 284)),
        (-567, Tie.FIRST, (-284, -283)),
        (-567, Tie.SECOND, (-283, -284)),
        (566, Tie.FIRST, (283, 283)),
    ],
)
def test_an_odd_fen_goes_where_the_tie_says(total: int, tie: Tie, parts: tuple[int, int]) -> None:
    assert two_way(total, 1, 2, tie) == parts


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (3, (20, 20, 60), (1, 0, 2)),
        (1, (1, 1, 1), (0, 0, 1)),
        (9999, (4000, 6000), (4000, 5999)),
        (51, (5000, 5000), (25, 26)),
        (100, (10_000,), (100,)),
        (7, (5000, 5000, 0), (3, 4, 0)),
        (7, (10_000, 0, 0), (7, 0, 0)),
        (7, (0, 10_000), (0, 7)),
    ],
)
def test_a_chain_splits_each_against_those_who_follow(
    total: int, weights: tuple[int, ...], parts: tuple[int, ...]
) -> None:
    assert chain(total, weights) == parts


def test_what_is_no_fraction_is_a_bug_of_the_caller() -> None:
    assert refused(lambda: round_half_away(1, 0))
    assert refused(lambda: ceil_div(1, -2))
    assert refused(lambda: two_way(10, 3, 2, Tie.FIRST))
    assert refused(lambda: two_way(10, -1, 2, Tie.FIRST))
    assert refused(lambda: chain(10, (0, 0)))
    assert refused(lambda: chain(10, (-1, 2)))
