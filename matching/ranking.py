"""Meeting the choices of all listings in the order of their rank, and no more of them than need be.

Cheapest ranks blocks by (price per performance, age of the listing, start) and work by (price per performance, slot,
age); earliest ranks both by (slot, price per performance, age).
"""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush, merge
from typing import NamedTuple

from matching.book import FAR, BookKey, Need, span
from matching.legs import Offered, Wanted
from matching.live import MILLI
from matching.market import Market
from matching.terms import ChipCode, RegionCode, Work

Rank = tuple[int, int, int]  # smaller is better
Ranked = tuple[Rank, int]  # a choice of one listing: its rank, and the slot that it is for
Choice = tuple[Rank, int, Offered]
Choices = Callable[[Wanted, Offered], Iterator[Ranked]]
"""All that a listing can do for an order, by rank."""


class Counter(NamedTuple):
    """A book that an order looks into, and what it needs of a listing there."""

    key: BookKey
    need: Need


def counters(market: Market, wanted: Wanted, need: Need | None = None) -> list[Counter]:
    """The books that an order accepts. With `need` the order needs the same in all of them."""
    order, pin = wanted.order, wanted.live.pin
    return [
        Counter(key, need or _need(market, wanted, weight))
        for chip, weight in order.chips.items()
        for region in order.regions
        if pin is None or (pin.chip == chip and pin.region in {None, region})
        if (key := BookKey(chip, region, order.tier)) in market.books
    ]


def ranked(market: Market, wanted: Wanted, choices: Choices, books: list[Counter]) -> Iterator[Choice]:
    """Every choice by rank. What minds time most asks slot by slot."""
    if not wanted.earliest:
        yield from _by_price(market, wanted, choices, books)
        return
    for start in _starts(market, wanted, books):
        bit = span(start - market.origin, start - market.origin)
        for _, need in books:
            need.starts = bit
        yield from _by_price(market, wanted.at(start), choices, books)


def stream(
    market: Market, wanted: Wanted, need: Need, chip: ChipCode, regions: tuple[RegionCode, ...]
) -> Iterator[tuple[int, Offered]]:
    """A chip's listings that might serve within the limit, by (lowest price, age), over the books of some regions."""
    order, weight = wanted.order, wanted.order.chips[chip]
    most = order.limit * weight // MILLI
    books = [
        market.books[key].offers.admitted(need)
        for region in regions
        if (key := BookKey(chip, region, order.tier)) in market.books
    ]
    for (lowest, _, _), listing in books[0] if len(books) == 1 else merge(*books, key=lambda pair: pair[0]):
        if lowest > most:
            return
        if listing.terms.seller != order.buyer:
            yield lowest, Offered(wanted, listing, weight, market.link(order, listing.terms.region))


def rank_of(wanted: Wanted, offer: Offered, slot: int, price: int) -> Rank:
    """The rank of a choice, by the price of one card for the whole run."""
    return _by_preference(wanted, price * offer.scale, offer.listing.seq, slot)


def _by_price(market: Market, wanted: Wanted, choices: Choices, books: list[Counter]) -> Iterator[Choice]:
    """Every choice by rank. A listing is opened only when its best could be next."""
    ready: list[tuple[Rank, int, int, Offered, Iterator[Ranked]]] = []
    opened = 0
    floors = [_floors(market, wanted, key, need) for key, need in books]
    for floor, offer in floors[0] if len(floors) == 1 else merge(*floors, key=lambda pair: pair[0]):
        while ready and ready[0][0] <= floor:
            yield _next(ready)
        rest = choices(wanted, offer)
        first = next(rest, None)
        if first is not None:
            heappush(ready, (first[0], opened, first[1], offer, rest))
            opened += 1
    while ready:
        yield _next(ready)


def _next(ready: list[tuple[Rank, int, int, Offered, Iterator[Ranked]]]) -> Choice:
    rank, number, slot, offer, rest = heappop(ready)
    following = next(rest, None)
    if following is not None:
        heappush(ready, (following[0], number, following[1], offer, rest))
    return rank, slot, offer


def _floors(market: Market, wanted: Wanted, key: BookKey, need: Need) -> Iterator[tuple[Rank, Offered]]:
    """A book's listings that might serve, each with the best rank that it could have."""
    slots, scale = wanted.slots, wanted.common // wanted.order.chips[key.chip]
    for lowest, offer in stream(market, wanted, need, key.chip, (key.region,)):
        yield _by_preference(wanted, lowest * slots * scale, offer.listing.seq, wanted.first), offer


def _starts(market: Market, wanted: Wanted, books: list[Counter]) -> Iterator[int]:
    """Slots in which any book promises a start, in their order."""
    origin, last = market.origin, wanted.end - wanted.slots
    if last - origin >= FAR:
        yield from range(wanted.first, last + 1)
        return
    mask = 0
    for key, need in books:
        mask |= market.books[key].offers.promise(need)
    while mask:
        lowest = mask & -mask
        yield origin + lowest.bit_length() - 1
        mask ^= lowest


def _need(market: Market, wanted: Wanted, weight: int) -> Need:
    """What a listing must have at least to be of any use to an order."""
    first, last = wanted.first - market.origin, wanted.end - wanted.slots - market.origin
    return Need(-(-wanted.least // weight) if wanted.alone else 1, wanted.slots, span(first, last))


def _by_preference(wanted: Wanted, price: int, seq: int, slot: int) -> Rank:
    """Cheapest blocks mind age before the slot; cheapest work minds the slot before age."""
    if wanted.earliest:
        return slot, price, seq
    return (price, slot, seq) if isinstance(wanted.order.shape, Work) else (price, seq, slot)
