"""Quotes as they are answered, and as an order may rely on one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from exchange.orders.commands import Quoted
from exchange.quoting.quote import Cure, Explanation, Found, FoundLeg, Quote
from exchange.rejections import Rejected
from exchange.state import VenueTerms
from matching.explaining import Barrier
from matching.quoting import Step
from matching.relaxing import Dimension
from matching.risk import Risk
from matching.terms import Block, ListingId, Milli, Order, OrderEnd, Seq, Shape
from settlement.terms import VoucherMode
from web.bodies.common import WindowOut
from web.bodies.fields import NOTIONAL_MAX, price_per_hour, utc
from web.bodies.leases import PricedOut
from web.bodies.progress import card_minutes, slots_of
from web.strict import Body


class QuotedIn(Body):
    """What a quote has promised, as its `promise` said: the order is placed only if it gets as much, for no more."""

    version: Annotated[int, Field(ge=0, le=2**63 - 1)]
    cost_micro_yuan: Annotated[int, Field(ge=0, le=NOTIONAL_MAX)]
    filled_milli: Annotated[int, Field(ge=0, le=2**63 - 1)]

    def quoted(self) -> Quoted:
        """The promise as the venue keeps it."""
        return Quoted(Seq(self.version), self.cost_micro_yuan, Milli(self.filled_milli))


@dataclass(frozen=True, slots=True)
class LegOut:
    """What the order would get of one listing: a lease. Money is what its buyer pays, VAT included.

    `listing_alias` counts the listings of these legs from 1, as they come: it says which legs are of one listing, and not of
    which. That is told to the buyer with the lease.
    """

    listing_alias: int
    chip: str
    region: str
    cards: int
    working_cards: int
    window: WindowOut
    prices: list[PricedOut]
    total_fen: int
    vat_fen: int
    fee_fen: int
    held_fen: int

    @classmethod
    def of(cls, leg: FoundLeg, alias: int, terms: VenueTerms) -> "LegOut":
        """A leg that was found, and what its listing is called here."""
        return cls(
            listing_alias=alias,
            chip=leg.chip,
            region=leg.region,
            cards=leg.cards,
            working_cards=leg.working,
            window=WindowOut.of(leg.window, terms),
            prices=[PricedOut.of(run, terms) for run in leg.runs],
            total_fen=leg.total,
            vat_fen=leg.vat,
            fee_fen=leg.fee,
            held_fen=leg.held,
        )


@dataclass(frozen=True, slots=True)
class FoundOut:
    """What the order would get, leg by leg, and what that comes to: `total_fen` is what the buyer pays, VAT included.

    The sellers bear the fee. `average_micro_yuan_per_card_hour` is for a reference card that works. `got_card_minutes`
    of the reference card are had of what is asked for.
    """

    legs: list[LegOut]
    total_fen: int
    vat_fen: int
    fee_fen: int
    held_fen: int
    average_micro_yuan_per_card_hour: int
    got_card_minutes: int

    @classmethod
    def of(cls, found: Found, terms: VenueTerms) -> "FoundOut":
        """What was found."""
        aliases: dict[ListingId, int] = {}
        for leg in found.legs:
            aliases.setdefault(leg.listing, len(aliases) + 1)
        return cls(
            legs=[LegOut.of(leg, aliases[leg.listing], terms) for leg in found.legs],
            total_fen=found.total,
            vat_fen=found.vat,
            fee_fen=found.fee,
            held_fen=found.held,
            average_micro_yuan_per_card_hour=price_per_hour(terms, found.average),
            got_card_minutes=card_minutes(found.card_slots, terms),
        )


@dataclass(frozen=True, slots=True)
class EarliestOut:
    """What the same order would get if it minded time most, and what it saves by not doing so."""

    start: datetime
    total_fen: int
    saving_fen: int
    delay_minutes: int

    @classmethod
    def of(cls, earliest: Found, found: Found, terms: VenueTerms) -> "EarliestOut":
        """What could be had earliest, beside what was found."""
        start = terms.instant_of(earliest.start)
        return cls(
            start=utc(start),
            total_fen=earliest.total,
            saving_fen=earliest.total - found.total,
            delay_minutes=(terms.instant_of(found.start) - start) // 60,
        )


@dataclass(frozen=True, slots=True)
class RiskOut:
    """Who could take back what a spot order would get, and what is paid then.

    An order that arrives and offers `outbid_micro_yuan_per_card_hour` or more for a card of the leg's chip could; where
    `on_demand` is true a firm order could at any price. `exposed_milli` is the share, in thousandths, of the leased time
    that some waiting order could take if it were placed anew, and `highest_micro_yuan_per_card_hour` the most that one
    of these would pay. A lease that is taken back runs on for the notice, and costs nothing within the grace.
    """

    outbid_micro_yuan_per_card_hour: int
    on_demand: bool
    highest_micro_yuan_per_card_hour: int | None
    exposed_milli: int
    notice_minutes: int
    grace_minutes: int

    @classmethod
    def of(cls, risk: Risk, terms: VenueTerms) -> "RiskOut":
        """What could happen to it."""
        minutes = terms.slot_seconds // 60
        return cls(
            outbid_micro_yuan_per_card_hour=price_per_hour(terms, risk.outbid),
            on_demand=risk.on_demand,
            highest_micro_yuan_per_card_hour=None
            if risk.highest is None
            else price_per_hour(terms, risk.highest),
            exposed_milli=risk.exposed * 1000 // risk.card_slots,
            notice_minutes=risk.notice * minutes,
            grace_minutes=risk.grace * minutes,
        )


@dataclass(frozen=True, slots=True)
class SizeOut:
    """What the order would get of free capacity for a part of its size: of `cards`, or of `work_card_minutes`."""

    percent: int
    cards: int | None
    work_card_minutes: int | None
    got_card_minutes: int
    cost_micro_yuan: int

    @classmethod
    def of(cls, step: Step, shape: Shape, terms: VenueTerms) -> "SizeOut":
        """One step of the ladder."""
        block, slots = isinstance(shape, Block), terms.slot_seconds // 60
        return cls(
            percent=step.percent,
            cards=step.at if block else None,
            work_card_minutes=None if block else step.at * slots,
            got_card_minutes=card_minutes(step.filled * slots_of(shape), terms),
            cost_micro_yuan=step.cost,
        )


@dataclass(frozen=True, slots=True)
class LimitOut:
    """What the order would get of free capacity at a limit so many percent higher."""

    percent: int
    limit_micro_yuan_per_card_hour: int
    got_card_minutes: int
    cost_micro_yuan: int

    @classmethod
    def of(cls, step: Step, shape: Shape, terms: VenueTerms) -> "LimitOut":
        """One step of the ladder."""
        return cls(
            percent=step.percent,
            limit_micro_yuan_per_card_hour=price_per_hour(terms, step.at),
            got_card_minutes=card_minutes(step.filled * slots_of(shape), terms),
            cost_micro_yuan=step.cost,
        )


@dataclass(frozen=True, slots=True)
class BarrierOut:
    """How many listings are left behind a barrier and those before it, and how many more there were without it alone.

    `more` says that counting has stopped there.
    """

    dimension: Dimension
    left: int
    left_more: bool
    without: int
    without_more: bool

    @classmethod
    def of(cls, barrier: Barrier) -> "BarrierOut":
        """One barrier."""
        return cls(
            dimension=barrier.dimension,
            left=barrier.left.listings,
            left_more=barrier.left.more,
            without=barrier.alone.listings,
            without_more=barrier.alone.more,
        )


@dataclass(frozen=True, slots=True)
class CureOut:
    """One change that would let the order fit: `change` has the fields to send in place of the order's own."""

    dimension: Dimension
    change: dict[str, Any]
    found: FoundOut
    order_held_fen: int

    @classmethod
    def of(cls, cure: Cure, terms: VenueTerms) -> "CureOut":
        """One cure, each found by a search."""
        return cls(
            cure.dimension,
            change_of(cure.dimension, cure.order, terms),
            FoundOut.of(cure.found, terms),
            cure.order_held,
        )


