"""Malleable work: any cards in any slots, at a bounded rate, until it is done."""

from collections.abc import Iterator

from matching.book import Need, span
from matching.legs import Leg, Offered, Plan, Wanted, round_up
from matching.live import MILLI
from matching.market import Market
from matching.ranking import Ranked, counters, rank_of, ranked
from matching.terms import Preference, RegionCode, Slot, Window, Work


def work(market: Market, wanted: Wanted, shape: Work) -> Plan:
    """Cells of one listing and slot are taken by rank until the work is done, or no slot can take more of it."""
    todo = ToDo(market, wanted, shape)
    mbps, rooms = wanted.order.mbps_per_card, dict[tuple[RegionCode, int], int]()
    taken: list[_Cells] = []
    for _, slot, offer in ranked(market, wanted, todo.cells, counters(market, wanted, todo.need)):
        terms, link = offer.listing.terms, offer.link
        cards = min(offer.listing.free.at(slot), todo.rate_left(slot) // offer.weight)
        if link is not None:
            room = rooms.get((terms.region, slot), link.at(slot))
            cards = min(cards, room // mbps)
        cards = min(cards - cards % terms.lot, round_up(-(-todo.left // offer.weight), terms.lot))
        if cards < 1:
            continue
        if link is not None:
            rooms[terms.region, slot] = room - cards * mbps
        _put(taken, offer, slot, cards)
        todo.do(slot, cards * offer.weight)
        if not todo.left:
            break
    return [] if shape.whole and todo.left else _legs(taken)


class ToDo:
    """What of some work is not planned yet. `need` narrows as slots fill up, and with it what a search still meets."""

    __slots__ = ("_lightest", "_origin", "_pace", "_rate", "left", "need")

    def __init__(self, market: Market, wanted: Wanted, shape: Work) -> None:
        self.left = wanted.left
        self._lightest = min(wanted.order.chips.values())
        self._origin = market.origin
        self._pace = dict(wanted.live.pace)
        self._rate = shape.rate * MILLI
        starts = span(wanted.first - market.origin, wanted.end - 1 - market.origin)
        self.need = Need(1, 1, starts, lot=self._rate // self._lightest)
        for slot in self._pace:
            self._close_if_full(slot)

    def rate_left(self, slot: int) -> int:
        """Thousandths of a reference card that may still be at work in a slot."""
        return self._rate - self._pace.get(slot, 0)

    def do(self, slot: int, done: int) -> None:
        """Plan some work in a slot."""
        self.left -= min(self.left, done)
        self._pace[slot] = self._pace.get(slot, 0) + done
        self._close_if_full(slot)

    def cells(self, wanted: Wanted, offer: Offered) -> Iterator[Ranked]:
        """Every slot in which a listing can do some of the work within the limit, by rank."""
        if offer.prices.flat or wanted.order.prefer is Preference.EARLIEST:
            return self._by_slot(wanted, offer)
        return iter(sorted(self._by_slot(wanted, offer)))

    def _by_slot(self, wanted: Wanted, offer: Offered) -> Iterator[Ranked]:
        window, need, origin = offer.listing.terms.window, self.need, self._origin
        start, end = max(wanted.first, window.start), min(wanted.end, window.end)
        for first, until, price in offer.prices.parts(start, end):
            if price <= offer.limit:
                mask = offer.listing.open & need.starts & span(first - origin, until - 1 - origin)
                slot = first
                while mask and slot < until:
                    if mask >> (slot - origin) & 1:
                        yield rank_of(wanted, offer, slot, price), slot
                        mask &= need.starts
                    slot += 1

    def _close_if_full(self, slot: int) -> None:
        if self.rate_left(slot) < self._lightest and slot >= self._origin:
            self.need.starts &= ~(1 << (slot - self._origin))


class _Cells:
    """Slots of one listing that are taken together: from `slot` up to `end`, `cards` in each."""

    __slots__ = ("cards", "end", "offer", "slot")

    def __init__(self, offer: Offered, slot: int, end: int, cards: int) -> None:
        self.offer = offer
        self.slot = slot
        self.end = end
        self.cards = cards


def _put(taken: list[_Cells], offer: Offered, slot: int, cards: int) -> None:
    """Note a cell, together with the one before it where both are one run of one listing."""
    if not (taken and _follows(taken[-1], offer, slot, cards)):
        taken.append(_Cells(offer, slot, slot, cards))
    taken[-1].end = slot + 1


def _legs(taken: list[_Cells]) -> Plan:
    """Cells as legs, by the age of their listing and their slot; adjacent ones with equal cards are one lease."""
    plan: list[_Cells] = []
    for cells in sorted(taken, key=_age):
        if plan and _follows(plan[-1], cells.offer, cells.slot, cells.cards):
            plan[-1].end = cells.end
        else:
            plan.append(cells)
    return [_leg(cells) for cells in plan]


def _follows(last: _Cells, offer: Offered, slot: int, cards: int) -> bool:
    return last.offer.listing is offer.listing and last.end == slot and last.cards == cards


def _age(cells: _Cells) -> tuple[int, int]:
    return cells.offer.listing.seq, cells.slot


def _leg(cells: _Cells) -> Leg:
    offer, start, end = cells.offer, cells.slot, cells.end
    window, prices = Window(Slot(start), Slot(end)), offer.prices
    price, runs = prices.total(start, end), prices.runs(start, end)
    return Leg(offer.listing, window, cells.cards, cells.cards, offer.weight, price, runs)
