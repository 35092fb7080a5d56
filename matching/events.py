"""What can happen in the market."""

from dataclasses import dataclass

from matching.terms import (
    Listing,
    ListingEnd,
    ListingId,
    Order,
    OrderEnd,
    OrderId,
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
    """An order got `cards` of a listing for `window`, at the listing's ask: `cost` in all."""

    order: OrderId
    listing: ListingId
    cards: int
    window: Window
    cost: int


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
    | Rested
    | Closed
    | Ticked
    | Rejected
)
