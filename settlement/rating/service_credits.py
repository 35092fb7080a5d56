"""Credits: what is taken off a charge because the seller did not keep what it promised.

A promise is data: how available a lease is, how long it runs at least, and how long before its end the buyer is told.
Lost time is never paid (F2), and a credit comes off what is left. Each is a two-way split of what those before it left,
half a fen to the seller, so that all of them together are never more than the charge, and a credit note mirrors its
charge.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from settlement.money import WHOLE, BasisPoints, Fen, Tie, two_way

NONE = BasisPoints(0)


class CreditReason(StrEnum):
    """What was not kept. Credits are taken in this order."""

    RUN_TOO_SHORT = "run_too_short"
    """It was taken back before the minimum run that was promised."""
    NOTICE_TOO_SHORT = "notice_too_short"
    """It was taken back with less notice than was promised."""
    NOT_AVAILABLE = "not_available"
    """It was down for more of the month than was promised."""


@dataclass(frozen=True, slots=True)
class ServicePromise:
    """What a seller promises of a lease, in seconds, and which part of a charge it gives up otherwise.

    `ladder` is (availability, credit) in basis points, the lowest first: the first step whose availability was not
    reached decides. A lease that is taken back after less than `minimum_run`, or with a notice shorter than `notice`,
    costs the seller a part of what is left. Nothing of it is promised by default.
    """

    ladder: tuple[tuple[BasisPoints, BasisPoints], ...] = ()
    minimum_run: int = 0
    minimum_run_credit_bp: BasisPoints = NONE
    notice: int = 0
    notice_credit_bp: BasisPoints = NONE


@dataclass(frozen=True, slots=True)
class Interruption:
    """A lease that was taken back: how many seconds it ran, and how many before its end the buyer was told."""

    run: int
    notice: int


@dataclass(frozen=True, slots=True)
class Breach:
    """A promise that was not kept, and the part of the charge that it costs."""

    reason: CreditReason
    rate_bp: BasisPoints


@dataclass(frozen=True, slots=True)
class Credit:
    """A part of a charge that is not charged, in fen: `rate_bp` of what the credits before it left."""

    reason: CreditReason
    rate_bp: BasisPoints
    fen: Fen


@dataclass(frozen=True, slots=True)
class Credited:
    """A charge after its credits: what is charged, and they, add up to it."""

    charged: Fen
    credits: tuple[Credit, ...]


def breaches(
    promise: ServicePromise, due: int, down: int, interruption: Interruption | None
) -> tuple[Breach, ...]:
    """What was not kept of a promise by a lease that was down for `down` of `due`, and was taken back or was not."""
    return tuple(breach for breach in _breaches(promise, due, down, interruption) if breach.rate_bp)


def _breaches(
    promise: ServicePromise, due: int, down: int, interruption: Interruption | None
) -> Iterator[Breach]:
    if interruption is not None and interruption.run < promise.minimum_run:
        yield Breach(CreditReason.RUN_TOO_SHORT, promise.minimum_run_credit_bp)
    if interruption is not None and interruption.notice < promise.notice:
        yield Breach(CreditReason.NOTICE_TOO_SHORT, promise.notice_credit_bp)
    yield Breach(CreditReason.NOT_AVAILABLE, availability_credit_bp(promise, due, down))


def availability_credit_bp(promise: ServicePromise, due: int, down: int) -> BasisPoints:
    """The rate for a lease that was down for some of the time in which it was due, in one unit of time or quantity."""
    assert 0 <= down <= due, "nothing is down for longer than it is due"
    for promised, credit in promise.ladder:
        if (due - down) * WHOLE < promised * due:
            return credit
    return NONE


def after_credits(charge: Fen, broken: tuple[Breach, ...]) -> Credited:
    """Take the credits for what was not kept off a charge, one after the other. One of less than a fen is none."""
    given, left = list[Credit](), charge
    for breach in broken:
        left, credit = take_off(left, breach.rate_bp)
        if credit:
            given.append(Credit(breach.reason, breach.rate_bp, credit))
    return Credited(left, tuple(given))


def take_off(charge: Fen, rate_bp: BasisPoints) -> tuple[Fen, Fen]:
    """Split a charge into what is charged and what is credited, half a fen to the seller."""
    charged, credit = two_way(charge, WHOLE - rate_bp, WHOLE, Tie.FIRST)
    return Fen(charged), Fen(credit)
