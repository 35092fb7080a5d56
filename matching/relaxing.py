"""Relaxing an order that finds nothing: the least that has to give, in one dimension at a time, so that it fits.

An order *fits* where free capacity gives it at least its least. Each relaxation is verified: it carries the deal that
a search for the relaxed order has found. More time, a higher limit and a smaller size never make an order that fits
unfit, for every shape, so the least of them is found by halving.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from matching.acceptance import order_problem
from matching.deals import Deal, DealLeg, from_free
from matching.live import MILLI
from matching.market import Market
from matching.masks import FAR
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
        _cheapest([_later_deadline(market, order), _earlier_start(market, order)]),
        _cheapest(_other_regions(market, order)),
        _cheapest(_other_chips(market, order, weights)),
        next(_wider_splits(market, order), None),
        _smaller_size(market, order),
    ]
    return sorted([each for each in found if each is not None], key=_average)


def _average(relaxation: Relaxation) -> Fraction:
    return relaxation.deal.average


def _cheapest(found: "Iterator[Relaxation | None] | list[Relaxation | None]") -> Relaxation | None:
    return min([each for each in found if each is not None], key=_average, default=None)


def _tried(market: Market, dimension: Dimension, order: Order) -> Relaxation | None:
    """A relaxed order with what a search finds for it, if it does fit."""
    if order_problem(market, order) is not None:
        return None
    deal = from_free(market, order)
    return None if deal is None else Relaxation(dimension, order, deal)


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


def _probed(market: Market, order: Order) -> Deal | None:
    """Whether an order fits, which does not depend on what it minds most: cheapest is found without a look at each slot."""
    return from_free(market, replace(order, prefer=Preference.CHEAPEST))


# Limit


def _higher_limit(market: Market, order: Order, tick: int) -> Relaxation | None:
    """The lowest limit in whole ticks at which an order fits."""

    def probe(ticks: int) -> int | None:
        deal = _probed(market, replace(order, limit=Price(ticks * tick)))
        return None if deal is None else min(ticks, -(-_needed_limit(order, deal) // tick))

    lowest = order.limit // tick
    if _one_leg_is_enough(order):  # and the cheapest of all needs the lowest limit
        ticks = probe(ANY_LIMIT // tick)
    else:
        ticks = _nearest(probe, lowest, ANY_LIMIT // tick)
    return (
        None if ticks is None else _tried(market, Dimension.LIMIT, replace(order, limit=Price(ticks * tick)))
    )


def _one_leg_is_enough(order: Order) -> bool:
    """Whether the first leg that is found makes an order fit."""
    shape = order.shape
    return shape.split is Split.ONE if isinstance(shape, Block) else not shape.whole


def _needed_limit(order: Order, deal: Deal) -> int:
    """The lowest limit at which an order could have its least from the legs of a deal."""
    shape = order.shape
    if isinstance(shape, Work):
        limits = [_limit_for(order, leg, price) for leg in deal.legs for _, _, price in leg.runs]
        return max(limits) if shape.whole else min(limits)
    reached = highest = 0
    for price, leg in sorted([(leg.cost // leg.cards, leg) for leg in deal.legs], key=lambda pair: pair[0]):
        highest = max(highest, _limit_for(order, leg, price))
        reached += leg.working * order.chips[leg.chip]
        if reached >= shape.least * MILLI:
            break
    return highest


def _limit_for(order: Order, leg: DealLeg, price: int) -> int:
    """The lowest limit that pays a price of one card for the order's run."""
    return -(-price * MILLI // (order.slots * order.chips[leg.chip]))


# Hours


def _later_deadline(market: Market, order: Order) -> Relaxation | None:
    """The earliest deadline after its own at which an order fits."""
    window, whole = order.window, isinstance(order.shape, Work) and order.shape.whole

    def within(end: int) -> Order:
        return replace(order, window=Window(window.start, Slot(end)))

    def probe(end: int) -> int | None:
        deal = _probed(market, within(end))
        return None if deal is None else min(end, deal.end if whole else deal.start + order.slots)

    end = _nearest(probe, window.end, market.origin + FAR) if window.end < market.origin + FAR else None
    return None if end is None else _tried(market, Dimension.HOURS, within(end))


def _earlier_start(market: Market, order: Order) -> Relaxation | None:
    """The latest start before its own, and not before now, from which an order fits."""
    window, whole = order.window, isinstance(order.shape, Work) and order.shape.whole

    def within(start: int) -> Order:
        return replace(order, window=Window(Slot(start), window.end))

    def probe(start: int) -> int | None:
        deal = _probed(market, within(start))
        return None if deal is None else max(start, deal.start if whole else deal.end - order.slots)

    start = _nearest(probe, window.start, market.now) if market.now < window.start else None
    return None if start is None else _tried(market, Dimension.HOURS, within(start))


# Region, chip and split


def _other_regions(market: Market, order: Order) -> Iterator[Relaxation | None]:
    """An order with one more of the regions in which anything of its chips and tier was ever on offer."""
    known = {key.region for key in market.books if key.chip in order.chips and key.tier is order.tier}
    for region in sorted(known.difference(order.regions)):
        yield _tried(market, Dimension.REGION, replace(order, regions=(*order.regions, region)))


def _other_chips(
    market: Market, order: Order, weights: Mapping[ChipCode, int]
) -> Iterator[Relaxation | None]:
    for chip in sorted(weights):
        if chip not in order.chips:
            chips = {**order.chips, chip: weights[chip]}
            yield _tried(market, Dimension.CHIP, replace(order, chips=chips))


def _wider_splits(market: Market, order: Order) -> Iterator[Relaxation]:
    """A block spread over the sellers of a region, or over those of all its regions."""
    shape = order.shape
    if isinstance(shape, Block):
        splits = [*Split]
        for split in splits[splits.index(shape.split) + 1 :]:
            found = _tried(market, Dimension.SPLIT, replace(order, shape=replace(shape, split=split)))
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
    return _tried(market, Dimension.SIZE, replace(order, shape=smaller)) if least else None


def _largest_least(market: Market, order: Order, shape: Block) -> int:
    """The most cards below its least that an order could have, or 0."""

    def probe(least: int) -> int | None:
        smaller = replace(shape, least=least, most=max(least, shape.least - 1))
        deal = _probed(market, replace(order, shape=smaller))
        return None if deal is None else max(least, deal.filled // MILLI)

    return (_nearest(probe, shape.least, 1) or 0) if shape.least > 1 else 0


def _largest_amount(market: Market, order: Order, shape: Work) -> int:
    """What can be done of work that wants all of it, or 0. Other work takes whatever there is, so nothing less helps."""
    deal = from_free(market, replace(order, shape=shape._replace(whole=False))) if shape.whole else None
    return 0 if deal is None else deal.filled // MILLI
