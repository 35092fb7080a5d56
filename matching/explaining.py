"""Why an order finds nothing: what each dimension rules out, and the least that has to give in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from matching.acceptance import order_problem
from matching.book import Book, Need
from matching.deals import UNPLACED, from_free
from matching.ladder import rank_at
from matching.legs import Offered, Wanted, stretches
from matching.live import MILLI, LiveListing, LiveOrder
from matching.market import FOR_EVER, Market
from matching.relaxing import ANY_LIMIT, Dimension, Relaxation, relaxations
from matching.terms import ChipCode, ListingId, Order, Price, Rejection, Tier, Window, Work

FUNNEL = tuple([dimension for dimension in Dimension if dimension is not Dimension.SPLIT])
OF_A_RUN = frozenset((Dimension.HOURS, Dimension.SIZE, Dimension.LINK, Dimension.LIMIT))
MANY = 100  # listings: nobody needs to know how many more there are
LOOKED_AT = 1_000  # listings that are tried for one count

Lifted = frozenset[Dimension]


class Count(NamedTuple):
    """So many listings; `more` where there may be others, because counting stops at `MANY` or after `LOOKED_AT`."""

    listings: int
    more: bool


class Barrier(NamedTuple):
    """What one dimension rules out, in listings that each could serve a block on one listing, or a part of all else.

    `left` could if only this dimension and those before it mattered; `alone` could if this one did not matter.
    """

    dimension: Dimension
    left: Count
    alone: Count


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an order finds nothing. `listings` have a lot free in some slot to come; then come the barriers, one after the other.

    `relaxations` would each let it fit, the cheapest on average first.
    """

    listings: Count
    barriers: tuple[Barrier, ...]
    relaxations: tuple[Relaxation, ...]


def why_not(
    market: Market, order: Order, weights: Mapping[ChipCode, int], tick: int = 1
) -> Explanation | Rejection | None:
    """Explain why an order finds nothing free: None where it does, a rejection where it is not sound.

    `weights` are those of all chips of the catalogue, in thousandths of the order's reference card; for a chip that
    the order names, the order's own weight counts. Limits are whole ticks of money.
    """
    problem = order_problem(market, order)
    if problem is not None:
        return problem
    if from_free(market, order) is not None:
        return None
    count = _Counter(market, order, weights)
    barriers = [
        Barrier(
            dimension, count.without(frozenset(FUNNEL[place + 1 :])), count.without(frozenset((dimension,)))
        )
        for place, dimension in enumerate(FUNNEL)
    ]
    return Explanation(
        listings=count.without(frozenset(FUNNEL)),
        barriers=tuple(barriers),
        relaxations=tuple(relaxations(market, order, weights, tick)),
    )


class _Counter:
    """Counts the listings that could serve an order if some dimensions did not matter."""

    __slots__ = ("_market", "_order", "_weights")

    def __init__(self, market: Market, order: Order, weights: Mapping[ChipCode, int]) -> None:
        self._market = market
        self._order = order
        self._weights = {**weights, **order.chips}

    def without(self, lifted: Lifted) -> Count:
        """Count without some dimensions. While none that a run has matters, any free lot will do."""
        found: set[ListingId] = set()
        looked, passed = 0, self._market.now - self._market.origin
        for book, tier in self._books(lifted):
            wanted = None if lifted >= OF_A_RUN else self._wanted(book, tier, lifted)
            for listing in self._met(book, wanted, lifted):
                looked += 1
                if self._allowed(listing, lifted) and (
                    listing.open >> passed != 0 if wanted is None else self._has_run(listing, wanted, lifted)
                ):
                    found.add(listing.terms.id)
                if len(found) == MANY or looked == LOOKED_AT:
                    return Count(len(found), more=True)
        return Count(len(found), more=False)

    def _books(self, lifted: Lifted) -> Iterator[tuple[Book, Tier]]:
        order, any_chip = self._order, Dimension.CHIP in lifted
        any_tier, any_region = Dimension.TIER in lifted, Dimension.REGION in lifted
        for (chip, region, tier), book in self._market.books.items():
            if (
                (any_tier or tier is order.tier)
                and (any_region or region in order.regions)
                and (any_chip or chip in order.chips)
            ):
                yield book, tier

    def _wanted(self, book: Book, tier: Tier, lifted: Lifted) -> Wanted:
        """What the order wants in a book. It can't use a chip that has no weight."""
        order, now = self._order, self._market.now
        window = Window(now, FOR_EVER) if Dimension.HOURS in lifted else order.window
        limit = ANY_LIMIT if Dimension.LIMIT in lifted else order.limit
        chips = {book.chip: self._weights.get(book.chip, 0)}
        asked = replace(order, tier=tier, chips=chips, window=window, limit=limit)
        return Wanted(LiveOrder(asked, UNPLACED), max(window.start, now), window.end)

    def _met(self, book: Book, wanted: Wanted | None, lifted: Lifted) -> Iterator[LiveListing]:
        """The listings of a book that might serve, by price: all of them where no shortest run may rule any out."""
        most = ANY_LIMIT
        items = iter(book.offers)
        if wanted is not None:
            weight = wanted.order.chips[book.chip]
            if not weight:
                return
            most = Price(wanted.order.limit * weight // MILLI)
            if Dimension.RUN not in lifted:
                items = book.offers.admitted(self._need(wanted, weight, lifted))
        for rung, listing in items:
            if rank_at(rung) > most:
                return
            yield listing

    def _need(self, wanted: Wanted, weight: int, lifted: Lifted) -> Need:
        """What a listing must have at least."""
        origin, shape = self._market.origin, self._order.shape
        first, last = wanted.first, wanted.end - wanted.slots
        if Dimension.SIZE in lifted:
            return Need(1, wanted.slots, first, last, origin)
        if isinstance(shape, Work):
            return Need(1, 1, first, last, origin, shape.rate * MILLI // weight)
        return Need(-(-wanted.least // weight) if wanted.alone else 1, wanted.slots, first, last, origin)

    def _allowed(self, listing: LiveListing, lifted: Lifted) -> bool:
        terms, order = listing.terms, self._order
        return (Dimension.OWNER in lifted or terms.seller != order.buyer) and (
            Dimension.RUN in lifted or terms.min_slots <= order.slots
        )

    def _has_run(self, listing: LiveListing, wanted: Wanted, lifted: Lifted) -> bool:
        """Whether a listing has a run of cards for an order, with bandwidth, within its limit."""
        weight, lot, slots = wanted.order.chips[listing.chip], listing.lot, wanted.slots
        link = None if Dimension.LINK in lifted else self._market.link(self._order, listing.region)
        offer = Offered(wanted, listing, weight, link)
        if isinstance(wanted.order.shape, Work):
            working = lot
            if lot * weight > wanted.order.shape.rate * MILLI and Dimension.SIZE not in lifted:
                return False
        else:
            working = -(-wanted.least // weight) if wanted.alone and Dimension.SIZE not in lifted else 1
        for since, until in stretches(offer, wanted, working):
            last = until - slots
            if last >= since and offer.prices.cheapest_start(since, last, slots)[0] <= offer.limit:
                return True
        return False
