"""How the oracle answers quotes: it tries every limit, deadline, start, region, chip, split and size, one by one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from msgspec.structs import replace

from matching.terms import (
    Block,
    ChipCode,
    ListingId,
    Order,
    Price,
    Seq,
    Slot,
    Split,
    Tier,
    Window,
    Work,
)
from tests.matching.oracle_books import MILLI, Books, Stock, Waiting
from tests.matching.oracle_eviction import Takeover, best_takeover, posted_runs, run_total
from tests.matching.oracle_search import Search, price_at, up, up_to

DEAREST = 40  # no card of the smallest weight costs more in any slot of a random world


class Got(NamedTuple):
    """What an order would get: legs as (listing, start, end, rented, working), their cost, and what they fill."""

    legs: Sequence[tuple[str, int, int, int, int]]
    cost: int
    filled: int
    card_slots: int

    @property
    def average(self) -> Fraction:
        return Fraction(self.cost * MILLI, self.card_slots)


class Relaxed(NamedTuple):
    """An order that fits, and how."""

    dimension: str
    order: Order
    got: Got


NOTHING = Got((), 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Answers:
    """The market that quotes are asked of. It is only read."""

    books: Books

    def got(self, order: Order) -> Got:
        """What an order would get of what is free."""
        legs, cost, done = [], 0, 0
        for stock, start, end, rented, working in Search(self.books, Waiting(order, Seq(0))).plan():
            legs.append((stock.terms.id, start, end, rented, working))
            cost += run_total(posted_runs(stock.terms.asks[order.tier], start, end)) * rented
            times = 1 if isinstance(order.shape, Block) else end - start
            done += working * order.chips[stock.terms.chip] * times
        filled = min(done, _asked(order) * MILLI)
        return Got(tuple(legs), cost, filled, filled * order.slots)

    def takeover(self, order: Order) -> Takeover | None:
        """What an order would take back that finds nothing free."""
        alone = isinstance(order.shape, Block) and order.shape.split is Split.ONE
        if not alone or not self.books.terms.displacement or self.got(order).legs:
            return None
        return best_takeover(self.books, Waiting(order, Seq(0)))

    # What would have to give

    def relaxations(self, order: Order, weights: Mapping[ChipCode, int], tick: int) -> list[Relaxed]:
        """The least relaxation in each dimension, the cheapest on average first."""
        candidates: dict[str, list[Order | None]] = {
            "limit": [self._first(self._limits(order, tick))],
            "hours": [self._first(self._deadlines(order)), self._first(self._starts(order))],
            "region": [
                replace(order, regions=(*order.regions, region))
                for region in sorted(self.books.regions - {*order.regions})
            ],
            "chip": [
                replace(order, chips={**order.chips, chip: weights[chip]})
                for chip in sorted(weights.keys() - order.chips.keys())
            ],
            "split": [self._first(self._splits(order))],
            "size": [self._first(self._sizes(order))],
        }
        found = []
        for dimension, orders in candidates.items():
            fitting = [
                Relaxed(dimension, each, self.got(each))
                for each in orders
                if each is not None and self.got(each).legs
            ]
            if fitting:
                found.append(min(fitting, key=lambda each: each.got.average))
        return sorted(found, key=lambda each: each.got.average)

    def _first(self, orders: Iterator[Order]) -> Order | None:
        return next((order for order in orders if self.got(order).legs), None)

    def _limits(self, order: Order, tick: int) -> Iterator[Order]:
        for limit in range(order.limit + 1, DEAREST + tick):
            if limit % tick == 0:
                yield replace(order, limit=Price(limit))

    def _deadlines(self, order: Order) -> Iterator[Order]:
        latest = max((stock.terms.window.end for stock in self.books.stocks.values()), default=0)
        for end in range(order.window.end + 1, latest + 1):
            yield replace(order, window=Window(order.window.start, Slot(end)))

    def _starts(self, order: Order) -> Iterator[Order]:
        soonest = min((stock.terms.window.start for stock in self.books.stocks.values()), default=0)
        for start in range(order.window.start - 1, max(self.books.now, soonest) - 1, -1):
            yield replace(order, window=Window(Slot(start), order.window.end))

    def _splits(self, order: Order) -> Iterator[Order]:
        shape = order.shape
        if isinstance(shape, Block) and shape.split is Split.ONE:
            yield replace(order, shape=replace(shape, split=Split.SELLERS))
        if isinstance(shape, Block) and shape.split is not Split.REGIONS:
            yield replace(order, shape=replace(shape, split=Split.REGIONS))

    def _sizes(self, order: Order) -> Iterator[Order]:
        shape = order.shape
        if isinstance(shape, Work):
            for amount in range(shape.amount - 1, 0, -1) if shape.whole else ():
                yield replace(order, shape=Work(amount, shape.rate, whole=True))
            return
        for least in range(shape.least - 1, 0, -1):
            most = least if shape.least == shape.most else shape.most
            yield replace(order, shape=replace(shape, least=least, most=most))

    # What rules listings out

    def could_serve(
        self, order: Order, weights: Mapping[ChipCode, int], lifted: frozenset[str]
    ) -> list[Stock]:
        """The listings that could serve an order, or a part of it, if some dimensions did not matter."""
        known = {**weights, **order.chips}
        return [stock for stock in self.books.stocks.values() if self._could(order, stock, known, lifted)]

    def _could(
        self, order: Order, stock: Stock, weights: Mapping[ChipCode, int], lifted: frozenset[str]
    ) -> bool:
        terms = stock.terms
        tiers = [tier for tier in terms.asks if tier is order.tier or "tier" in lifted]
        hindered = (
            ("chip" not in lifted and terms.chip not in order.chips)
            or ("region" not in lifted and terms.region not in order.regions)
            or ("owner" not in lifted and terms.seller == order.buyer)
            or ("run" not in lifted and terms.min_slots > order.slots)
        )
        if not tiers or hindered:
            return False
        if lifted >= {"hours", "size", "link", "limit"}:
            slots = range(max(self.books.now, terms.window.start), terms.window.end)
            return any(stock.free(slot) >= terms.lot for slot in slots)
        return terms.chip in weights and any(
            self._runs(order, stock, tier, weights[terms.chip], lifted) for tier in tiers
        )

    def _runs(self, order: Order, stock: Stock, tier: Tier, weight: int, lifted: frozenset[str]) -> bool:
        terms, shape, slots = stock.terms, order.shape, order.slots
        if isinstance(shape, Work):
            working = terms.lot
            if terms.lot * weight > shape.rate * MILLI and "size" not in lifted:
                return False
        else:
            least = shape.least * MILLI if shape.split is Split.ONE and "size" not in lifted else 1
            working = up(least, weight)
        begins, ends = (0, 10**9) if "hours" in lifted else (order.window.start, order.window.end)
        for start in range(
            max(begins, self.books.now, terms.window.start), min(ends, terms.window.end) - slots + 1
        ):
            run = range(start, start + slots)
            price = sum(price_at(terms.asks[tier], slot) for slot in run)
            if (
                all(stock.free(slot) >= up_to(working, terms.lot) for slot in run)
                and (
                    "link" in lifted
                    or all(self.books.room(order, terms.region, slot) >= working for slot in run)
                )
                and ("limit" in lifted or price * MILLI <= order.limit * slots * weight)
            ):
                return True
        return False

    # Who could take it

    def exposed(self, order: Order, legs: Sequence[tuple[str, int, int, int, int]]) -> tuple[int | None, int]:
        """The most that others who rest and could take a leg would pay for a card, and the card-slots in their reach."""
        values, exposed = list[int](), 0
        for name, start, end, rented, _ in legs:
            reached = set[int]()
            for waiting in self.books.orders.values():
                value, slots = self._taken(order, self.books.stocks[ListingId(name)], waiting)
                if slots & {*range(start, end)}:
                    values.append(value)
                    reached |= slots & {*range(start, end)}
            exposed += rented * len(reached)
        return max(values, default=None), exposed

    def _taken(self, order: Order, stock: Stock, rival: Waiting) -> tuple[int, set[int]]:
        """What one who rests would pay for a card of a listing, and the slots of all runs that it could take there."""
        terms, other, shape = stock.terms, rival.terms, rival.terms.shape
        if not (rival.rests and rival.accepts(stock)) or other.buyer == order.buyer:
            return 0, set()
        if not isinstance(shape, Block) or shape.split is not Split.ONE:
            return 0, set()
        weight = other.chips[terms.chip]
        value = other.limit * weight // MILLI
        hold = order.limit * order.chips[terms.chip] // MILLI
        if other.tier is Tier.SPOT:
            outbids = value > hold and value * 10_000 >= hold * (10_000 + self.books.terms.outbid_bp)
        else:
            outbids = value >= min(price for _, price in terms.asks[other.tier].steps)
        if not outbids or up(shape.least * MILLI, weight) > terms.cards:
            return 0, set()
        first = max(other.window.start, self.books.now + self.books.terms.notice, terms.window.start)
        last = min(other.window.end, terms.window.end) - other.slots
        return value, {slot for start in range(first, last + 1) for slot in range(start, start + other.slots)}


def _asked(order: Order) -> int:
    return order.shape.most if isinstance(order.shape, Block) else order.shape.amount
