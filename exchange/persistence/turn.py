"""Whose turn it is: locks, so that no writer takes over from another by accident, and no batch job runs twice at once.

The epoch in `writer` stops whoever wrote before, and what a job does it does once however often it runs; these locks
say beforehand that somebody is at work. The server lets go of one when its session ends, however its process ended.
"""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from exchange.persistence import database
from exchange.persistence.database import Connection

_WRITER = int.from_bytes(b"suanli")  # PostgreSQL keeps such locks apart by database
_USAGE = int.from_bytes(b"usage")
_HOLDER = """
    SELECT coalesce(host(a.client_addr), 'this machine') AS place, a.backend_start, a.usename
    FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (l.classid::bigint << 32) + l.objid::bigint = $1
"""


class WriterAtWorkError(Exception):
    """Another process writes to this venue."""


class JobAtWorkError(Exception):
    """Another run of the same job is at work."""


@asynccontextmanager
async def sole_writer(url: str) -> AsyncIterator[None]:
    """Hold the turn to write. Raises `WriterAtWorkError` where another process has it, or `DatabaseUnavailable`."""
    async with _turn(url, _WRITER) as at_work:
        if at_work is not None:
            raise WriterAtWorkError(f"Another process writes to this venue ({at_work}).")
        yield


@asynccontextmanager
async def sole_run(url: str, job: str) -> AsyncIterator[None]:
    """Hold the turn of a kind of batch job, such as `close`. Raises `JobAtWorkError` where another run has it."""
    async with _turn(url, int.from_bytes(hashlib.sha256(job.encode()).digest()[:6])) as at_work:
        if at_work is not None:
            raise JobAtWorkError(f"Another run of the job {job} is at work ({at_work}).")
        yield


async def hold_usage(connection: Connection) -> None:
    """Wait for the turn to add usage, and hold it until the transaction ends. What is then read has all that was added.

    The lock is let go of when the commit can be seen, so that turns follow each other in the order of commits.
    """
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _USAGE)


async def holder(connection: Connection) -> str | None:
    """Who has the turn to write, in words, or None."""
    return await _holder(connection, _WRITER)


@asynccontextmanager
async def _turn(url: str, key: int) -> AsyncIterator[str | None]:
    """Hold a lock on a connection of its own, or tell who has it."""
    connection = await database.connect(
        url, database.NO_ROLE
    )  # it asks no table, and has its turn before there are roles
    try:
        if await connection.fetchval("SELECT pg_try_advisory_lock($1)", key):
            yield None
        else:
            yield await _holder(connection, key) or "it has just begun"
    finally:
        await database.hang_up(connection)


async def _holder(connection: Connection, key: int) -> str | None:
    row = await connection.fetchrow(_HOLDER, key)
    if row is None:
        return None
    if row["backend_start"] is None:  # the server tells no more of another user's session
        return f"as the user {row['usename']}"
    return f"from {row['place']}, since {row['backend_start']:%Y-%m-%d %H:%M} UTC"
