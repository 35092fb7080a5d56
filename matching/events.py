"""What can happen in the market."""

from dataclasses import dataclass

from matching.curves import Run
from matching.terms import (
    LeaseNumber,
    Listing,
    ListingEnd,
    ListingId,
    Order,
    OrderEnd,
    OrderId,
    RegionCode,
    Rejection,
    Seq,
    Slot,
    Window,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A listing stands in the books, with the age `seq`."""

    listing: Listing
    seq: Seq


@dataclass(frozen=True, slots=True)
class ListingAmended:
    """A listing has new terms. A new `seq` is a new age; the old one means that it kept its place."""

    listing: Listing
    seq: Seq


@dataclass(frozen=True, slots=True)
class ListingClosed:
    """A listing left the books."""

    listing: ListingId
    end: ListingEnd


@dataclass(frozen=True, slots=True)
class Opened:
    """An order was accepted, with the age `seq`, and looks for capacity."""

    order: Order
    seq: Seq


@dataclass(frozen=True, slots=True)
class OrderAmended:
    """An order has new terms, and looks for capacity again. It is out of the books until it rests."""

    order: Order
    seq: Seq


@dataclass(frozen=True, slots=True)
class Leased:
    """An order got `cards` of a listing for `window`, of which `working` do its work.

    `runs` say what one card costs in each slot, and `cost` is for all of them.
    """

    lease: LeaseNumber
    order: OrderId
    listing: ListingId
    cards: int
    working: int
    window: Window
    runs: tuple[Run, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class Displaced:
    """A spot lease ends at slot `at` instead of later. It costs `charged` in all: nothing within the grace."""

    lease: LeaseNumber
    at: Slot
    charged: int


@dataclass(frozen=True, slots=True)
class LinkSet:
    """A link has this bandwidth in every slot from now on."""

    home: RegionCode
    region: RegionCode
    mbps: int


@dataclass(frozen=True, slots=True)
class Rested:
    """An order waits in the books of every chip and region that it accepts."""

    order: OrderId


@dataclass(frozen=True, slots=True)
class Closed:
    """An order is done."""

    order: OrderId
    end: OrderEnd


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has come to slot `now`."""

    now: Slot


@dataclass(frozen=True, slots=True)
class Rejected:
    """The market refused a command."""

    code: Rejection


Event = (
    Listed
    | ListingAmended
    | ListingClosed
    | Opened
    | OrderAmended
    | Leased
    | Displaced
    | LinkSet
    | Rested
    | Closed
    | Ticked
    | Rejected
)
