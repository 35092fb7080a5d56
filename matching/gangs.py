"""Gangs: one chip, one start, cards of several listings."""

from collections.abc import Iterator
from heapq import heappop, heappush

from matching.book import UNBOUNDED, Book, Need
from matching.ladder import merged, rank_at
from matching.legs import Offered, Plan, Wanted, leg_at, room_at, stretches
from matching.live import MILLI
from matching.market import Market
from matching.ranking import Counter, Ranked, counters, looks_far, need_of, payable, rank_of, ranked
from matching.reach import cards_from
from matching.terms import ChipCode, RegionCode, Slot, Window

Where = RegionCode | None
"""The region of a gang over sellers, or None for one over all its regions."""


def gang(market: Market, wanted: Wanted) -> Plan:
    """Anchors are tried in the order of their best leg; the first whose sweep reaches the least wins.

    Mostly the very first does. After one that does not, no other is swept before it is known that it does.
    """
    books = payable(market, wanted)
    if not _may_reach(wanted, books):
        return []
    if _is_one_choice(wanted, books):
        return _sweep(market, wanted, books, wanted.first)
    for chip, where, start in _anchors(market, wanted, counters(market, wanted, books)):
        plan = _sweep(market, wanted, _joined(books, chip, where), start)
        if plan:
            return plan
        if not looks_far(market, wanted):
            return _surely(market, wanted, books)
    return []


def _surely(market: Market, wanted: Wanted, books: list[Book]) -> Plan:
    """The sweep of the first anchor that reaches the least. Which do is worked out for all of them before any is met."""
    able: dict[tuple[ChipCode, Where], int] = {}
    may_serve: list[Counter] = []
    for book in books:
        weight, where = wanted.live.chips[book.chip], book.region if wanted.live.local else None
        anchor = book.chip, where
        if anchor not in able:
            able[anchor] = _able(market, wanted, _joined(books, *anchor))
        if able[anchor]:
            need = need_of(market, wanted, weight)
            need.starts &= able[anchor]
            may_serve.append(Counter(book, need))
    for chip, where, start in _anchors(market, wanted, may_serve):
        if able[chip, where] >> (start - market.origin) & 1:
            return _sweep(market, wanted, _joined(books, chip, where), start)
    return []


def _able(market: Market, wanted: Wanted, books: list[Book]) -> int:
    """A mask of the starts from which some books of one chip together give the least."""
    least = -(-wanted.least // wanted.live.chips[books[0].chip])
    mask, bit = 0, 1 << (wanted.first - market.origin)
    for cards in zip(*[cards_from(market, wanted, book) for book in books], strict=True):
        if sum(cards) >= least:
            mask |= bit
        bit <<= 1
    return mask


def _anchors(market: Market, wanted: Wanted, books: list[Counter]) -> Iterator[tuple[ChipCode, Where, int]]:
    """Chips and starts, and regions where a gang keeps to one, by the rank of their best leg."""
    met = set[tuple[ChipCode, Where, int]]()
    for _, start, offer in ranked(market, wanted, starts, books):
        anchor = offer.listing.chip, offer.listing.region if wanted.live.local else None, start
        if anchor not in met:
            met.add(anchor)
            yield anchor


def _joined(books: list[Book], chip: ChipCode, where: Where) -> list[Book]:
    """The books whose listings may serve a gang together with an anchor's."""
    return [book for book in books if _joins(book, chip, where)]


def _joins(book: Book, chip: ChipCode, where: Where) -> bool:
    return book.chip == chip and (where is None or where == book.region)


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
    window = Window(Slot(start), Slot(wanted.end))
    rooms: dict[RegionCode, int] = {}
    for offer in _covering(market, wanted, books):
        where = offer.listing.region
        if offer.link is not None and where not in rooms:
            rooms[where] = room_at(offer, wanted, start)
        leg = leg_at(offer, window, left, rooms.get(where, UNBOUNDED))
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
    need = Need(1, wanted.slots, wanted.first, wanted.first, market.origin)
    need.only_at(wanted.first)
    most = order.limit * weight // MILLI
    links = {book.region: market.link(order, book.region) for book in books}
    found = [book.offers.admitted(need) for book in books]
    dearer: list[tuple[int, int, Offered]] = []  # than their cheapest slot promised
    for rung, listing in merged(found):
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
            continue
        price = offer.prices.total(wanted.first, wanted.end)
        if price <= offer.limit:
            heappush(dearer, (price, seq, offer))
    while dearer:
        yield heappop(dearer)[2]
