"""What a listing weighs in memory, and whether a market that has seen many commands weighs more than it did."""

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from statistics import fmean

from msgspec.structs import replace

from exchange.benches import loads
from exchange.benches.measure import Play, pauses
from exchange.collector import calm_collector
from exchange.memory import peak_memory_mb
from matching.commands import CancelOrder, Command, Place, Publish, Tick, WithdrawListing
from matching.curves import PriceCurve
from matching.market import Market
from matching.terms import Listing, MarketTerms, Order, Slot, Window

SAMPLES = 100
ROUNDS_A_SLOT = 12  # rounds of commands while the clock stands


@dataclass(frozen=True, slots=True)
class Growth:
    """Blocks of memory in use around half of the commands, and at their end; and the collector's longest pause."""

    commands: int
    at_half: float
    at_end: float
    longest_pause: float


def bytes_per_listing(scale: int, seed: int) -> float:
    """How much the process grows by for each resting listing. Only true in a fresh process."""
    play, before = Play(Market(terms=MarketTerms(displacement=False))), peak_memory_mb()
    chance = Random(seed)  # noqa: S311 — a made-up load, not a secret
    play.stock(Publish(listing) for listing in loads.listings(chance, scale))
    return (peak_memory_mb() - before) * 2**20 / scale


def growth(commands: int, seed: int) -> Growth:
    """Keep a market busy whose book stays as large as it is after a fifth of the commands."""
    play, chance = Play(Market()), Random(seed)  # noqa: S311 — a made-up load, not a secret
    busy = _busy(play.market, chance, size=max(1, commands // 20))
    used: list[int] = []
    calm_collector()
    with pauses() as seen:
        for number, command in zip(range(commands), busy, strict=False):
            play.carry_out(command)
            if number % max(1, commands // SAMPLES) == 0:
                used.append(sys.getallocatedblocks())
    half, few = len(used) // 2, max(1, len(used) // 10)
    at_half, at_end = fmean(used[half - few : half + few]), fmean(used[-2 * few :])
    return Growth(commands, at_half, at_end, max(seen, default=0.0))


def _busy(market: Market, chance: Random, size: int) -> Iterator[Command]:
    """A listing and an order come, the oldest of `size` go, and the clock goes on."""
    listed, placed = deque[Listing](), deque[Order]()
    for number in count():
        now = Slot(number // ROUNDS_A_SLOT)
        if now > market.now:
            yield Tick(now)
        [listing] = loads.listings(chance, 1, f"l{number}-")
        listed.append(_listed_later(listing, now))
        yield Publish(listed[-1])
        [order] = loads.singles(chance, 1, f"o{number}-")
        placed.append(replace(order, window=_later(order.window, now)))
        yield Place(placed[-1])
        if len(listed) > size:
            oldest = listed.popleft().id
            if oldest in market.listings:
                yield WithdrawListing(oldest)
        if len(placed) > size:
            first = placed.popleft().id
            if first in market.orders:
                yield CancelOrder(first)


def _listed_later(listing: Listing, by: int) -> Listing:
    asks = {
        tier: PriceCurve(tuple((slot + by, price) for slot, price in curve.steps))
        for tier, curve in listing.asks.items()
    }
    return replace(listing, window=_later(listing.window, by), asks=asks)


def _later(window: Window, by: int) -> Window:
    return Window(Slot(window.start + by), Slot(window.end + by))
