"""Connections to the database, and what is checked before the first one is used."""

import asyncpg
from sqlalchemy.engine import make_url

from exchange.persistence.errors import DatabaseUnavailable, explain

READERS_MAX = 10  # connections that answer pages; the writer has its own
COMMAND_SECONDS = 30  # no question that a page asks may take longer


async def connect(url: str) -> asyncpg.Connection:
    """One connection of its own. Raises `DatabaseUnavailable` with a sentence that says what to do."""
    try:
        return await asyncpg.connect(_dsn(url))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        raise DatabaseUnavailable(explain(fault)) from fault


async def pool(url: str) -> asyncpg.Pool:
    """Connections for reading only. Raises `DatabaseUnavailable` like `connect`."""
    try:
        return await asyncpg.create_pool(
            _dsn(url),
            min_size=1,
            max_size=READERS_MAX,
            command_timeout=COMMAND_SECONDS,
            server_settings={"default_transaction_read_only": "on"},
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        raise DatabaseUnavailable(explain(fault)) from fault


def _dsn(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
