"""What the closing job asks: the runs, the leases and contracts that they settle, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import ContractId, Instant, RunId
from exchange.persistence.queries.contracts import CONTRACTS, packages_of, tariffs_of
from exchange.state import CloseRun
from settlement.agreements import PairAgreement
from settlement.jobs.close_period import CloseReport
from settlement.rating.tokens import TokenTariff, in_force
from settlement.segments import LeaseShape


@dataclass(frozen=True, slots=True)
class ContractSpan:
    """The part of a contract's time that can have use to settle, in seconds, and what is in force in it.

    `tariffs` are all versions of its prices; `validities` are (begin, end) of its packages, and `due` the begins of those
    whose price no run has charged.
    """

    contract: ContractId
    source: str
    destination: str
    begins: Instant
    ends: Instant
    tariffs: tuple[TokenTariff, ...]
    validities: tuple[tuple[int, int], ...]
    due: tuple[int, ...]

    def tariff_at(self, instant: int) -> TokenTariff:
        """The version of its prices that is in force where a part of its time begins."""
        return in_force(self.tariffs, max(self.begins, instant))


async def run_of(connection: asyncpg.Connection, period: str) -> tuple[CloseRun, str] | None:
    """The run that closes or closed a period, and its status."""
    row = await connection.fetchrow("SELECT * FROM runs WHERE period = $1", period)
    return None if row is None else (_run(row), row["status"])


async def run_before(connection: asyncpg.Connection, run: CloseRun) -> CloseRun | None:
    """The run that was closed last before this one."""
    row = await connection.fetchrow(
        "SELECT * FROM runs WHERE ends <= $1 ORDER BY ends DESC LIMIT 1", run.begins
    )
    return None if row is None else _run(row)


async def first_unsettled(connection: asyncpg.Connection) -> int | None:
    """When the earliest lease or contract begins that is not settled to its end, in seconds."""
    begins: int | None = await connection.fetchval(
        """
        SELECT least(
            (SELECT min(start_slot) FROM leases WHERE unsettled > 0) * (terms->>'slot_seconds')::bigint,
            (SELECT min(begins) FROM contracts WHERE status = 'open')
        ) FROM venue
        """
    )
    return begins


async def leases_to_settle(
    connection: asyncpg.Connection, run: str, until_slot: int, after: tuple[int, str], most: int
) -> list[tuple[tuple[int, str], LeaseShape]]:
    """Leases with unsettled slots before `until_slot` and no statement in this run, after a place in the log's order."""
    rows = await connection.fetch(
        """
        SELECT l.seq, l.id, l.source, l.destination, l.cards, l.runs FROM leases l
        WHERE l.unsettled > 0 AND l.start_slot < $2 AND (l.seq, l.id) > ($3, $4)
          AND NOT EXISTS (SELECT 1 FROM statements s WHERE s.run = $1 AND s.subject = l.id)
        ORDER BY l.seq, l.id LIMIT $5
        """,
        run,
        until_slot,
        *after,
        most,
    )
    return [((row["seq"], row["id"]), _shape(row)) for row in rows]


async def contracts_to_settle(connection: asyncpg.Connection, run: CloseRun) -> list[ContractSpan]:
    """Open contracts that began before a run's end and have no statement in it."""
    rows = await connection.fetch(
        f"{CONTRACTS} WHERE c.status = 'open' AND c.begins < $2 "  # noqa: S608 - our own words only
        "AND NOT EXISTS (SELECT 1 FROM statements s WHERE s.run = $1 AND s.subject = c.id) ORDER BY c.seq",
        run.id,
        run.ends,
    )
    return [_span(row) for row in rows]


async def first_settled(connection: asyncpg.Connection, run: str) -> int | None:
    """When the earliest lease or contract begins that has a statement in a run, in seconds."""
    begins: int | None = await connection.fetchval(
        """
        SELECT min(coalesce(l.start_slot * (v.terms->>'slot_seconds')::bigint, c.begins)) FROM venue v, statements s
        LEFT JOIN leases l ON l.id = s.subject LEFT JOIN contracts c ON c.id = s.subject WHERE s.run = $1
        """,
        run,
    )
    return begins


async def leases_settled(
    connection: asyncpg.Connection, run: str, after: tuple[int, str], most: int
) -> list[tuple[tuple[int, str], LeaseShape]]:
    """Leases that have a statement in a run, after a place in the log's order."""
    rows = await connection.fetch(
        """
        SELECT l.seq, l.id, l.source, l.destination, l.cards, l.runs
        FROM leases l JOIN statements s ON s.subject = l.id
        WHERE s.run = $1 AND (l.seq, l.id) > ($2, $3) ORDER BY l.seq, l.id LIMIT $4
        """,
        run,
        *after,
        most,
    )
    return [((row["seq"], row["id"]), _shape(row)) for row in rows]


async def contracts_settled(connection: asyncpg.Connection, run: str) -> list[ContractSpan]:
    """Contracts that have a statement in a run."""
    rows = await connection.fetch(
        f"{CONTRACTS} JOIN statements s ON s.subject = c.id WHERE s.run = $1 ORDER BY c.seq",
        run,
    )
    return [_span(row) for row in rows]


async def agreements(connection: asyncpg.Connection) -> Sequence[PairAgreement]:
    """Every agreement ever recorded, as recorded."""
    rows = await connection.fetch("SELECT terms FROM agreements ORDER BY seq")
    return [msgspec.json.decode(row["terms"], type=PairAgreement) for row in rows]


async def report(connection: asyncpg.Connection, period: str) -> CloseReport:
    """What a period came to."""
    row = await connection.fetchrow(
        """
        SELECT r.id, count(s.id) AS statements, coalesce(sum(s.charged), 0)::bigint AS charged,
               coalesce(sum(s.released), 0)::bigint AS released,
               coalesce(sum(l.lines), 0)::bigint AS lines, coalesce(sum(l.over_budget), 0)::bigint AS over_budget
        FROM runs r LEFT JOIN statements s ON s.run = r.id LEFT JOIN LATERAL (
            SELECT count(*) AS lines, sum(over_budget) AS over_budget FROM statement_lines WHERE statement = s.id
        ) l ON true
        WHERE r.period = $1 GROUP BY r.id
        """,
        period,
    )
    assert row is not None, f"{period} has a run"
    return CloseReport(
        run=row["id"],
        period=period,
        statements=row["statements"],
        lines=row["lines"],
        charged=row["charged"],
        released=row["released"],
        over_budget=row["over_budget"],
    )


def _run(row: asyncpg.Record) -> CloseRun:
    return CloseRun(
        RunId(row["id"]),
        row["period"],
        Instant(row["begins"]),
        Instant(row["ends"]),
        row["usage_batch"],
        Instant(row["late_until"]),
    )


def _span(row: asyncpg.Record) -> ContractSpan:
    packages = packages_of(row["packages"])
    return ContractSpan(
        contract=ContractId(row["id"]),
        source=row["source"],
        destination=row["destination"],
        begins=Instant(row["begins"]),
        ends=Instant(row["ends"]),
        tariffs=tariffs_of(row["tariffs"]),
        validities=tuple((package.begins, package.ends) for package in packages),
        due=tuple(package.begins for package in packages if package.is_due),
    )


def _shape(row: asyncpg.Record) -> LeaseShape:
    runs = tuple((start, end, price) for start, end, price in msgspec.json.decode(row["runs"]))
    return LeaseShape(row["id"], row["source"], row["destination"], row["cards"], runs)
