"""The rules: what each command makes happen.

Decides by reading the market; never changes it.

Every function here yields events one by one, and relies on the caller to `evolve` the market by each event before
it asks for the next: so a rule sees the market as its own earlier events have left it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import assert_never

from matching.commands import (
    AmendListing,
    AmendOrder,
    CancelOrder,
    Command,
    Place,
    Publish,
    Tick,
    WithdrawListing,
)
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
from matching.market import BookKey, LiveListing, LiveOrder, Market, evolve
from matching.prices import PriceCurve
from matching.search import Leg, find, leg_in
from matching.terms import (
    Block,
    Listing,
    ListingEnd,
    Order,
    OrderEnd,
    Rejection,
    Seq,
    Slot,
    Tier,
    TimeInForce,
    Window,
)


def apply(market: Market, seq: Seq, command: Command) -> list[Event]:
    """Decide a command and let what it causes happen: the market's own step from one state to the next."""
    events = []
    for event in decide(market, seq, command):
        evolve(market, event)
        events.append(event)
    return events


def decide(market: Market, seq: Seq, command: Command) -> Iterator[Event]:
    """What `command`, the `seq`-th, makes happen."""
    match command:
        case Publish(listing):
            yield from _publish(market, seq, listing)
        case Place(order):
            yield from _place(market, seq, order)
        case WithdrawListing(listing_id):
            known = listing_id in market.listings
            yield ListingClosed(listing_id, ListingEnd.WITHDRAWN) if known else Rejected(Rejection.UNKNOWN_ID)
        case CancelOrder(order_id):
            known = order_id in market.orders
            yield Closed(order_id, OrderEnd.CANCELLED) if known else Rejected(Rejection.UNKNOWN_ID)
        case AmendListing():
            yield from _amend_listing(market, seq, command)
        case AmendOrder():
            yield from _amend_order(market, seq, command)
        case Tick(now):
            yield from _tick(market, now)
        case _:
            assert_never(command)


def listing_problem(market: Market, listing: Listing) -> Rejection | None:
    """Why a listing can't stand in the books, or None."""
    if market.chips is not None and listing.chip not in market.chips:
        return Rejection.UNKNOWN_CHIP
    if market.regions is not None and listing.region not in market.regions:
        return Rejection.UNKNOWN_REGION
    if min(listing.cards, listing.lot, listing.min_slots) < 1:
        return Rejection.BAD_QUANTITY
    if not listing.asks or not all(_sound(curve, listing.window) for curve in listing.asks.values()):
        return Rejection.BAD_PRICE
    if listing.cards % listing.lot:
        return Rejection.BAD_LOT
    if listing.window.end <= listing.window.start:
        return Rejection.EMPTY_WINDOW
    if len(listing.window) < listing.min_slots:
        return Rejection.WINDOW_TOO_SHORT
    return None


def order_problem(market: Market, order: Order) -> Rejection | None:
    """Why an order can't be accepted, or None."""
    shape = order.shape
    if not order.chips or (market.chips is not None and not order.chips.keys() <= market.chips):
        return Rejection.UNKNOWN_CHIP
    if not order.regions or (market.regions is not None and not market.regions.issuperset(order.regions)):
        return Rejection.UNKNOWN_REGION
    if min(shape.least, shape.slots, *order.chips.values()) < 1 or shape.least > shape.most:
        return Rejection.BAD_QUANTITY
    if order.limit < 0:
        return Rejection.BAD_PRICE
    if order.window.end <= order.window.start:
        return Rejection.EMPTY_WINDOW
    if len(order.window) < shape.slots:
        return Rejection.WINDOW_TOO_SHORT
    return None


def amended_listing(market: Market, command: AmendListing) -> Listing | Rejection:
    """The terms that a listing would have after an amendment, or why it may not be made."""
    live = market.listings.get(command.listing)
    if live is None:
        return Rejection.UNKNOWN_ID
    terms = live.terms
    cards = terms.cards if command.cards is None else command.cards
    asks: Mapping[Tier, PriceCurve] = terms.asks if command.asks is None else command.asks
    amended = replace(terms, cards=cards, asks=asks)
    problem = listing_problem(market, amended)
    if problem is not None:
        return problem
    if cards < terms.cards - _least_free(live, market.now):
        return Rejection.BELOW_COMMITTED
    return amended


def amended_order(market: Market, command: AmendOrder) -> Order | Rejection:
    """The terms that an order would have after an amendment, or why it may not be made."""
    live = market.orders.get(command.order)
    if live is None:
        return Rejection.UNKNOWN_ID
    terms = live.terms
    limit = terms.limit if command.limit is None else command.limit
    deadline = terms.window.end if command.deadline is None else command.deadline
    least, most = command.cards or (terms.shape.least, terms.shape.most)
    amended = replace(
        terms,
        limit=limit,
        window=Window(terms.window.start, deadline),
        shape=Block(least, most, terms.shape.slots),
    )
    return order_problem(market, amended) or amended


