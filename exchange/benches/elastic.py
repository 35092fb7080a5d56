"""Elastic loads: orders of every shape meet a full book of listings, and listings a full book of orders."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from time import process_time

from exchange.benches import loads
from exchange.benches.measure import Measured, Play, measure
from exchange.benches.scan import scanned
from exchange.collector import collector_resting
from matching.commands import Command, Place, Publish
from matching.market import Market
from matching.terms import MarketTerms, Order

BUDGET_S = 60.0
SCAN_BUDGET_S = 5.0  # a plain scan does only a few commands in it


class Load(StrEnum):
    """What arrives."""

    SINGLES = "orders on one listing"
    GANGS = "gangs"
    WORK = "malleable work"
    LISTINGS = "new listings"


Arriving = Callable[[Random, int], Iterator[Order]]
ARRIVING: dict[Load, Arriving] = {
    Load.SINGLES: loads.singles,
    Load.GANGS: loads.gangs,
    Load.WORK: loads.malleable,
}
COMMANDS = {Load.SINGLES: 8_000, Load.GANGS: 2_000, Load.WORK: 2_000, Load.LISTINGS: 500}


@dataclass(frozen=True, slots=True)
class ElasticRun:
    """A load as it was measured, and the seconds that one collection of the whole book takes."""

    measured: Measured
    collection_s: float


def stocked(load: Load, scale: int, seed: int) -> Play:
    """A market with `scale` listings, or with as many orders that wait for some. Nothing is taken back in it."""
    play = Play(Market(terms=MarketTerms(displacement=False)))
    chance = Random(f"{seed} stock {load}")  # noqa: S311 — a made-up load, not a secret
    if load is Load.LISTINGS:
        play.stock(Place(order) for order in loads.singles(chance, scale))
    else:
        play.stock(Publish(listing) for listing in loads.listings(chance, scale))
    return play


def arriving(load: Load, seed: int) -> Iterator[Command]:
    """What meets it. Orders never rest, so that the book stays as large as it is."""
    count = COMMANDS[load]
    chance = Random(f"{seed} {load}")  # noqa: S311 — a made-up load, not a secret
    if load is Load.LISTINGS:
        yield from (Publish(listing) for listing in loads.listings(chance, count, "new"))
    else:
        for order in ARRIVING[load](chance, count):
            yield Place(loads.immediate(order))


def run(load: Load, scale: int, seed: int) -> ElasticRun:
    """Measure a load."""
    play = stocked(load, scale, seed)
    with collector_resting():
        began = process_time()
        gc.collect()
        collection = process_time() - began
    return ElasticRun(measure(play, arriving(load, seed), BUDGET_S), collection)


def scan(load: Load, scale: int, seed: int) -> Measured:
    """Measure as much of the same load as a plain scan does in a few seconds."""
    play = stocked(load, scale, seed)
    return measure(play, arriving(load, seed), SCAN_BUDGET_S, carry_out=scanned)
