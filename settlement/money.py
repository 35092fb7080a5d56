"""Money's arithmetic: whole fen, one way to round and one way to split, the same for a credit as for a charge.

Everything here is exact integer arithmetic, and rounding is sign-symmetric: what is done to `x` is done to `-x` with
the sign turned round, so that a charge and the credit that takes it back always cancel.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NewType

Fen = NewType("Fen", int)
"""A hundredth of a yuan: the smallest amount that is ever booked, paid or invoiced."""

NOTHING = Fen(0)

BasisPoints = NewType("BasisPoints", int)
"""A rate in ten-thousandths: 600 is 6 %."""

WHOLE = BasisPoints(10_000)
"""All of it: 100 %."""


class Tie(StrEnum):
    """Who gets the odd unit when a two-way split falls exactly between two integers."""

    FIRST = "first"
    SECOND = "second"


def round_half_away(numerator: int, denominator: int) -> int:
    """Round a fraction to the nearest integer, a half away from zero. The denominator is positive."""
    assert denominator > 0, "a fraction is rounded over a positive denominator"
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def ceil_div(numerator: int, denominator: int) -> int:
    """Round a fraction up: a hold must cover the charge, whatever its last fraction of a fen."""
    assert denominator > 0, "a fraction is rounded over a positive denominator"
    return -(-numerator // denominator)


def two_way(total: int, share_numerator: int, share_denominator: int, tie: Tie) -> tuple[int, int]:
    """Split a total in two, the first part as near to its share as an integer can be (F0).

    The parts add up to the total, change sign with it, and neither falls when the total rises: that is why a partial
    refund never takes from one part in order to give to the other.
    """
    assert 0 <= share_numerator <= share_denominator, "a share lies between nothing and the whole"
    # Whoever the tie favours is rounded half away from zero; the other takes what is left.
    if tie is Tie.FIRST:
        first = round_half_away(total * share_numerator, share_denominator)
        return first, total - first
    second = round_half_away(total * (share_denominator - share_numerator), share_denominator)
    return total - second, second


def chain(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split a total among any number of parties: each in turn against all who follow it, a tie to those (F0, seq2).

    A chain keeps what two-way splits promise. The price is that roundings add up: among three parties or more, a part
    may lie further from its exact share than independent rounding would leave it.
    """
    assert min(weights) >= 0, "no party's weight is negative"
    assert sum(weights) > 0, "somebody gets a share"
    parts = []
    rest, rest_weight = total, sum(weights)
    for weight in weights[:-1]:
        # Without weight there is no share; the check also spares 0/0 when nobody who follows has any either.
        part, rest = two_way(rest, weight, rest_weight, Tie.SECOND) if weight else (0, rest)
        rest_weight -= weight
        parts.append(part)
    return (*parts, rest)


def largest_remainder(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split a total so that every part lies within a unit of its exact share, ties to the earlier party (F0, lrm).

    Nearer than a chain, but with three parties or more a part may fall while the total rises: no split of something
    that can be refunded, only of what is assessed once.
    """
    assert min(weights) >= 0, "no party's weight is negative"
    assert sum(weights) > 0, "somebody gets a share"
    whole, magnitude = sum(weights), abs(total)
    parts = [magnitude * weight // whole for weight in weights]
    # Sorting is stable, so of equal remainders the earlier party's comes first.
    by_remainder = sorted(range(len(weights)), key=lambda party: -(magnitude * weights[party] % whole))
    for party in by_remainder[: magnitude - sum(parts)]:
        parts[party] += 1
    return tuple(parts) if total >= 0 else tuple(-part for part in parts)
