"""The venue's time: kept by the wall clock, unless a script plays it, and through a moment of too much to do."""

import asyncio

import pytest

from exchange import timekeeping
from exchange.app import open_exchange
from exchange.bus import Answer, BusyError
from exchange.commands import Envelope
from exchange.names import Instant
from exchange.timekeeping import come_to, keep_time
from exchange.venue.commands import Tick
from tests.exchange.house import HOURS, NEW_YEAR

pytestmark = pytest.mark.anyio
HOUR = 3600


def later(hours: int) -> Instant:
    return Instant(NEW_YEAR + hours * HOUR)


async def test_a_venue_comes_to_the_slot_that_it_is_and_never_goes_back(database_url: str) -> None:
    async with open_exchange(database_url, HOURS) as exchange:
        for seconds, hours in ((0, 0), (HOUR - 1, 0), (2 * HOUR, 2), (HOUR, 2)):
            await come_to(exchange, Instant(NEW_YEAR + seconds))
            assert exchange.engine.state.now == later(hours)
        assert exchange.engine.seq == 3, "the terms and two ticks"


async def test_where_a_script_plays_the_time_only_that_goes_on_with_it(database_url: str) -> None:
    async with open_exchange(database_url, HOURS) as exchange:
        await exchange.as_venue("0123456789ab-1", Tick(NEW_YEAR))
        await come_to(exchange, later(5))
        assert exchange.engine.state.now == NEW_YEAR


async def test_a_venue_with_too_much_to_do_ticks_a_moment_later(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeping, "BUSY_SECONDS", 0)
    monkeypatch.setattr(timekeeping, "wall_clock", lambda: later(1))
    async with open_exchange(database_url, HOURS) as exchange:
        submit, ticked = exchange.engine.submit, asyncio.Event()
        asked = list[Envelope]()

        async def busy_at_first(envelope: Envelope) -> Answer:
            asked.append(envelope)
            if len(asked) == 1:
                raise BusyError
            answer = await submit(envelope)
            ticked.set()
            return answer

        monkeypatch.setattr(exchange.engine, "submit", busy_at_first)
        keeping = asyncio.create_task(keep_time(exchange))
        await ticked.wait()
        keeping.cancel()
        assert asked[0] == asked[1]
        assert exchange.engine.state.now == later(1)
