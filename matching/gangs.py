"""Gangs: one chip, one start, cards of several listings."""

from collections.abc import Iterator
from heapq import heappop, heappush

from matching.book import UNBOUNDED, Need, span
from matching.legs import Offered, Plan, Wanted, leg_at, room_at, stretches
from matching.market import Market
from matching.ranking import Counter, Ranked, counters, rank_of, ranked, stream
from matching.terms import ChipCode, RegionCode, Split


def gang(market: Market, wanted: Wanted, split: Split) -> Plan:
    """Anchors are tried in the order of their best leg; the first whose sweep reaches the least wins."""
    books = counters(market, wanted)
    if _most_there_is(market, wanted, books, split) < wanted.least:
        return []
    tried = set[tuple[ChipCode, RegionCode | None, int]]()
    for _, start, offer in ranked(market, wanted, starts, books):
        terms = offer.listing.terms
        anchor = terms.chip, terms.region if split is Split.SELLERS else None, start
        if anchor not in tried:
            tried.add(anchor)
            regions = wanted.order.regions if anchor[1] is None else (anchor[1],)
            plan = _sweep(market, wanted, terms.chip, regions, start)
            if plan:
                return plan
    return []


def starts(wanted: Wanted, offer: Offered) -> Iterator[Ranked]:
    """Every start at which a listing can give a gang anything, by rank."""
    if offer.prices.flat or wanted.earliest:
        return _by_slot(wanted, offer)
    return iter(sorted(_by_slot(wanted, offer)))


def _by_slot(wanted: Wanted, offer: Offered) -> Iterator[Ranked]:
    prices, slots = offer.prices, wanted.slots
    for since, until in stretches(offer, wanted, 1):
        for start in range(since, until - slots + 1):
            price = prices.total(start, start + slots)
            if price <= offer.limit:
                yield rank_of(wanted, offer, start, price), start


def _most_there_is(market: Market, wanted: Wanted, books: list[Counter], split: Split) -> int:
    """No anchor can reach more than this: all that is free at any time, on the best chip and in the best region."""
    by_chip: dict[ChipCode, int] = {}
    for key, _ in books:
        usable = market.books[key].usable * wanted.order.chips[key.chip]
        known = by_chip.get(key.chip, 0)
        by_chip[key.chip] = max(known, usable) if split is Split.SELLERS else known + usable
    return max(by_chip.values(), default=0)


def _sweep(
    market: Market, wanted: Wanted, chip: ChipCode, regions: tuple[RegionCode, ...], start: int
) -> Plan:
    """Legs of one chip from one start, the cheapest first, until the gang has its most. Empty if it misses its least."""
    left, plan = wanted.left, Plan()
    rooms: dict[RegionCode, int] = {}
    for offer in _covering(market, wanted, chip, regions, start):
        where = offer.listing.terms.region
        if offer.link is not None and where not in rooms:
            rooms[where] = room_at(offer, wanted, start)
        leg = leg_at(offer, wanted, start, left, rooms.get(where, UNBOUNDED))
        if leg is None:
            continue
        plan.append(leg)
        left -= min(left, leg.working * leg.weight)
        if offer.link is not None:
            rooms[where] -= leg.working
        if not left:
            break
    return plan if wanted.left - left >= wanted.least else []


def _covering(
    market: Market, wanted: Wanted, chip: ChipCode, regions: tuple[RegionCode, ...], start: int
) -> Iterator[Offered]:
    """Listings of a chip that are free for the run from one start, by (price, age)."""
    end, slots, bit = start + wanted.slots, wanted.slots, start - market.origin
    need = Need(1, slots, span(bit, bit))
    ready: list[tuple[int, int, Offered]] = []
    for lowest, offer in stream(market, wanted, need, chip, regions):
        floor, seq = lowest * slots, offer.listing.seq
        while ready and (ready[0][0], ready[0][1]) <= (floor, seq):
            yield heappop(ready)[2]
        price = offer.prices.total(start, end)
        if price <= offer.limit:
            heappush(ready, (price, seq, offer))
    while ready:
        yield heappop(ready)[2]