def change_of(dimension: Dimension, order: Order, terms: VenueTerms) -> dict[str, Any]:
    """The fields of an order's body that a cure gives another value."""
    shape, minutes = order.shape, terms.slot_seconds // 60
    match dimension:
        case Dimension.LIMIT:
            return {"limit_micro_yuan_per_card_hour": price_per_hour(terms, order.limit)}
        case Dimension.HOURS:
            window = WindowOut.of(order.window, terms)
            return {"window": {"start": window.start, "end": window.end}}
        case Dimension.REGION:
            return {"regions": list(order.regions), "latency": None}
        case Dimension.CHIP:
            return {"chips": dict(order.chips)}
        case Dimension.SPLIT if isinstance(shape, Block):
            return {"split": shape.split}
        case Dimension.SIZE if isinstance(shape, Block):
            return {"cards": shape.most, "least_cards": shape.least}
        case Dimension.SIZE:
            assert not isinstance(shape, Block), "blocks are sized in cards"
            return {"work_card_minutes": shape.amount * minutes}
        case _:
            raise AssertionError(f"nothing cures {dimension}")


@dataclass(frozen=True, slots=True)
class WhyOut:
    """Why nothing fits. Of `listings` that have anything free, the barriers tell, one after the other, what is left.

    `cures` would each let it fit alone, the cheapest on average first.
    """

    listings: int
    listings_more: bool
    barriers: list[BarrierOut]
    cures: list[CureOut]

    @classmethod
    def of(cls, explanation: Explanation, terms: VenueTerms) -> "WhyOut":
        """What the search has found out."""
        return cls(
            listings=explanation.listings.listings,
            listings_more=explanation.listings.more,
            barriers=[BarrierOut.of(barrier) for barrier in explanation.barriers],
            cures=[CureOut.of(cure, terms) for cure in explanation.cures],
        )


