"""What pages and programs ask about power and carbon."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import Instant, PartyId
from exchange.persistence.database import Pool
from matching.terms import RegionCode
from settlement.power import PowerTables
from settlement.quarters import PairQuarter


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the tables by its name, when it was adopted, and whether it is in force."""

    version: str
    at: Instant
    in_force: bool


@dataclass(frozen=True, slots=True)
class DeclaredPue:
    """What a seller says of its facilities in a region, from a month on."""

    party: PartyId
    region: RegionCode
    period: str
    pue_milli: int
    reference: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Certificate:
    """A green certificate, and how much of it statements have used."""

    reference: str
    party: PartyId
    region: RegionCode
    period: str
    kwh: int
    used_wh: int
    at: Instant


@dataclass(frozen=True, slots=True)
class Emitted:
    """What lines drew in a facility, in Wh, and emitted, in grams: by the grid, and after certificates."""

    facility_wh: int
    certified_wh: int
    location_based_g: int
    market_based_g: int


@dataclass(frozen=True, slots=True)
class MonthEmitted:
    """What the facilities of a region emitted for statements of one month."""

    period: str
    lines: int
    emitted: Emitted


@dataclass(frozen=True, slots=True)
class PairEmitted:
    """What lines under a pair's agreements emitted in some months, and what the carbon book gave each region of it."""

    emitted: Emitted
    lines: int
    unreckoned: int
    parts: dict[str, int]

    @property
    def shared_g(self) -> int:
        """What the regions count together."""
        return sum(self.parts.values())


async def versions(pool: Pool) -> list[Version]:
    """Every version of the tables, the one in force first."""
    rows = await pool.fetch("SELECT version, at FROM power_versions ORDER BY seq DESC")
    return [Version(row["version"], Instant(row["at"]), n == 0) for n, row in enumerate(rows)]


async def tables_of(pool: Pool, version: str) -> PowerTables | None:
    """One version, whole."""
    body = await pool.fetchval("SELECT tables FROM power_versions WHERE version = $1", version)
    return None if body is None else msgspec.json.decode(body, type=PowerTables)


async def pues(pool: Pool, party: PartyId | None) -> list[DeclaredPue]:
    """What one seller has declared of its facilities, or all have, the newest first."""
    rows = await pool.fetch(
        "SELECT party, region, period, pue_milli, reference, at FROM pue_declarations "
        "WHERE $1::text IS NULL OR party = $1 ORDER BY seq DESC",
        party,
    )
    return [DeclaredPue(**dict(row)) for row in rows]


async def certificates(pool: Pool, party: PartyId | None) -> list[Certificate]:
    """The certificates of one seller, or all, the newest first, and what is used of each."""
    rows = await pool.fetch(
        """
        WITH used AS (
            SELECT one ->> 0 AS reference, sum((one ->> 1)::bigint)::bigint AS wh
            FROM statements s JOIN line_emissions e ON e.statement = s.id,
                 jsonb_array_elements(e.certificates) AS one
            WHERE $1::text IS NULL OR s.seller = $1 GROUP BY 1
        )
        SELECT c.reference, c.party, c.region, c.period, c.kwh, coalesce(u.wh, 0) AS used_wh, c.at
        FROM certificates c LEFT JOIN used u USING (reference)
        WHERE $1::text IS NULL OR c.party = $1 ORDER BY c.seq DESC
        """,
        party,
    )
    return [Certificate(**dict(row)) for row in rows]


async def emitted_in(pool: Pool, region: str) -> list[MonthEmitted]:
    """What the facilities of a region emitted, month by month of the closing, the newest first."""
    rows = await pool.fetch(
        f"""
        SELECT r.period, count(*) AS lines, {_SUMS}
        FROM statements s JOIN runs r ON r.id = s.run JOIN line_emissions e ON e.statement = s.id
        WHERE s.destination = $1 AND r.status = 'closed' GROUP BY r.period ORDER BY r.period DESC
        """,  # noqa: S608 - our own words only
        region,
    )
    return [MonthEmitted(row["period"], row["lines"], _emitted(row)) for row in rows]


async def emitted_by_pair(pool: Pool, pair: PairQuarter, months: Sequence[str]) -> PairEmitted:
    """What was emitted under a pair's agreements in the closed ones of some months.

    `unreckoned` are lines of card-seconds that no tables knew when they were settled.
    """
    of_pair = pair.source, pair.destination, list(months)
    row = await pool.fetchrow(
        f"""
        SELECT count(e.n) AS lines, count(*) FILTER (WHERE e.n IS NULL) AS unreckoned, {_SUMS}
        FROM agreements a
        JOIN statement_lines l ON l.agreement = a.id || '/' || a.version AND l.meter = 'card_seconds'
        JOIN statements s ON s.id = l.statement JOIN runs r ON r.id = s.run
        LEFT JOIN line_emissions e ON (e.statement, e.n) = (l.statement, l.n)
        WHERE a.source = $1 AND a.destination = $2 AND r.period = ANY($3::text[]) AND r.status = 'closed'
        """,  # noqa: S608 - our own words only
        *of_pair,
    )
    parts = await pool.fetch(
        """
        SELECT p.owner AS region, sum(p.amount)::bigint AS grams
        FROM agreements a
        JOIN postings contra ON contra.kind = 'emissions' AND contra.owner = a.id || '/' || a.version
        JOIN postings p ON p.seq = contra.seq AND p.n = contra.n AND p.kind <> contra.kind
        JOIN (SELECT DISTINCT seq, run FROM statements) s ON s.seq = contra.seq
        JOIN runs r ON r.id = s.run
        WHERE a.source = $1 AND a.destination = $2 AND r.period = ANY($3::text[]) AND r.status = 'closed'
        GROUP BY p.owner
        """,
        *of_pair,
    )
    assert row is not None, "sums of nothing are a row, too"
    by_region = {part["region"]: part["grams"] for part in parts}
    return PairEmitted(_emitted(row), row["lines"], row["unreckoned"], by_region)


_SUMS = ", ".join(
    f"coalesce(sum(e.{name}), 0)::bigint AS {name}"
    for name in ("facility_wh", "certified_wh", "location_based_g", "market_based_g")
)


def _emitted(row: asyncpg.Record) -> Emitted:
    return Emitted(row["facility_wh"], row["certified_wh"], row["location_based_g"], row["market_based_g"])
