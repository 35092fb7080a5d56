"""Leases as they are answered."""

from dataclasses import dataclass
from datetime import datetime

from exchange.persistence.queries.leases import StoredLease
from exchange.state import PricedRun, VenueTerms
from matching.terms import Tier
from web.bodies.common import WindowOut
from web.bodies.fields import price_per_hour, utc
from web.bodies.promises import ServicePromiseOut


@dataclass(frozen=True, slots=True)
class PricedOut:
    """A stretch of a lease or listing that costs the same throughout."""

    start: datetime
    end: datetime
    price_micro_yuan_per_card_hour: int

    @classmethod
    def of(cls, run: PricedRun, terms: VenueTerms) -> "PricedOut":
        """A run of slots."""
        start, end = terms.instant_of(run.window.start), terms.instant_of(run.window.end)
        return cls(utc(start), utc(end), price_per_hour(terms, run.price))


@dataclass(frozen=True, slots=True)
class TakenBackOut:
    """How a spot lease was taken back: when it ends in place of `granted_end`, and what becomes of its price.

    `returned_micro_yuan` of `granted_cost_micro_yuan` are not charged. What was lost is looked for by the order
    `continued_as`, or by none. The buyer was told `notice_minutes` before.
    """

    at: datetime
    notice_minutes: int
    granted_end: datetime
    granted_cost_micro_yuan: int
    returned_micro_yuan: int
    continued_as: str | None

    @classmethod
    def of(cls, lease: StoredLease, terms: VenueTerms) -> "TakenBackOut":
        """What became of a lease that was taken back."""
        return cls(
            at=utc(terms.instant_of(lease.window.end)),
            notice_minutes=(lease.notice or 0) * terms.slot_seconds // 60,
            granted_end=utc(terms.instant_of(lease.granted_end)),
            granted_cost_micro_yuan=lease.granted_cost,
            returned_micro_yuan=lease.returned,
            continued_as=lease.continued_as,
        )


@dataclass(frozen=True, slots=True)
class LeaseOut:
    """The right to use cards for a while.

    `cost_micro_yuan` is the price of all of it, VAT included; `held_fen` what of the buyer's money it still holds.
    `unsettled_minutes` is the part of its time that no statement has settled yet. A spot lease can be `taken_back`:
    its window, prices and cost are then those that remain. Of its cards so many as `working_cards` do the order's
    work; the others fill up the lot. `service_promise` is what the seller promised on the day of the grant, or null.
    """

    id: str
    order: str
    listing: str
    chip: str
    tier: Tier
    buyer: str
    seller: str
    source: str
    destination: str
    cards: int
    working_cards: int
    window: WindowOut
    prices: list[PricedOut]
    cost_micro_yuan: int
    held_fen: int
    unsettled_minutes: int
    delivered_card_seconds: int
    vat_rate_bp: int
    service_promise: ServicePromiseOut | None
    taken_back: TakenBackOut | None
    seq: int

    @classmethod
    def of(cls, lease: StoredLease, terms: VenueTerms) -> "LeaseOut":
        """A lease as it is stored."""
        return cls(
            id=lease.id,
            order=lease.order,
            listing=lease.listing,
            chip=lease.chip,
            tier=lease.tier,
            buyer=lease.buyer,
            seller=lease.seller,
            source=lease.source,
            destination=lease.destination,
            cards=lease.cards,
            working_cards=lease.working,
            window=WindowOut.of(lease.window, terms),
            prices=[PricedOut.of(run, terms) for run in lease.runs],
            cost_micro_yuan=lease.cost,
            held_fen=lease.held,
            unsettled_minutes=lease.unsettled * terms.slot_seconds // 60,
            delivered_card_seconds=lease.delivered,
            vat_rate_bp=lease.vat_rate_bp,
            service_promise=None if lease.promise is None else ServicePromiseOut.of(lease.promise),
            taken_back=TakenBackOut.of(lease, terms) if lease.taken_back else None,
            seq=lease.seq,
        )
