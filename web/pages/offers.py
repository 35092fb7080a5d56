"""The market worked out from listings and leases: what is free when, and at which price."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exchange.catalogue.instruments import Instrument
from exchange.marketdata.depth import free_cards
from exchange.persistence.queries.market import Offered
from exchange.persistence.queries.tape import Trade
from matching.prices import Prices
from matching.terms import Slot, Tier


@dataclass(frozen=True, slots=True)
class Quoted:
    """One instrument in the market's table. Prices are micro-yuan per card-slot; None where nothing is free.

    `best_now` is the cheapest card that is free in the current slot, `cheapest` the cheapest slot ahead.
    """

    instrument: Instrument
    free_now: int
    best_now: int | None
    cheapest: int | None
    cheapest_at: Slot | None
    last: Trade | None


class FreeRun(NamedTuple):
    """Slots of a listing in which the same number of cards is free at the same price."""

    since: int
    until: int
    free: int
    price: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of a calendar: cards free through all of it and what the cheapest costs per card-slot, if any."""

    since: Slot
    free: int
    price: int | None


@dataclass(frozen=True, slots=True)
class Load:
    """A stretch of a listing's calendar: card-slots on offer in it, and those that are leased."""

    since: Slot
    offered: int
    sold: int


def market_table(offers: Iterable[Offered], trades: Iterable[Trade], now: Slot, ahead: int) -> list[Quoted]:
    """A row for every instrument on offer, looking `ahead` slots into the future, in the order of its text."""
    last = {trade.instrument: trade for trade in trades}
    runs: dict[Instrument, list[FreeRun]] = {}
    for offer in offers:
        for tier in offer.asks:
            found = runs.setdefault(Instrument(offer.chip, offer.region, tier), [])
            found.extend(free_runs(offer, tier, now, Slot(now + ahead)))
    return [quoted(key, runs[key], last.get(key), now) for key in sorted(runs, key=str)]


def quoted(instrument: Instrument, runs: Iterable[FreeRun], last: Trade | None, now: Slot) -> Quoted:
    """An instrument's row from its free runs."""
    runs = [run for run in runs if run.free]
    current = [run for run in runs if run.since <= now < run.until]
    cheapest = min(((run.price, run.since) for run in runs), default=None)
    return Quoted(
        instrument=instrument,
        free_now=sum(run.free for run in current),
        best_now=min((run.price for run in current), default=None),
        cheapest=None if cheapest is None else cheapest[0],
        cheapest_at=None if cheapest is None else Slot(cheapest[1]),
        last=last,
    )


def free_runs(offer: Offered, tier: Tier, start: Slot, end: Slot) -> Iterator[FreeRun]:
    """What of a listing is free in whole lots, from `start`, which is not in the past, until before `end`."""
    curve = Prices(offer.asks[tier])
    for since, until, free in free_cards(offer, start).steps(start, end):
        sellable = free - free % offer.lot
        for first, last, price in curve.parts(since, until):
            yield FreeRun(first, last, sellable, price)


def calendar(
    offers: Iterable[Offered], tier: Tier, start: Slot, hours: int, slots_an_hour: int, now: Slot
) -> list[Cell]:
    """Hour by hour what is free over all listings, from `start`; hours that have passed offer nothing."""
    length = hours * slots_an_hour
    free, prices = [0] * length, [None] * length  # type: tuple[list[int], list[int | None]]
    for offer in offers:
        if tier not in offer.asks:
            continue
        for run in free_runs(offer, tier, max(start, now), Slot(start + length)):
            for slot in range(run.since - start, run.until - start):
                free[slot] += run.free
                prices[slot] = _lower(prices[slot], run.price if run.free else None)
    return [
        Cell(
            Slot(start + first),
            min(free[first : first + slots_an_hour]),
            _highest(prices[first : first + slots_an_hour]),
        )
        for first in range(0, length, slots_an_hour)
    ]


def loads(offer: Offered, start: Slot, stretches: int, slots: int) -> list[Load]:
    """What of a listing is leased, stretch by stretch of `slots` slots. What was leased in the past counts, too."""
    sold = [0] * (stretches * slots)
    for lease in offer.sold:
        for slot in range(max(lease.window.start, start), min(lease.window.end, start + len(sold))):
            sold[slot - start] += lease.cards
    found = []
    for first in range(0, len(sold), slots):
        inside = min(offer.window.end, start + first + slots) - max(offer.window.start, start + first)
        load = Load(Slot(start + first), max(0, inside) * offer.cards, sum(sold[first : first + slots]))
        found.append(load)
    return found


def sold_card_slots(offer: Offered) -> int:
    """Card-slots of a listing's window that are leased: one that was reclaimed ends before its firm leases do."""
    ends = [min(sold.window.end, offer.window.end) for sold in offer.sold]
    return sum(
        sold.cards * max(0, end - sold.window.start) for sold, end in zip(offer.sold, ends, strict=True)
    )


def _lower(known: int | None, found: int | None) -> int | None:
    return found if known is None else known if found is None else min(known, found)


def _highest(prices: Sequence[int | None]) -> int | None:
    """What an hour costs at most per slot, or None where a part of it is not to be had."""
    known = [price for price in prices if price is not None]
    return max(known) if len(known) == len(prices) else None
