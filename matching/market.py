"""The state of the market: listings, orders, leases and the books they stand in.

Read by rules, changed only by `evolve`.
"""

from bisect import insort
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, assert_never

from matching.book import Book, BookKey, Waiting
from matching.calendar import Calendar
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
from matching.holds import Held, touches
from matching.ladder import Rung, rung_of
from matching.live import LiveLease, LiveListing, LiveOrder, Pin
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
    Tier,
)

EPOCH: Final = Slot(0)
FOR_EVER: Final = Slot(1 << 62)
SPOT: Final = Tier.SPOT
AFTER: Final = 1 << 10  # slots by which the clock is ahead of the masks' origin before that follows


@dataclass(slots=True)
class Link:
    """The bandwidth between two regions, and what of it is free."""

    mbps: int
    free: FreeCards


@dataclass(slots=True)
class Market:
    """All that the next decision depends on.

    `chips` and `regions` say what may be traded; None means anything. `keeps_books` says whether the books are kept: not
    where nothing is decided.
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
    latest_starts: Calendar[OrderId] = field(default_factory=Calendar)
    listing_ends: Calendar[ListingId] = field(default_factory=Calendar)
    lease_ends: Calendar[LeaseNumber] = field(default_factory=Calendar)
    origin: Slot = EPOCH
    keeps_books: bool = True

    def book(self, chip: ChipCode, region: RegionCode, tier: Tier) -> Book:
        """The book of an instrument, opened at its first use."""
        book = self.books.get((chip, region, tier))
        if book is None:
            book = self.books[chip, region, tier] = Book(chip, region)
        return book

    def spot_book(self, listing: LiveListing) -> Book:
        """The book in which takers of either tier find the leases of a listing."""
        return self.book(listing.chip, listing.region, SPOT)

    def link(self, order: Order, region: RegionCode) -> FreeCards | None:
        """The link whose bandwidth an order takes in a region, or None where it needs none."""
        if order.home is None or order.home == region or not order.mbps_per_card:
            return None
        link = self.links.get((order.home, region))
        return NO_LINK if link is None else link.free


NO_LINK: Final = FreeCards(EPOCH, FOR_EVER, 0)


def adopt(market: Market, terms: MarketTerms) -> None:
    """Let these terms hold from now on. Takers find leases only while displacement is on."""
    leases = _takeable(market)
    for listing, lease in leases:
        _shield(market, listing, lease)
    market.terms = terms
    for listing, lease in leases:
        _expose(market, listing, lease)


@contextmanager
def without_books(market: Market) -> Iterator[None]:
    """Let events have happened while the block lasts, and fill the books at its end: with what is then still there.

    A market that is made from its log spares most of its work. Nothing may be decided meanwhile.
    """
    market.keeps_books = False
    market.books.clear()
    try:
        yield
    finally:
        market.keeps_books = True
        for live in market.listings.values():
            _reckon(market, live)
            _offer(market, live)
        for order in market.orders.values():
            if order.rests:
                _wait(market, order)
        for listing, lease in _takeable(market):
            _expose(market, listing, lease)


def _takeable(market: Market) -> list[tuple[LiveListing, LiveLease]]:
    """The spot leases that run on, and their listings that are still there."""
    return [
        (market.listings[lease.listing], lease)
        for lease in market.leases.values()
        if lease.listing in market.listings
    ]


def _are_told(market: Market) -> bool:
    """Whether takers have to know of leases."""
    return market.keeps_books and market.terms.displacement


def evolve(market: Market, event: Event) -> None:
    """Let `event` have happened. Never refuses: what is impossible is a fault of ours and asserts."""
    if type(event) is Opened:
        market.orders[event.order.id] = LiveOrder(event.order, event.seq)
    elif type(event) is Listed:
        _list(market, event.listing, event.seq)
    elif type(event) is Closed:
        _unrest(market, market.orders.pop(event.order))
    elif type(event) is ListingClosed:
        _unlist(market, event.listing)
    elif type(event) is Leased:
        _lease(market, event)
    elif type(event) is Rested:
        _rest(market, market.orders[event.order])
    elif type(event) is ListingAmended:
        _amend_listing(market, event.listing, event.seq)
    elif type(event) is OrderAmended:
        _amend_order(market, event.order, event.seq)
    elif type(event) is Displaced:
        _take_back(market, event.lease, event.at)
    elif type(event) is LinkSet:
        _set_link(market, event.home, event.region, event.mbps)
    elif type(event) is Ticked:
        _tick(market, event.now)
    elif type(event) is not Rejected:
        assert_never(event)


def _tick(market: Market, now: Slot) -> None:
    """Time passes: leases that have ended can't be taken back any more."""
    market.now = now
    for number in market.lease_ends.due(now + 1):
        _forget(market, market.leases[number])
    if now - market.origin >= AFTER:
        _move_origin(market, now)


