"""Finding the best free capacity for an order: a leg for a block, a sweep for a gang, cells for malleable work.

Whatever an order's shape, its choices are met in the order of their rank. Cheapest ranks by (price per performance,
age of the listing, slot), earliest by (slot, price per performance, age). Nothing here takes or changes anything.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush, merge
from math import lcm

from matching.capacity import FreeCards
from matching.market import MILLI, BookKey, LiveListing, LiveOrder, Market
from matching.prices import Run
from matching.terms import (
    Block,
    ChipCode,
    ListingId,
    Order,
    Preference,
    RegionCode,
    Slot,
    Split,
    Window,
    Work,
)

Rank = tuple[int, int, int]  # smaller is better


@dataclass(slots=True)
class Leg:
    """What one listing can do for an order: `cards` rented for `window`, of which `working` are needed.

    `runs` are the prices of one card, and `price` their sum.
    """

    listing: LiveListing
    window: Window
    cards: int
    working: int
    weight: int
    price: int
    runs: tuple[Run, ...]

    @property
    def cost(self) -> int:
        """What all its cards cost."""
        return self.price * self.cards


Plan = list[Leg]
"""Legs that serve an order together. An empty plan serves nobody."""


@dataclass(slots=True)
class Wanted:
    """What an order still wants: `left` and `least` in thousandths of its reference card, in [first, end)."""

    order: Order
    left: int
    least: int
    slots: int
    first: Slot
    end: Slot
    common: int
    pace: dict[int, int]


@dataclass(slots=True)
class Offered:
    """A listing that an order may use. `scale` makes its prices comparable across the order's chips."""

    listing: LiveListing
    weight: int
    scale: int
    link: FreeCards | None


Choice = tuple[Rank, int, Offered]
"""A rank, the slot that it is for, and the listing."""


def find(market: Market, live: LiveOrder) -> Plan:
    """The best plan from free capacity that gives the order at least its least within its limit, or an empty one."""
    wanted = wanted_by(market, live)
    if wanted.end - wanted.first < wanted.slots:
        return []
    match live.terms.shape:
        case Work(whole=whole):
            plan = _work(market, live, wanted)
            return plan if not whole or sum(_done(leg) for leg in plan) >= live.left else []
        case Block(split=Split.ONE):
            return _one(market, live, wanted)
        case Block():
            return _gang(market, live, wanted)


def fits(market: Market, live: LiveOrder, listing: LiveListing) -> bool:
    """Whether a listing alone could serve at least a part of an order: the cheap test before a whole search."""
    wanted, terms = wanted_by(market, live), listing.terms
    if terms.seller == wanted.order.buyer or terms.min_slots > wanted.slots:
        return False
    offered = _offered(market, wanted, listing)
    match live.terms.shape:
        case Work():
            return next(_cells(offered, wanted), None) is not None
        case Block(split=Split.ONE):
            return best_leg(offered, wanted) is not None
        case Block():
            return next(_starts(offered, wanted), None) is not None


def wanted_by(market: Market, live: LiveOrder) -> Wanted:
    """What an order wants now: nothing of it can start in the past."""
    order = live.terms
    return Wanted(
        order=order,
        left=live.left,
        least=live.least,
        slots=order.slots,
        first=max(live.first, market.now),
        end=Slot(live.latest_start + order.slots),
        common=lcm(*order.chips.values()),
        pace=live.pace,
    )


def _done(leg: Leg) -> int:
    """Thousandths of reference card-slots."""
    return leg.working * leg.weight * len(leg.window)


# One listing


def _one(market: Market, live: LiveOrder, wanted: Wanted) -> Plan:
    def best(offered: Offered) -> Iterator[tuple[Rank, int]]:
        leg = best_leg(offered, wanted)
        if leg is not None:
            yield _rank(wanted, offered, leg.window.start, leg.price), leg.window.start

    for _, start, offered in _ranked(market, live, wanted, best):
        leg = leg_at(offered, wanted, Slot(start), wanted.left, _room(offered, wanted, start))
        assert leg is not None, "a leg that was found is there"
        return [leg]
    return []


