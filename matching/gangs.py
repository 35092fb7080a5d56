"""Gangs: one chip, one start, cards of several listings."""

from collections.abc import Iterator
from heapq import heappop, heappush, merge
from itertools import accumulate

from matching.book import UNBOUNDED, Book, Need
from matching.ladder import rank_at
from matching.legs import Offered, Plan, Wanted, leg_at, room_at, stretches
from matching.live import MILLI
from matching.market import Market
from matching.ranking import Counter, Ranked, counters, looks_far, offers, payable, rank_of, ranked
from matching.terms import ChipCode, RegionCode


def gang(market: Market, wanted: Wanted) -> Plan:
    """Anchors are tried in the order of their best leg; the first whose sweep reaches the least wins."""
    books = payable(market, wanted)
    if not _may_reach(wanted, books):
        return []
    if _is_one_choice(wanted, books):
        return _sweep(market, wanted, books, wanted.first)
    met, far = counters(market, wanted, books), looks_far(market, wanted)
    tried = set[tuple[ChipCode, RegionCode | None, int]]()
    reach: dict[tuple[ChipCode, RegionCode | None], list[int]] = {}
    for _, start, offer in ranked(market, wanted, starts, met):
        chip, region = offer.listing.chip, offer.listing.region
        where = region if wanted.live.local else None
        if (chip, where, start) in tried:
            continue
        tried.add((chip, where, start))
        known = reach.get((chip, where))
        if known is None or known[start - wanted.first] >= wanted.least:
            joined = [book for book in books if _joins(book, chip, where)]
            plan = _sweep(market, wanted, joined, start)
            if plan:
                return plan
            if known is None and not far:
                reach[chip, where] = _reach(market, wanted, joined)
        if wanted.earliest and not far:
            _close(met, chip, where)
    return []


def _close(met: list[Counter], chip: ChipCode, where: RegionCode | None) -> None:
    """No other listing of these books need be met at this start: its anchor was tried."""
    for each in met:
        if _joins(each.book, chip, where):
            each.need.close()


def _joins(book: Book, chip: ChipCode, where: RegionCode | None) -> bool:
    """Whether the listings of a book may serve a gang together with an anchor's. `where` is None for all regions."""
    return book.chip == chip and (where is None or where == book.region)


def _reach(market: Market, wanted: Wanted, books: list[Book]) -> list[int]:
    """The most that the listings of some books of one chip could give at each start, in thousandths.

    It is worked out once a first sweep has failed, so that hopeless anchors need none.
    """
    first, slots = wanted.first, wanted.slots
    change = [0] * (wanted.end - first + 1)
    for offer in offers(market, wanted, counters(market, wanted, books)):
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


def _may_reach(wanted: Wanted, books: list[Book]) -> bool:
    """Whether all that is free at any time, of one chip and of all regions that may join, comes to the least."""
    by_chip: dict[ChipCode, int] = {}
    for book in books:
        most = book.usable * wanted.live.chips[book.chip]
        if not wanted.live.local:
            most = by_chip[book.chip] = most + by_chip.get(book.chip, 0)
        if most >= wanted.least:
            return True
    return False


def _is_one_choice(wanted: Wanted, books: list[Book]) -> bool:
    """Whether all anchors would make the same sweep: from the only start, through the same books."""
    if wanted.end - wanted.first > wanted.slots:
        return False
    first = books[0]
    where = first.region if wanted.live.local else None
    return all(_joins(book, first.chip, where) for book in books)


def _sweep(market: Market, wanted: Wanted, books: list[Book], start: int) -> Plan:
    """Legs of one chip from one start, the cheapest first, until the gang has its most. Empty if it misses its least."""
    left, plan, wanted = wanted.left, Plan(), wanted.at(start)
    rooms: dict[RegionCode, int] = {}
    for offer in _covering(market, wanted, books):
        where = offer.listing.region
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


def _covering(market: Market, wanted: Wanted, books: list[Book]) -> Iterator[Offered]:
    """Listings of some books of one chip that are free for the run from the only start, by (price, age)."""
    order, weight = wanted.order, wanted.live.chips[books[0].chip]
    most, need = order.limit * weight // MILLI, Need(1, wanted.slots, 0)
    need.only_at(wanted.first - market.origin)
    links = {book.region: market.link(order, book.region) for book in books}
    found = [book.offers.admitted(need) for book in books]
    dearer: list[tuple[int, int, Offered]] = []  # than their cheapest slot promised
    for rung, listing in found[0] if len(found) == 1 else merge(*found):
        lowest, seq = rank_at(rung), listing.seq
        if lowest > most:
            break
        if listing.seller == order.buyer:
            continue
        offer = Offered(wanted, listing, weight, links[listing.region])
        least = lowest * wanted.slots
        while dearer and (dearer[0][0], dearer[0][1]) < (least, seq):
            yield heappop(dearer)[2]
        if offer.prices.flat:
            yield offer
        else:
            heappush(dearer, (offer.prices.total(wanted.first, wanted.end), seq, offer))
    while dearer:
        yield heappop(dearer)[2]
