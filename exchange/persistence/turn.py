"""Whose turn it is to write: a lock, so that no writer takes over from another by accident.

The epoch in `writer` stops whoever wrote before; this says beforehand that somebody writes. The server lets go of the
lock when the session ends, however its process ended.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from exchange.persistence import database
from exchange.persistence.database import Connection

_KEY = int.from_bytes(b"suanli")  # PostgreSQL keeps such locks apart by database
_HOLDER = """
    SELECT coalesce(host(a.client_addr), 'this machine') AS place, a.backend_start
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (l.classid::bigint << 32) + l.objid::bigint = $1
"""


class WriterAtWorkError(Exception):
    """Another process writes to this venue."""


@asynccontextmanager
async def sole_writer(url: str) -> AsyncIterator[None]:
    """Hold the turn to write. Raises `WriterAtWorkError` where another process has it, or `DatabaseUnavailable`."""
    connection = await database.connect(url)
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _KEY):
            at_work = await holder(connection)
            raise WriterAtWorkError(
                f"Another process writes to this venue ({at_work or 'it has just begun'})."
            )
        yield
    finally:
        await database.hang_up(connection)


async def holder(connection: Connection) -> str | None:
    """Who has the turn to write, in words, or None."""
    row = await connection.fetchrow(_HOLDER, _KEY)
    return None if row is None else f"from {row['place']}, since {row['backend_start']:%Y-%m-%d %H:%M} UTC"
