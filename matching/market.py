"""The state of the market: listings, orders, leases and the books they stand in.

Read by rules, changed only by `evolve`.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar, assert_never

from matching.capacity import FreeCards
from matching.events import (
    Closed,
    Displaced,
    Event,
    Leased,
    LinkSet,
    Listed,
    ListingAmended,
    ListingClosed,
    Opened,
    OrderAmended,
    Rejected,
    Rested,
    Ticked,
)
from matching.prices import Run
from matching.terms import (
    Block,
    ChipCode,
    LeaseNumber,
    Listing,
    ListingId,
    MarketTerms,
    Order,
    OrderId,
    RegionCode,
    Seq,
    Slot,
    Split,
    Tier,
    Window,
)

T = TypeVar("T", bound=tuple[object, ...])
EPOCH = Slot(0)
FOR_EVER = Slot(1 << 62)
MILLI = 1000  # quantities are counted in thousandths of the order's reference card


@dataclass(slots=True)
class LiveLease:
    """A spot lease that can still be taken back.

    `hold` is what its buyer would pay for one card and slot at most: what a taker has to outbid. `requeues` says how
    often the order behind it had to look for capacity anew.
    """

    number: LeaseNumber
    order: Order
    seq: Seq
    listing: ListingId
    region: RegionCode
    cards: int
    working: int
    weight: int
    window: Window
    runs: tuple[Run, ...]
    hold: int


@dataclass(slots=True)
class LiveListing:
    """A listing in the books, its age, what of it is free, and its leases that can be taken back."""

    terms: Listing
    seq: Seq
    free: FreeCards
    spot: dict[LeaseNumber, LiveLease] = field(default_factory=dict)


class Pin(NamedTuple):
    """Where the rest of a gang has to join: `region` is None where it may spread over all of them."""

    chip: ChipCode
    region: RegionCode | None
    start: Slot


@dataclass(slots=True)
class LiveOrder:
    """An open order, its age, and how far it has got.

    `left` is what it still wants and `least` the least that it takes at once, in thousandths of a reference card; of
    work, both count card-slots. `pace` is what is at work already, slot by slot.
    """

    terms: Order
    seq: Seq
    left: int
    least: int
    pin: Pin | None = None
    pace: dict[int, int] = field(default_factory=dict)
    rests: bool = False

    @property
    def first(self) -> Slot:
        """The first slot that it may start in."""
        return self.terms.window.start if self.pin is None else self.pin.start

    @property
    def latest_start(self) -> Slot:
        """The last slot that it may start in."""
        latest = Slot(self.terms.window.end - self.terms.slots)
        return latest if self.pin is None else min(latest, self.pin.start)


@dataclass(slots=True)
class Link:
    """The bandwidth between two regions, and what of it is free."""

    mbps: int
    free: FreeCards


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
    terms: MarketTerms = field(default_factory=MarketTerms)
    now: Slot = EPOCH
    listings: dict[ListingId, LiveListing] = field(default_factory=dict)
    orders: dict[OrderId, LiveOrder] = field(default_factory=dict)
    leases: dict[LeaseNumber, LiveLease] = field(default_factory=dict)
    gangs: dict[OrderId, list[LeaseNumber]] = field(default_factory=dict)
    granted: int = 0
    links: dict[tuple[RegionCode, RegionCode], Link] = field(default_factory=dict)
    books: dict[BookKey, Book] = field(default_factory=dict)
    latest_starts: list[tuple[Slot, OrderId]] = field(default_factory=list)
    listing_ends: list[tuple[Slot, ListingId]] = field(default_factory=list)
    lease_ends: list[tuple[Slot, LeaseNumber]] = field(default_factory=list)

    def book(self, key: BookKey) -> Book:
        """The book of an instrument, opened at its first use."""
        book = self.books.get(key)
        if book is None:
            book = self.books[key] = Book()
        return book

    def link(self, order: Order, region: RegionCode) -> FreeCards | None:
        """The link whose bandwidth an order takes in a region, or None where it needs none."""
        if order.home is None or order.home == region or not order.mbps_per_card:
            return None
        link = self.links.get((order.home, region))
        return NO_LINK if link is None else link.free


NO_LINK = FreeCards(EPOCH, FOR_EVER, 0)


def evolve(market: Market, event: Event) -> None:
    """Let `event` have happened. Never refuses: what is impossible is a fault of ours and asserts."""
    match event:
        case Leased():
            _lease(market, event)
        case Opened(order, seq):
            market.orders[order.id] = opened(order, seq)
        case Rested(order_id):
            _rest(market, market.orders[order_id])
        case Closed(order_id, _):
            _unrest(market, market.orders.pop(order_id))
        case Listed(listing, seq):
            _list(market, listing, seq)
        case ListingAmended(listing, seq):
            _amend_listing(market, listing, seq)
        case ListingClosed(listing_id, _):
            _unlist(market, listing_id)
        case OrderAmended(order, seq):
            _amend_order(market, order, seq)
        case Displaced(number, at, _):
            _take_back(market, number, at)
        case LinkSet(home, region, mbps):
            _set_link(market, home, region, mbps)
        case Ticked(now):
            _tick(market, now)
        case Rejected():
            pass
        case _:
            assert_never(event)


def _tick(market: Market, now: Slot) -> None:
    """Time passes: leases that have ended can't be taken back any more."""
    market.now = now
    while market.lease_ends and market.lease_ends[0][0] <= now:
        _forget(market, market.leases[market.lease_ends[0][1]])


