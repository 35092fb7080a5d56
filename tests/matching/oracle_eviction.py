"""How the oracle takes spot leases back: whom a taker may evict, what that costs, and what the evicted ask for anew."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import lcm
from typing import NamedTuple

from msgspec.structs import replace

from matching.curves import PriceCurve, Run
from matching.terms import Block, OnPreempt, Order, OrderId, Seq, Slot, Tier, Window
from tests.matching.oracle_books import MILLI, Books, Grant, Stock, Waiting
from tests.matching.oracle_search import Leg, price_at, up, up_to


class Takeover(NamedTuple):
    """One way to serve a taker by taking leases back, and what that destroys of declared value."""

    leg: Leg
    runs: tuple[Run, ...]
    evicted: Sequence[Grant]  # by number, gangs whole
    damage: int
    key: int


def best_takeover(books: Books, taker: Waiting) -> Takeover | None:
    """The takeover that destroys least; of equals the cheapest, the earliest, the one from the oldest listing."""
    ways = [way for stock in books.stocks.values() for way in _takeovers(books, taker, stock)]
    return min(ways, key=lambda way: (way.damage, way.key, way.leg.start, way.leg.stock.seq), default=None)


def _takeovers(books: Books, taker: Waiting, stock: Stock) -> Iterator[Takeover]:
    """Every takeover in a listing: from every start that leaves the notice."""
    order, terms = taker.terms, stock.terms
    if not taker.accepts(stock):
        return
    first = max(order.window.start, books.now + books.terms.notice, terms.window.start)
    last = min(order.window.end, terms.window.end) - order.slots
    for start in range(first, last + 1):
        yield from _takeover(books, taker, stock, start)


def _takeover(books: Books, taker: Waiting, stock: Stock, start: int) -> Iterator[Takeover]:
    """The takeover of one window of a listing: one, or none."""
    order, weight, slots = taker.terms, taker.terms.chips[stock.terms.chip], taker.terms.slots
    working = up(taker.least, weight)
    leg = Leg(stock, start, start + slots, up_to(working, stock.terms.lot), working)
    if any(books.room(order, stock.terms.region, slot) < working for slot in range(leg.start, leg.end)):
        return
    victims = _victims(books, taker, leg)
    if victims is None:
        return
    evicted = whole_gangs(books, victims)
    damage = sum(grant.hold * grant.event.cards * (grant.end - grant.cut(start)) for grant in evicted)
    worth = order.limit * weight // MILLI
    if order.tier is Tier.SPOT and worth * leg.rented * slots <= damage:
        return
    runs = posted_runs(stock.terms.asks[order.tier], leg.start, leg.end)
    if order.tier is Tier.SPOT:
        here = [grant.hold for grant in evicted if grant.event.listing == stock.terms.id]
        runs = tuple((since, until, max([price, *here])) for since, until, price in runs)
    price = run_total(runs)
    if price * MILLI <= order.limit * slots * weight:
        key = price * (lcm(*order.chips.values()) // weight)
        yield Takeover(leg, runs, evicted, damage, key)


def _victims(books: Books, taker: Waiting, leg: Leg) -> Sequence[Grant] | None:
    """The leases of one listing that have to go: the least worth and youngest, and none in vain."""
    worth = taker.terms.limit * taker.terms.chips[leg.stock.terms.chip] // MILLI

    def fits(victims: Sequence[Grant]) -> bool:
        return all(
            leg.stock.free(slot) + sum(v.event.cards for v in victims if _covers(v, slot)) >= leg.rented
            for slot in range(leg.start, leg.end)
        )

    def outbid(grant: Grant) -> bool:
        enough = worth * 10_000 >= grant.hold * (10_000 + books.terms.outbid_bp)
        return taker.terms.tier is Tier.ON_DEMAND or (worth > grant.hold and enough)

    eligible = [
        grant
        for grant in books.grants.values()
        if grant.event.listing == leg.stock.terms.id
        and grant.order.tier is Tier.SPOT
        and grant.event.window.start < leg.end
        and grant.end > leg.start
        and outbid(grant)
    ]
    victims: list[Grant] = []
    for grant in sorted(eligible, key=lambda grant: (grant.hold, -grant.seq, -grant.event.lease)):
        if not fits(victims):
            victims.append(grant)
    if not fits(victims):
        return None
    for grant in reversed(victims.copy()):
        others = [other for other in victims if other is not grant]
        if fits(others):
            victims = others
    return victims


def _covers(grant: Grant, slot: int) -> bool:
    return grant.event.window.start <= slot < grant.end


def whole_gangs(books: Books, victims: Sequence[Grant]) -> Sequence[Grant]:
    """The victims and all that has to go with them, by number."""
    evicted = {grant.event.lease: grant for grant in victims}
    for victim in victims:
        if isinstance(victim.order.shape, Block):
            evicted.update({mate.event.lease: mate for mate in books.mates(victim.order.id)})
    return [grant for _, grant in sorted(evicted.items())]


def charged(books: Books, grant: Grant, cut: int) -> int:
    """What a lease costs that is taken back: what it delivered, or nothing if that is within the grace."""
    begins = grant.event.window.start
    if cut - begins <= books.terms.grace:
        return 0
    price = sum(
        price for since, until, price in grant.event.runs for slot in range(since, until) if slot < cut
    )
    return price * grant.event.cards


def requeued(evicted: Sequence[Grant], cut: int, rest: Waiting | None) -> tuple[Order, Seq] | None:
    """What an order that lost its leases asks for anew: what it was not given, from the cut on."""
    order, seq = (evicted[-1].order, evicted[-1].seq) if rest is None else (rest.terms, rest.seq)
    shape, remaining = order.shape, evicted[0].end - cut
    if order.on_preempt is OnPreempt.CANCEL or not isinstance(shape, Block):
        return None
    if order.window.end - cut < remaining:
        return None
    most = shape.most
    if rest is None:
        most = min(most, up(sum(grant.event.working * grant.weight for grant in evicted), MILLI))
    anew = replace(
        order,
        id=next_life(order.id),
        window=Window(Slot(cut), order.window.end),
        shape=Block(min(shape.least, most), most, remaining, shape.split),
    )
    return anew, seq


def next_life(order: OrderId) -> OrderId:
    """x is requeued as x.r1, and that as x.r2."""
    name, dot, life = order.rpartition(".r")
    if dot and life.isdigit():
        return OrderId(f"{name}.r{int(life) + 1}")
    return OrderId(f"{order}.r1")


def posted_runs(curve: PriceCurve, start: int, end: int) -> tuple[Run, ...]:
    """What each slot costs, in one run for each step of the curve."""
    steps = [slot for slot, _ in curve.steps if start < slot < end]
    bounds = [start, *steps, end]
    return tuple((since, until, price_at(curve, since)) for since, until in pairwise(bounds))


def run_total(runs: Sequence[Run]) -> int:
    """What one card costs for all of them."""
    return sum((until - since) * price for since, until, price in runs)