def _list(market: Market, listing: Listing, seq: Seq) -> None:
    live = market.listings[listing.id] = LiveListing(listing, seq)
    market.listing_ends.add(live.end, live.id)
    _reckon(market, live)
    _offer(market, live)


def _amend_listing(market: Market, listing: Listing, seq: Seq) -> None:
    live = market.listings[listing.id]
    _unoffer(market, live)
    for lease in live.spot:
        _shield(market, live, lease)
    market.listing_ends.remove(live.end, live.id)
    live.free.forget_before(market.now)
    live.free.add(listing.cards - live.terms.cards)
    live.agree(listing, seq)
    live.free.end_at(live.end)
    market.listing_ends.add(live.end, live.id)
    _reckon(market, live)
    _offer(market, live)
    for lease in live.spot:
        _expose(market, live, lease)


def _unlist(market: Market, listing_id: ListingId) -> None:
    live = market.listings.pop(listing_id)
    market.listing_ends.remove(live.end, listing_id)
    _unoffer(market, live)
    for lease in live.spot:
        _shield(market, live, lease)


def _reckon(market: Market, live: LiveListing) -> None:
    """Work out what a search asks first about a listing."""
    lot = live.lot
    most = live.free.most()
    live.usable = most - most % lot
    live.open = live.free.mask(market.origin, lot)


def _offer(market: Market, live: LiveListing) -> None:
    """Put a listing into its books. One of which nothing is free stands in none."""
    if live.usable and market.keeps_books:
        for tier in live.prices:
            book = market.book(live.chip, live.region, tier)
            book.offers.add(live.rung(tier), live)
            book.usable += live.usable


def _unoffer(market: Market, live: LiveListing) -> None:
    if live.usable and market.keeps_books:
        for tier in live.prices:
            book = market.book(live.chip, live.region, tier)
            book.offers.remove(live.rung(tier))
            book.usable -= live.usable


def _take(market: Market, live: LiveListing, start: int, end: int, cards: int) -> None:
    """Lease cards of a listing, or with a negative number give them back, and let its books know."""
    live.free.forget_before(market.now)
    live.free.take(start, end, cards)
    if not market.keeps_books:
        return
    before, opened = live.usable, live.open
    _reckon(market, live)
    _tell_takers(market, live, start, end, opens=live.open != opened, grows=cards < 0)
    if not before:
        _offer(market, live)
        return
    for tier in live.prices:
        book = market.book(live.chip, live.region, tier)
        book.usable += live.usable - before
        if not live.usable:
            book.offers.remove(live.rung(tier))
        elif cards > 0:
            book.offers.shrank(live.rung(tier))
        else:
            book.offers.grew(live.rung(tier), live)


def _amend_order(market: Market, order: Order, seq: Seq) -> None:
    """New terms, out of the books. What it has got already counts towards its new size."""
    live = market.orders[order.id]
    _unrest(market, live)
    anew, before = LiveOrder(order, seq), LiveOrder(live.terms, seq)
    live.left = max(0, anew.left - (before.left - live.left))
    if live.pin is None:
        live.least = anew.least
    live.agree(order, seq)


def _lease(market: Market, event: Leased) -> None:
    """An order gets what it asked for, or a part: capacity is taken, and the order has come so much further."""
    live, listing = market.orders[event.order], market.listings[event.listing]
    order, window, working = live.terms, event.window, event.working
    start, end, weight = window.start, window.end, live.chips[listing.chip]
    _take(market, listing, start, end, event.cards)
    link = market.link(order, listing.region)
    if link is not None:
        link.forget_before(market.now)
        link.take(start, end, working * order.mbps_per_card)
    market.granted = event.lease
    if live.tier is SPOT:
        _keep(market, listing, _live_lease(event, live, listing, weight))
    else:
        _see_firm_cards(market, listing, start, end)
    if isinstance(order.shape, Block):
        live.left = max(0, live.left - working * weight)
        if live.left and live.pin is None and not live.alone:
            live.least = 1
            _pin(market, live, Pin(listing.chip, listing.region if live.local else None, start))
    else:
        live.left = max(0, live.left - working * weight * (end - start))
        _put_to_work(market, live, start, end, working * weight)


def _live_lease(event: Leased, live: LiveOrder, listing: LiveListing, weight: int) -> LiveLease:
    return LiveLease(
        number=event.lease,
        order=live.terms,
        seq=live.seq,
        listing=event.listing,
        region=listing.region,
        cards=event.cards,
        working=event.working,
        weight=weight,
        window=event.window,
        runs=event.runs,
    )


