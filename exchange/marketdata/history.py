"""Bars as they are asked for: what is past never changes, so it is worked out once and kept."""

import asyncio
from collections.abc import Iterator

from exchange.catalogue.instruments import Instrument
from exchange.marketdata.bars import Bar, BarLength, bars
from exchange.names import Instant
from exchange.persistence.database import Pool
from exchange.persistence.queries.market import Clock, clock
from exchange.persistence.queries.tape import Wanted, traded

KEPT_MAX = 100_000  # bars, of all instruments together: some 20 MB

_Key = tuple[Instrument, BarLength, Instant]


class History:
    """The bars of every instrument, made from the tape when somebody asks for them."""

    def __init__(self, readers: Pool) -> None:
        self._readers = readers
        self._kept: dict[_Key, Bar | None] = {}
        self._one_at_a_time = asyncio.Lock()

    async def bars(self, instrument: Instrument, length: BarLength, since: int, until: int) -> list[Bar]:
        """The bars that begin from one instant on and before another, with the one that is still running."""
        async with self._one_at_a_time:
            now = await clock(self._readers)
            begins = list(_begins(length, since, min(until, now.instant + 1), now))
            missing = [begin for begin in begins if (instrument, length, begin) not in self._kept]
            fresh = await self._made(instrument, length, missing, now) if missing else {}
            found = [fresh[one] if one in fresh else self._kept[instrument, length, one] for one in begins]
            self._keep(instrument, length, fresh, now)
        return [bar for bar in found if bar is not None]

    async def _made(
        self, instrument: Instrument, length: BarLength, missing: list[Instant], now: Clock
    ) -> dict[Instant, Bar | None]:
        """The bars from the first to the last that are missing; None where nothing was traded."""
        first, last = now.terms.slot_of(missing[0]), now.terms.slot_of(missing[-1] + length.seconds)
        trades = await traded(self._readers, Wanted.of(instrument, first, last))
        made = {bar.begins: bar for bar in await asyncio.to_thread(bars, trades, length, now.terms)}
        return {begin: made.get(begin) for begin in _begins(length, missing[0], missing[-1] + 1, now)}

    def _keep(
        self, instrument: Instrument, length: BarLength, fresh: dict[Instant, Bar | None], now: Clock
    ) -> None:
        """Keep what is over: every later trade is of the clock's slot or a later one."""
        if len(self._kept) + len(fresh) > KEPT_MAX:
            self._kept.clear()
        over = {begin: bar for begin, bar in fresh.items() if begin + length.seconds <= now.instant}
        self._kept.update({(instrument, length, begin): bar for begin, bar in over.items()})


def _begins(length: BarLength, since: int, until: int, now: Clock) -> Iterator[Instant]:
    """When the bars begin that begin from one instant on and before another."""
    first = length.begins(since - 1, now.terms.utc_offset_seconds) + length.seconds
    return (Instant(begin) for begin in range(first, until, length.seconds))
