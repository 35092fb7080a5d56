"""Listings as they are asked for and answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from exchange.listings.commands import PublishListing
from exchange.persistence.queries.listings import StoredListing
from exchange.state import VenueTerms
from matching.commands import AmendListing, Reclaim
from matching.curves import PriceCurve
from matching.terms import ChipCode, PriceRule, RegionCode, Slot, Tier
from web.bodies.common import WindowIn, WindowOut
from web.bodies.fields import (
    CardsField,
    ChipField,
    Instant,
    LineField,
    MinutesField,
    PriceField,
    RegionField,
    price_per_hour,
    price_per_slot,
    slot_at,
    slots_in,
    utc,
)
from web.problems import DoorRejection
from web.strict import Body

STEPS_MAX = 24 * 7 * 15  # changes of price: hourly ones for longer than the venue trades ahead


class AskStep(Body):
    """A price, from an instant on. The first step may leave the instant out: it holds from the window's start."""

    since: Instant | None = None
    price_micro_yuan_per_card_hour: PriceField


Steps = Annotated[list[AskStep], Field(min_length=1, max_length=STEPS_MAX)]


class Asks(Body):
    """What the cards cost, for one tier or both. With both, the same cards are on offer in each."""

    spot: Steps | None = None
    on_demand: Steps | None = None

    @model_validator(mode="after")
    def _something(self) -> "Asks":
        if self.spot is None and self.on_demand is None:
            raise PydanticCustomError(DoorRejection.MISSING_FIELD, "Ask a price for spot, on_demand or both")
        return self

    def curves(self, terms: VenueTerms, begins: Slot) -> Mapping[Tier, PriceCurve]:
        """The price of each tier, in slots; a first step without an instant begins at the slot `begins`."""
        asked = {Tier.SPOT: self.spot, Tier.ON_DEMAND: self.on_demand}
        return {
            tier: _curve(steps, terms, begins, f"/asks/{tier}")
            for tier, steps in asked.items()
            if steps is not None
        }


class ListingIn(Body):
    """Capacity on offer: the same cards throughout the window, rented in whole lots.

    `line` is the catalogue line under which it is taxed: the seller's choice. With the price rule `maker`, orders that
    waited for the listing as it arrived pay their own limit; whatever it sells later goes at its ask.
    """

    chip: ChipField
    region: RegionField
    window: WindowIn
    cards: CardsField
    lot: CardsField = 1
    min_duration_minutes: MinutesField | None = None
    asks: Asks
    line: LineField = "compute_service"
    price_rule: PriceRule = PriceRule.POSTED

    def command(self, terms: VenueTerms) -> PublishListing:
        """The command that this asks for."""
        window = self.window.slots(terms)
        least = self.min_duration_minutes
        return PublishListing(
            chip=ChipCode(self.chip),
            region=RegionCode(self.region),
            window=window,
            cards=self.cards,
            lot=self.lot,
            min_slots=1 if least is None else slots_in(terms, least, "/min_duration_minutes"),
            asks=self.asks.curves(terms, window.start),
            line=self.line,
            price_rule=self.price_rule,
        )


class ListingChange(Body):
    """New terms of a listing. What is left out stays as it is; asks replace all that were there."""

    cards: CardsField | None = None
    asks: Asks | None = None

    def command(self, listing: StoredListing, terms: VenueTerms) -> AmendListing:
        """The command that this asks for."""
        return AmendListing(
            listing=listing.id,
            cards=self.cards,
            asks=None if self.asks is None else self.asks.curves(terms, listing.window.start),
        )


class ReclaimIn(Body):
    """From when on the seller wants its cards back. The notice is kept, so spot leases may end later than that."""

    since: Instant = Field(alias="from")

    def command(self, listing: StoredListing, terms: VenueTerms) -> Reclaim:
        """The command that this asks for."""
        return Reclaim(listing.id, slot_at(terms, self.since, "/from"))


@dataclass(frozen=True, slots=True)
class AskOut:
    """A price, from an instant on until the next step."""

    since: datetime
    price_micro_yuan_per_card_hour: int


@dataclass(frozen=True, slots=True)
class ListingOut:
    """A listing as it stands; `status` is `open`, or how it ended: `withdrawn`, `expired` or `reclaimed`."""

    id: str
    status: str
    chip: str
    region: str
    window: WindowOut
    cards: int
    lot: int
    min_duration_minutes: int
    asks: dict[str, list[AskOut]]
    line: str
    price_rule: PriceRule
    seq: int

    @classmethod
    def of(cls, listing: StoredListing, terms: VenueTerms) -> "ListingOut":
        """A listing as it is stored."""
        return cls(
            id=listing.id,
            status=listing.status,
            chip=listing.chip,
            region=listing.region,
            window=WindowOut.of(listing.window, terms),
            cards=listing.cards,
            lot=listing.lot,
            min_duration_minutes=listing.min_slots * terms.slot_seconds // 60,
            asks={
                tier: [
                    AskOut(utc(terms.instant_of(slot)), price_per_hour(terms, price))
                    for slot, price in curve.steps
                ]
                for tier, curve in listing.asks.items()
            },
            line=listing.line,
            price_rule=listing.price_rule,
            seq=listing.seq,
        )


def _curve(steps: Sequence[AskStep], terms: VenueTerms, begins: Slot, pointer: str) -> PriceCurve:
    return PriceCurve(tuple(_step(step, terms, begins, f"{pointer}/{n}") for n, step in enumerate(steps)))


def _step(step: AskStep, terms: VenueTerms, begins: Slot, pointer: str) -> tuple[int, int]:
    """A step in slots. Without an instant it is the first: a second such step would not rise, and is refused."""
    since = begins if step.since is None else slot_at(terms, step.since, f"{pointer}/since")
    price = f"{pointer}/price_micro_yuan_per_card_hour"
    return since, price_per_slot(terms, step.price_micro_yuan_per_card_hour, price)
