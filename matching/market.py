"""The state of the market: listings, orders and the books they stand in.

Read by rules, changed only by `evolve`.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar, assert_never

from matching.capacity import FreeCards
from matching.events import (
    Closed,
    Event,
    Leased,
    Listed,
    ListingAmended,
    ListingClosed,
    Opened,
    OrderAmended,
    Rejected,
    Rested,
    Ticked,
)
from matching.terms import ChipCode, Listing, ListingId, Order, OrderId, RegionCode, Seq, Slot, Tier

T = TypeVar("T", bound=tuple[object, ...])
EPOCH = Slot(0)


@dataclass(slots=True)
class LiveListing:
    """A listing in the books, its age, and what of it is free."""

    terms: Listing
    seq: Seq
    free: FreeCards


@dataclass(slots=True)
class LiveOrder:
    """An open order and its age."""

    terms: Order
    seq: Seq


class BookKey(NamedTuple):
    """An instrument: what a book is for. Time is not part of it, but a dimension of each listing."""

    chip: ChipCode
    region: RegionCode
    tier: Tier


class Bid(NamedTuple):
    """An order's place in one book: dearest first (`-limit * weight`), then oldest."""

    rank: int
    seq: Seq
    order: OrderId


class Offer(NamedTuple):
    """A listing's place in one book: cheapest lowest price first, then oldest."""

    lowest: int
    seq: Seq
    listing: ListingId


@dataclass(slots=True)
class Book:
    """Both sides of one instrument, each in priority order."""

    offers: list[Offer] = field(default_factory=list)
    bids: list[Bid] = field(default_factory=list)


@dataclass(slots=True)
class Market:
    """All that the next decision depends on.

    `chips` and `regions` say what may be traded; None means anything.
    """

    chips: frozenset[ChipCode] | None = None
    regions: frozenset[RegionCode] | None = None
    now: Slot = EPOCH
    listings: dict[ListingId, LiveListing] = field(default_factory=dict)
    orders: dict[OrderId, LiveOrder] = field(default_factory=dict)
    books: dict[BookKey, Book] = field(default_factory=dict)
    latest_starts: list[tuple[Slot, OrderId]] = field(default_factory=list)
    listing_ends: list[tuple[Slot, ListingId]] = field(default_factory=list)

    def book(self, key: BookKey) -> Book:
        """The book of an instrument, opened at its first use."""
        book = self.books.get(key)
        if book is None:
            book = self.books[key] = Book()
        return book


def evolve(market: Market, event: Event) -> None:
    """Let `event` have happened. Never refuses: what is impossible is a fault of ours and asserts."""
    match event:
        case Listed(listing, seq):
            _list(market, listing, seq)
        case ListingAmended(listing, seq):
            _amend_listing(market, listing, seq)
        case ListingClosed(listing_id, _):
            _unlist(market, listing_id)
        case Opened(order, seq):
            market.orders[order.id] = LiveOrder(order, seq)
        case OrderAmended(order, seq):
            _unrest(market, order.id)
            market.orders[order.id] = LiveOrder(order, seq)
        case Leased(_, listing_id, cards, window, _):
            free = market.listings[listing_id].free
            free.forget_before(market.now)
            free.take(window.start, window.end, cards)
        case Rested(order_id):
            _rest(market, order_id)
        case Closed(order_id, _):
            _unrest(market, order_id)
            del market.orders[order_id]
        case Ticked(now):
            market.now = now
        case Rejected():
            pass
        case _:
            assert_never(event)


def _list(market: Market, listing: Listing, seq: Seq) -> None:
    free = FreeCards(listing.window.start, listing.window.end, listing.cards)
    market.listings[listing.id] = LiveListing(listing, seq, free)
    insort(market.listing_ends, (listing.window.end, listing.id))
    _offer(market, listing, seq)


def _amend_listing(market: Market, listing: Listing, seq: Seq) -> None:
    live = market.listings[listing.id]
    _unoffer(market, live)
    live.free.forget_before(market.now)
    live.free.add(listing.cards - live.terms.cards)
    live.terms, live.seq = listing, seq
    _offer(market, listing, seq)


def _unlist(market: Market, listing_id: ListingId) -> None:
    live = market.listings.pop(listing_id)
    _remove(market.listing_ends, (live.terms.window.end, listing_id))
    _unoffer(market, live)


def _offer(market: Market, listing: Listing, seq: Seq) -> None:
    for tier, curve in listing.asks.items():
        book = market.book(BookKey(listing.chip, listing.region, tier))
        insort(book.offers, Offer(curve.lowest, seq, listing.id))


def _unoffer(market: Market, live: LiveListing) -> None:
    for tier, curve in live.terms.asks.items():
        book = market.book(BookKey(live.terms.chip, live.terms.region, tier))
        _remove(book.offers, Offer(curve.lowest, live.seq, live.terms.id))


def _rest(market: Market, order_id: OrderId) -> None:
    live = market.orders[order_id]
    insort(market.latest_starts, (live.terms.latest_start, order_id))
    for book, bid in _bids(market, live):
        insort(book.bids, bid)


def _unrest(market: Market, order_id: OrderId) -> None:
    """Take an order out of its books. One that never rested stands in none."""
    live = market.orders[order_id]
    if _remove(market.latest_starts, (live.terms.latest_start, order_id)):
        for book, bid in _bids(market, live):
            _remove(book.bids, bid)


def _bids(market: Market, live: LiveOrder) -> list[tuple[Book, Bid]]:
    order = live.terms
    return [
        (market.book(BookKey(chip, region, order.tier)), Bid(-order.limit * weight, live.seq, order.id))
        for chip, weight in order.chips.items()
        for region in order.regions
    ]


def _remove(ranked: list[T], item: T) -> bool:
    """Take `item` out of a sorted list. Answers whether it was there."""
    index = bisect_left(ranked, item)
    if index < len(ranked) and ranked[index] == item:
        del ranked[index]
        return True
    return False
