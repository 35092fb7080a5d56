"""Finding the best free capacity for an order: one listing, one start."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from math import lcm

from matching.market import BookKey, LiveListing, Market
from matching.terms import Order, Preference, Slot, Window

Rank = tuple[int, int, int]  # smaller is better; the last parts break ties by age and start


@dataclass(frozen=True, slots=True)
class Leg:
    """What one listing can do for an order: `cards` rented for `window` at `cost`, of which `working` are needed."""

    listing: LiveListing
    window: Window
    cards: int
    working: int
    weight: int
    cost: int


def find(market: Market, order: Order) -> Leg | None:
    """The best free leg that gives the order at least its least within its limit, or None.

    Cheapest ranks by (price per performance, age, start); earliest by (start, price per performance, age).
    Listings are met in the order of the best rank that they could have, so the first that can't improve ends it.
    """
    best: Leg | None = None
    best_rank: Rank | None = None
    for floor, offer in merge(*_offers(market, order)):
        if best_rank is not None and floor >= best_rank:
            break
        leg = leg_in(offer.listing, order, market.now, offer.weight)
        if leg is not None:
            rank = _rank(order, leg.window.start, leg.cost // leg.cards * offer.scale, offer.listing.seq)
            if best_rank is None or rank < best_rank:
                best, best_rank = leg, rank
    return best


def leg_in(listing: LiveListing, order: Order, now: Slot, weight: int) -> Leg | None:
    """The best leg that `listing` alone can give, or None. `weight` is that of its chip in the order."""
    terms, shape = listing.terms, order.shape
    first = max(order.window.start, now, terms.window.start)
    last = min(order.window.end, terms.window.end) - shape.slots
    if last < first or terms.min_slots > shape.slots or terms.seller == order.buyer:
        return None
    needed = round_up(-(-shape.least * 1000 // weight), terms.lot)
    if needed > terms.cards:
        return None
    found = _best_start(listing, order, first, last, needed, order.limit * shape.slots * weight // 1000)
    if found is None:
        return None
    price, start = found
    window = Window(Slot(start), Slot(start + shape.slots))
    free = listing.free.least(window.start, window.end)
    working = min(-(-shape.most * 1000 // weight), free - free % terms.lot)
    cards = round_up(working, terms.lot)
    return Leg(listing, window, cards, working, weight, price * cards)


def round_up(cards: int, lot: int) -> int:
    """Whole lots are rented and paid: never fewer than asked for."""
    return -(-cards // lot) * lot


@dataclass(frozen=True, slots=True)
class _Offered:
    """A listing that an order may use; `scale` makes its prices comparable across the order's chips."""

    listing: LiveListing
    weight: int
    scale: int


def _offers(market: Market, order: Order) -> Iterator[Iterator[tuple[Rank, _Offered]]]:
    common = lcm(*order.chips.values())
    for chip, weight in order.chips.items():
        for region in order.regions:
            if BookKey(chip, region, order.tier) in market.books:
                yield _book_offers(market, order, BookKey(chip, region, order.tier), weight, common // weight)


def _book_offers(
    market: Market, order: Order, key: BookKey, weight: int, scale: int
) -> Iterator[tuple[Rank, _Offered]]:
    """A book's listings within the order's limit, each with the best rank that it could have."""
    most = order.limit * weight // 1000
    soonest = max(order.window.start, market.now)
    slots = order.shape.slots
    for lowest, seq, listing in market.books[key].offers:
        if lowest > most:
            return
        floor = _rank(order, soonest, lowest * slots * scale, seq)
        yield floor, _Offered(market.listings[listing], weight, scale)


def _rank(order: Order, start: int, price: int, seq: int) -> Rank:
    if order.prefer is Preference.EARLIEST:
        return (start, price, seq)
    return (price, seq, start)


def _best_start(
    listing: LiveListing, order: Order, first: int, last: int, needed: int, most: int
) -> tuple[int, int] | None:
    """(price of one card, start) of the best run of `needed` free cards that costs at most `most` a card."""
    curve, slots = listing.terms.asks[order.tier], order.shape.slots
    best: tuple[int, int] | None = None
    for since, until in listing.free.runs(first, last + slots, needed):
        if until - since < slots:
            continue
        if order.prefer is Preference.EARLIEST:
            found = curve.earliest_start(since, until - slots, slots, most)
            if found is not None:
                return found
            continue
        found = curve.cheapest_start(since, until - slots, slots)
        if found[0] <= most and (best is None or found < best):
            best = found
            if curve.flat:
                return best
    return best
