"""Credits: what is taken off a gross because the seller did not keep what it promised.

Two promises, each of them data: how a lease may be interrupted, and how available a service is over a period. Lost time
is never paid (F2); a credit comes off what is left. Each is a two-way split of what those before it left, half a fen
to the seller, so that all of them together are never more than the charge, and a credit note mirrors its charge.
"""

from dataclasses import dataclass
from enum import StrEnum

from settlement.meters import billable_of
from settlement.money import NOTHING, WHOLE, BasisPoints, Fen, Tie, two_way


class CreditReason(StrEnum):
    """Why something is taken off."""

    NOT_DELIVERED = "not_delivered"
    """The time that was lost."""
    WITHIN_GRACE = "within_grace"
    """It ended before it was of any use."""
    RUN_TOO_SHORT = "run_too_short"
    """It ended before the minimum run that was promised."""
    NOTICE_TOO_SHORT = "notice_too_short"
    """It ended with less warning than was promised."""
    NOT_AVAILABLE = "not_available"
    """The service was down more of the period than was promised."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A part of a gross that is not charged, in fen."""

    reason: CreditReason
    fen: Fen


@dataclass(frozen=True, slots=True)
class Credited:
    """A gross after its credits: what is charged, and they, add up to it."""

    charged: Fen
    credits: tuple[Credit, ...]


@dataclass(frozen=True, slots=True)
class InterruptionTerms:
    """What a seller promises of a lease that may be interrupted, in seconds, and what it gives up otherwise.

    Whoever was delivered `grace` or less pays nothing. A run shorter than `minimum_run`, or a notice shorter than
    `notice`, costs the seller a part of what is left.
    """

    grace: int
    minimum_run: int
    minimum_run_credit_bp: BasisPoints
    notice: int
    notice_credit_bp: BasisPoints


@dataclass(frozen=True, slots=True)
class Interruption:
    """A lease of `contracted` seconds that ended after `delivered`, and how long before that the buyer was told."""

    contracted: int
    delivered: int
    notice: int


@dataclass(frozen=True, slots=True)
class AvailabilityTerms:
    """What is credited of a period's charge. `ladder` is (availability, credit) in basis points, the lowest first.

    The first step whose availability was not reached decides.
    """

    ladder: tuple[tuple[BasisPoints, BasisPoints], ...]

    def credit_bp(self, due: int, down: int) -> BasisPoints:
        """The rate for a service that was down for some of the seconds in which it was due."""
        for promised, credit in self.ladder:
            if (due - down) * WHOLE < promised * due:
                return credit
        return BasisPoints(0)


def after_interruption(gross: Fen, interruption: Interruption, terms: InterruptionTerms) -> Credited:
    """Charge an interrupted lease: what was delivered of its contracted gross, less what the seller gives up."""
    contracted, delivered = interruption.contracted, interruption.delivered
    billable = billable_of(gross, contracted, contracted - delivered)
    lost = Credit(CreditReason.NOT_DELIVERED, Fen(gross - billable))
    if delivered <= terms.grace:
        return _without_zeros(NOTHING, lost, Credit(CreditReason.WITHIN_GRACE, billable))
    short_run = terms.minimum_run_credit_bp if delivered < terms.minimum_run else BasisPoints(0)
    short_notice = terms.notice_credit_bp if interruption.notice < terms.notice else BasisPoints(0)
    left, of_run = take_off(billable, short_run)
    charged, of_notice = take_off(left, short_notice)
    return _without_zeros(
        charged,
        lost,
        Credit(CreditReason.RUN_TOO_SHORT, of_run),
        Credit(CreditReason.NOTICE_TOO_SHORT, of_notice),
    )


def after_outage(charged: Fen, due: int, down: int, terms: AvailabilityTerms) -> Credited:
    """Credit a service that was down for `down` of the `due` seconds of a period, announced maintenance left out."""
    assert 0 <= down <= due, "nothing is down for longer than it is due"
    left, credit = take_off(charged, terms.credit_bp(due, down))
    return _without_zeros(left, Credit(CreditReason.NOT_AVAILABLE, credit))


def take_off(gross: Fen, rate_bp: BasisPoints) -> tuple[Fen, Fen]:
    """Split a gross into what is charged and what is credited, half a fen to the seller."""
    charged, credit = two_way(gross, WHOLE - rate_bp, WHOLE, Tie.FIRST)
    return Fen(charged), Fen(credit)


def _without_zeros(charged: Fen, *given: Credit) -> Credited:
    return Credited(charged, tuple(credit for credit in given if credit.fen))
