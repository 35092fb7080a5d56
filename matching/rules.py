"""The rules: what each command makes happen.

Decides by reading the market; never changes it.

Every function here yields events one by one, and relies on the caller to `evolve` the market by each event before
it asks for the next: so a rule sees the market as its own earlier events have left it.
"""

from collections.abc import Iterable, Iterator
from typing import Final, assert_never

from msgspec.structs import replace

from matching.acceptance import amended_listing, amended_order, listing_problem, order_problem
from matching.book import Book, Room
from matching.commands import (
    AmendListing,
    AmendOrder,
    CancelOrder,
    Command,
    Place,
    Publish,
    Reclaim,
    SetLink,
    Tick,
    WithdrawListing,
)
from matching.displacement import Takeover, charged, gangs_of, requeued, takeover
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
from matching.ladder import Rung, rank_at
from matching.legs import Leg, Plan
from matching.live import MILLI, LiveLease, LiveListing, LiveOrder
from matching.market import Market, evolve
from matching.search import find, fits
from matching.terms import (
    Block,
    LeaseNumber,
    Listing,
    ListingEnd,
    ListingId,
    Order,
    OrderEnd,
    OrderId,
    PriceRule,
    RegionCode,
    Rejection,
    Seq,
    Slot,
    Tier,
    TimeInForce,
    Window,
    Work,
)

MAKER: Final = PriceRule.MAKER
IOC: Final = TimeInForce.IOC
FILLED: Final = OrderEnd.FILLED
CANCELLED: Final = OrderEnd.CANCELLED
WITHDRAWN: Final = ListingEnd.WITHDRAWN

Freed = set[tuple[RegionCode, RegionCode]]
"""Links, by home and region, on which bandwidth became free."""


def apply(market: Market, seq: Seq, command: Command) -> list[Event]:
    """Decide a command and let what it causes happen: the market's own step from one state to the next."""
    events = []
    for event in decide(market, seq, command):
        evolve(market, event)
        events.append(event)
    return events


def decide(market: Market, seq: Seq, command: Command) -> Iterator[Event]:
    """What `command`, the `seq`-th, makes happen."""
    if type(command) is Place:
        yield from _place(market, seq, command.order)
    elif type(command) is Publish:
        yield from _publish(market, seq, command.listing)
    elif type(command) is CancelOrder:
        known = command.order in market.orders
        yield Closed(command.order, CANCELLED) if known else Rejected(Rejection.UNKNOWN_ID)
    elif type(command) is WithdrawListing:
        known = command.listing in market.listings
        yield ListingClosed(command.listing, WITHDRAWN) if known else Rejected(Rejection.UNKNOWN_ID)
    elif type(command) is Reclaim:
        yield from _reclaim(market, command)
    elif type(command) is AmendListing:
        yield from _amend_listing(market, seq, command)
    elif type(command) is AmendOrder:
        yield from _amend_order(market, seq, command)
    elif type(command) is SetLink:
        yield from _set_link(market, command)
    elif type(command) is Tick:
        yield from _tick(market, command.now)
    else:
        assert_never(command)


def _publish(market: Market, seq: Seq, listing: Listing) -> Iterator[Event]:
    assert listing.id not in market.listings, "listing ids are given once"
    problem = listing_problem(market, listing)
    if problem is not None:
        yield Rejected(problem)
        return
    yield Listed(listing, seq)
    live = market.listings[listing.id]
    if live.end <= market.now:
        yield ListingClosed(listing.id, ListingEnd.EXPIRED)
    else:
        yield from _offer(market, live, anew=True)


def _place(market: Market, seq: Seq, order: Order) -> Iterator[Event]:
    assert order.id not in market.orders, "order ids are given once"
    problem = order_problem(market, order)
    if problem is not None:
        yield Rejected(problem)
        return
    yield Opened(order, seq)
    yield from _seek(market, order.id, arriving=True)


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
        yield from _offer(market, live, anew=True)


def _amend_order(market: Market, seq: Seq, command: AmendOrder) -> Iterator[Event]:
    """A smaller size or an earlier deadline keeps the order's age; anything else makes it arrive anew."""
    amended = amended_order(market, command)
    if isinstance(amended, Rejection):
        yield Rejected(amended)
        return
    live = market.orders[command.order]
    shrinks = _only_shrinks(live.terms, command)
    yield OrderAmended(amended, live.seq if shrinks else seq)
    yield from _seek(market, amended.id, arriving=not shrinks)


def _only_shrinks(order: Order, command: AmendOrder) -> bool:
    if command.cards is not None and isinstance(order.shape, Block):
        least, most = command.cards
        if least > order.shape.least or most > order.shape.most:
            return False
    return command.limit is None and (command.deadline is None or command.deadline <= order.window.end)


