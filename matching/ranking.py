"""Meeting the choices of all listings in the order of their rank, and no more of them than need be.

Cheapest ranks blocks by (price per performance, age of the listing, start) and work by (price per performance, slot,
age); earliest ranks both by (slot, price per performance, age).
"""

from collections.abc import Callable, Iterator
from heapq import heappop, heappush

from mypy_extensions import mypyc_attr

from matching.book import Book, Need
from matching.ladder import rung_of
from matching.legs import Offered, Wanted
from matching.live import MILLI
from matching.market import Market
from matching.masks import FAR
from matching.terms import Work

Rank = tuple[int, int, int]  # smaller is better
Ranked = tuple[Rank, int]  # a choice of one listing: its rank, and the slot that it is for
Choice = tuple[Rank, int, Offered]
Choices = Callable[[Wanted, Offered], Iterator[Ranked]]
"""All that a listing can do for an order, by rank."""


@mypyc_attr(acyclic=True)
class Counter:
    """A book that an order looks into, and what it needs of a listing there."""

    __slots__ = ("book", "need")

    def __init__(self, book: Book, need: Need) -> None:
        self.book = book
        self.need = need


def payable(market: Market, wanted: Wanted) -> list[Book]:
    """The books that an order accepts and can pay for."""
    live, found = wanted.live, list[Book]()
    for chip, weight in live.chips.items():
        most = live.limit * weight // MILLI
        for region in live.regions:
            if live.may_use(chip, region):
                book = market.books.get((chip, region, live.tier))
                if book is not None and book.offers.lowest() <= most:
                    found.append(book)
    return found


def counters(market: Market, wanted: Wanted, books: list[Book]) -> list[Counter]:
    """Books, and what an order needs of a listing in each."""
    return [Counter(book, need_of(market, wanted, wanted.live.chips[book.chip])) for book in books]


