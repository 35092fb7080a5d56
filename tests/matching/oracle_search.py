"""How the oracle looks for free capacity: every listing, every start, every slot, then the best by the rules."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import lcm
from typing import NamedTuple

from matching.curves import PriceCurve
from matching.terms import ListingId, Preference, RegionCode, Split, Work
from tests.matching.oracle_books import MILLI, Books, Stock, Waiting


class Leg(NamedTuple):
    """Cards of one listing for some slots in a row: `rented` are paid, `working` are needed."""

    stock: Stock
    start: int
    end: int
    rented: int
    working: int


Plan = Sequence[Leg]


class Chance(NamedTuple):
    """A listing that could serve an order from one start: what it costs, and how many cards are free throughout.

    `key` compares prices for equal performance, `room` is how many cards the link can feed.
    """

    key: int
    stock: Stock
    start: int
    free: int
    room: int


class Cell(NamedTuple):
    """One slot of a listing, for work."""

    key: int
    stock: Stock
    slot: int


@dataclass(slots=True)
class Search:
    """One search for one order. It changes nothing."""

    books: Books
    waiting: Waiting

    def plan(self) -> Plan:
        """What the order takes: nothing, or at least its least."""
        shape = self.waiting.terms.shape
        if self.waiting.left <= 0:
            return []
        if isinstance(shape, Work):
            return self._work(shape)
        if shape.split is Split.ONE:
            return self._one()
        return self._gang(shape.split)

    def _key(self, price: int, weight: int) -> int:
        """A price for equal performance: exact, and comparable between chips."""
        return price * (lcm(*self.waiting.terms.chips.values()) // weight)

    def chances(self) -> Iterator[Chance]:
        """Every listing and start that the limit affords, with a card free for at least one lot."""
        order, books, pin = self.waiting.terms, self.books, self.waiting.pin
        for stock in books.stocks.values():
            if not self.waiting.accepts(stock):
                continue
            terms, weight = stock.terms, order.chips[stock.terms.chip]
            if pin is not None and (pin.chip != terms.chip or pin.region not in {None, terms.region}):
                continue
            first = max(order.window.start, books.now, terms.window.start)
            last = min(order.window.end, terms.window.end) - order.slots
            for start in range(first, last + 1):
                if pin is not None and pin.start != start:
                    continue
                run = range(start, start + order.slots)
                price = sum(price_at(terms.asks[order.tier], slot) for slot in run)
                if price * MILLI > order.limit * order.slots * weight:
                    continue
                free = down(min(stock.free(slot) for slot in run), terms.lot)
                room = min(books.room(order, terms.region, slot) for slot in run)
                if free > 0 and room > 0:
                    yield Chance(self._key(price, weight), stock, start, free, room)

    def _rank(self, chance: Chance) -> tuple[int, int, int]:
        if self.waiting.terms.prefer is Preference.CHEAPEST:
            return chance.key, chance.stock.seq, chance.start
        return chance.start, chance.key, chance.stock.seq

    def _leg(self, chance: Chance, want: int, room: int) -> Leg:
        """As many cards as are wanted, free and fed, in whole lots. Cards that fill up a lot do not work."""
        weight = self.waiting.terms.chips[chance.stock.terms.chip]
        working = min(up(want, weight), chance.free, room)
        end = chance.start + self.waiting.terms.slots
        return Leg(chance.stock, chance.start, end, up_to(working, chance.stock.terms.lot), working)

    def _one(self) -> Plan:
        """The best-ranked listing and start that reach the least."""
        fitting = []
        for chance in self.chances():
            leg = self._leg(chance, self.waiting.left, chance.room)
            if leg.working * self.waiting.terms.chips[leg.stock.terms.chip] >= self.waiting.least:
                fitting.append((self._rank(chance), leg))
        return [min(fitting, key=lambda ranked: ranked[0])[1]] if fitting else []

    def _gang(self, split: Split) -> Plan:
        """The first anchor that reaches the least; anchors in the order of what is best in each."""
        anchors: dict[object, list[Chance]] = defaultdict(list)
        for chance in self.chances():
            terms = chance.stock.terms
            region = terms.region if split is Split.SELLERS else None
            anchors[terms.chip, region, chance.start].append(chance)
        for anchor in sorted(anchors.values(), key=lambda anchor: min(map(self._rank, anchor))):
            plan = self._swept(anchor)
            reached = sum(leg.working * self.waiting.terms.chips[leg.stock.terms.chip] for leg in plan)
            if reached >= self.waiting.least:
                return plan
        return []

    def _swept(self, anchor: Sequence[Chance]) -> Plan:
        """The cheapest listings of one anchor, until the most is reached. Legs in one region share its link."""
        plan: list[Leg] = []
        want, fed = self.waiting.left, Counter[RegionCode]()
        for chance in sorted(anchor, key=lambda chance: (chance.key, chance.stock.seq)):
            region = chance.stock.terms.region
            leg = self._leg(chance, want, chance.room - fed[region])
            if want > 0 and leg.working > 0:
                plan.append(leg)
                want -= leg.working * self.waiting.terms.chips[chance.stock.terms.chip]
                fed[region] += leg.working
        return plan

    def _cells(self) -> Iterator[Cell]:
        """Every slot of every listing that the limit affords."""
        order, now = self.waiting.terms, self.books.now
        for stock in self.books.stocks.values():
            if self.waiting.accepts(stock):
                terms, weight = stock.terms, order.chips[stock.terms.chip]
                first = max(order.window.start, now, terms.window.start)
                for slot in range(first, min(order.window.end, terms.window.end)):
                    price = price_at(terms.asks[order.tier], slot)
                    if price * MILLI <= order.limit * weight:
                        yield Cell(self._key(price, weight), stock, slot)

    def _work(self, shape: Work) -> Plan:
        """As much as there is, cell by cell, within the rate of each slot."""

        def rank(cell: Cell) -> tuple[int, int, int]:
            if order.prefer is Preference.CHEAPEST:
                return cell.key, cell.slot, cell.stock.seq
            return cell.slot, cell.key, cell.stock.seq

        order, left = self.waiting.terms, self.waiting.left
        paces, fed = Counter(self.waiting.got_at), Counter[tuple[RegionCode, int]]()
        taken: list[Leg] = []
        for stock, slot in [(cell.stock, cell.slot) for cell in sorted(self._cells(), key=rank)]:
            terms, weight = stock.terms, order.chips[stock.terms.chip]
            rate_left = shape.rate * MILLI - paces[slot]
            link_left = self.books.room(order, terms.region, slot) - fed[terms.region, slot]
            there = down(min(stock.free(slot), rate_left // weight, link_left), terms.lot)
            cards = min(there, up_to(up(left, weight), terms.lot))
            if left > 0 and cards > 0:
                taken.append(Leg(stock, slot, slot + 1, cards, cards))
                left -= cards * weight
                paces[slot] += cards * weight
                fed[terms.region, slot] += cards
        return merged(taken) if taken and (left <= 0 or not shape.whole) else []


def merged(taken: Sequence[Leg]) -> Plan:
    """One leg for slots in a row in which a listing gives equally many cards."""
    plan: list[Leg] = []
    for leg in sorted(taken, key=lambda leg: (leg.stock.seq, leg.start)):
        last = plan[-1] if plan else None
        if last and last.stock is leg.stock and last.end == leg.start and last.rented == leg.rented:
            plan[-1] = last._replace(end=leg.end)
        else:
            plan.append(leg)
    return plan


def uses(plan: Plan, listing: ListingId) -> bool:
    return any(leg.stock.terms.id == listing for leg in plan)


def price_at(curve: PriceCurve, slot: int) -> int:
    """What one card costs in one slot: the price of the last step that has begun."""
    return [price for begins, price in curve.steps if begins <= slot][-1]


def up(amount: int, part: int) -> int:
    """How many parts cover an amount."""
    parts = amount // part
    return parts if parts * part == amount else parts + 1


def up_to(cards: int, lot: int) -> int:
    """The whole lots that cover some cards."""
    return up(cards, lot) * lot


def down(cards: int, lot: int) -> int:
    """The whole lots among some cards."""
    return cards // lot * lot
