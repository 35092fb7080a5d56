"""Quotes: what an order would get now, at what price, and what it would get if it asked for less or paid more.

A quote makes the searches that a placed order makes, and books nothing: placing the order at once, before anything
else happens in the market, gives exactly the legs and the cost of its deal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from msgspec.structs import replace

from matching.acceptance import order_problem
from matching.deals import UNPLACED, Deal, deal_of, filled_by, from_free, searched
from matching.displacement import Takeover, takeover
from matching.legs import Plan
from matching.live import LiveOrder
from matching.market import Market
from matching.risk import Risk, risk_of
from matching.terms import (
    Block,
    LeaseNumber,
    Milli,
    Order,
    OrderEnd,
    Preference,
    Price,
    Rejection,
    Seq,
    Shape,
    Split,
    TimeInForce,
    Work,
)

SIZES = (25, 50, 100)  # percent of what is asked for
LIMITS = (-10, -5, 0, 5, 10)  # percent more than the limit


class Step(NamedTuple):
    """What the same order would get from free capacity at another size or limit: nothing where `filled` is 0.

    `at` is that size, in reference cards (of work, card-slots), or that limit.
    """

    percent: int
    at: int
    filled: Milli
    cost: int


@dataclass(frozen=True, slots=True)
class Displacing:
    """The leases that an order would take back, and the damage: what their buyers would have paid for the rest."""

    leases: tuple[LeaseNumber, ...]
    damage: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What an order would get when the last command that the market has seen was the `version`-th.

    `deal` is None where it would get nothing. `end` is what becomes of the order at once; None says that it rests,
    or what is left of it. `earliest` is the deal of the same order if it minded time most. `displacing` says what the
    deal takes from others; it is None where the deal is on free capacity. `risk` says what others could take of it.
    """

    version: Seq
    deal: Deal | None
    end: OrderEnd | None
    earliest: Deal | None
    displacing: Displacing | None
    risk: Risk | None
    sizes: tuple[Step, ...]
    limits: tuple[Step, ...]

    @property
    def saving(self) -> int:
        """How much less the deal costs than the earliest one. Where those differ in size, compare averages."""
        return 0 if self.deal is None or self.earliest is None else self.earliest.cost - self.deal.cost

    @property
    def delay(self) -> int:
        """Slots by which the deal starts after the earliest one."""
        return 0 if self.deal is None or self.earliest is None else self.deal.start - self.earliest.start


def quote(market: Market, order: Order, version: Seq, tick: int = 1) -> Quote | Rejection:
    """Answer what an order would get now, or why it would be refused. Limits on the way are whole ticks."""
    problem = order_problem(market, order)
    if problem is not None:
        return problem
    live = LiveOrder(order, UNPLACED)
    plan = searched(market, order)
    free = deal_of(order, plan)
    taken = None if free is not None else takeover(market, live)
    deal = free if taken is None else deal_of(order, [taken.leg])
    return Quote(
        version=version,
        deal=deal,
        end=_end(market, live, deal),
        earliest=deal if free is None else _earliest(market, order, free),
        displacing=None if taken is None else _displacing(taken),
        risk=None if deal is None else risk_of(market, order, deal),
        sizes=tuple(_sizes(market, order, plan)),
        limits=tuple(_limits(market, order, tick, plan)),
    )


def deal_for(market: Market, order: Order) -> Deal | None:
    """What a sound order would get if it were placed now: of what is free, else of what it may take back."""
    free = from_free(market, order)
    if free is not None:
        return free
    taken = takeover(market, LiveOrder(order, UNPLACED))
    return None if taken is None else deal_of(order, [taken.leg])


def _earliest(market: Market, order: Order, free: Deal) -> Deal | None:
    if order.prefer is Preference.EARLIEST:
        return free
    return from_free(market, replace(order, prefer=Preference.EARLIEST))


def _end(market: Market, live: LiveOrder, deal: Deal | None) -> OrderEnd | None:
    """How the order would be closed at once, or None if anything of it rests."""
    shape = live.terms.shape
    if deal is not None and deal.filled == live.left:
        return OrderEnd.FILLED
    if deal is not None and isinstance(shape, Block) and shape.split is Split.ONE:
        return OrderEnd.PARTIAL
    whole = isinstance(shape, Work) and shape.whole
    if live.terms.tif is TimeInForce.IOC or whole or not market.terms.resting:
        return OrderEnd.KILLED if deal is None else OrderEnd.PARTIAL
    return OrderEnd.EXPIRED if live.latest_start < market.now else None


# Other sizes and limits


def _sizes(market: Market, order: Order, plan: Plan) -> Iterator[Step]:
    """Steps by size. `plan` is that of the order as it is."""
    for percent in SIZES:
        smaller = sized(order, percent)
        shape = smaller.shape
        at = shape.most if isinstance(shape, Block) else shape.amount
        yield _step(smaller, plan if smaller == order else searched(market, smaller), percent, at)


def sized(order: Order, percent: int) -> Order:
    """The same order for a part of what it asks, rounded up to whole reference cards or card-slots."""
    shape: Shape = order.shape
    if isinstance(shape, Block):
        shape = replace(shape, least=_part(shape.least, percent), most=_part(shape.most, percent))
    else:
        shape = shape._replace(amount=_part(shape.amount, percent))
    return replace(order, shape=shape)


def _part(whole: int, percent: int) -> int:
    return -(-whole * percent // 100)


def _limits(market: Market, order: Order, tick: int, plan: Plan) -> Iterator[Step]:
    """Steps by limit. An order that does not fit fits no better at a lower one."""
    for percent in LIMITS:
        limit = limited(order, percent, tick)
        variant = replace(order, limit=limit)
        known = limit == order.limit or (not plan and limit < order.limit)
        yield _step(variant, plan if known else searched(market, variant), percent, limit)


def limited(order: Order, percent: int, tick: int) -> Price:
    """A limit so many percent higher, rounded down to whole ticks; the order's own as it is."""
    limit = order.limit * (100 + percent) // 100
    return Price(limit - limit % tick) if percent else order.limit


def _step(variant: Order, plan: Plan, percent: int, at: int) -> Step:
    return Step(percent, at, Milli(filled_by(variant, plan)), sum([leg.cost for leg in plan]))


# Taking leases back


def _displacing(taken: Takeover) -> Displacing:
    start = taken.leg.window.start
    lost = [lease.end - max(start, lease.start) for lease in taken.evicted]
    damage = sum(lease.hold * lease.cards * slots for lease, slots in zip(taken.evicted, lost, strict=True))
    return Displacing(tuple([lease.number for lease in taken.evicted]), damage)
