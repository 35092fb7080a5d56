"""Orders beside a close: for how long one waits while a month is closed, and for how long while nothing else is done."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from exchange.app import Exchange, running
from exchange.bench import Ask, asker, timed
from exchange.benches.posting import BUYER, CHIP, post, venue_with_leases
from exchange.collector import calm_collector
from exchange.orders.commands import PlaceOrder
from matching.terms import Block, Price, RegionCode, Slot, Tier, Window
from settlement.agreements import PairAgreement
from settlement.usage.sums import Sum

EVERY = 0.02  # seconds: fifty orders a second, whether or not those before are answered
ALONE_SECONDS = 8
SUMS = 20_000  # what is closed beside them, which takes as long


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds that each order waited for its durable answer, in ascending order: alone, and beside a close."""

    alone: Sequence[float]
    beside: Sequence[float]


async def waits_beside(url: str, sums: Sequence[Sum], agreement: PairAgreement) -> Waits:
    """Let orders come in for a while, and then while the month of some sums is closed."""
    async with venue_with_leases(url, sums, agreement) as exchange:
        calm_collector()
        ask = asker(exchange)
        async with _orders(exchange, ask) as alone:
            await asyncio.sleep(ALONE_SECONDS)
        async with _orders(exchange, ask) as beside:
            await post(exchange, sums, agreement)
    return Waits(sorted(alone), sorted(beside))


@asynccontextmanager
async def _orders(exchange: Exchange, ask: Ask) -> AsyncIterator[list[float]]:
    """Orders that come in and rest for as long as the block lasts, and how long those waited that were answered."""
    order, waits = _order(exchange.engine.state.market.now), list[float]()

    async def place() -> None:
        waits.append(await timed(ask(BUYER, order)))

    async def come() -> None:
        async with asyncio.TaskGroup() as orders:
            while True:
                orders.create_task(place())
                await asyncio.sleep(EVERY)

    async with running(come(), "orders"):
        yield waits


def _order(now: Slot) -> PlaceOrder:
    """A card for a day, where there is none to be had."""
    return PlaceOrder(
        tier=Tier.SPOT,
        chips={CHIP: 1000},
        regions=(RegionCode("621000"),),
        window=Window(now, Slot(now + 48)),
        limit=Price(10_000_000),
        shape=Block(1, 1, 24),
    )


def late(waits: Sequence[float]) -> float:
    """What 99 of 100 stay within."""
    return waits[len(waits) * 99 // 100]
