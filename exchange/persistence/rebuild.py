"""Rebuilding what pages read: every projection is dropped and made again from the log, in one transaction."""

import asyncpg

from exchange.persistence.codec import decode_event
from exchange.persistence.log import store_rows
from exchange.persistence.projections.project import project
from exchange.persistence.rows import Heard, Rows
from exchange.persistence.tables.every import PROJECTIONS

PAGE = 5_000  # events whose rows are stored at once


async def rebuild(connection: asyncpg.Connection) -> int:
    """Make all projections anew; answers how many events they were made of. Nobody may write meanwhile.

    Readers see the old rows until the new ones are complete. It takes the owner's rights: no role of the venue deletes.
    """
    count, heard = 0, Heard()
    async with connection.transaction():
        epoch: int = await connection.fetchval("UPDATE writer SET epoch = epoch + 1 RETURNING epoch")
        for table in PROJECTIONS:
            await connection.execute(f"DELETE FROM {table.name}")  # noqa: S608 - our own table's name
        await connection.execute('INSERT INTO venue ("only") VALUES (true)')
        cursor = await connection.cursor(
            "SELECT e.seq, c.digest, e.kind, e.body FROM events e JOIN commands c ON c.seq = e.seq ORDER BY e.seq, e.n"
        )
        while page := await cursor.fetch(PAGE):
            await _project(connection, epoch, heard, page)
            count += len(page)
        await connection.execute(
            "INSERT INTO balances (owner, kind, amount) "
            "SELECT owner, kind, sum(amount) FROM postings GROUP BY owner, kind"
        )
    return count


async def _project(
    connection: asyncpg.Connection, epoch: int, heard: Heard, page: list[asyncpg.Record]
) -> None:
    rows = Rows(heard)
    for row in page:
        project(rows, row["seq"], row["digest"], decode_event(row["kind"], row["body"]))
    statements = tuple(rows.statements())
    if statements:
        assert await store_rows(connection, epoch, statements), (
            "the transaction holds the epoch that it has set"
        )
