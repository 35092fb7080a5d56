"""Orders as they are asked for and answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from exchange.catalogue.catalogue import Catalogue
from exchange.catalogue.chips import relative_weight
from exchange.orders.commands import PlaceOrder
from exchange.persistence.queries.leases import StoredLease
from exchange.persistence.queries.orders import StoredOrder
from exchange.state import VenueTerms
from matching.commands import AmendOrder
from matching.terms import (
    Block,
    ChipCode,
    Preference,
    Price,
    RegionCode,
    Rejection,
    Tier,
    TimeInForce,
)
from settlement.money import ceil_div
from web.bodies.common import WindowIn, WindowOut
from web.bodies.fields import (
    CHOICES_MAX,
    WEIGHT_MAX,
    CardsField,
    ChipField,
    Instant,
    MinutesField,
    PriceField,
    RegionField,
    check_notional,
    fault,
    price_per_hour,
    price_per_slot,
    slot_at,
    slots_in,
)
from web.bodies.leases import LeaseOut
from web.problems import DoorRejection
from web.strict import Body

LIMIT = "/limit_micro_yuan_per_card_hour"

Weight = Annotated[int, Field(ge=1, le=WEIGHT_MAX)]
Weights = Annotated[dict[ChipField, Weight], Field(min_length=1, max_length=CHOICES_MAX)]
Names = Annotated[list[ChipField], Field(min_length=1, max_length=CHOICES_MAX)]
Chips = Annotated[
    Annotated[Weights, Tag("weights")] | Annotated[Names, Tag("names")],
    Discriminator(lambda value: "names" if isinstance(value, list) else "weights"),
    Field(
        description="Acceptable chips by code, each with its weight in thousandths of your reference card. "
        "Or a list of codes: the catalogue then weighs them against the best of them."
    ),
]


class Latency(Body):
    """Every region that is at most `max_ms` away from `from`, there and back."""

    home: RegionField = Field(alias="from")
    max_ms: Annotated[int, Field(ge=0, le=10_000)]


class OrderIn(Body):
    """A gang job: so many cards together, for so long in one run, somewhere in the window.

    Name either `regions` or a `latency`. The limit is per reference card, VAT included. `least_cards` is for a job
    that can do with fewer than `cards`.
    """

    tier: Tier
    chips: Chips
    regions: Annotated[list[RegionField], Field(min_length=1, max_length=CHOICES_MAX)] | None = None
    latency: Latency | None = None
    window: WindowIn
    cards: CardsField
    least_cards: CardsField | None = None
    duration_minutes: MinutesField
    limit_micro_yuan_per_card_hour: PriceField
    prefer: Preference = Preference.CHEAPEST
    time_in_force: TimeInForce = TimeInForce.GTC

    @model_validator(mode="after")
    def _one_place(self) -> "OrderIn":
        if (self.regions is None) == (self.latency is None):
            raise PydanticCustomError(DoorRejection.ONE_OF, "Name either regions or a latency")
        return self

    def command(self, terms: VenueTerms, catalogue: Catalogue) -> PlaceOrder:
        """The command that this asks for."""
        chips = self._weights(catalogue)
        slots = slots_in(terms, self.duration_minutes, "/duration_minutes")
        limit = price_per_slot(terms, self.limit_micro_yuan_per_card_hour, LIMIT)
        check_notional(most_it_can_cost(chips, limit, self.cards, slots, terms))
        return PlaceOrder(
            tier=self.tier,
            chips=chips,
            regions=self._regions(catalogue),
            window=self.window.slots(terms),
            limit=Price(limit),
            shape=Block(self.least_cards or self.cards, self.cards, slots),
            prefer=self.prefer,
            tif=self.time_in_force,
        )

    def _weights(self, catalogue: Catalogue) -> dict[ChipCode, int]:
        codes = [ChipCode(code) for code in self.chips]
        if isinstance(self.chips, dict):
            return dict(zip(codes, self.chips.values(), strict=True))
        if not catalogue.chips.keys() >= set(codes):
            raise fault("/chips", Rejection.UNKNOWN_CHIP, "Name chips of the catalogue: GET /v1/chips.")
        best = max((catalogue.chips[code] for code in codes), key=lambda chip: chip.weight_milli)
        return {code: relative_weight(catalogue.chips[code], best) for code in codes}

    def _regions(self, catalogue: Catalogue) -> tuple[RegionCode, ...]:
        if self.latency is None:
            return tuple(RegionCode(code) for code in self.regions or ())
        home = RegionCode(self.latency.home)
        if home not in catalogue.regions:
            raise fault(
                "/latency/from", Rejection.UNKNOWN_REGION, "Name a region of the catalogue: GET /v1/regions."
            )
        return tuple(sorted(catalogue.regions_within(home, self.latency.max_ms)))


class OrderChange(Body):
    """New terms of a resting order. What is left out stays as it is, but `least_cards` goes with `cards`."""

    limit_micro_yuan_per_card_hour: PriceField | None = None
    cards: CardsField | None = None
    least_cards: CardsField | None = None
    deadline: Instant | None = None

    @model_validator(mode="after")
    def _sized_at_once(self) -> "OrderChange":
        if self.least_cards is not None and self.cards is None:
            raise PydanticCustomError(DoorRejection.MISSING_FIELD, "Give cards together with least_cards")
        return self

    def command(self, order: StoredOrder, terms: VenueTerms) -> AmendOrder:
        """The command that this asks for. What the order is now only bounds it: asked again, it is the same."""
        price = None
        if self.limit_micro_yuan_per_card_hour is not None:
            price = Price(price_per_slot(terms, self.limit_micro_yuan_per_card_hour, LIMIT))
        limit, most = price or order.limit, self.cards or order.shape.most
        check_notional(most_it_can_cost(order.chips, limit, most, order.shape.slots, terms))
        return AmendOrder(
            order=order.id,
            limit=price,
            cards=None if self.cards is None else (self.least_cards or self.cards, self.cards),
            deadline=None if self.deadline is None else slot_at(terms, self.deadline, "/deadline"),
        )


def most_it_can_cost(
    chips: Mapping[ChipCode, int], limit: int, most: int, slots: int, terms: VenueTerms
) -> int:
    """Micro-yuan that a whole order can cost on the dearest of its chips, its last lot rounded up."""
    return max(
        limit * weight * (ceil_div(1000 * most, weight) + terms.lot_max) // 1000 * slots
        for weight in chips.values()
    )


@dataclass(frozen=True, slots=True)
class OrderOut:
    """An order as it stands.

    `status` is `resting`, or how it ended: `filled`, `partial`, `killed`, `cancelled` or `expired`. `held_fen` is
    what the order itself still holds; its leases hold their own.
    """

    id: str
    status: str
    tier: Tier
    chips: dict[str, int]
    regions: list[str]
    window: WindowOut
    cards: int
    least_cards: int
    duration_minutes: int
    limit_micro_yuan_per_card_hour: int
    prefer: Preference
    time_in_force: TimeInForce
    held_fen: int
    leases: list[LeaseOut]
    seq: int

    @classmethod
    def of(cls, order: StoredOrder, leases: Iterable[StoredLease], terms: VenueTerms) -> "OrderOut":
        """An order, with those of the leases that are its own."""
        return cls(
            id=order.id,
            status=order.status,
            tier=order.tier,
            chips={str(code): weight for code, weight in order.chips.items()},
            regions=list(order.regions),
            window=WindowOut.of(order.window, terms),
            cards=order.shape.most,
            least_cards=order.shape.least,
            duration_minutes=order.shape.slots * terms.slot_seconds // 60,
            limit_micro_yuan_per_card_hour=price_per_hour(terms, order.limit),
            prefer=order.prefer,
            time_in_force=order.tif,
            held_fen=order.held,
            leases=[LeaseOut.of(lease, terms) for lease in leases if lease.order == order.id],
            seq=order.seq,
        )
