"""What sellers promise of their leases, as it is adopted and answered."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from settlement.money import BasisPoints
from settlement.rating.service_credits import Credit, CreditReason, ServicePromise
from web.bodies.fields import MINUTES_MAX, BasisPointsField
from web.strict import Body

STEPS_MAX = 10

PromisedMinutes = Annotated[int, Field(ge=0, le=MINUTES_MAX, description="0 where nothing is promised.")]


class AvailabilityIn(Body):
    """What comes off the charge of a month in which less than `below_bp` of the time was delivered."""

    below_bp: BasisPointsField
    credit_bp: BasisPointsField


class ServicePromiseIn(Body):
    """What every seller promises of its leases of a tier, and which part of what is delivered it gives up otherwise.

    The steps of availability are the lowest first, and the first that was not reached decides. The minimum run and the
    notice are promised of spot leases alone, since no other is taken back.
    """

    availability: Annotated[list[AvailabilityIn], Field(max_length=STEPS_MAX)]
    minimum_run_minutes: PromisedMinutes
    minimum_run_credit_bp: BasisPointsField
    notice_minutes: PromisedMinutes
    notice_credit_bp: BasisPointsField

    def promise(self) -> ServicePromise:
        """The promise as the venue keeps it, in seconds."""
        return ServicePromise(
            ladder=tuple(
                (BasisPoints(step.below_bp), BasisPoints(step.credit_bp)) for step in self.availability
            ),
            minimum_run=self.minimum_run_minutes * 60,
            minimum_run_credit_bp=BasisPoints(self.minimum_run_credit_bp),
            notice=self.notice_minutes * 60,
            notice_credit_bp=BasisPoints(self.notice_credit_bp),
        )


@dataclass(frozen=True, slots=True)
class AvailabilityOut:
    """What comes off the charge of a month in which less than `below_bp` of the time was delivered."""

    below_bp: int
    credit_bp: int


@dataclass(frozen=True, slots=True)
class ServicePromiseOut:
    """What a seller promises of its lease, and which part of what is delivered it gives up otherwise."""

    availability: list[AvailabilityOut]
    minimum_run_minutes: int
    minimum_run_credit_bp: int
    notice_minutes: int
    notice_credit_bp: int

    @classmethod
    def of(cls, promise: ServicePromise) -> "ServicePromiseOut":
        """A promise as it is stored."""
        return cls(
            availability=[AvailabilityOut(below, credit) for below, credit in promise.ladder],
            minimum_run_minutes=promise.minimum_run // 60,
            minimum_run_credit_bp=promise.minimum_run_credit_bp,
            notice_minutes=promise.notice // 60,
            notice_credit_bp=promise.notice_credit_bp,
        )


@dataclass(frozen=True, slots=True)
class CreditOut:
    """What came off a line because a promise was not kept: `rate_bp` of what was left, in fen."""

    reason: CreditReason
    rate_bp: int
    credit_fen: int

    @classmethod
    def of(cls, credit: Credit) -> "CreditOut":
        """A credit as it is stored."""
        return cls(credit.reason, credit.rate_bp, credit.fen)