def _keep(market: Market, listing: LiveListing, lease: LiveLease) -> None:
    market.leases[lease.number] = lease
    insort(listing.spot, lease)
    _expose(market, listing, lease)
    market.lease_ends.add(lease.end, lease.number)
    market.gangs.setdefault(lease.order.id, []).append(lease.number)


def _forget(market: Market, lease: LiveLease) -> None:
    """A lease has ended, or is bound to: nobody can take it back any more."""
    del market.leases[lease.number]
    market.lease_ends.remove(lease.end, lease.number)
    listing = market.listings.get(lease.listing)
    if listing is not None:
        listing.spot.remove(lease)
        _shield(market, listing, lease)
        _tell_takers(market, listing, lease.start, lease.end, opens=False, grows=False)
    mates = market.gangs[lease.order.id]
    mates.remove(lease.number)
    if not mates:
        del market.gangs[lease.order.id]


def _expose(market: Market, listing: LiveListing, lease: LiveLease) -> None:
    """Let takers find a lease."""
    if _are_told(market):
        market.spot_book(listing).expose(Held(lease, listing, market.origin))


def _shield(market: Market, listing: LiveListing, lease: LiveLease) -> None:
    """Let takers find a lease no more."""
    if _are_told(market):
        market.spot_book(listing).shield(lease.number)


def _tell_takers(
    market: Market, listing: LiveListing, start: int, end: int, *, opens: bool, grows: bool
) -> None:
    """Let takers know of cards of a listing that were leased in [start, end), or by which it grows."""
    if _are_told(market):
        told = [lease for lease in listing.spot if opens or touches(lease, start, end)]
        if told:
            market.spot_book(listing).tell_takers(told, start, end, grows=grows)


def _see_firm_cards(market: Market, listing: LiveListing, start: int, end: int) -> None:
    """Cards can't be taken back any more in [start, end). That lasts, so takers need not find out for themselves."""
    if _are_told(market):
        told = [lease for lease in listing.spot if touches(lease, start, end)]
        if told:
            market.spot_book(listing).weigh(told)


def _take_back(market: Market, number: LeaseNumber, at: Slot) -> None:
    """A lease ends early: its cards and its bandwidth are free from then on."""
    lease = market.leases[number]
    _forget(market, lease)
    listing = market.listings.get(lease.listing)
    if listing is not None:
        end = min(lease.end, listing.end)
        if at < end:
            _take(market, listing, at, end, -lease.cards)
    link = market.link(lease.order, lease.region)
    if link is not None:
        link.take(at, lease.end, -lease.working * lease.order.mbps_per_card)


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
    live.join(pin)
    if rested:
        _rest(market, live)


def _put_to_work(market: Market, live: LiveOrder, start: int, end: int, working: int) -> None:
    """More of an order's work is done in [start, end). In slots that are full now the rest of it does not wait."""
    rested = live.rests
    _unrest(market, live)
    for slot in range(start, end):
        live.pace[slot] = live.pace.get(slot, 0) + working
    if rested:
        _rest(market, live)


def _rest(market: Market, live: LiveOrder) -> None:
    live.rests = True
    market.latest_starts.add(live.latest_start, live.id)
    if market.keeps_books:
        _wait(market, live)


def _wait(market: Market, live: LiveOrder) -> None:
    """Let an order wait in every book that it accepts."""
    by_weight = {weight: Waiting(live, weight, market.origin) for weight in live.chips.values()}
    for book, rung, weight in _places(market, live):
        book.add_bid(rung, by_weight[weight])


def _unrest(market: Market, live: LiveOrder) -> None:
    """Take an order out of its books. One that never rested stands in none."""
    if live.rests:
        live.rests = False
        market.latest_starts.remove(live.latest_start, live.id)
        if market.keeps_books:
            for book, rung, weight in _places(market, live):
                book.remove_bid(rung, live, weight)


def _places(market: Market, live: LiveOrder) -> list[tuple[Book, Rung, int]]:
    """Where an order waits: each book, its place there by limit and age, and the weight of the book's chip."""
    return [
        (market.book(chip, region, live.tier), rung_of(-live.limit * weight, live.seq), weight)
        for chip, weight in live.chips.items()
        for region in live.regions
        if live.may_use(chip, region)
    ]


def _move_origin(market: Market, origin: Slot) -> None:
    """Count the bits of all masks from a later slot on: the past needs none."""
    market.origin = origin
    for live in market.listings.values():
        live.free.forget_before(origin)
        live.open = live.free.mask(origin, live.lot)
    for book in market.books.values():
        book.redraw(origin)
