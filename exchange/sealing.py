"""Sealing a closed period: the usage that its run has settled is kept as Parquet, beside the database and for good."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from exchange.jobs import contract_parts, run_in_slots, second_marks, slot_marks
from exchange.persistence import database
from exchange.persistence.database import Connection
from exchange.persistence.queries import closing
from exchange.persistence.queries.market import clock
from exchange.persistence.usage_records import (
    InPlaceEngine,
    Records,
    contract_records,
    fetched,
    lease_records,
)
from exchange.state import CloseRun, VenueTerms
from settlement.segments import segments
from settlement.usage.duckdb_engine import DuckDBEngine
from settlement.usage.sealed import OpenPeriod, SealedPeriod, SealError, open_sealed
from settlement.usage.sums import Sum, digest, merged

LEASES_AT_ONCE = 100  # each of up to 744 slots in a month of hours: a page is in memory at once


class NotClosedError(Exception):
    """Until a period is closed, later reports may change what is settled of it: it can't be sealed."""


class Page(NamedTuple):
    """Some of the usage that a run has settled. It follows from its name."""

    name: str
    records: Records


@dataclass(frozen=True, slots=True)
class Kept:
    """A sealed period whose sums are those of the database: how many, and the SHA-256 that both are known by."""

    sealed: SealedPeriod
    sums: int
    digest: str


async def keep(url: str, period: str, root: Path) -> Kept:
    """Seal a period, or verify the one that is sealed; then let DuckDB sum the files and PostgreSQL its tables.

    Raises `NotClosedError`, or `SealError` where the files are not what was sealed, or not what the database has.
    """
    pool = await database.reading_pool(url)
    try:
        terms = (await clock(pool)).terms
        async with pool.acquire() as connection:
            run = await closed_run(connection, period)
            stored = (root / period).exists()
            sealed = open_sealed(root, period) if stored else await seal(connection, terms, period, root)
            in_place = await sums_in_place(connection, terms, run)
    finally:
        await pool.close()
    found = await DuckDBEngine(sealed.files).sums()
    sealed.require_totals(found)
    if digest(found) != digest(in_place):
        raise SealError(f"{period} is sealed with other usage than the database has.")
    return Kept(sealed, len(found), digest(found))


async def sums_in_place(connection: Connection, terms: VenueTerms, closed: CloseRun) -> list[Sum]:
    """What a run has settled, summed by PostgreSQL."""
    shards = [
        await InPlaceEngine(connection, page.records).sums()
        async for page in pages(connection, terms, closed)
    ]
    return merged(shards)


async def seal(connection: Connection, terms: VenueTerms, period: str, root: Path) -> SealedPeriod:
    """Seal a closed period below `root`, or go on where that was left. Raises `NotClosedError`."""
    unsealed, names = OpenPeriod(root, period), list[str]()
    async for page in pages(connection, terms, await closed_run(connection, period)):
        names.append(page.name)
        if not unsealed.has(page.name):
            unsealed.write(page.name, await fetched(connection, page.records))
    return unsealed.seal(names)


async def closed_run(connection: Connection, period: str) -> CloseRun:
    """The run that has closed a period. Raises `NotClosedError`."""
    known = await closing.run_of(connection, period)
    if known is None or known[1] != "closed":
        raise NotClosedError(f"{period} is not closed: close it first.")
    return known[0]


async def pages(connection: Connection, terms: VenueTerms, closed: CloseRun) -> AsyncIterator[Page]:
    """All usage that a run has settled, of some leases or one contract at a time."""
    run = await run_in_slots(connection, closed, await closing.first_settled(connection, closed.id), terms)
    agreements = await closing.agreements(connection)
    seconds = terms.slot_seconds
    after = (0, "")
    while rows := await closing.leases_settled(connection, run.id, after, LEASES_AT_ONCE):
        after = rows[-1][0]
        parts = [part for _, shape in rows for part in segments(shape, run.periods, agreements, seconds)]
        yield Page(f"{rows[0][1].id}-to-{rows[-1][1].id}", lease_records(slot_marks(run), seconds, parts))
    for span in await closing.contracts_settled(connection, run.id):
        cut = contract_parts(span, run, agreements, terms)
        yield Page(span.contract, contract_records(second_marks(run), seconds, span, cut))