@dataclass(frozen=True, slots=True)
class RefusalOut:
    """Why the venue would not take the order at all."""

    code: str
    detail: str

    @classmethod
    def of(cls, refusal: Rejected) -> "RefusalOut":
        """A refusal as it would be answered."""
        return cls(refusal.code, refusal.explain)


@dataclass(frozen=True, slots=True)
class PromiseOut:
    """What to send as `quoted` with the order, so that it gets this or better, or is not placed."""

    version: int
    cost_micro_yuan: int
    filled_milli: int


@dataclass(frozen=True, slots=True)
class QuotedVoucherOut:
    """What a voucher would hold for the order, and cover of what it would get now, if all of that is delivered."""

    voucher: str
    mode: VoucherMode
    held_fen: int
    covered_fen: int


@dataclass(frozen=True, slots=True)
class QuoteOut:
    """A preview that books nothing, true at the place `version` of the log.

    `order_held_fen` is what placing the order would hold at first. `found` is null where it would get nothing: then
    `why` tells the reasons and the cures, or `refusal` why the venue would not take it. `ends` is how the order would be
    closed at once; null says that it, or what is left of it, waits. `interrupted_leases` counts the spot leases that
    would be taken back for it, and `risk` says who could take back what it gets. `sizes` and `limits` are what it would
    get for a part of its size, or at another limit. `vouchers` says what each that the order names would cover.
    """

    version: int
    order_held_fen: int
    found: FoundOut | None
    ends: OrderEnd | None
    earliest: EarliestOut | None
    interrupted_leases: int
    risk: RiskOut | None
    sizes: list[SizeOut]
    limits: list[LimitOut]
    vouchers: list[QuotedVoucherOut]
    why: WhyOut | None
    refusal: RefusalOut | None
    promise: PromiseOut | None

    @classmethod
    def of(cls, quote: Quote, shape: Shape, terms: VenueTerms) -> "QuoteOut":
        """The answer for an order of a shape."""
        found, earliest = quote.found, quote.earliest
        return cls(
            version=quote.version,
            order_held_fen=quote.order_held,
            found=None if found is None else FoundOut.of(found, terms),
            ends=quote.end,
            earliest=None if found is None or earliest is None else EarliestOut.of(earliest, found, terms),
            interrupted_leases=quote.interrupts,
            risk=None if quote.risk is None else RiskOut.of(quote.risk, terms),
            sizes=[SizeOut.of(step, shape, terms) for step in quote.sizes],
            limits=[LimitOut.of(step, shape, terms) for step in quote.limits],
            vouchers=[
                QuotedVoucherOut(one.voucher, one.mode, one.held, one.covered) for one in quote.vouchers
            ],
            why=None if quote.explanation is None else WhyOut.of(quote.explanation, terms),
            refusal=None if quote.refusal is None else RefusalOut.of(quote.refusal),
            promise=None if found is None else PromiseOut(quote.version, found.cost, found.filled),
        )
