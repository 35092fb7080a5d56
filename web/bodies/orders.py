"""Orders as they are asked for and answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, TypeVar, assert_never

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from exchange.catalogue.catalogue import Catalogue
from exchange.catalogue.chips import relative_weight
from exchange.names import VoucherId
from exchange.orders.commands import PlaceOrder
from exchange.persistence.queries.leases import StoredLease
from exchange.persistence.queries.orders import NotContinued, StoredOrder
from exchange.state import VenueTerms
from matching.commands import AmendOrder
from matching.terms import (
    Block,
    ChipCode,
    OnPreempt,
    OrderId,
    Preference,
    Price,
    RegionCode,
    Rejection,
    Shape,
    Split,
    Tier,
    TimeInForce,
    Work,
)
from settlement.money import ceil_div
from web.bodies.common import WindowIn, WindowOut
from web.bodies.fields import (
    CARD_MBPS_MAX,
    CHOICES_MAX,
    WEIGHT_MAX,
    CardsField,
    ChipField,
    Instant,
    MinutesField,
    PriceField,
    RegionField,
    VouchersField,
    WorkField,
    check_notional,
    fault,
    price_per_hour,
    price_per_slot,
    slot_at,
    slots_in,
)
from web.bodies.leases import LeaseOut
from web.bodies.progress import card_minutes, progress_of
from web.bodies.quotes import QuotedIn
from web.problems import DoorRejection
from web.strict import Body

LIMIT = "/limit_micro_yuan_per_card_hour"
BLOCK = ("cards", "least_cards", "duration_minutes", "split")
WORK = ("work_card_minutes", "rate_cards", "all_at_once")

T = TypeVar("T")

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
    """A job, somewhere in the window: a block of cards together, or work in any slots. Give the fields of one of them.

    A block is `cards` for `duration_minutes` in one run. `least_cards` is for a job that can do with fewer, and
    `split` for one that several listings may serve together: of one region (`sellers`) or of several (`regions`), all
    with one chip and one start. Work is `work_card_minutes` of the reference card, at most `rate_cards` at a time;
    `all_at_once` takes all of it now or nothing.

    Name either `regions` or a `latency`. The limit is per reference card, VAT included. `on_preempt` says what becomes
    of a spot lease that is taken back: a block looks for what it lost anew, or not. Away from `home` each card takes
    `mbps_per_card` of the link between the two regions.
    """

    tier: Tier
    chips: Chips
    regions: Annotated[list[RegionField], Field(min_length=1, max_length=CHOICES_MAX)] | None = None
    latency: Latency | None = None
    window: WindowIn
    cards: CardsField | None = None
    least_cards: CardsField | None = None
    duration_minutes: MinutesField | None = None
    split: Split | None = Field(None, description="`one` if left out: one listing serves the block.")
    work_card_minutes: WorkField | None = None
    rate_cards: CardsField | None = None
    all_at_once: bool | None = Field(None, description="No if left out: work that finds only a part goes on.")
    limit_micro_yuan_per_card_hour: PriceField
    prefer: Preference = Preference.CHEAPEST
    time_in_force: TimeInForce = TimeInForce.GTC
    on_preempt: OnPreempt = OnPreempt.REQUEUE
    home: RegionField | None = Field(
        None, description="Where the data is; the `from` of the latency if left out."
    )
    mbps_per_card: Annotated[int, Field(ge=0, le=CARD_MBPS_MAX)] = 0
    vouchers: VouchersField
    quoted: QuotedIn | None = Field(
        None, description="The promise of a quote: the order is placed only if it still gets that, or better."
    )

    @model_validator(mode="after")
    def _one_place(self) -> "OrderIn":
        if (self.regions is None) == (self.latency is None):
            raise PydanticCustomError(DoorRejection.ONE_OF, "Name either regions or a latency")
        return self

    def command(self, terms: VenueTerms, catalogue: Catalogue) -> PlaceOrder:
        """The command that this asks for."""
        chips, shape = self._weights(catalogue), self._shape(terms)
        limit = price_per_slot(terms, self.limit_micro_yuan_per_card_hour, LIMIT)
        check_notional(most_it_can_cost(chips, limit, shape, terms))
        return PlaceOrder(
            tier=self.tier,
            chips=chips,
            regions=self._regions(catalogue),
            window=self.window.slots(terms),
            limit=Price(limit),
            shape=shape,
            prefer=self.prefer,
            tif=self.time_in_force,
            on_preempt=self.on_preempt,
            home=self._home(catalogue),
            mbps_per_card=self.mbps_per_card,
            quoted=None if self.quoted is None else self.quoted.quoted(),
            vouchers=tuple(VoucherId(voucher) for voucher in self.vouchers),
        )

    def _shape(self, terms: VenueTerms) -> Shape:
        """The block or the work that is asked for: one of them, and all of it."""
        block, work = ([name for name in names if getattr(self, name) is not None] for names in (BLOCK, WORK))
        if block and work:
            raise fault(
                f"/{work[0]}",
                DoorRejection.ONE_OF,
                f"Ask for a block or for work: leave out {', '.join(work)}, or {', '.join(block)}.",
            )
        if work:
            amount = _needed(self.work_card_minutes, "/work_card_minutes")
            rate = _needed(self.rate_cards, "/rate_cards")
            return Work(slots_in(terms, amount, "/work_card_minutes"), rate, self.all_at_once or False)
        cards = _needed(self.cards, "/cards")
        slots = slots_in(terms, _needed(self.duration_minutes, "/duration_minutes"), "/duration_minutes")
        return Block(self.least_cards or cards, cards, slots, self.split or Split.ONE)

    def _home(self, catalogue: Catalogue) -> RegionCode | None:
        home = self.home or (self.latency.home if self.latency is not None else None)
        if home is None and self.mbps_per_card:
            sentence = "Name the home that the bandwidth leads from: where your data is."
            raise fault("/home", DoorRejection.MISSING_FIELD, sentence)
        if home is not None and home not in catalogue.regions:
            raise fault("/home", Rejection.UNKNOWN_REGION, "Name a region of the catalogue: GET /v1/regions.")
        return None if home is None else RegionCode(home)

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


def _needed(value: T | None, pointer: str) -> T:
    """A field without which the shape of an order is not whole."""
    if value is None:
        sentence = (
            "Give cards and duration_minutes for a block, or work_card_minutes and rate_cards for work."
        )
        raise fault(pointer, DoorRejection.MISSING_FIELD, sentence)
    return value


class OrderChange(Body):
    """New terms of a resting order. What is left out stays as it is, but `least_cards` goes with `cards`.

    Work keeps its amount: it has no `cards` to change.
    """

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
        cards, shape = self._cards(), order.shape
        if cards is not None:
            if not isinstance(shape, Block):
                sentence = "Work keeps its amount: cancel the order, and place another."
                raise fault("/cards", Rejection.BAD_QUANTITY, sentence)
            shape = Block(*cards, shape.slots, shape.split)
        limit = order.limit if price is None else price
        check_notional(most_it_can_cost(order.chips, limit, shape, terms))
        deadline = None if self.deadline is None else slot_at(terms, self.deadline, "/deadline")
        return AmendOrder(order=order.id, limit=price, cards=cards, deadline=deadline)

    def _cards(self) -> tuple[int, int] | None:
        return None if self.cards is None else (self.least_cards or self.cards, self.cards)


def most_it_can_cost(chips: Mapping[ChipCode, int], limit: int, shape: Shape, terms: VenueTerms) -> int:
    """Micro-yuan that an order can cost on the dearest of its chips, its last lot rounded up.

    It keeps figures within what is stored. What is held is the venue's to reckon, more carefully.
    """
    match shape:
        case Block(_, most, slots):
            return max(
                limit * weight * (ceil_div(1000 * most, weight) + terms.lot_max) // 1000 * slots
                for weight in chips.values()
            )
        case Work(amount):
            return limit * (1000 * amount + terms.lot_max * max(chips.values())) // 1000
        case _:
            assert_never(shape)


@dataclass(frozen=True, slots=True)
class NotContinuedOut:
    """Why no order looks for what was taken back: it would hold `needed_fen`, and its buyer had `available_fen`.

    To have it looked for, deposit `short_fen` and place the order again, with these fields in place of its own.
    """

    needed_fen: int
    available_fen: int
    short_fen: int
    window: WindowOut
    cards: int
    least_cards: int
    duration_minutes: int

    @classmethod
    def of(cls, lost: NotContinued, terms: VenueTerms) -> "NotContinuedOut":
        """What nobody looks for."""
        return cls(
            needed_fen=lost.needed,
            available_fen=lost.available,
            short_fen=lost.short,
            window=WindowOut.of(lost.window, terms),
            cards=lost.shape.most,
            least_cards=lost.shape.least,
            duration_minutes=lost.shape.slots * terms.slot_seconds // 60,
        )


@dataclass(frozen=True, slots=True)
class OrderOut:
    """An order as it stands. The fields of the shape that it does not have are null.

    `status` is `resting`, or how it ended: `filled`, `partial`, `killed`, `cancelled` or `expired`. `held_fen` is
    what the order itself still holds; its leases hold their own. After its end that is what it keeps so that it can go
    on if a lease of it is taken back.

    `got_card_minutes` of `wanted_card_minutes` of its reference card were granted. What is taken back is looked for by
    another order: `continued_as` names it, and the other one `continues` this. Where the buyer's money does not cover
    that order there is none, and `not_continued` says what it lacks.
    """

    id: str
    status: str
    tier: Tier
    chips: dict[str, int]
    regions: list[str]
    window: WindowOut
    cards: int | None
    least_cards: int | None
    duration_minutes: int | None
    split: Split | None
    work_card_minutes: int | None
    rate_cards: int | None
    all_at_once: bool | None
    limit_micro_yuan_per_card_hour: int
    prefer: Preference
    time_in_force: TimeInForce
    on_preempt: OnPreempt
    home: str | None
    mbps_per_card: int
    held_fen: int
    got_card_minutes: int
    wanted_card_minutes: int
    continues: str | None
    continued_as: str | None
    not_continued: NotContinuedOut | None
    leases: list[LeaseOut]
    seq: int

    @classmethod
    def of(cls, order: StoredOrder, leases: Iterable[StoredLease], terms: VenueTerms) -> "OrderOut":
        """An order, with those of the leases that are its own."""
        own = [lease for lease in leases if lease.order == order.id]
        progress = progress_of(order, own)
        block = order.shape if isinstance(order.shape, Block) else None
        work = order.shape if isinstance(order.shape, Work) else None
        minutes, lost = terms.slot_seconds // 60, order.not_continued
        return cls(
            id=order.id,
            status=order.status,
            tier=order.tier,
            chips={str(code): weight for code, weight in order.chips.items()},
            regions=list(order.regions),
            window=WindowOut.of(order.window, terms),
            cards=None if block is None else block.most,
            least_cards=None if block is None else block.least,
            duration_minutes=None if block is None else block.slots * minutes,
            split=None if block is None else block.split,
            work_card_minutes=None if work is None else work.amount * minutes,
            rate_cards=None if work is None else work.rate,
            all_at_once=None if work is None else work.whole,
            limit_micro_yuan_per_card_hour=price_per_hour(terms, order.limit),
            prefer=order.prefer,
            time_in_force=order.tif,
            on_preempt=order.on_preempt,
            home=order.home,
            mbps_per_card=order.mbps_per_card,
            held_fen=order.held,
            got_card_minutes=card_minutes(progress.got, terms),
            wanted_card_minutes=card_minutes(progress.whole, terms),
            continues=continued_from(order.id),
            continued_as=order.continued_as,
            not_continued=None if lost is None else NotContinuedOut.of(lost, terms),
            leases=[LeaseOut.of(lease, terms) for lease in own],
            seq=order.seq,
        )


def continued_from(order: OrderId) -> OrderId | None:
    """The order in whose place another goes on: `ord-7.r1` follows `ord-7`, and `ord-7.r2` follows `ord-7.r1`."""
    first, _, rounds = order.partition(".r")
    if not rounds:
        return None
    return OrderId(first if rounds == "1" else f"{first}.r{int(rounds) - 1}")