def _list(market: Market, listing: Listing, seq: Seq) -> None:
    free = FreeCards(listing.window.start, listing.window.end, listing.cards)
    market.listings[listing.id] = LiveListing(listing, seq, free)
    insort(market.listing_ends, (listing.window.end, listing.id))
    _offer(market, listing, seq)


def _amend_listing(market: Market, listing: Listing, seq: Seq) -> None:
    live = market.listings[listing.id]
    _unoffer(market, live)
    _remove(market.listing_ends, (live.terms.window.end, listing.id))
    live.free.forget_before(market.now)
    live.free.add(listing.cards - live.terms.cards)
    live.free.end_at(listing.window.end)
    live.terms, live.seq = listing, seq
    insort(market.listing_ends, (listing.window.end, listing.id))
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


def opened(order: Order, seq: Seq) -> LiveOrder:
    """An order that has got nothing yet."""
    shape = order.shape
    if isinstance(shape, Block):
        return LiveOrder(order, seq, shape.most * MILLI, shape.least * MILLI)
    left = shape.amount * MILLI
    return LiveOrder(order, seq, left, left if shape.whole else 1)


def _amend_order(market: Market, order: Order, seq: Seq) -> None:
    """New terms, out of the books. What it has got already counts towards its new size."""
    live = market.orders[order.id]
    _unrest(market, live)
    anew, before = opened(order, seq), opened(live.terms, seq)
    live.left = max(0, anew.left - (before.left - live.left))
    if live.pin is None:
        live.least = anew.least
    live.terms, live.seq = order, seq


def _lease(market: Market, event: Leased) -> None:
    """An order gets what it asked for, or a part: capacity is taken, and the order has come so much further."""
    live, listing = market.orders[event.order], market.listings[event.listing]
    order, chip, region = live.terms, listing.terms.chip, listing.terms.region
    start, end, weight = event.window.start, event.window.end, order.chips[chip]
    listing.free.forget_before(market.now)
    listing.free.take(start, end, event.cards)
    link = market.link(order, region)
    if link is not None:
        link.forget_before(market.now)
        link.take(start, end, event.working * order.mbps_per_card)
    market.granted = event.lease
    if order.tier is Tier.SPOT:
        _keep(market, _live_lease(event, live, listing, weight))
    if isinstance(order.shape, Block):
        live.left = max(0, live.left - event.working * weight)
        if live.pin is None and order.shape.split is not Split.ONE:
            live.least = 1
            _pin(market, live, Pin(chip, region if order.shape.split is Split.SELLERS else None, start))
    else:
        live.left = max(0, live.left - event.working * weight * len(event.window))
        for slot in range(start, end):
            live.pace[slot] = live.pace.get(slot, 0) + event.working * weight


