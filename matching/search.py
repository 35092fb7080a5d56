"""Finding the best free capacity for an order: a leg for a block, a sweep for a gang, cells for malleable work.

Nothing here takes or changes anything.
"""

from collections.abc import Iterator

from matching.gangs import gang, starts
from matching.legs import Offered, Plan, Wanted, leg_at, offered, room_at, round_up, stretches, wanted_by
from matching.live import LiveListing, LiveOrder
from matching.malleable import ToDo, work
from matching.market import Market
from matching.ranking import Choices, Ranked, counters, payable, rank_of, ranked
from matching.terms import Slot, Window, Work


def find(market: Market, live: LiveOrder) -> Plan:
    """The best plan from free capacity that gives the order at least its least within its limit, or an empty one."""
    wanted, shape = wanted_by(market, live), live.terms.shape
    if wanted.end - wanted.first < wanted.slots:
        return []
    if isinstance(shape, Work):
        return work(market, wanted, shape)
    return _one(market, wanted) if wanted.alone else gang(market, wanted)


def fits(market: Market, live: LiveOrder, listing: LiveListing) -> bool:
    """Whether a listing alone could serve at least a part of an order: the cheap test before a whole search."""
    wanted = wanted_by(market, live)
    if listing.seller == wanted.order.buyer or listing.min_slots > wanted.slots:
        return False
    choices = _choices(market, wanted)
    return next(choices(wanted, offered(market, wanted, listing)), None) is not None


def _choices(market: Market, wanted: Wanted) -> Choices:
    shape = wanted.order.shape
    if isinstance(shape, Work):
        return ToDo(market, wanted, shape).cells
    return _best if wanted.alone else starts


def _one(market: Market, wanted: Wanted) -> Plan:
    """The best leg that a single listing can give."""
    books = counters(market, wanted, payable(market, wanted))
    for _, start, offer in ranked(market, wanted, _best, books):
        window = Window(Slot(start), Slot(start + wanted.slots))
        leg = leg_at(offer, window, wanted.left, room_at(offer, wanted, start))
        assert leg is not None, "a leg that was found is there"
        return [leg]
    return []


def _best(wanted: Wanted, offer: Offered) -> Iterator[Ranked]:
    """The best start at which a listing alone gives an order its least, if there is one."""
    prices, slots = offer.prices, wanted.slots
    working = -(-wanted.least // offer.weight)
    if round_up(working, offer.listing.lot) > offer.listing.usable:
        return
    best: tuple[int, int] | None = None
    for since, until in stretches(offer, wanted, working):
        if until - since < slots:
            continue
        if wanted.earliest:
            found = prices.earliest_start(since, until - slots, slots, offer.limit)
        else:
            found = prices.cheapest_start(since, until - slots, slots)
        if found is not None and found[0] <= offer.limit and (best is None or found < best):
            best = found
            if wanted.earliest or prices.flat:
                break
    if best is not None:
        yield rank_of(wanted, offer, best[1], best[0]), best[1]