def _tick(market: Market, now: Slot) -> Iterator[Event]:
    """Time passes: what is too late leaves the books. Never makes a lease."""
    if now < market.now:
        yield Rejected(Rejection.CLOCK_GOES_BACK)
        return
    yield Ticked(now)
    for order_id in market.latest_starts.due(now):
        yield Closed(order_id, OrderEnd.EXPIRED)
    for listing_id in market.listing_ends.due(now + 1):
        yield ListingClosed(listing_id, ListingEnd.EXPIRED)


# Serving orders


def _seek(market: Market, order_id: OrderId, *, arriving: bool) -> Iterator[Event]:
    """Fill an order from what is free; else from what it may take from others; else let it rest, or close it."""
    live = market.orders[order_id]
    if not live.left:
        yield Closed(order_id, OrderEnd.FILLED)
        return
    plan = find(market, live)
    if plan:
        yield from _fill(market, live, plan)
    elif arriving and (taken := takeover(market, live)) is not None:
        yield from _take_over(market, live, taken)
        return
    if order_id in market.orders and not live.rests:
        yield _left_over(market, live)


def _left_over(market: Market, live: LiveOrder) -> Rested | Closed:
    """What is left of an order rests, unless it is immediate, too late, or nothing may rest here."""
    whole = isinstance(live.terms.shape, Work) and live.terms.shape.whole
    if live.terms.tif is IOC or whole or not market.terms.resting:
        return Closed(live.id, OrderEnd.PARTIAL if _has_some(live) else OrderEnd.KILLED)
    if live.latest_start < market.now:
        return Closed(live.id, OrderEnd.EXPIRED)
    return Rested(live.id)


def _fill(market: Market, live: LiveOrder, plan: Plan, maker: LiveListing | None = None) -> Iterator[Event]:
    """Lease every leg of a plan. Legs on the listing `maker` cost the buyer's own limit, for it was there first."""
    for leg in plan:
        priced = _at_limit(leg, live) if leg.listing is maker else leg
        yield _leased(market, live, priced)
    if not live.left:
        yield Closed(live.id, FILLED)
    elif live.alone:
        yield Closed(live.id, OrderEnd.PARTIAL)


def _leased(market: Market, live: LiveOrder, leg: Leg) -> Leased:
    return Leased(
        lease=LeaseNumber(market.granted + 1),
        order=live.id,
        listing=leg.listing.id,
        cards=leg.cards,
        working=leg.working,
        window=leg.window,
        runs=leg.runs,
        cost=leg.cost,
    )


def _at_limit(leg: Leg, live: LiveOrder) -> Leg:
    """The same leg at the order's limit for this chip, in whole units of money for each card and slot."""
    each = live.limit * leg.weight // MILLI
    start, end = leg.window.start, leg.window.end
    runs = ((start, end, each),)
    return Leg(leg.listing, leg.window, leg.cards, leg.working, leg.weight, each * (end - start), runs)


def _rematch(
    market: Market,
    changed: Iterable[ListingId],
    *,
    requeued_orders: Iterable[OrderId] = (),
    freed: Freed | None = None,
) -> Iterator[Event]:
    """Offer changed listings, the oldest first, to the orders that rest.

    One pass is enough, because capacity only shrinks during it.
    After that come the orders that look for capacity anew, and those that wait for a link of which some is free.
    """
    for name in sorted(changed, key=lambda each: market.listings[each].seq):
        yield from _offer(market, market.listings[name], anew=False)
    anew = {name for name in requeued_orders if name in market.orders}
    if freed:
        anew.update(name for name, live in market.orders.items() if _needs(live, freed))
    for live in sorted((market.orders[name] for name in anew), key=_priority):
        plan = find(market, live)
        if plan:
            yield from _fill(market, live, plan)


def _offer(market: Market, listing: LiveListing, *, anew: bool) -> Iterator[Event]:
    """Offer a listing to the orders that rest in its books. One that is `anew` may pay them their own limits."""
    maker = listing if anew and listing.terms.price_rule is MAKER else None
    for tier in listing.prices:
        yield from _offer_in(market, market.book(listing.chip, listing.region, tier), listing, tier, maker)


def _offer_in(
    market: Market, book: Book, listing: LiveListing, tier: Tier, maker: LiveListing | None
) -> Iterator[Event]:
    """Offer a listing to the orders of one of its books, dearest first, then oldest.

    Each may take only a plan that uses the listing.
    """
    lowest = listing.prices[tier].lowest * MILLI
    last: Rung | None = None
    while listing.usable and book.dearest() >= lowest:
        for rung, waiting in book.waiting(Room(listing), last):
            last = rung
            if -rank_at(rung) < lowest:
                return  # nor can anybody after it pay even the cheapest slot
            if fits(market, waiting.live, listing):
                plan = find(market, waiting.live)
                if any(leg.listing is listing for leg in plan):
                    yield from _fill(market, waiting.live, plan, maker)
                    break  # the book is another one now
        else:
            return