def _live_lease(event: Leased, live: LiveOrder, listing: LiveListing, weight: int) -> LiveLease:
    return LiveLease(
        number=event.lease,
        order=live.terms,
        seq=live.seq,
        listing=event.listing,
        region=listing.terms.region,
        cards=event.cards,
        working=event.working,
        weight=weight,
        window=event.window,
        runs=event.runs,
        hold=live.terms.limit * weight // MILLI,
    )


def _keep(market: Market, lease: LiveLease) -> None:
    market.leases[lease.number] = market.listings[lease.listing].spot[lease.number] = lease
    insort(market.lease_ends, (lease.window.end, lease.number))
    market.gangs.setdefault(lease.order.id, []).append(lease.number)


def _forget(market: Market, lease: LiveLease) -> None:
    """A lease has ended, or is bound to: nobody can take it back any more."""
    del market.leases[lease.number]
    _remove(market.lease_ends, (lease.window.end, lease.number))
    if lease.listing in market.listings:
        del market.listings[lease.listing].spot[lease.number]
    mates = market.gangs[lease.order.id]
    mates.remove(lease.number)
    if not mates:
        del market.gangs[lease.order.id]


def _take_back(market: Market, number: LeaseNumber, at: Slot) -> None:
    """A lease ends early: its cards and its bandwidth are free from then on."""
    lease = market.leases[number]
    _forget(market, lease)
    listing = market.listings.get(lease.listing)
    if listing is not None:
        end = min(lease.window.end, listing.terms.window.end)
        if at < end:
            listing.free.forget_before(market.now)
            listing.free.take(at, end, -lease.cards)
    link = market.link(lease.order, lease.region)
    if link is not None:
        link.take(at, lease.window.end, -lease.working * lease.order.mbps_per_card)


def _set_link(market: Market, home: RegionCode, region: RegionCode, mbps: int) -> None:
    link = market.links.get((home, region))
    if link is None:
        market.links[home, region] = Link(mbps, FreeCards(market.now, FOR_EVER, mbps))
    else:
        link.free.forget_before(market.now)
        link.free.add(mbps - link.mbps)
        link.mbps = mbps


def _pin(market: Market, live: LiveOrder, pin: Pin) -> None:
    """The rest of a gang has to join what it has got, so it waits in fewer books, and perhaps not as long."""
    rested = live.rests
    _unrest(market, live)
    live.pin = pin
    if rested:
        _rest(market, live)


def _rest(market: Market, live: LiveOrder) -> None:
    live.rests = True
    insort(market.latest_starts, (live.latest_start, live.terms.id))
    for book, bid in _bids(market, live):
        insort(book.bids, bid)


def _unrest(market: Market, live: LiveOrder) -> None:
    """Take an order out of its books. One that never rested stands in none."""
    if live.rests:
        live.rests = False
        _remove(market.latest_starts, (live.latest_start, live.terms.id))
        for book, bid in _bids(market, live):
            _remove(book.bids, bid)


def _bids(market: Market, live: LiveOrder) -> Iterator[tuple[Book, Bid]]:
    order, pin = live.terms, live.pin
    for chip, weight in order.chips.items():
        for region in order.regions:
            if pin is None or (pin.chip == chip and pin.region in {None, region}):
                book = market.book(BookKey(chip, region, order.tier))
                yield book, Bid(-order.limit * weight, live.seq, order.id)


def _remove(ranked: list[T], item: T) -> bool:
    """Take `item` out of a sorted list. Answers whether it was there."""
    index = bisect_left(ranked, item)
    if index < len(ranked) and ranked[index] == item:
        del ranked[index]
        return True
    return False
