"""The words of the market: ids, tiers, and the terms that a listing or an order is made of."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, NewType

from msgspec import Struct
from msgspec.structs import force_setattr

from matching.curves import PriceCurve

Seq = NewType("Seq", int)  # position of a command in the log; also the age that priority is measured by
Slot = NewType("Slot", int)  # whole slots since the epoch, UTC
OrderId = NewType("OrderId", str)
ListingId = NewType("ListingId", str)
LeaseNumber = NewType("LeaseNumber", int)  # leases are counted from 1, in the order in which they are granted
OwnerGroup = NewType("OwnerGroup", str)  # whose interest it is: an owner group never trades with itself
ChipCode = NewType("ChipCode", str)
RegionCode = NewType("RegionCode", str)
Milli = NewType("Milli", int)  # thousandths of the order's reference card
Price = NewType("Price", int)  # money for one card in one slot


class Tier(StrEnum):
    """How firm a lease is."""

    SPOT = "spot"
    """The seller may take it back after a notice."""
    ON_DEMAND = "on_demand"
    """It runs to its end."""


class Preference(StrEnum):
    """What an order minds more."""

    CHEAPEST = "cheapest"
    EARLIEST = "earliest"


class TimeInForce(StrEnum):
    """What becomes of an order that finds nothing at once."""

    GTC = "gtc"
    """It rests in the books until it is filled, cancelled or too late to start."""
    IOC = "ioc"
    """It is closed."""


class Split(StrEnum):
    """Over how much one block may be spread. All of it has one chip and one start: it is a gang."""

    ONE = "one"
    """One listing serves it."""
    SELLERS = "sellers"
    """Any listings of one region."""
    REGIONS = "regions"
    """Any listings of all its regions."""


class OnPreempt(StrEnum):
    """What becomes of an order whose spot lease is taken back."""

    REQUEUE = "requeue"
    """What was not delivered looks for capacity again, with the order's age and limit."""
    CANCEL = "cancel"


class PriceRule(StrEnum):
    """Whose price a lease has, where the buyer waited for the listing."""

    POSTED = "posted"
    """The listing's, always."""
    MAKER = "maker"
    """The buyer's own limit, if it rested when the listing arrived and is served by that arrival."""


class Window(Struct, frozen=True, gc=False):
    """Slots from `start` up to, not including, `end`."""

    start: Slot
    end: Slot

    def __len__(self) -> int:
        return self.end - self.start


class Block(Struct, frozen=True, gc=False):
    """A gang job: `least` to `most` reference cards together, for `slots` slots in a row."""

    least: int
    most: int
    slots: int
    split: Split = Split.ONE


class Work(NamedTuple):
    """Malleable work: `amount` reference card-slots in any slots, at most `rate` reference cards at a time.

    `whole` asks for all of it at once, or nothing. (A tuple, because that is how the log tells it from a `Block`.)
    """

    amount: int
    rate: int
    whole: bool = False


Shape = Block | Work


class Listing(Struct, frozen=True, gc=False):
    """Capacity on offer: the same `cards` in every slot of `window`, at the asks of one or both tiers."""

    id: ListingId
    seller: OwnerGroup
    chip: ChipCode
    region: RegionCode
    window: Window
    cards: int
    lot: int
    min_slots: int
    asks: Mapping[Tier, PriceCurve]
    price_rule: PriceRule = PriceRule.POSTED


class Order(Struct, frozen=True, gc=False):
    """What a buyer asks for, and what it can bend on.

    `chips` gives each acceptable chip its weight, in thousandths of the buyer's reference card; `limit` is per
    reference card and slot, and reads `limit * weight / 1000` on a chip. A region named twice counts once.
    Away from `home` each working card takes `mbps_per_card` of the link between the two regions.
    """

    id: OrderId
    buyer: OwnerGroup
    tier: Tier
    chips: Mapping[ChipCode, int]
    regions: tuple[RegionCode, ...]
    window: Window
    limit: Price
    shape: Shape
    prefer: Preference = Preference.CHEAPEST
    tif: TimeInForce = TimeInForce.GTC
    on_preempt: OnPreempt = OnPreempt.REQUEUE
    home: RegionCode | None = None
    mbps_per_card: int = 0

    def __post_init__(self) -> None:
        if len(self.regions) > 1:
            force_setattr(self, "regions", tuple(dict.fromkeys(self.regions)))

    @property
    def slots(self) -> int:
        """The shortest run that serves it: a block's length; work is done slot by slot."""
        return self.shape.slots if isinstance(self.shape, Block) else 1

    @property
    def size(self) -> int:
        """All that it asks for, in thousandths of its reference card: cards of a block, card-slots of work."""
        return (self.shape.most if isinstance(self.shape, Block) else self.shape.amount) * 1000

    @property
    def latest_start(self) -> Slot:
        """The last slot in which it can still begin."""
        return Slot(self.window.end - self.slots)


class MarketTerms(Struct, frozen=True, gc=False):
    """The market's switches and the terms of displacement.

    A spot lease that is taken back runs on for `notice` slots at least, and is free of charge if it had delivered no
    more than `grace` slots. A spot order displaces another only if it pays `outbid_bp` basis points more. Where
    `resting` is off, an order that finds nothing is killed.
    """

    notice: int = 1
    grace: int = 1
    outbid_bp: int = 500
    displacement: bool = True
    resting: bool = True


class Rejection(StrEnum):
    """Why the market refuses a command. The codes are stable, and checked in this order."""

    UNKNOWN_CHIP = "unknown_chip"
    UNKNOWN_REGION = "unknown_region"
    UNKNOWN_ID = "unknown_id"
    BAD_QUANTITY = "bad_quantity"
    BAD_PRICE = "bad_price"
    BAD_LOT = "bad_lot"
    EMPTY_WINDOW = "empty_window"
    WINDOW_TOO_SHORT = "window_too_short"
    CLOCK_GOES_BACK = "clock_goes_back"
    BELOW_COMMITTED = "below_committed"


class OrderEnd(StrEnum):
    """How an order left the books."""

    FILLED = "filled"
    PARTIAL = "partial"
    """It got at least its least, not its most."""
    KILLED = "killed"
    """Immediate, and nothing fitted."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Its latest start has passed."""


class ListingEnd(StrEnum):
    """How a listing left the books. Its leases run on in either case."""

    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    RECLAIMED = "reclaimed"
