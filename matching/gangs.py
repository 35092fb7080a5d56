"""Gangs: one chip, one start, cards of several listings."""

from collections.abc import Iterator
from heapq import heappop, heappush, merge
from itertools import accumulate

from matching.book import UNBOUNDED, BookKey, Need
from matching.legs import Offered, Plan, Wanted, leg_at, room_at, stretches
from matching.live import MILLI
from matching.market import Market
from matching.ranking import Counter, Ranked, counters, looks_far, need_of, offers, rank_of, ranked
from matching.terms import ChipCode, RegionCode, Split


def gang(market: Market, wanted: Wanted, split: Split) -> Plan:
    """Anchors are tried in the order of their best leg; the first whose sweep reaches the least wins."""
    books = counters(market, wanted)
    if not books or _most_there_is(market, wanted, books, split) < wanted.least:
        return []
    far = looks_far(market, wanted)
    tried = set[tuple[ChipCode, RegionCode | None, int]]()
    reach: dict[tuple[ChipCode, RegionCode | None], list[int]] = {}
    for _, start, offer in ranked(market, wanted, starts, books):
        chip, region = offer.listing.terms.chip, offer.listing.terms.region
        where = region if split is Split.SELLERS else None
        if (chip, where, start) in tried:
            continue
        tried.add((chip, where, start))
        known = reach.get((chip, where))
        if known is None or known[start - wanted.first] >= wanted.least:
            keys = [key for key, _ in books if key.chip == chip and where in {None, key.region}]
            plan = _sweep(market, wanted, keys, start)
            if plan:
                return plan
            if known is None and not far:
                reach[chip, where] = _reach(market, wanted, keys)
        if wanted.earliest and not far:
            _close(books, chip, where)
    return []


def _close(books: list[Counter], chip: ChipCode, where: RegionCode | None) -> None:
    """No other listing of these books need be met at this start: its anchor was tried."""
    for key, need in books:
        if key.chip == chip and where in {None, key.region}:
            need.close()


def _reach(market: Market, wanted: Wanted, keys: list[BookKey]) -> list[int]:
    """The most that the listings of some books of one chip could give at each start, in thousandths.

    It is worked out once a first sweep has failed, so that hopeless anchors need none.
    """
    first, slots = wanted.first, wanted.slots
    change = [0] * (wanted.end - first + 1)
    for offer in offers(market, wanted, [Counter(key, need_of(market, wanted, key)) for key in keys]):
        most = offer.listing.usable * offer.weight
        for since, until in stretches(offer, wanted, 1):
            if until - since >= slots:
                change[since - first] += most
                change[until - slots + 1 - first] -= most
    return list(accumulate(change))


def starts(wanted: Wanted, offer: Offered) -> Iterator[Ranked]:
    """Every start at which a listing can give a gang anything, by rank."""
    if offer.prices.flat or wanted.earliest:
        return _by_slot(wanted, offer)
    return _by_price(wanted, offer)


def _by_price(wanted: Wanted, offer: Offered) -> Iterator[Ranked]:
    """The cheapest start, and all others once anybody asks for them: mostly the first will do."""
    prices, slots = offer.prices, wanted.slots
    best = UNBOUNDED, 0
    for since, until in stretches(offer, wanted, 1):
        if until - since >= slots:
            best = min(best, prices.cheapest_start(since, until - slots, slots))
    if best[0] <= offer.limit:
        yield rank_of(wanted, offer, best[1], best[0]), best[1]
        yield from sorted(_by_slot(wanted, offer))[1:]


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


def _sweep(market: Market, wanted: Wanted, keys: list[BookKey], start: int) -> Plan:
    """Legs of one chip from one start, the cheapest first, until the gang has its most. Empty if it misses its least."""
    left, plan, wanted = wanted.left, Plan(), wanted.at(start)
    rooms: dict[RegionCode, int] = {}
    for offer in _covering(market, wanted, keys):
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


def _covering(market: Market, wanted: Wanted, keys: list[BookKey]) -> Iterator[Offered]:
    """Listings of some books of one chip that are free for the run from the only start, by (price, age)."""
    order, weight = wanted.order, wanted.order.chips[keys[0].chip]
    most, need = order.limit * weight // MILLI, Need(1, wanted.slots, 0)
    need.only_at(wanted.first - market.origin)
    links = {key.region: market.link(order, key.region) for key in keys}
    books = [market.books[key].offers.admitted(need) for key in keys]
    dearer: list[tuple[int, int, Offered]] = []  # than their cheapest slot promised
    for (lowest, seq, _), listing in books[0] if len(books) == 1 else merge(*books):
        if lowest > most:
            break
        terms = listing.terms
        if terms.seller == order.buyer:
            continue
        offer = Offered(wanted, listing, weight, links[terms.region])
        least = lowest * wanted.slots
        while dearer and (dearer[0][0], dearer[0][1]) < (least, seq):
            yield heappop(dearer)[2]
        if offer.prices.flat:
            yield offer
        else:
            heappush(dearer, (offer.prices.total(wanted.first, wanted.end), seq, offer))
    while dearer:
        yield heappop(dearer)[2]
