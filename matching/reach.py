"""How much a gang could have from each start: sums over listings, which cost less than a sweep of each.

They are exact: a sweep finds a plan just where its start reaches the least. Slots that have no bits are left out.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from matching.book import Book, Need
from matching.capacity import stretched
from matching.ladder import rank_at
from matching.legs import Offered, Wanted
from matching.live import MILLI, LiveOrder
from matching.market import Market
from matching.masks import FAR
from matching.terms import Block, ChipCode, Order, Seq, Split

STRIDE: Final = 32  # listings that are added between two looks at whether they are enough


def is_gang(order: Order) -> bool:
    """Whether several listings may serve a block together."""
    return isinstance(order.shape, Block) and order.shape.split is not Split.ONE


def is_able(market: Market, order: Order) -> bool:
    """Whether a gang reaches its least from any start within the slots with bits."""
    shape, first = order.shape, max(order.window.start, market.now)
    assert isinstance(shape, Block), "a gang is a block"
    least = shape.least * MILLI
    return _usable(market, order) >= least and any(
        most >= least for most in reach(market, order, first, order.window.end, enough=least)
    )


def able(market: Market, order: Order, first: int, end: int) -> list[int]:
    """The starts from which a gang that runs in [first, end) reaches its least."""
    shape = order.shape
    assert isinstance(shape, Block), "a gang is a block"
    least = shape.least * MILLI
    if _usable(market, order) < least:
        return []
    return [first + at for at, most in enumerate(reach(market, order, first, end)) if most >= least]


def _usable(market: Market, order: Order) -> int:
    """No start can give more: all that is free at any time and price, of the best chip, in thousandths."""
    most = 0
    for chip, weight in order.chips.items():
        keys = [(chip, region, order.tier) for region in order.regions]
        most = max(most, weight * sum([market.books[key].usable for key in keys if key in market.books]))
    return most


def reach(market: Market, order: Order, first: int, end: int, enough: int | None = None) -> list[int]:
    """The most that a gang could have from each start in [first, end), in thousandths of its reference card.

    Once some start has `enough`, no more is added to any.
    """
    wanted = Wanted(LiveOrder(order, Seq(0)), first, min(end, market.origin + FAR))
    starts = wanted.end - wanted.slots - first + 1
    best = [0] * max(0, starts)
    if starts > 0:
        for chip, weight in order.chips.items():
            cards_enough = None if enough is None else -(-enough // weight)
            for cards in _anchors(market, wanted, chip, cards_enough):
                best = [max(most, here * weight) for most, here in zip(best, cards, strict=True)]
    return best


def _anchors(market: Market, wanted: Wanted, chip: ChipCode, enough: int | None) -> Iterator[list[int]]:
    """Cards of one chip by start: those of each region by itself, or of all regions together."""
    order, shape = wanted.order, wanted.order.shape
    keys = [(chip, region, order.tier) for region in order.regions]
    regions = [cards_from(market, wanted, market.books[key], enough) for key in keys if key in market.books]
    if regions and isinstance(shape, Block) and shape.split is Split.REGIONS:
        yield [sum(cards) for cards in zip(*regions, strict=True)]
    else:
        yield from regions


def cards_from(market: Market, wanted: Wanted, book: Book, enough: int | None = None) -> list[int]:
    """Cards that could work in one book from each start, within the limit and what the link can feed.

    Where there is no link to mind, some listings are enough in which a start has `enough`.
    """
    first, slots, weight = wanted.first, wanted.slots, wanted.order.chips[book.chip]
    change = [0] * (wanted.end - slots - first + 2)
    link = market.link(wanted.order, book.region)
    most = wanted.order.limit * weight // MILLI
    need = Need(1, slots, first, wanted.end - slots, market.origin)
    enough = enough if link is None else None
    for count, (rung, listing) in enumerate(book.offers.admitted(need), start=1):
        if rank_at(rung) > most:
            break
        if enough is not None and count % STRIDE == 0 and max(accumulate(change)) >= enough:
            break
        if listing.seller != wanted.order.buyer:
            for since, until, more in _gives(Offered(wanted, listing, weight, link), wanted):
                change[since - first] += more
                change[until - first] -= more
    cards = list(accumulate(change))[:-1]
    if link is None:
        return cards
    mbps = wanted.order.mbps_per_card
    return [min(here, link.least(first + at, first + at + slots) // mbps) for at, here in enumerate(cards)]


def _gives(offer: Offered, wanted: Wanted) -> Iterator[tuple[int, int, int]]:
    """What a listing gives a gang: starts, from one up to another, from which it gives so many cards more."""
    free, lot, below = offer.listing.free, offer.listing.lot, 0
    steps = [*free.steps(wanted.first, wanted.end)]
    for level in sorted([cards - cards % lot for _, _, cards in steps]):
        if level > below:
            for since, until in stretched(steps, level):
                for first, last in _affordable(offer, since, until - wanted.slots, wanted.slots):
                    yield first, last + 1, level - below
            below = level


def _affordable(offer: Offered, first: int, last: int, slots: int) -> Iterator[tuple[int, int]]:
    """Stretches of starts in [first, last] from which a run is within the limit, as (first, last)."""
    return offer.prices.affordable(first, last, slots, offer.limit) if first <= last else iter(())
