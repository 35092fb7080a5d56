"""The terms of the house as they are adopted and answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from exchange.persistence.queries.market import Clock
from exchange.state import VenueTerms
from exchange.venue.commands import AdoptTerms
from matching.terms import MarketTerms, Tier
from settlement.money import BasisPoints
from settlement.terms import FeeBase, FeeTerms
from web.bodies.fields import (
    MINUTES_MAX,
    BasisPointsField,
    CardsField,
    LineField,
    MinutesField,
    fault,
    price_per_hour,
    utc,
)
from web.bodies.promises import ServicePromiseIn, ServicePromiseOut
from web.problems import DoorRejection
from web.strict import Body

LINES_MAX = 20
DAY_MINUTES = 24 * 60

SlotMinutes = Annotated[int, Field(ge=1, le=60)]
LateMinutes = Annotated[int, Field(ge=1, le=366 * DAY_MINUTES)]
GraceMinutes = Annotated[int, Field(ge=0, le=MINUTES_MAX, description="A whole number of slots, or nothing.")]
OffsetMinutes = Annotated[int, Field(ge=-DAY_MINUTES, le=DAY_MINUTES, description="East of UTC.")]


class FeeIn(Body):
    """The venue's fee, which the seller bears: a share of the price with VAT or without. Its own VAT is in it."""

    rate_bp: BasisPointsField
    base: FeeBase
    vat_rate_bp: BasisPointsField


class MarketIn(Body):
    """What may happen in the market, for whatever is decided from now on.

    With `displacement` on, cards can be taken back from spot leases for orders that are worth more. Such a lease, and
    one that its seller reclaims, runs on for the notice at least, and costs nothing if it had delivered no more than
    the grace, which is no longer than the notice. A spot order takes from another only if it pays `outbid_bp` more.
    With `resting` off, an order that finds nothing is closed.
    """

    displacement: bool
    resting: bool
    notice_minutes: MinutesField
    grace_minutes: GraceMinutes
    outbid_bp: BasisPointsField

    def terms(self, slot_minutes: int) -> MarketTerms:
        """These terms, in slots."""
        return MarketTerms(
            notice=_whole_slots(self.notice_minutes, slot_minutes, "/market/notice_minutes"),
            grace=_whole_slots(self.grace_minutes, slot_minutes, "/market/grace_minutes"),
            outbid_bp=self.outbid_bp,
            displacement=self.displacement,
            resting=self.resting,
        )


class TermsIn(Body):
    """All terms of the house: those that are to change, and the others as they are.

    The length of a slot, the largest lot and the offset from UTC are fixed, the late window never grows, and no
    catalogue line goes. A tier of which nothing is promised has no service promise.
    """

    slot_minutes: SlotMinutes
    lot_max: CardsField
    horizon_minutes: MinutesField
    late_window_minutes: LateMinutes
    fee: FeeIn
    vat_rates_bp: Annotated[dict[LineField, BasisPointsField], Field(max_length=LINES_MAX)]
    utc_offset_minutes: OffsetMinutes
    market: MarketIn
    service_promises: dict[Tier, ServicePromiseIn]

    def command(self) -> AdoptTerms:
        """The command that this asks for."""
        return AdoptTerms(
            VenueTerms(
                slot_seconds=self.slot_minutes * 60,
                lot_max=self.lot_max,
                horizon_slots=_whole_slots(self.horizon_minutes, self.slot_minutes, "/horizon_minutes"),
                late_window_seconds=self.late_window_minutes * 60,
                fee=FeeTerms(BasisPoints(self.fee.rate_bp), self.fee.base, BasisPoints(self.fee.vat_rate_bp)),
                vat_rates_bp={line: BasisPoints(rate) for line, rate in self.vat_rates_bp.items()},
                utc_offset_seconds=self.utc_offset_minutes * 60,
                market=self.market.terms(self.slot_minutes),
                promises={tier: asked.promise() for tier, asked in self.service_promises.items()},
            )
        )


def _whole_slots(minutes: int, slot_minutes: int, pointer: str) -> int:
    slots, rest = divmod(minutes, slot_minutes)
    if rest:
        sentence = f"This is a whole number of slots, of {slot_minutes} minutes each."
        raise fault(pointer, DoorRejection.OFF_GRID, sentence)
    return slots


@dataclass(frozen=True, slots=True)
class FeeOut:
    """The venue's fee."""

    rate_bp: int
    base: FeeBase
    vat_rate_bp: int


@dataclass(frozen=True, slots=True)
class MarketTermsOut:
    """What may happen in the market: whether and how cards are taken back, and whether orders rest."""

    displacement: bool
    resting: bool
    notice_minutes: int
    grace_minutes: int
    outbid_bp: int

    @classmethod
    def of(cls, terms: VenueTerms) -> "MarketTermsOut":
        """The market's terms as they are stored."""
        market, minutes = terms.market, terms.slot_seconds // 60
        return cls(
            displacement=market.displacement,
            resting=market.resting,
            notice_minutes=market.notice * minutes,
            grace_minutes=market.grace * minutes,
            outbid_bp=market.outbid_bp,
        )


@dataclass(frozen=True, slots=True)
class TermsOut:
    """The terms in force, and where the venue's clock stands: at the beginning of the slot `now`.

    Prices are whole ticks. The venue trades `horizon_minutes` ahead, and takes reports of what was delivered until
    `late_window_minutes` after a slot. Months are those of the offset from UTC. `service_promises` hold for leases of a
    tier that are granted from now on; where a tier has none, nothing is promised.
    """

    now: datetime
    slot_minutes: int
    lot_max: int
    price_tick_micro_yuan_per_card_hour: int
    horizon_minutes: int
    late_window_minutes: int
    fee: FeeOut
    vat_rates_bp: dict[str, int]
    utc_offset_minutes: int
    market: MarketTermsOut
    service_promises: dict[Tier, ServicePromiseOut]

    @classmethod
    def of(cls, clock: Clock) -> "TermsOut":
        """The terms as they are stored."""
        terms = clock.terms
        return cls(
            now=utc(clock.instant),
            slot_minutes=terms.slot_seconds // 60,
            lot_max=terms.lot_max,
            price_tick_micro_yuan_per_card_hour=price_per_hour(terms, terms.price_tick),
            horizon_minutes=terms.horizon_slots * terms.slot_seconds // 60,
            late_window_minutes=terms.late_window_seconds // 60,
            fee=FeeOut(terms.fee.rate_bp, terms.fee.base, terms.fee.vat_rate_bp),
            vat_rates_bp=dict(terms.vat_rates_bp),
            utc_offset_minutes=terms.utc_offset_seconds // 60,
            market=MarketTermsOut.of(terms),
            service_promises={
                tier: ServicePromiseOut.of(terms.promises[tier]) for tier in Tier if tier in terms.promises
            },
        )