def best_leg(offered: Offered, wanted: Wanted) -> Leg | None:
    """The best leg that a listing alone can give: at least the least, at a start that ranks first."""
    terms, order = offered.listing.terms, wanted.order
    working = -(-wanted.least // offered.weight)
    if round_up(working, terms.lot) > terms.cards:
        return None
    curve, slots = terms.asks[order.tier], wanted.slots
    most = order.limit * slots * offered.weight // MILLI
    best: tuple[int, int] | None = None
    for since, until in _stretches(offered, wanted, working):
        if until - since < slots:
            continue
        if order.prefer is Preference.EARLIEST:
            best = curve.earliest_start(since, until - slots, slots, most)
            if best is not None:
                break
            continue
        found = curve.cheapest_start(since, until - slots, slots)
        if found[0] <= most and (best is None or found < best):
            best = found
            if curve.flat:
                break
    if best is None:
        return None
    start = best[1]
    return leg_at(offered, wanted, Slot(start), wanted.left, _room(offered, wanted, start))


def leg_at(offered: Offered, wanted: Wanted, start: Slot, left: int, room: int | None) -> Leg | None:
    """What a listing gives towards `left` from one start: whole lots are rented, never fewer than are needed."""
    listing, weight, end = offered.listing, offered.weight, Slot(start + wanted.slots)
    curve = listing.terms.asks[wanted.order.tier]
    price = curve.total(start, end)
    if price * MILLI > wanted.order.limit * wanted.slots * weight:
        return None
    free = listing.free.least(start, end)
    working = min(-(-left // weight), free - free % listing.terms.lot)
    if room is not None:
        working = min(working, room)
    if working < 1:
        return None
    cards = round_up(working, listing.terms.lot)
    return Leg(listing, Window(start, end), cards, working, weight, price, tuple(curve.parts(start, end)))


def round_up(cards: int, lot: int) -> int:
    """Whole lots are rented and paid: never fewer than asked for."""
    return -(-cards // lot) * lot


def _stretches(offered: Offered, wanted: Wanted, working: int) -> Iterator[tuple[int, int]]:
    """Stretches of slots in which so many cards are free and their bandwidth is, too."""
    listing, link = offered.listing, offered.link
    lot = listing.terms.lot
    for since, until in listing.free.runs(wanted.first, wanted.end, round_up(working, lot)):
        if link is None:
            yield since, until
        else:
            yield from link.runs(since, until, working * wanted.order.mbps_per_card)


def _room(offered: Offered, wanted: Wanted, start: int) -> int | None:
    """Cards that the link has bandwidth for during a run; None where none is needed."""
    if offered.link is None:
        return None
    return offered.link.least(start, start + wanted.slots) // wanted.order.mbps_per_card


# Gangs: one chip, one start, several listings


def _gang(market: Market, live: LiveOrder, wanted: Wanted) -> Plan:
    """Anchors are tried in the order of their best leg; the first whose sweep reaches the least wins."""
    assert isinstance(live.terms.shape, Block), "only a block is a gang"
    one_region = live.terms.shape.split is Split.SELLERS
    tried = set[tuple[ChipCode, RegionCode | None, int]]()
    for _, start, offered in _ranked(market, live, wanted, lambda found: _starts(found, wanted)):
        terms = offered.listing.terms
        anchor = (terms.chip, terms.region if one_region else None, start)
        if anchor not in tried:
            tried.add(anchor)
            plan = _sweep(market, wanted, anchor)
            if plan:
                return plan
    return []


def _starts(offered: Offered, wanted: Wanted) -> Iterator[tuple[Rank, int]]:
    """Every start at which a listing can give a gang anything, by rank."""
    terms, slots = offered.listing.terms, wanted.slots
    curve = terms.asks[wanted.order.tier]
    most = wanted.order.limit * slots * offered.weight // MILLI
    starts = (
        (_rank(wanted, offered, start, price), start)
        for since, until in _stretches(offered, wanted, 1)
        for start in range(since, until - slots + 1)
        if (price := curve.total(start, start + slots)) <= most
    )
    by_slot = curve.flat or wanted.order.prefer is Preference.EARLIEST
    return starts if by_slot else iter(sorted(starts))


def _sweep(market: Market, wanted: Wanted, anchor: tuple[ChipCode, RegionCode | None, int]) -> Plan:
    """Legs of one chip from one start, the cheapest first, until the gang has its most. Empty if it misses its least."""
    chip, region, start = anchor
    left, plan = wanted.left, Plan()
    rooms: dict[RegionCode, int] = {}
    for leg_rank in sorted(_sweepable(market, wanted, chip, region, start)):
        offered = _offered(market, wanted, market.listings[leg_rank[2]])
        where = offered.listing.terms.region
        room = rooms.get(where, _room(offered, wanted, start))
        leg = leg_at(offered, wanted, Slot(start), left, room)
        if leg is not None:
            plan.append(leg)
            left -= min(left, leg.working * leg.weight)
            if room is not None:
                rooms[where] = room - leg.working
            if not left:
                break
    return plan if wanted.left - left >= wanted.least else []


def _sweepable(
    market: Market, wanted: Wanted, chip: ChipCode, region: RegionCode | None, start: int
) -> Iterator[tuple[int, int, ListingId]]:
    """(price of one card, age, listing) of the listings that cover the run that starts there."""
    order, end = wanted.order, start + wanted.slots
    for where in order.regions if region is None else (region,):
        book = market.books.get(BookKey(chip, where, order.tier))
        for _, seq, name in book.offers if book is not None else ():
            terms = market.listings[name].terms
            if terms.seller == order.buyer or terms.min_slots > wanted.slots:
                continue
            if terms.window.start <= start and end <= terms.window.end:
                yield terms.asks[order.tier].total(start, end), seq, name


# Malleable work: any slots


def _work(market: Market, live: LiveOrder, wanted: Wanted) -> Plan:
    """Cells of one listing and slot are taken by rank until the work is done."""
    left, pace = wanted.left, dict(wanted.pace)
    rooms: dict[tuple[RegionCode, int], int] = {}
    rate = live.terms.shape.rate * MILLI if isinstance(live.terms.shape, Work) else 0
    taken: list[tuple[Offered, int, int]] = []
    for _, slot, offered in _ranked(market, live, wanted, lambda found: _cells(found, wanted)):
        terms, weight = offered.listing.terms, offered.weight
        cards = min(offered.listing.free.least(slot, slot + 1), (rate - pace.get(slot, 0)) // weight)
        if offered.link is not None:
            room = rooms.get((terms.region, slot), offered.link.least(slot, slot + 1))
            cards = min(cards, room // wanted.order.mbps_per_card)
        cards = min(cards - cards % terms.lot, round_up(-(-left // weight), terms.lot))
        if cards < 1:
            continue
        if offered.link is not None:
            rooms[terms.region, slot] = room - cards * wanted.order.mbps_per_card
        taken.append((offered, slot, cards))
        pace[slot] = pace.get(slot, 0) + cards * weight
        left -= min(left, cards * weight)
        if not left:
            break
    return _merged(wanted, taken)


def _cells(offered: Offered, wanted: Wanted) -> Iterator[tuple[Rank, int]]:
    """Every slot in which a listing can do some of the work within the limit, by rank."""
    curve = offered.listing.terms.asks[wanted.order.tier]
    cells = (
        (_rank(wanted, offered, slot, price), slot)
        for since, until in offered.listing.free.runs(wanted.first, wanted.end, 1)
        for first, end, price in curve.parts(since, until)
        if price * MILLI <= wanted.order.limit * offered.weight
        for slot in range(first, end)
    )
    by_slot = curve.flat or wanted.order.prefer is Preference.EARLIEST
    return cells if by_slot else iter(sorted(cells))


def _merged(wanted: Wanted, taken: list[tuple[Offered, int, int]]) -> Plan:
    """Cells as legs: adjacent ones of a listing with equal cards are one lease."""
    plan = Plan()
    for offered, slot, cards in sorted(taken, key=lambda cell: (cell[0].listing.seq, cell[1])):
        last = plan[-1] if plan else None
        if (
            last is not None
            and last.listing is offered.listing
            and (last.window.end, last.cards) == (slot, cards)
        ):
            plan[-1] = _work_leg(wanted, offered, last.window.start, slot + 1, cards)
        else:
            plan.append(_work_leg(wanted, offered, slot, slot + 1, cards))
    return plan


def _work_leg(wanted: Wanted, offered: Offered, start: int, end: int, cards: int) -> Leg:
    curve = offered.listing.terms.asks[wanted.order.tier]
    window, runs = Window(Slot(start), Slot(end)), tuple(curve.parts(start, end))
    return Leg(offered.listing, window, cards, cards, offered.weight, curve.total(start, end), runs)


# Meeting choices in the order of their rank


def _ranked(
    market: Market,
    live: LiveOrder,
    wanted: Wanted,
    choices: Callable[[Offered], Iterator[tuple[Rank, int]]],
) -> Iterator[Choice]:
    """The choices of all listings by rank. A listing is opened only when its best could be next."""
    ready: list[tuple[Rank, int, int, Offered, Iterator[tuple[Rank, int]]]] = []
    opened = 0
    for floor, offered in merge(*_offers(market, live, wanted), key=lambda pair: pair[0]):
        while ready and ready[0][0] <= floor:
            yield _next(ready)
        rest = choices(offered)
        first = next(rest, None)
        if first is not None:
            heappush(ready, (first[0], opened, first[1], offered, rest))
            opened += 1
    while ready:
        yield _next(ready)


def _next(ready: list[tuple[Rank, int, int, Offered, Iterator[tuple[Rank, int]]]]) -> Choice:
    rank, number, slot, offered, rest = heappop(ready)
    following = next(rest, None)
    if following is not None:
        heappush(ready, (following[0], number, following[1], offered, rest))
    return rank, slot, offered


def offers_of(market: Market, live: LiveOrder, wanted: Wanted) -> Iterator[Offered]:
    """Every listing that an order may use within its limit, book by book."""
    for book in _offers(market, live, wanted):
        for _, offered in book:
            yield offered


def _offers(market: Market, live: LiveOrder, wanted: Wanted) -> Iterator[Iterator[tuple[Rank, Offered]]]:
    order, pin = live.terms, live.pin
    for chip, weight in order.chips.items():
        for region in order.regions:
            key = BookKey(chip, region, order.tier)
            if key in market.books and (pin is None or (pin.chip == chip and pin.region in {None, region})):
                yield _book_offers(market, wanted, key, weight)


def _book_offers(market: Market, wanted: Wanted, key: BookKey, weight: int) -> Iterator[tuple[Rank, Offered]]:
    """A book's listings within the order's limit, each with the best rank that it could have."""
    order = wanted.order
    most = order.limit * weight // MILLI
    scale, link = wanted.common // weight, market.link(order, key.region)
    for lowest, seq, name in market.books[key].offers:
        if lowest > most:
            return
        listing = market.listings[name]
        if listing.terms.seller != order.buyer and listing.terms.min_slots <= wanted.slots:
            floor = lowest * wanted.slots * scale
            yield (
                _by_preference(order, floor, seq, wanted.first),
                Offered(listing, weight, scale, link),
            )


def _offered(market: Market, wanted: Wanted, listing: LiveListing) -> Offered:
    weight = wanted.order.chips[listing.terms.chip]
    link = market.link(wanted.order, listing.terms.region)
    return Offered(listing, weight, wanted.common // weight, link)


def _rank(wanted: Wanted, offered: Offered, slot: int, price: int) -> Rank:
    return _by_preference(wanted.order, price * offered.scale, offered.listing.seq, slot)


def _by_preference(order: Order, price: int, seq: int, slot: int) -> Rank:
    """Cheapest blocks mind age before the slot; cheapest work minds the slot before age."""
    if order.prefer is Preference.EARLIEST:
        return slot, price, seq
    return (price, slot, seq) if isinstance(order.shape, Work) else (price, seq, slot)
