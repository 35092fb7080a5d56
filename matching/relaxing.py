"""Relaxing an order that finds nothing: the least that has to give, in one dimension at a time, so that it fits.

An order *fits* where free capacity gives it at least its least. Each relaxation is verified: it carries the deal that
a search for the relaxed order has found. More time, a higher limit and a smaller size never make an order that fits
unfit, for every shape, so the least of them is found by halving.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from msgspec.structs import replace

from matching.acceptance import order_problem
from matching.book import Need
from matching.deals import Deal, filled_by, from_free, searched
from matching.legs import Leg, Plan
from matching.live import MILLI
from matching.market import FOR_EVER, Market
from matching.masks import FAR
from matching.reach import able, is_able, is_gang, reach
from matching.terms import (
    Block,
    ChipCode,
    Order,
    Preference,
    Price,
    Shape,
    Slot,
    Split,
    Window,
    Work,
)

ANY_LIMIT = Price(1 << 100)  # no price is higher


class Dimension(StrEnum):
    """What keeps a listing from serving an order, in the order in which it is looked at."""

    TIER = "tier"
    CHIP = "chip"
    REGION = "region"
    OWNER = "owner"
    """The buyer's own group sells it."""
    RUN = "run"
    """Its shortest run is longer than the order's."""
    HOURS = "hours"
    """It is not on offer when the order wants to run."""
    SIZE = "size"
    """Too few of its cards are free together, or a lot of them is more than work may use at a time."""
    LINK = "link"
    """Too little bandwidth is free between it and the order's home."""
    LIMIT = "limit"
    """It costs more than the order would pay."""
    SPLIT = "split"
    """No single seller, or no single region, has enough."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """An order that fits, and differs in one dimension from one that does not. `deal` is what it would get."""

    dimension: Dimension
    order: Order
    deal: Deal


def relaxations(market: Market, order: Order, weights: Mapping[ChipCode, int], tick: int) -> list[Relaxation]:
    """The least relaxation of a sound order in each dimension where one helps, the cheapest on average first.

    Limit: the lowest in whole ticks. Hours: the earliest deadline or the latest start, whichever is cheaper; neither
    reaches into the past, nor a deadline beyond the slots that have bits. Region and chip: the one more that is
    cheapest; chips are those of `weights`, in thousandths of the order's reference card. Split: sellers before
    regions. Size: the largest least that fits, or for work that wants all of it the largest amount.
    """
    found = [
        _higher_limit(market, order, tick),
        _cheapest((_later_deadline(market, order), _earlier_start(market, order))),
        _cheapest(_other_regions(market, order)),
        _cheapest(_other_chips(market, order, weights)),
        next(_wider_splits(market, order), None),
        _smaller_size(market, order),
    ]
    return sorted([each for each in found if each is not None], key=_average)


def _average(relaxation: Relaxation) -> Fraction:
    return relaxation.deal.average


def _cheapest(found: "Iterable[Relaxation | None]") -> Relaxation | None:
    return min([each for each in found if each is not None], key=_average, default=None)


def _verified(market: Market, dimension: Dimension, order: Order) -> Relaxation | None:
    """A relaxed order with what a search finds for it, if it does fit."""
    deal = from_free(market, order) if order_problem(market, order) is None else None
    return None if deal is None else Relaxation(dimension, order, deal)


def _probed(market: Market, order: Order) -> Plan:
    """A plan for an order if it fits: that does not depend on what it minds most, and the cheapest is found fastest."""
    return searched(market, replace(order, prefer=Preference.CHEAPEST))


def _fits(market: Market, order: Order) -> bool:
    if is_gang(order):
        return is_able(market, order)
    return bool(_probed(market, order))


def _is_whole(order: Order) -> bool:
    """Whether it is work of which all has to be found together, over all slots, chips and regions."""
    return isinstance(order.shape, Work) and order.shape.whole


Probe = Callable[[int], int | None]
"""Whether a value works: None if it does not, else itself, or one nearer to those that fail which works, too."""


def _nearest(probe: Probe, fails: int, farthest: int) -> int | None:
    """The value that works and is nearest to one that fails, where all beyond it work; None if the farthest fails."""
    works = probe(farthest)
    while works is not None and abs(works - fails) > 1:
        middle = (fails + works) // 2
        found = probe(middle)
        if found is None:
            fails = middle
        else:
            works = found
    return works


# Limit


def _higher_limit(market: Market, order: Order, tick: int) -> Relaxation | None:
    """The lowest limit in whole ticks at which an order fits."""

    def probe(ticks: int) -> int | None:
        plan = _probed(market, at(ticks))
        return min(ticks, -(-_needed_limit(order, plan) // tick)) if plan else None

    def at(ticks: int) -> Order:
        return replace(order, limit=Price(ticks * tick))

    lowest, ticks = order.limit // tick, ANY_LIMIT // tick
    if not _fits(market, at(ticks)):
        return None
    if is_gang(order):
        ticks = _lowest_that_fits(market, at, lowest)
    elif _is_whole(order):
        ticks = _nearest(probe, lowest, ticks) or ticks
    else:
        ticks = probe(ticks) or ticks  # the cheapest leg needs the lowest limit
    return _verified(market, Dimension.LIMIT, at(ticks))


def _lowest_that_fits(market: Market, at: Callable[[int], Order], fails: int) -> int:
    """The lowest number of ticks with which a gang fits that does with many, found by doubling and then by halving."""
    step = max(1, fails // 16)
    while not _fits(market, at(fails + step)):
        fails, step = fails + step, 2 * step
    return (
        _nearest(lambda ticks: ticks if _fits(market, at(ticks)) else None, fails, fails + step)
        or fails + step
    )


def _needed_limit(order: Order, plan: Plan) -> int:
    """The lowest limit at which an order could have its least from the legs of a plan."""
    shape = order.shape
    if isinstance(shape, Work):
        limits = [_limit_for(order, leg, price) for leg in plan for _, _, price in leg.runs]
        return max(limits) if shape.whole else min(limits)
    reached = highest = 0
    for leg in sorted(plan, key=_price):
        highest = max(highest, _limit_for(order, leg, leg.price))
        reached += leg.working * leg.weight
        if reached >= shape.least * MILLI:
            break
    return highest


def _price(leg: Leg) -> int:
    return leg.price


def _limit_for(order: Order, leg: Leg, price: int) -> int:
    """The lowest limit that pays a price of one card for the order's run."""
    return -(-price * MILLI // (order.slots * leg.weight))


# Hours


def _later_deadline(market: Market, order: Order) -> Relaxation | None:
    """The earliest deadline after its own at which an order fits."""
    window, whole, last = order.window, _is_whole(order), _last_end(market, order)
    # But for whole work, nothing that starts within the window as it is needs to be looked at again.
    since = window.start if whole else max(window.start, order.latest_start + 1)

    def probe(end: int) -> int | None:
        if end - since < order.slots:
            return None
        plan = _probed(market, replace(order, window=Window(Slot(since), Slot(end))))
        if not plan:
            return None
        return max(_ends(plan)) if whole else min(_starts(plan)) + order.slots

    if last <= window.end:
        return None
    if is_gang(order):
        end = next((start + order.slots for start in able(market, order, max(since, market.now), last)), None)
    else:
        end = _nearest(probe, window.end, last)
    if end is None:
        return None
    return _verified(market, Dimension.HOURS, replace(order, window=Window(window.start, Slot(end))))


def _last_end(market: Market, order: Order) -> int:
    """No run of an order can end later, as far as slots have bits."""
    last = market.now
    for chip in order.chips:
        for region in order.regions:
            book = market.books.get((chip, region, order.tier))
            if book is not None:
                starts = book.offers.promise(Need(1, order.slots, market.now, FOR_EVER, market.origin))
                bits = FAR if starts < 0 else starts.bit_length() - 1 + order.slots
                last = max(last, Slot(market.origin + bits))
    return last


def _earlier_start(market: Market, order: Order) -> Relaxation | None:
    """The latest start before its own, and not before now, from which an order fits."""
    window, whole = order.window, _is_whole(order)
    until = window.end if whole else min(window.end, window.start - 1 + order.slots)

    def probe(start: int) -> int | None:
        if until - start < order.slots:
            return None
        plan = _probed(market, replace(order, window=Window(Slot(start), Slot(until))))
        if not plan:
            return None
        return min(_starts(plan)) if whole else max(_ends(plan)) - order.slots

    if market.now >= window.start:
        return None
    if is_gang(order):
        start = next(reversed(able(market, order, market.now, until)), None)
    else:
        start = _nearest(probe, window.start, market.now)
    if start is None:
        return None
    return _verified(market, Dimension.HOURS, replace(order, window=Window(Slot(start), window.end)))


def _starts(plan: Plan) -> list[int]:
    return [leg.window.start for leg in plan]


def _ends(plan: Plan) -> list[int]:
    return [leg.window.end for leg in plan]


# Region, chip and split


def _other_regions(market: Market, order: Order) -> Iterator[Relaxation | None]:
    """An order with one more of the regions in which anything of its chips and tier was ever on offer."""
    known = {region for chip, region, tier in market.books if chip in order.chips and tier is order.tier}
    spreads = isinstance(order.shape, Block) and order.shape.split is Split.REGIONS
    together = spreads or _is_whole(order)
    for region in sorted(known.difference(order.regions)):
        added = replace(order, regions=(*order.regions, region))
        if _fits(market, added if together else replace(order, regions=(region,))):
            yield _verified(market, Dimension.REGION, added)


def _other_chips(
    market: Market, order: Order, weights: Mapping[ChipCode, int]
) -> Iterator[Relaxation | None]:
    """An order that may have one more chip."""
    for chip in sorted(weights):
        if chip not in order.chips:
            added = replace(order, chips={**order.chips, chip: weights[chip]})
            alone = replace(order, chips={chip: weights[chip]})
            if _fits(market, added if _is_whole(order) else alone):
                yield _verified(market, Dimension.CHIP, added)


def _wider_splits(market: Market, order: Order) -> Iterator[Relaxation]:
    """A block spread over the sellers of a region, or over those of all its regions."""
    shape = order.shape
    if isinstance(shape, Block):
        splits = [*Split]
        for split in splits[splits.index(shape.split) + 1 :]:
            wider = replace(order, shape=replace(shape, split=split))
            found = _verified(market, Dimension.SPLIT, wider)
            if found is not None:
                yield found


# Size


def _smaller_size(market: Market, order: Order) -> Relaxation | None:
    """As much as can be had by an order that wanted more. One that wanted exactly so many then wants exactly as many."""
    shape = order.shape
    if isinstance(shape, Block):
        least = _largest_least(market, order, shape)
        most = least if shape.least == shape.most else shape.most
        smaller: Shape = replace(shape, least=least, most=most)
    else:
        least = _largest_amount(market, order, shape)
        smaller = shape._replace(amount=least)
    return _verified(market, Dimension.SIZE, replace(order, shape=smaller)) if least else None


def _largest_least(market: Market, order: Order, shape: Block) -> int:
    """The most cards below its least that an order could have, or 0."""

    def probe(least: int) -> int | None:
        smaller = replace(order, shape=replace(shape, least=least, most=shape.least - 1))
        plan = _probed(market, smaller)
        return filled_by(smaller, plan) // MILLI if plan else None

    if shape.least == 1:
        return 0
    if is_gang(order):
        most = reach(market, order, max(order.window.start, market.now), order.window.end)
        return max(most, default=0) // MILLI
    return _nearest(probe, shape.least, 1) or 0


def _largest_amount(market: Market, order: Order, shape: Work) -> int:
    """What can be done of work that wants all of it, or 0. Other work takes whatever there is, so nothing less helps."""
    if not shape.whole:
        return 0
    partly = replace(order, shape=shape._replace(whole=False))
    return filled_by(partly, searched(market, partly)) // MILLI