def _publish(market: Market, seq: Seq, listing: Listing) -> Iterator[Event]:
    assert listing.id not in market.listings, "listing ids are given once"
    problem = listing_problem(market, listing)
    if problem is not None:
        yield Rejected(problem)
        return
    yield Listed(listing, seq)
    if listing.window.end <= market.now:
        yield ListingClosed(listing.id, ListingEnd.EXPIRED)
    else:
        yield from _rematch(market, market.listings[listing.id])


def _place(market: Market, seq: Seq, order: Order) -> Iterator[Event]:
    assert order.id not in market.orders, "order ids are given once"
    problem = order_problem(market, order)
    if problem is not None:
        yield Rejected(problem)
        return
    yield Opened(order, seq)
    yield from _seek(market, order)


def _amend_listing(market: Market, seq: Seq, command: AmendListing) -> Iterator[Event]:
    """Fewer cards keep the listing's age; new asks or more cards make it new, and it is matched again."""
    amended = amended_listing(market, command)
    if isinstance(amended, Rejection):
        yield Rejected(amended)
        return
    live = market.listings[command.listing]
    keeps_age = command.asks is None and amended.cards <= live.terms.cards
    yield ListingAmended(amended, live.seq if keeps_age else seq)
    if not keeps_age:
        yield from _rematch(market, live)


def _amend_order(market: Market, seq: Seq, command: AmendOrder) -> Iterator[Event]:
    """A smaller size or an earlier deadline keeps the order's age; anything else makes it arrive anew."""
    amended = amended_order(market, command)
    if isinstance(amended, Rejection):
        yield Rejected(amended)
        return
    live = market.orders[command.order]
    yield OrderAmended(amended, live.seq if _only_shrinks(live.terms, command) else seq)
    yield from _seek(market, amended)


def _only_shrinks(order: Order, command: AmendOrder) -> bool:
    least, most = command.cards or (order.shape.least, order.shape.most)
    return (
        command.limit is None
        and least <= order.shape.least
        and most <= order.shape.most
        and (command.deadline is None or command.deadline <= order.window.end)
    )


def _tick(market: Market, now: Slot) -> Iterator[Event]:
    """Time passes: what is too late leaves the books. Never makes a lease."""
    if now < market.now:
        yield Rejected(Rejection.CLOCK_GOES_BACK)
        return
    yield Ticked(now)
    while market.latest_starts and market.latest_starts[0][0] < now:
        yield Closed(market.latest_starts[0][1], OrderEnd.EXPIRED)
    while market.listing_ends and market.listing_ends[0][0] <= now:
        yield ListingClosed(market.listing_ends[0][1], ListingEnd.EXPIRED)


def _seek(market: Market, order: Order) -> Iterator[Event]:
    """Fill an arriving order from what is free; else let it rest, or close it."""
    leg = find(market, order)
    if leg is not None:
        yield from _fill(order, leg)
    elif order.tif is TimeInForce.IOC:
        yield Closed(order.id, OrderEnd.KILLED)
    elif order.latest_start < market.now:
        yield Closed(order.id, OrderEnd.EXPIRED)
    else:
        yield Rested(order.id)


def _rematch(market: Market, listing: LiveListing) -> Iterator[Event]:
    """Offer a changed listing to the orders that rest in its books, dearest first, then oldest.

    Each may take only this listing. One pass is enough, because capacity only shrinks during it.
    """
    terms = listing.terms
    for tier in (Tier.ON_DEMAND, Tier.SPOT):
        if tier not in terms.asks:
            continue
        for bid in tuple(market.book(BookKey(terms.chip, terms.region, tier)).bids):
            if -bid.rank < terms.asks[tier].lowest * 1000:
                break  # nor can anybody after it pay even the cheapest slot
            order = market.orders[bid.order]
            leg = _leg_through(market, order, listing)
            if leg is not None:
                yield from _fill(order.terms, leg)


def _leg_through(market: Market, order: LiveOrder, listing: LiveListing) -> Leg | None:
    """The order's best leg if it is on `listing`. The cheap test of that listing alone comes first."""
    weight = order.terms.chips[listing.terms.chip]
    if leg_in(listing, order.terms, market.now, weight) is None:
        return None
    leg = find(market, order.terms)
    return leg if leg is not None and leg.listing is listing else None


def _fill(order: Order, leg: Leg) -> Iterator[Event]:
    yield Leased(order.id, leg.listing.terms.id, leg.cards, leg.window, leg.cost)
    whole = leg.working * leg.weight >= order.shape.most * 1000
    yield Closed(order.id, OrderEnd.FILLED if whole else OrderEnd.PARTIAL)


def _least_free(live: LiveListing, now: Slot) -> int:
    """Cards that nobody holds from now on: the past commits nothing."""
    start = max(live.terms.window.start, now)
    return live.free.least(start, live.terms.window.end)


def _sound(curve: PriceCurve, window: Window) -> bool:
    """Whether a curve prices the whole window, its slots rise, and no price is negative."""
    slots = [slot for slot, _ in curve.steps]
    return (
        bool(slots)
        and slots[0] <= window.start
        and all(earlier < later for earlier, later in pairwise(slots))
        and curve.lowest >= 0
    )
