"""Connections to the database, and what is checked before the first one is used."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.engine import make_url

from exchange.persistence.errors import DatabaseUnavailable, explain
from exchange.persistence.migrate import upgrade
from exchange.persistence.roles import READER, VENUE

Connection = asyncpg.Connection
Pool = asyncpg.Pool

READERS_MAX = 10  # connections that answer pages; the writer has its own
METERS_MAX = 4  # connections for usage: batches wait for each other in any case
COMMAND_SECONDS = 60  # no question may take longer
CLOSE_SECONDS = 3  # for a database to end what it was still asked

Settings = Mapping[str, str]

READING: Settings = {"role": READER, "default_transaction_read_only": "on"}
WRITING: Settings = {"role": VENUE}
NO_ROLE: Settings = {}
"""For who migrates, rebuilds, measures or tampers: the rights are those of the user in DATABASE_URL."""

BY_KEY: Settings = {
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
}
"""For the writer, which meets every row by its key: no plan may read a whole table to find the few of a batch."""


async def connect(url: str, settings: Settings = READING) -> asyncpg.Connection:
    """One connection of its own. Raises `DatabaseUnavailable` with a sentence that says what to do."""
    try:
        return await asyncpg.connect(_dsn(url), server_settings=dict(settings))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        raise DatabaseUnavailable(explain(fault)) from fault


async def hang_up(open_one: asyncpg.Connection | asyncpg.Pool) -> None:
    """Close connections, also those of a database that doesn't answer any more: a venue that has halted must end."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await open_one.close()


async def reading_pool(url: str) -> asyncpg.Pool:
    """Connections that answer pages, and can't write. Raises `DatabaseUnavailable` like `connect`."""
    return await _pool(url, READERS_MAX, READING)


async def usage_pool(url: str) -> asyncpg.Pool:
    """Connections that take usage in and sum it. Raises `DatabaseUnavailable` like `connect`."""
    return await _pool(url, METERS_MAX, WRITING)


async def _pool(url: str, most: int, settings: Settings) -> asyncpg.Pool:
    try:
        return await asyncpg.create_pool(
            _dsn(url),
            min_size=1,
            max_size=most,
            command_timeout=COMMAND_SECONDS,
            server_settings=dict(settings),
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        raise DatabaseUnavailable(explain(fault)) from fault


@asynccontextmanager
async def scratch(url: str, name: str) -> AsyncIterator[str]:
    """A new, migrated database on the same server, dropped afterwards. For measuring, never for keeping."""
    server = await connect(url, NO_ROLE)
    try:
        await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await server.execute(f"CREATE DATABASE {name}")
        made = make_url(url).set(database=name).render_as_string(hide_password=False)
        try:
            await asyncio.to_thread(upgrade, made)
            yield made
        finally:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await server.close()


def _dsn(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
