"""Rebuilding what pages read: every projection is dropped and made again from the log, in one transaction."""

import asyncpg

from exchange.persistence import tables
from exchange.persistence.codec import decode_event
from exchange.persistence.log import store_rows
from exchange.persistence.projections import project
from exchange.persistence.rows import Rows

PAGE = 5_000  # events whose rows are stored at once


async def rebuild(connection: asyncpg.Connection) -> int:
    """Make all projections anew; answers how many events they were made of. Nobody may write meanwhile.

    Readers see the old rows until the new ones are complete.
    """
    count = 0
    async with connection.transaction():
        epoch: int = await connection.fetchval("UPDATE writer SET epoch = epoch + 1 RETURNING epoch")
        for table in tables.PROJECTIONS:
            await connection.execute(f"DELETE FROM {table.name}")  # noqa: S608 - our own table's name
        await connection.execute('INSERT INTO venue ("only") VALUES (true)')
        cursor = await connection.cursor("SELECT seq, kind, body FROM events ORDER BY seq, n")
        while page := await cursor.fetch(PAGE):
            await _project(connection, epoch, page)
            count += len(page)
        await connection.execute(
            "INSERT INTO balances (owner, kind, amount) "
            "SELECT owner, kind, sum(amount) FROM postings GROUP BY owner, kind"
        )
    return count


async def _project(connection: asyncpg.Connection, epoch: int, page: list[asyncpg.Record]) -> None:
    rows = Rows()
    for row in page:
        project(rows, row["seq"], decode_event(row["kind"], row["body"]))
    statements = tuple(rows.statements())
    if statements:
        assert await store_rows(connection, epoch, statements), (
            "the transaction holds the epoch that it has set"
        )
