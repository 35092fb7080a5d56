"""Malleable work: any cards in any slots, at a bounded rate, until it is done."""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from matching.book import Need
from matching.legs import Leg, Offered, Plan, Wanted, round_up
from matching.live import MILLI
from matching.market import Market
from matching.masks import span
from matching.ranking import Counter, Ranked, by_price, looks_far, offers, payable, promised, rank_of
from matching.terms import RegionCode, Slot, Window, Work


def work(market: Market, wanted: Wanted, shape: Work) -> Plan:
    """Cells of one listing and slot are taken by rank until the work is done, or no slot can take more of it."""
    todo = ToDo(market, wanted, shape)
    mbps, rooms = wanted.order.mbps_per_card, dict[tuple[RegionCode, int], int]()
    taken: list[_Cells] = []
    for slot, offer in _cells(market, wanted, todo):
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

    __slots__ = ("_busiest", "_origin", "_pace", "_rate", "left", "need")

    def __init__(self, market: Market, wanted: Wanted, shape: Work) -> None:
        self.left = wanted.left
        self._busiest = wanted.live.busiest
        self._origin = market.origin
        self._pace = dict(wanted.live.pace)
        self._rate = shape.rate * MILLI
        lot = self._rate // min(wanted.live.chips.values())
        self.need = Need(1, 1, wanted.first, wanted.end - 1, market.origin, lot)
        self.need.starts &= ~wanted.live.full(market.origin)

    def rate_left(self, slot: int) -> int:
        """Thousandths of a reference card that may still be at work in a slot."""
        return self._rate - self._pace.get(slot, 0)

    def takes(self, slot: int) -> bool:
        """Whether any more of the work may be done in a slot."""
        return self._pace.get(slot, 0) <= self._busiest

    def do(self, slot: int, done: int) -> None:
        """Plan some work in a slot."""
        self.left -= min(self.left, done)
        self._pace[slot] = self._pace.get(slot, 0) + done
        self._close_if_full(slot)

    def cells(self, wanted: Wanted, offer: Offered) -> Iterator[Ranked]:
        """Every slot in which a listing can do some of the work within the limit, by rank."""
        window = offer.listing.terms.window
        parts = offer.prices.runs(max(wanted.first, window.start), min(wanted.end, window.end))
        by_slot = offer.prices.flat or wanted.earliest
        for first, until, price in parts if by_slot else sorted(parts, key=lambda part: part[2]):
            if price > offer.limit:
                continue
            mask = self.open_in(offer, first, until)
            slot = first
            while mask and slot < until:
                if mask >> (slot - self._origin) & 1:
                    yield rank_of(wanted, offer, slot, price), slot
                    mask &= self.need.starts
                slot += 1

    def open_in(self, offer: Offered, first: int, until: int) -> int:
        """A mask of the slots in which both the listing and the work have room."""
        return offer.listing.open & self.need.starts & span(first - self._origin, until - 1 - self._origin)

    def _close_if_full(self, slot: int) -> None:
        if not self.takes(slot) and slot >= self._origin:
            self.need.starts &= ~(1 << (slot - self._origin))


def _cells(market: Market, wanted: Wanted, todo: ToDo) -> Iterator[tuple[int, Offered]]:
    """Cells by rank: by price, or slot by slot and then by price."""
    books = [Counter(book, todo.need) for book in payable(market, wanted)]
    if wanted.earliest and not looks_far(market, wanted):
        yield from _by_slot(market, wanted, todo, books)
    else:
        for _, slot, offer in by_price(market, wanted, todo.cells, books):
            yield slot, offer


def _by_slot(
    market: Market, wanted: Wanted, todo: ToDo, books: list[Counter]
) -> Iterator[tuple[int, Offered]]:
    """Cells slot by slot, the cheapest first in each. A listing is opened once, when it could be the next in a slot."""
    closed = offers(market, wanted, books)
    following = next(closed, None)
    opened: list[Offered] = []
    for slot in promised(market, books):
        bit = slot - market.origin
        here = [_cell(offer, slot) for offer in opened if offer.listing.open >> bit & 1]
        heapify(here)
        while todo.takes(slot) and (here or following is not None):
            if following is not None and (not here or _floor(following) < (here[0][0], here[0][1])):
                opened.append(following)
                if following.listing.open >> bit & 1:
                    heappush(here, _cell(following, slot))
                following = next(closed, None)
            else:
                _, _, offer = heappop(here)
                window = offer.listing.terms.window
                if window.start <= slot < window.end and offer.prices.at(slot) <= offer.limit:
                    yield slot, offer


def _cell(offer: Offered, slot: int) -> tuple[int, int, Offered]:
    """What a listing costs in a slot, in terms that all chips share, and its age."""
    return offer.prices.at(slot) * offer.scale, offer.listing.seq, offer


def _floor(offer: Offered) -> tuple[int, int]:
    """The least that a listing could cost in any slot, and its age."""
    return offer.prices.lowest * offer.scale, offer.listing.seq


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
