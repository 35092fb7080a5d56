"""The market's table as everybody sees it: worked out once for each place in the log."""

import asyncio
from dataclasses import dataclass

from exchange.app import Exchange
from exchange.persistence.queries import market as queries
from exchange.persistence.queries.market import Clock
from matching.terms import Seq
from web.pages.offers import Quoted, market_table


@dataclass(frozen=True, slots=True)
class MarketTable:
    """The market's table as it was at a place in the log, or a little later."""

    seq: Seq
    clock: Clock
    rows: list[Quoted]


class Board:
    """Keeps the latest table, which looks `ahead_seconds` into the future, or as far as the venue trades.

    With thousands of listings a table takes a tenth of a second of work, and readers share their event loop with the
    writer. So one table is worked out at a time, in a thread; whoever asks meanwhile waits for it; and nobody works it
    out again before the log has grown, which it does with every tick, too. Who has seen an answer of the writer's finds
    it in the table.
    """

    def __init__(self, exchange: Exchange, ahead_seconds: int | None = None) -> None:
        self._exchange = exchange
        self._ahead_seconds = ahead_seconds
        self._one_at_a_time = asyncio.Lock()
        self._latest: MarketTable | None = None

    async def table(self) -> MarketTable:
        """The table, with all that is durable now."""
        wanted = self._exchange.engine.seq
        async with self._one_at_a_time:
            if self._latest is None or self._latest.seq < wanted:
                self._latest = await self._worked_out()
            # One reader draws its page in a turn of the loop, so that between two the writer has its own.
            await asyncio.sleep(0)
            return self._latest

    async def _worked_out(self) -> MarketTable:
        seq, readers = self._exchange.engine.seq, self._exchange.readers
        clock = await queries.clock(readers)
        offers, trades = await queries.offers(readers, clock.now), await queries.last_trades(readers)
        rows = await asyncio.to_thread(market_table, offers, trades, clock.now, self._ahead(clock))
        return MarketTable(seq, clock, rows)

    def _ahead(self, clock: Clock) -> int:
        if self._ahead_seconds is None:
            return clock.terms.horizon_slots
        return self._ahead_seconds // clock.terms.slot_seconds