def need_of(market: Market, wanted: Wanted, weight: int) -> Need:
    """What a listing of a chip of such a weight must have at least to be of any use to an order."""
    least = -(-wanted.least // weight) if wanted.alone else 1
    return Need(least, wanted.slots, wanted.first, wanted.end - wanted.slots, market.origin)


def offers(market: Market, wanted: Wanted, books: list[Counter]) -> Iterator[Offered]:
    """The listings of some books that might serve within the limit, by the best rank that each could have."""
    waiting = _promising(market, wanted, books)
    while waiting:
        _, number, source = heappop(waiting)
        assert source.offer is not None, "what waits has an offer"
        yield source.offer
        _push(waiting, number, source)


def ranked(market: Market, wanted: Wanted, choices: Choices, books: list[Counter]) -> Iterator[Choice]:
    """Every choice by rank. What minds time most asks slot by slot."""
    if not wanted.earliest or looks_far(market, wanted):
        yield from by_price(market, wanted, choices, books)
        return
    for start in promised(market, books):
        for counter in books:
            counter.need.only_at(start)
        yield from by_price(market, wanted.at(start), choices, books)


def by_price(market: Market, wanted: Wanted, choices: Choices, books: list[Counter]) -> Iterator[Choice]:
    """Every choice by rank. A listing is opened only when its best could be next.

    What waits is either a choice, or the next listing of a book, at the best rank that it could have.
    """
    waiting, sources = _promising(market, wanted, books), len(books)
    while waiting:
        _, number, source = heappop(waiting)
        offer = source.offer
        assert offer is not None, "what waits has an offer"
        if isinstance(source, _Book):
            if source.puts_off():
                heappush(waiting, (source.rank, number, source))
                continue
            sources += 1
            _push(waiting, sources, _Opened(offer, choices(wanted, offer)))
        else:
            yield source.rank, source.slot, offer
        _push(waiting, number, source)


class _Opened:
    """A listing whose choices are met one by one."""

    __slots__ = ("_rest", "offer", "rank", "slot")

    def __init__(self, offer: Offered, rest: Iterator[Ranked]) -> None:
        self.offer: Offered | None = offer
        self.rank: Rank = (0, 0, 0)
        self.slot = 0
        self._rest = rest

    def advance(self) -> bool:
        """Come to the next choice, if there is one."""
        found = next(self._rest, None)
        if found is None:
            return False
        self.rank, self.slot = found
        return True


class _Book:
    """A book whose listings that might serve are met one by one, each at the best rank that it could have."""

    __slots__ = (
        "_beyond",
        "_link",
        "_need",
        "_origin",
        "_rest",
        "_scale",
        "_slot_by_slot",
        "_wanted",
        "_weight",
        "offer",
        "rank",
    )

    def __init__(self, market: Market, wanted: Wanted, counter: Counter) -> None:
        book, weight = counter.book, wanted.live.chips[counter.book.chip]
        self.offer: Offered | None = None
        self.rank: Rank = (0, 0, 0)
        self._wanted = wanted
        self._weight = weight
        self._scale = wanted.common // weight * wanted.slots
        self._beyond = rung_of(wanted.live.limit * weight // MILLI + 1, 0)
        self._link = market.link(wanted.order, book.region)
        self._need = counter.need
        self._origin = market.origin
        self._slot_by_slot = isinstance(wanted.order.shape, Work) and not wanted.earliest
        self._rest = book.offers.admitted(counter.need)

    def advance(self) -> bool:
        """Come to the next listing within the limit, if there is one."""
        wanted, buyer = self._wanted, self._wanted.order.buyer
        for rung, listing in self._rest:
            if rung >= self._beyond:
                return False
            if listing.seller != buyer:
                self.offer = offer = Offered(wanted, listing, self._weight, self._link)
                lowest = offer.prices.lowest * self._scale
                self.rank = _by_preference(wanted, lowest, listing.seq, wanted.first)
                return True
        return False

    def puts_off(self) -> bool:
        """Wait for a later slot, if work has all that it may have of those before: neither this listing nor any after it is of use there."""
        starts = self._need.starts
        first = self._origin + (starts & -starts).bit_length() - 1
        price, slot, seq = self.rank
        if not self._slot_by_slot or first <= slot:
            return False
        self.rank = price, first, seq
        return True


_Source = _Book | _Opened


def _promising(market: Market, wanted: Wanted, books: list[Counter]) -> list[tuple[Rank, int, _Source]]:
    """Those of some books that promise anything, as a heap. Most promise nothing, and a look tells."""
    waiting: list[tuple[Rank, int, _Source]] = []
    for number, counter in enumerate(books):
        if counter.book.offers.promise(counter.need):
            _push(waiting, number, _Book(market, wanted, counter))
    return waiting


def _push(waiting: list[tuple[Rank, int, _Source]], number: int, source: _Source) -> None:
    if source.advance():
        heappush(waiting, (source.rank, number, source))


def rank_of(wanted: Wanted, offer: Offered, slot: int, price: int) -> Rank:
    """The rank of a choice, by the price of one card for the whole run."""
    return _by_preference(wanted, price * offer.scale, offer.listing.seq, slot)


def looks_far(market: Market, wanted: Wanted) -> bool:
    """Whether an order may start in slots that have no bit, so that masks are of no help."""
    return wanted.end - market.origin > FAR


def promised(market: Market, books: list[Counter]) -> Iterator[int]:
    """Slots in which any book promises a start, in their order."""
    mask = 0
    for counter in books:
        mask |= counter.book.offers.promise(counter.need)
    while mask:
        lowest = mask & -mask
        yield market.origin + lowest.bit_length() - 1
        mask ^= lowest


def _by_preference(wanted: Wanted, price: int, seq: int, slot: int) -> Rank:
    """Cheapest blocks mind age before the slot; cheapest work minds the slot before age."""
    if wanted.earliest:
        return slot, price, seq
    return (price, slot, seq) if isinstance(wanted.order.shape, Work) else (price, seq, slot)