def _priority(live: LiveOrder) -> tuple[int, int, OrderId]:
    return -live.limit, live.seq, live.id


def _needs(live: LiveOrder, freed: Freed) -> bool:
    """Whether a resting order takes bandwidth of one of these links."""
    order = live.terms
    return (
        live.rests
        and bool(order.mbps_per_card)
        and order.home is not None
        and any((order.home, region) in freed for region in order.regions)
    )


def _has_some(live: LiveOrder) -> bool:
    """Whether an order has got a part of what it asked for."""
    return live.left < live.terms.size


# Taking leases back


def _take_over(market: Market, live: LiveOrder, taken: Takeover) -> Iterator[Event]:
    leg, evicted = taken.leg, taken.evicted
    anew = _requeues(market, evicted, leg.window.start)
    yield from _take_back(market, evicted, leg.window.start)
    yield from _fill(market, live, [leg])
    yield from _go_on(market, anew, evicted)


def _reclaim(market: Market, command: Reclaim) -> Iterator[Event]:
    """A seller takes its cards back: the listing ends, and its spot leases do. Those on demand run on."""
    listing = market.listings.get(command.listing)
    if listing is None:
        yield Rejected(Rejection.UNKNOWN_ID)
        return
    terms = listing.terms
    at = max(command.since, Slot(market.now + market.terms.notice))
    if at >= terms.window.end:
        yield Rejected(Rejection.EMPTY_WINDOW)
        return
    evicted = gangs_of(market, [lease for lease in listing.spot if lease.end > at])
    anew = _requeues(market, evicted, at)
    if at <= max(terms.window.start, market.now):
        yield ListingClosed(terms.id, ListingEnd.RECLAIMED)
    else:
        yield ListingAmended(replace(terms, window=Window(terms.window.start, at)), listing.seq)
    yield from _take_back(market, evicted, at)
    yield from _go_on(market, anew, evicted)


def _requeues(market: Market, evicted: tuple[LiveLease, ...], since: Slot) -> list[tuple[Order, Seq]]:
    """The orders that look for capacity anew once these leases are taken back, each with its age."""
    gangs: dict[OrderId, list[LiveLease]] = {}
    for lease in evicted:
        gangs.setdefault(lease.order.id, []).append(lease)
    anew = []
    for gang in gangs.values():
        order = requeued(market, gang, max(since, gang[0].start))
        if order is not None:
            live = market.orders.get(gang[-1].order.id)
            anew.append((order, gang[-1].seq if live is None else live.seq))
    return anew


def _take_back(market: Market, evicted: tuple[LiveLease, ...], since: Slot) -> Iterator[Event]:
    """End leases, and with them what is left of their gangs."""
    for lease in evicted:
        at = max(since, lease.start)
        yield Displaced(lease.number, at, charged(lease, at, market.terms.grace))
    for order_id in dict.fromkeys(lease.order.id for lease in evicted):
        if order_id in market.orders and isinstance(market.orders[order_id].terms.shape, Block):
            yield Closed(order_id, OrderEnd.PARTIAL)


def _go_on(market: Market, anew: list[tuple[Order, Seq]], evicted: tuple[LiveLease, ...]) -> Iterator[Event]:
    """What was taken back looks for capacity anew, and what became free is offered."""
    for order, seq in anew:
        yield Opened(order, seq)
        if order.id in market.orders:  # the venue leaves an order out whose buyer can't pay for it any more
            yield Rested(order.id)
    changed = {lease.listing for lease in evicted if lease.listing in market.listings}
    freed = {
        (lease.order.home, lease.region)
        for lease in evicted
        if lease.order.home is not None and market.link(lease.order, lease.region) is not None
    }
    yield from _rematch(market, changed, requeued_orders=[order.id for order, _ in anew], freed=freed)


def _set_link(market: Market, command: SetLink) -> Iterator[Event]:
    """Bandwidth is added at any time, and taken away where nobody uses it."""
    home, region, mbps = command.home, command.region, command.mbps
    if market.regions is not None and not market.regions.issuperset((home, region)):
        yield Rejected(Rejection.UNKNOWN_REGION)
        return
    if mbps < 0 or home == region:
        yield Rejected(Rejection.BAD_QUANTITY)
        return
    link = market.links.get((home, region))
    if link is not None and mbps < link.mbps - link.free.least_from(market.now):
        yield Rejected(Rejection.BELOW_COMMITTED)
        return
    grows = link is None or mbps > link.mbps
    yield LinkSet(home, region, mbps)
    if grows:
        yield from _rematch(market, (), freed={(home, region)})
