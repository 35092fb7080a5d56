"""The market as everybody sees it: worked out once for each place in the log, however many look."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, TypeVarTuple

from exchange.app import Exchange
from exchange.catalogue.instruments import Instrument
from exchange.marketdata.depth import Books
from exchange.persistence.queries import market as queries
from exchange.persistence.queries.market import Clock, Offered
from exchange.persistence.queries.tape import Trade, last_trades
from matching.terms import ChipCode, RegionCode, Seq
from web.pages.offers import Quoted, market_table

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

ANSWERS_MAX = 1_000  # that are kept for one place in the log


@dataclass(frozen=True, slots=True)
class MarketTable:
    """The market's table as it was at a place in the log, or a little later."""

    clock: Clock
    rows: list[Quoted]


class Latest(Generic[T]):
    """Keeps what was worked out last.

    With thousands of listings that takes a tenth of a second of work, and readers share their event loop with the
    writer. So it is done once at a time, and in a thread; whoever asks meanwhile waits for it; and nobody works it out
    again before the log has grown, which it does with every tick, too. Who has seen an answer of the writer's finds it
    in there.
    """

    def __init__(self, exchange: Exchange, work_out: Callable[[], Awaitable[T]]) -> None:
        self._exchange = exchange
        self._work_out = work_out
        self._one_at_a_time = asyncio.Lock()
        self._latest: tuple[Seq, T] | None = None

    async def get(self) -> T:
        """What is true with all that is durable now."""
        wanted = self._exchange.engine.seq
        async with self._one_at_a_time:
            if self._latest is None or self._latest[0] < wanted:
                seq = self._exchange.engine.seq
                self._latest = seq, await self._work_out()
            # One reader draws its page in a turn of the loop, so that between two the writer has its own.
            await asyncio.sleep(0)
            return self._latest[1]


class Board:
    """The market's table, which looks `ahead_seconds` into the future, or as far as the venue trades."""

    def __init__(self, exchange: Exchange, ahead_seconds: int | None = None) -> None:
        self._readers = exchange.readers
        self._ahead_seconds = ahead_seconds
        self._latest = Latest(exchange, self._worked_out)
        self._last: dict[Instrument, Trade] = {}

    async def table(self) -> MarketTable:
        """The table, with all that is durable now."""
        return await self._latest.get()

    async def _worked_out(self) -> MarketTable:
        clock = await queries.clock(self._readers)
        offers, trades = await queries.offers(self._readers, clock.now), await self._last_trades()
        rows = await asyncio.to_thread(market_table, offers, trades, clock.now, self._ahead(clock))
        return MarketTable(clock, rows)

    async def _last_trades(self) -> list[Trade]:
        """The latest trade of every instrument: what is known already is not looked for again on the whole tape."""
        after = max((trade.number for trade in self._last.values()), default=0)
        self._last |= {trade.instrument: trade for trade in await last_trades(self._readers, after)}
        return list(self._last.values())

    def _ahead(self, clock: Clock) -> int:
        if self._ahead_seconds is None:
            return clock.terms.horizon_slots
        return self._ahead_seconds // clock.terms.slot_seconds


@dataclass(frozen=True, slots=True)
class _Asked:
    """The books at one place in the log, and what was asked about them."""

    books: Books
    answers: dict[Hashable, Any] = field(default_factory=dict)


class BookStand:
    """Answers questions about the books: pure functions of them, each worked out once for each place in the log.

    A thousand who ask the same in a second cost a look into a dictionary each.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._latest = Latest(exchange, self._read)
        self._one_at_a_time = asyncio.Lock()

    async def books(self) -> Books:
        """The books with all that is durable now."""
        return (await self._latest.get()).books

    async def ask(self, question: Callable[[Books, *Ts], T], *about: *Ts) -> T:
        """What a question comes to, with all that is durable now. What it is about tells it from others."""
        asked = await self._latest.get()
        books, answers = asked.books, asked.answers
        key: Hashable = (question, *about)
        if key not in answers:
            async with self._one_at_a_time:
                if key not in answers:
                    answers[key] = await asyncio.to_thread(question, books, *about)
                while len(answers) > ANSWERS_MAX:
                    del answers[next(iter(answers))]
        answer: T = answers[key]
        return answer

    async def _read(self) -> _Asked:
        readers, chips = self._exchange.readers, self._exchange.catalogue.chips
        clock = await queries.clock(readers)
        offers: dict[tuple[ChipCode, RegionCode], list[Offered]] = {}
        for offer in await queries.offers(readers, clock.now):
            offers.setdefault((offer.chip, offer.region), []).append(offer)
        weights = {chip.code: int(chip.weight_milli) for chip in chips.values()}
        return _Asked(Books(clock, offers, await queries.waiting(readers), weights))
