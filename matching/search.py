"""Finding the best free capacity for an order: a leg for a block, a sweep for a gang, cells for malleable work.

Whatever an order's shape, its choices are met in the order of their rank. Cheapest ranks blocks by (price per
performance, age of the listing, start) and work by (price per performance, slot, age); earliest ranks both by (slot,
price per performance, age). Nothing here takes or changes anything.
"""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush, merge
from math import lcm

from matching.book import UNBOUNDED, BookKey, Need, span
from matching.capacity import FreeCards
from matching.live import MILLI, LiveListing, LiveOrder
from matching.market import Market
from matching.prices import Run
from matching.terms import ChipCode, Order, Preference, RegionCode, Slot, Split, Window, Work

Rank = tuple[int, int, int]  # smaller is better
Ranked = tuple[Rank, int]  # a choice of one listing: its rank, and the slot that it is for


class Leg:
    """What one listing can do for an order: `cards` rented for `window`, of which `working` are needed.

    `runs` are the prices of one card, and `price` their sum.
    """

    __slots__ = ("cards", "listing", "price", "runs", "weight", "window", "working")

    def __init__(
        self,
        listing: LiveListing,
        window: Window,
        cards: int,
        working: int,
        weight: int,
        price: int,
        runs: tuple[Run, ...],
    ) -> None:
        self.listing = listing
        self.window = window
        self.cards = cards
        self.working = working
        self.weight = weight
        self.price = price
        self.runs = runs

    @property
    def cost(self) -> int:
        """What all its cards cost."""
        return self.price * self.cards


Plan = list[Leg]
"""Legs that serve an order together. An empty plan serves nobody."""


class Wanted:
    """What an order still wants: `left` and `least` in thousandths of its reference card, in [first, end)."""

    __slots__ = ("common", "end", "first", "least", "left", "live", "order", "slots")

    def __init__(self, market: Market, live: LiveOrder) -> None:
        order = live.terms
        self.live = live
        self.order = order
        self.left = live.left
        self.least = live.least
        self.slots = order.slots
        self.first: int = max(live.first, market.now)
        self.end: int = live.latest_start + self.slots
        self.common = lcm(*order.chips.values())


class Offered:
    """A listing that an order may use, in the order's tier. `scale` makes prices comparable across its chips."""

    __slots__ = ("limit", "link", "listing", "prices", "scale", "weight")

    def __init__(self, wanted: Wanted, listing: LiveListing, weight: int, link: FreeCards | None) -> None:
        self.listing = listing
        self.prices = listing.prices[wanted.order.tier]
        self.weight = weight
        self.scale = wanted.common // weight
        self.link = link
        self.limit = wanted.order.limit * wanted.slots * weight // MILLI


Choice = tuple[Rank, int, Offered]
Choices = Callable[[Wanted, Offered], Iterator[Ranked]]


def find(market: Market, live: LiveOrder) -> Plan:
    """The best plan from free capacity that gives the order at least its least within its limit, or an empty one."""
    wanted = Wanted(market, live)
    if wanted.end - wanted.first < wanted.slots:
        return []
    shape = live.terms.shape
    if isinstance(shape, Work):
        return _work(market, wanted, shape)
    if shape.split is Split.ONE:
        return _one(market, wanted)
    return _gang(market, wanted, shape.split)


def fits(market: Market, live: LiveOrder, listing: LiveListing) -> bool:
    """Whether a listing alone could serve at least a part of an order: the cheap test before a whole search."""
    wanted, terms = Wanted(market, live), listing.terms
    if terms.seller == wanted.order.buyer or terms.min_slots > wanted.slots:
        return False
    offered = _offered(market, wanted, listing)
    return next(_choices(live)(wanted, offered), None) is not None


def offers_of(market: Market, live: LiveOrder, wanted: Wanted) -> Iterator[Offered]:
    """Every listing that an order may use within its limit, book by book, sold out or not."""
    order = live.terms
    for listing in market.listings.values():
        terms = listing.terms
        if (
            order.tier in terms.asks
            and terms.chip in order.chips
            and terms.region in order.regions
            and terms.seller != order.buyer
            and terms.min_slots <= wanted.slots
        ):
            yield _offered(market, wanted, listing)


def _choices(live: LiveOrder) -> Choices:
    shape = live.terms.shape
    if isinstance(shape, Work):
        return _cells
    return _best if shape.split is Split.ONE else _starts


# One listing


