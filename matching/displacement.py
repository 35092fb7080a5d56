"""Taking spot leases back: for an order that is worth more to the market, or for their seller.

A lease that is taken back runs on for the notice, costs nothing if it had delivered no more than the grace, and what
is left of its order looks for capacity anew.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from matching.curves import Run
from matching.legs import Leg, Offered, Wanted, offered, round_up, wanted_by
from matching.live import MILLI, LiveLease, LiveListing, LiveOrder
from matching.market import Market
from matching.terms import Block, LeaseNumber, OnPreempt, Order, OrderId, Slot, Tier, Window


@dataclass(frozen=True, slots=True)
class Takeover:
    """A leg on cards that others lease now, and every lease that has to go for it, gangs as a whole."""

    leg: Leg
    evicted: tuple[LiveLease, ...]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A takeover by its rank: the least damage first, then price per performance, start and age of the listing."""

    rank: tuple[int, int, int, int]
    takeover: Takeover


def takeover(market: Market, live: LiveOrder) -> Takeover | None:
    """The takeover that does the least damage, for an arriving order that finds nothing free; or None."""
    wanted = wanted_by(market, live)
    best: _Taken | None = None
    for offer in _leased(market, wanted):
        first = max(wanted.first, market.now + market.terms.notice, offer.listing.terms.window.start)
        last = min(wanted.end, offer.listing.terms.window.end) - wanted.slots
        for start in range(first, last + 1):
            found = _taken(market, wanted, offer, Slot(start))
            if found is not None and (best is None or found.rank < best.rank):
                best = found
    return None if best is None else best.takeover


def _leased(market: Market, wanted: Wanted) -> Iterator[Offered]:
    """The listings with leases that could be taken back, as far as an order may use them at all."""
    order = wanted.order
    for listing in market.listings.values():
        terms = listing.terms
        if (
            listing.spot
            and order.tier in terms.asks
            and terms.chip in order.chips
            and terms.region in order.regions
            and terms.seller != order.buyer
            and terms.min_slots <= wanted.slots
        ):
            yield offered(market, wanted, listing)


def _taken(market: Market, wanted: Wanted, offer: Offered, start: Slot) -> _Taken | None:
    """The takeover on one listing from one start, if it is possible and worth it."""
    order, listing, weight = wanted.order, offer.listing, offer.weight
    end = Slot(start + wanted.slots)
    working = -(-wanted.least // weight)
    cards = round_up(working, listing.terms.lot)
    if offer.link is not None and offer.link.least(start, end) < working * order.mbps_per_card:
        return None
    victims = _victims(market, wanted, offer, Window(start, end), cards)
    if not victims:
        return None
    evicted = gangs_of(market, victims)
    damage = sum(
        lease.hold * lease.cards * (lease.window.end - max(start, lease.window.start)) for lease in evicted
    )
    if order.tier is Tier.SPOT and order.limit * weight // MILLI * cards * wanted.slots <= damage:
        return None
    top = max(lease.hold for lease in evicted if lease.listing == listing.terms.id)
    runs = tuple(_runs(offer, order, Window(start, end), top))
    price = sum((until - since) * each for since, until, each in runs)
    if price * MILLI > order.limit * wanted.slots * weight:
        return None
    leg = Leg(listing, Window(start, end), cards, working, weight, price, runs)
    rank = damage, price * offer.scale, int(start), int(listing.seq)
    return _Taken(rank, Takeover(leg, evicted))


def _victims(market: Market, wanted: Wanted, offer: Offered, window: Window, cards: int) -> list[LiveLease]:
    """The leases of a listing that have to go so that `cards` are free: the cheapest, then the youngest, and no more.

    Empty where that can't be, or where nobody has to go.
    """
    listing, order = offer.listing, wanted.order
    hold = order.limit * offer.weight // MILLI
    bp = 10_000 + market.terms.outbid_bp
    eligible = [
        lease
        for lease in listing.spot.values()
        if lease.window.start < window.end
        and lease.window.end > window.start
        and (order.tier is not Tier.SPOT or (hold > lease.hold and hold * 10_000 >= lease.hold * bp))
    ]
    eligible.sort(key=lambda lease: (lease.hold, -lease.seq, -lease.number))
    chosen: list[LiveLease] = []
    for lease in eligible:
        if _free_without(listing, window, chosen) >= cards:
            break
        chosen.append(lease)
    if _free_without(listing, window, chosen) < cards:
        return []
    for dearest in chosen[::-1]:
        others = [lease for lease in chosen if lease is not dearest]
        if _free_without(listing, window, others) >= cards:
            chosen = others
    return chosen


def _free_without(listing: LiveListing, window: Window, gone: Iterable[LiveLease]) -> int:
    """Cards that would be free in every slot of a window if some leases ended with its start."""
    changes: dict[int, int] = {}
    for lease in gone:
        since, until = max(lease.window.start, window.start), min(lease.window.end, window.end)
        changes[since] = changes.get(since, 0) + lease.cards
        changes[until] = changes.get(until, 0) - lease.cards
    for begins, ends, free in listing.free.steps(window.start, window.end):
        changes[begins] = changes.get(begins, 0) + free
        changes[ends] = changes.get(ends, 0) - free
    levels = list(accumulate(changes[slot] for slot in sorted(changes) if slot < window.end))
    return min(levels)


def _runs(offer: Offered, order: Order, window: Window, top: int) -> Iterator[Run]:
    """What one card costs: the ask on demand; for spot no less than the dearest displaced limit."""
    for since, until, price in offer.prices.parts(window.start, window.end):
        yield since, until, max(price, top) if order.tier is Tier.SPOT else price


def gangs_of(market: Market, victims: Iterable[LiveLease]) -> tuple[LiveLease, ...]:
    """Leases with all their mates: a gang is of no use in part."""
    numbers = {number for lease in victims for number in _mates(market, lease)}
    return tuple(market.leases[number] for number in sorted(numbers))


def _mates(market: Market, lease: LiveLease) -> list[LeaseNumber]:
    shape = lease.order.shape
    return [*market.gangs[lease.order.id]] if isinstance(shape, Block) else [lease.number]


def charged(lease: LiveLease, at: Slot, grace: int) -> int:
    """What a lease costs that ends at `at`: what it delivered, or nothing within the grace."""
    if at - lease.window.start <= grace:
        return 0
    per_card = sum((min(until, at) - since) * price for since, until, price in lease.runs if since < at)
    return per_card * lease.cards


def requeued(market: Market, gang: list[LiveLease], at: Slot) -> Order | None:
    """The order for what a gang (or a single lease) did not get any more, or None where nobody asks for it."""
    lease = gang[-1]
    live = market.orders.get(lease.order.id)
    order = lease.order if live is None else live.terms
    shape = order.shape
    if order.on_preempt is OnPreempt.CANCEL or not isinstance(shape, Block):
        return None
    slots = lease.window.end - at
    if order.window.end - at < slots:
        return None
    working = sum(mate.working * mate.weight for mate in gang)
    most = shape.most if live is not None else min(shape.most, -(-working // MILLI))
    anew = Block(min(shape.least, most), most, slots, shape.split)
    return replace(order, id=next_id(order.id), window=Window(at, order.window.end), shape=anew)


def next_id(order: OrderId) -> OrderId:
    """`id.r1` after the first time that an order is taken back from, then `id.r2` …"""
    name, mark, number = order.rpartition(".r")
    if mark and number.isdecimal():
        return OrderId(f"{name}.r{int(number) + 1}")
    return OrderId(f"{order}.r1")
