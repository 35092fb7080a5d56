"""What can happen in the market."""

from typing import final

from msgspec import Struct

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


@final
class Listed(Struct, frozen=True, gc=False):
    """A listing stands in the books, with the age `seq`."""

    listing: Listing
    seq: Seq


@final
class ListingAmended(Struct, frozen=True, gc=False):
    """A listing has new terms. A new `seq` is a new age; the old one means that it kept its place."""

    listing: Listing
    seq: Seq


@final
class ListingClosed(Struct, frozen=True, gc=False):
    """A listing left the books."""

    listing: ListingId
    end: ListingEnd


@final
class Opened(Struct, frozen=True, gc=False):
    """An order was accepted, with the age `seq`, and looks for capacity."""

    order: Order
    seq: Seq


@final
class OrderAmended(Struct, frozen=True, gc=False):
    """An order has new terms, and looks for capacity again. It is out of the books until it rests."""

    order: Order
    seq: Seq


@final
class Leased(Struct, frozen=True, gc=False):
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


@final
class Displaced(Struct, frozen=True, gc=False):
    """A spot lease ends at slot `at` instead of later. It costs `charged` in all: nothing within the grace."""

    lease: LeaseNumber
    at: Slot
    charged: int


@final
class LinkSet(Struct, frozen=True, gc=False):
    """A link has this bandwidth in every slot from now on."""

    home: RegionCode
    region: RegionCode
    mbps: int


@final
class Rested(Struct, frozen=True, gc=False):
    """An order waits in the books of every chip and region that it accepts."""

    order: OrderId


@final
class Closed(Struct, frozen=True, gc=False):
    """An order is done."""

    order: OrderId
    end: OrderEnd


@final
class Ticked(Struct, frozen=True, gc=False):
    """Time has come to slot `now`."""

    now: Slot


@final
class Rejected(Struct, frozen=True, gc=False):
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