def _one(market: Market, wanted: Wanted) -> Plan:
    for _, start, offered in _ranked(market, wanted, _best):
        leg = leg_at(offered, wanted, start, wanted.left, _room(offered, wanted, start))
        assert leg is not None, "a leg that was found is there"
        return [leg]
    return []


def _best(wanted: Wanted, offered: Offered) -> Iterator[Ranked]:
    """The best start at which a listing alone gives an order its least, if there is one."""
    terms, prices, slots = offered.listing.terms, offered.prices, wanted.slots
    working = -(-wanted.least // offered.weight)
    if round_up(working, terms.lot) > offered.listing.usable:
        return
    earliest = wanted.order.prefer is Preference.EARLIEST
    best: tuple[int, int] | None = None
    for since, until in _stretches(offered, wanted, working):
        if until - since < slots:
            continue
        if earliest:
            found = prices.earliest_start(since, until - slots, slots, offered.limit)
        else:
            found = prices.cheapest_start(since, until - slots, slots)
        if found is not None and found[0] <= offered.limit and (best is None or found < best):
            best = found
            if earliest or prices.flat:
                break
    if best is not None:
        yield _rank(wanted, offered, best[1], best[0]), best[1]


def leg_at(offered: Offered, wanted: Wanted, start: int, left: int, room: int) -> Leg | None:
    """What a listing gives towards `left` from one start: whole lots are rented, never fewer than are needed."""
    listing, weight, end = offered.listing, offered.weight, start + wanted.slots
    price = offered.prices.total(start, end)
    if price > offered.limit:
        return None
    lot, free = listing.terms.lot, listing.free.least(start, end)
    working = min(-(-left // weight), free - free % lot, room)
    if working < 1:
        return None
    window = Window(Slot(start), Slot(end))
    return Leg(
        listing, window, round_up(working, lot), working, weight, price, offered.prices.runs(start, end)
    )


def round_up(cards: int, lot: int) -> int:
    """Whole lots are rented and paid: never fewer than asked for."""
    return -(-cards // lot) * lot


def _stretches(offered: Offered, wanted: Wanted, working: int) -> Iterator[tuple[int, int]]:
    """Stretches of slots in which so many cards are free and their bandwidth is, too."""
    listing, link = offered.listing, offered.link
    cards = round_up(working, listing.terms.lot)
    for since, until in listing.free.runs(wanted.first, wanted.end, cards):
        if link is None:
            yield since, until
        else:
            yield from link.runs(since, until, working * wanted.order.mbps_per_card)


def _room(offered: Offered, wanted: Wanted, start: int) -> int:
    """Cards that the link has bandwidth for during a run."""
    if offered.link is None:
        return UNBOUNDED
    return offered.link.least(start, start + wanted.slots) // wanted.order.mbps_per_card


# Gangs: one chip, one start, several listings


def _gang(market: Market, wanted: Wanted, split: Split) -> Plan:
    """Anchors are tried in the order of their best leg; the first whose sweep reaches the least wins."""
    if _most_there_is(market, wanted, split) < wanted.least:
        return []
    tried = set[tuple[ChipCode, RegionCode | None, int]]()
    for _, start, offered in _ranked(market, wanted, _starts):
        terms = offered.listing.terms
        anchor = terms.chip, terms.region if split is Split.SELLERS else None, start
        if anchor not in tried:
            tried.add(anchor)
            plan = _sweep(market, wanted, *anchor)
            if plan:
                return plan
    return []


def _most_there_is(market: Market, wanted: Wanted, split: Split) -> int:
    """No anchor can reach more than this: all that is free at any time, on the best chip and in the best region."""
    best = 0
    for chip, weight in wanted.order.chips.items():
        each = [
            market.books[key].usable * weight
            for region in wanted.order.regions
            if (key := BookKey(chip, region, wanted.order.tier)) in market.books
        ]
        if each:
            best = max(best, max(each) if split is Split.SELLERS else sum(each))
    return best


def _starts(wanted: Wanted, offered: Offered) -> Iterator[Ranked]:
    """Every start at which a listing can give a gang anything, by rank."""
    prices, slots = offered.prices, wanted.slots
    starts = (
        (_rank(wanted, offered, start, price), start)
        for since, until in _stretches(offered, wanted, 1)
        for start in range(since, until - slots + 1)
        if (price := prices.total(start, start + slots)) <= offered.limit
    )
    by_slot = prices.flat or wanted.order.prefer is Preference.EARLIEST
    return starts if by_slot else iter(sorted(starts))


def _sweep(market: Market, wanted: Wanted, chip: ChipCode, region: RegionCode | None, start: int) -> Plan:
    """Legs of one chip from one start, the cheapest first, until the gang has its most. Empty if it misses its least."""
    left, plan = wanted.left, Plan()
    rooms: dict[RegionCode, int] = {}
    for offered in _covering(market, wanted, chip, region, start):
        where = offered.listing.terms.region
        if offered.link is not None and where not in rooms:
            rooms[where] = _room(offered, wanted, start)
        leg = leg_at(offered, wanted, start, left, rooms.get(where, UNBOUNDED))
        if leg is None:
            continue
        plan.append(leg)
        left -= min(left, leg.working * leg.weight)
        if offered.link is not None:
            rooms[where] -= leg.working
        if not left:
            break
    return plan if wanted.left - left >= wanted.least else []


def _covering(
    market: Market, wanted: Wanted, chip: ChipCode, region: RegionCode | None, start: int
) -> Iterator[Offered]:
    """Listings of a chip that are free for the run from one start, by (price, age)."""
    end, slots = start + wanted.slots, wanted.slots
    bit = start - market.origin
    need = Need(1, slots, span(bit, bit))
    ready: list[tuple[int, int, Offered]] = []
    for lowest, offered in _stream(market, wanted, need, chip, region):
        while ready and ready[0][:2] <= (lowest * slots, offered.listing.seq):
            yield heappop(ready)[2]
        if offered.listing.free.least(start, end) >= offered.listing.terms.lot:
            price = offered.prices.total(start, end)
            if price <= offered.limit:
                heappush(ready, (price, offered.listing.seq, offered))
    while ready:
        yield heappop(ready)[2]


def _stream(
    market: Market, wanted: Wanted, need: Need, chip: ChipCode, region: RegionCode | None
) -> Iterator[tuple[int, Offered]]:
    """A chip's listings that might serve, by (lowest price, age), over the books of a region or of all."""
    order, weight = wanted.order, wanted.order.chips[chip]
    most = order.limit * weight // MILLI
    regions = order.regions if region is None else (region,)
    books = [
        market.books[key].offers.admitted(need)
        for where in regions
        if (key := BookKey(chip, where, order.tier)) in market.books
    ]
    for (lowest, _, _), listing in books[0] if len(books) == 1 else merge(*books, key=lambda pair: pair[0]):
        if lowest > most:
            return
        if listing.terms.seller != order.buyer:
            yield lowest, Offered(wanted, listing, weight, market.link(order, listing.terms.region))


# Malleable work: any slots


class _Cells:
    """Slots of one listing that are taken together: from `slot` on, `cards` in each."""

    __slots__ = ("cards", "end", "offered", "slot")

    def __init__(self, offered: Offered, slot: int, cards: int) -> None:
        self.offered = offered
        self.slot = slot
        self.end = slot + 1
        self.cards = cards


def _work(market: Market, wanted: Wanted, shape: Work) -> Plan:
    """Cells of one listing and slot are taken by rank until the work is done."""
    left, pace, rate = wanted.left, dict(wanted.live.pace), shape.rate * MILLI
    mbps, rooms = wanted.order.mbps_per_card, dict[tuple[RegionCode, int], int]()
    taken: list[_Cells] = []
    for _, slot, offered in _ranked(market, wanted, _cells):
        terms, weight, link = offered.listing.terms, offered.weight, offered.link
        cards = min(offered.listing.free.at(slot), (rate - pace.get(slot, 0)) // weight)
        if link is not None:
            room = rooms.get((terms.region, slot), link.at(slot))
            cards = min(cards, room // mbps)
        cards = min(cards - cards % terms.lot, round_up(-(-left // weight), terms.lot))
        if cards < 1:
            continue
        if link is not None:
            rooms[terms.region, slot] = room - cards * mbps
        _put(taken, offered, slot, cards)
        pace[slot] = pace.get(slot, 0) + cards * weight
        left -= min(left, cards * weight)
        if not left:
            break
    return [] if shape.whole and left else _legs(taken)


def _put(taken: list[_Cells], offered: Offered, slot: int, cards: int) -> None:
    """Note a cell, together with the one before it where both are one run of one listing."""
    last = taken[-1] if taken else None
    if (
        last is not None
        and last.offered.listing is offered.listing
        and last.end == slot
        and last.cards == cards
    ):
        last.end = slot + 1
    else:
        taken.append(_Cells(offered, slot, cards))


def _cells(wanted: Wanted, offered: Offered) -> Iterator[Ranked]:
    """Every slot in which a listing can do some of the work within the limit, by rank."""
    prices = offered.prices
    cells = (
        (_rank(wanted, offered, slot, price), slot)
        for since, until in _stretches(offered, wanted, 1)
        for first, end, price in prices.parts(since, until)
        if price <= offered.limit
        for slot in range(first, end)
    )
    by_slot = prices.flat or wanted.order.prefer is Preference.EARLIEST
    return cells if by_slot else iter(sorted(cells))


def _legs(taken: list[_Cells]) -> Plan:
    """Cells as legs, by the age of their listing and their slot; adjacent ones with equal cards are one lease."""
    plan: list[_Cells] = []
    for cells in sorted(taken, key=lambda each: (each.offered.listing.seq, each.slot)):
        last = plan[-1] if plan else None
        if (
            last is not None
            and last.offered.listing is cells.offered.listing
            and last.end == cells.slot
            and last.cards == cells.cards
        ):
            last.end = cells.end
        else:
            plan.append(cells)
    return [_work_leg(cells) for cells in plan]


def _work_leg(cells: _Cells) -> Leg:
    offered, start, end = cells.offered, cells.slot, cells.end
    window, prices = Window(Slot(start), Slot(end)), offered.prices
    price, runs = prices.total(start, end), prices.runs(start, end)
    return Leg(offered.listing, window, cells.cards, cells.cards, offered.weight, price, runs)


# Meeting choices in the order of their rank


def _ranked(market: Market, wanted: Wanted, choices: Choices) -> Iterator[Choice]:
    """The choices of all listings by rank. A listing is opened only when its best could be next."""
    ready: list[tuple[Rank, int, int, Offered, Iterator[Ranked]]] = []
    opened = 0
    streams = _floors(market, wanted)
    for floor, offered in streams[0] if len(streams) == 1 else merge(*streams, key=lambda pair: pair[0]):
        while ready and ready[0][0] <= floor:
            yield _next(ready)
        rest = choices(wanted, offered)
        first = next(rest, None)
        if first is not None:
            heappush(ready, (first[0], opened, first[1], offered, rest))
            opened += 1
    while ready:
        yield _next(ready)


def _next(ready: list[tuple[Rank, int, int, Offered, Iterator[Ranked]]]) -> Choice:
    rank, number, slot, offered, rest = heappop(ready)
    following = next(rest, None)
    if following is not None:
        heappush(ready, (following[0], number, following[1], offered, rest))
    return rank, slot, offered


def _floors(market: Market, wanted: Wanted) -> list[Iterator[tuple[Rank, Offered]]]:
    """Each accepted book's listings that might serve, each with the best rank that it could have."""
    order, pin = wanted.order, wanted.live.pin
    streams = []
    for chip, weight in order.chips.items():
        for region in order.regions:
            key = BookKey(chip, region, order.tier)
            if key in market.books and (pin is None or (pin.chip == chip and pin.region in {None, region})):
                streams.append(_book_floors(market, wanted, key, _need(market, wanted, weight)))
    return streams


def _book_floors(market: Market, wanted: Wanted, key: BookKey, need: Need) -> Iterator[tuple[Rank, Offered]]:
    order, slots, scale = wanted.order, wanted.slots, wanted.common // wanted.order.chips[key.chip]
    for lowest, offered in _stream(market, wanted, need, key.chip, key.region):
        yield _by_preference(order, lowest * slots * scale, offered.listing.seq, wanted.first), offered


def _need(market: Market, wanted: Wanted, weight: int) -> Need:
    """What a listing must have at least to be of any use to an order."""
    shape = wanted.order.shape
    first, last = wanted.first - market.origin, wanted.end - wanted.slots - market.origin
    starts = span(first, last)
    if isinstance(shape, Work):
        return Need(1, 1, starts, lot=shape.rate * MILLI // weight)
    cards = -(-wanted.least // weight) if shape.split is Split.ONE else 1
    return Need(cards, wanted.slots, starts)


def _offered(market: Market, wanted: Wanted, listing: LiveListing) -> Offered:
    chip, region = listing.terms.chip, listing.terms.region
    return Offered(wanted, listing, wanted.order.chips[chip], market.link(wanted.order, region))


def _rank(wanted: Wanted, offered: Offered, slot: int, price: int) -> Rank:
    return _by_preference(wanted.order, price * offered.scale, offered.listing.seq, slot)


def _by_preference(order: Order, price: int, seq: int, slot: int) -> Rank:
    """Cheapest blocks mind age before the slot; cheapest work minds the slot before age."""
    if order.prefer is Preference.EARLIEST:
        return slot, price, seq
    return (price, slot, seq) if isinstance(order.shape, Work) else (price, seq, slot)
