"""A database that hangs is as bad as one that fails: the writer halts, and nobody waits for ever."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from exchange.app import Exchange, open_exchange
from exchange.bus import HaltedError
from exchange.parties.commands import Deposit
from exchange.persistence import database
from exchange.persistence.errors import explain
from exchange.persistence.log import Log
from settlement.money import Fen
from tests.exchange.house import BUYER, CLERK, HOURS, House
from tests.integration.season import ask, tell

pytestmark = pytest.mark.anyio

SHORT = 0.3  # seconds, in place of the usual ones
BLOCKS_READING, BLOCKS_STORING = "ACCESS EXCLUSIVE", "SHARE"


async def opened_house(exchange: Exchange) -> None:
    await tell(exchange, [envelope for _, envelope, _ in House().log[1:]])


@pytest.mark.parametrize("mode", [BLOCKS_READING, BLOCKS_STORING])
async def test_a_database_that_hangs_halts_the_writer(database_url: str, mode: str) -> None:
    async with open_exchange(database_url, HOURS) as exchange:
        await opened_house(exchange)
        log = exchange.engine._storage
        assert isinstance(log, Log)
        log.seconds = SHORT
        known, began = exchange.engine.seq, time.monotonic()
        async with locked(database_url, mode):
            with pytest.raises(HaltedError):
                await ask(exchange, CLERK, "late", Deposit(BUYER, Fen(5), "slip 1"))
            with pytest.raises(HaltedError):
                await ask(exchange, CLERK, "later", Deposit(BUYER, Fen(5), "slip 2"))
        assert SHORT * 0.9 < time.monotonic() - began < 10
        assert isinstance(exchange.engine.halted, TimeoutError)
        assert "did not answer in time" in explain(exchange.engine.halted)
    async with open_exchange(database_url, HOURS) as exchange:
        assert exchange.engine.seq == known, "what was not answered was not stored"
        assert not (await ask(exchange, CLERK, "late", Deposit(BUYER, Fen(5), "slip 1"))).replayed


async def test_how_long_a_command_waits_can_be_seen(database_url: str) -> None:
    async with open_exchange(database_url, HOURS) as exchange:
        await opened_house(exchange)
        async with locked(database_url, BLOCKS_STORING):
            waiting = asyncio.create_task(ask(exchange, CLERK, "late", Deposit(BUYER, Fen(5), "slip 1")))
            await asyncio.sleep(1.1)
            assert exchange.engine.oldest_seconds == 1
        await waiting
        assert exchange.engine.oldest_seconds == 0


async def test_a_database_that_hangs_keeps_nobody_from_leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CLOSE_SECONDS", SHORT)
    async with asyncio.timeout(5):
        await database.hang_up(cast("database.Connection", Deaf()))


class Deaf:
    """A connection to a server that doesn't answer any more."""

    async def close(self) -> None:
        await asyncio.Event().wait()


@asynccontextmanager
async def locked(url: str, mode: str) -> AsyncIterator[None]:
    """Somebody else's session locks the log's first table for as long as the block lasts."""
    session = await database.connect(url, database.NO_ROLE)
    try:
        await session.execute(f"BEGIN; LOCK TABLE commands IN {mode} MODE")
        yield
    finally:
        await session.close()
