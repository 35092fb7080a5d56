"""The words of the market: ids, tiers, and the terms that a listing or an order is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from matching.prices import PriceCurve

Seq = NewType("Seq", int)  # position of a command in the log; also the age that priority is measured by
Slot = NewType("Slot", int)  # whole slots since the epoch, UTC
OrderId = NewType("OrderId", str)
ListingId = NewType("ListingId", str)
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


@dataclass(frozen=True, slots=True)
class Window:
    """Slots from `start` up to, not including, `end`."""

    start: Slot
    end: Slot

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Block:
    """A gang job: `least` to `most` reference cards together, for `slots` slots in a row."""

    least: int
    most: int
    slots: int


@dataclass(frozen=True, slots=True)
class Listing:
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


@dataclass(frozen=True, slots=True)
class Order:
    """What a buyer asks for, and what it can bend on.

    `chips` gives each acceptable chip its weight, in thousandths of the buyer's reference card; `limit` is per
    reference card and slot, and reads `limit * weight / 1000` on a chip. A region named twice counts once.
    """

    id: OrderId
    buyer: OwnerGroup
    tier: Tier
    chips: Mapping[ChipCode, int]
    regions: tuple[RegionCode, ...]
    window: Window
    limit: Price
    shape: Block
    prefer: Preference = Preference.CHEAPEST
    tif: TimeInForce = TimeInForce.GTC

    def __post_init__(self) -> None:
        object.__setattr__(self, "regions", tuple(dict.fromkeys(self.regions)))

    @property
    def latest_start(self) -> Slot:
        """The last slot in which the block can still begin."""
        return Slot(self.window.end - self.shape.slots)


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
