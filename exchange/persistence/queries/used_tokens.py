"""What an audit reads of tokens: what was used, by what it is billed alike, and what statements and packages have of it."""

from dataclasses import dataclass, field

import asyncpg

from exchange.persistence.database import Connection
from exchange.persistence.queries.contracts import StoredPackage, packages_of
from exchange.state import VenueTerms
from settlement.meters import Meter
from settlement.rating.tokens import Tokens

TOKENS = [Meter.INPUT_TOKENS, Meter.CACHED_INPUT_TOKENS, Meter.OUTPUT_TOKENS]


@dataclass(frozen=True, slots=True)
class UseRow:
    """Tokens of a contract that one run settles and that are billed alike; `first` is the instant of the first of them."""

    run: str
    period: str
    version: int
    agreement: str | None
    first: int
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class PackageLineRow:
    """A statement line that names a package. `agreement` is id/version."""

    run: str
    period: str
    version: int | None
    agreement: str | None
    meter: Meter
    package: str
    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class PackagedRow:
    """A contract with packages: its use and its lines, in order, and the runs that are closed or have its statement."""

    id: str
    source: str
    destination: str
    packages: tuple[StoredPackage, ...]
    runs: list[tuple[str, int]] = field(default_factory=list)
    uses: list[UseRow] = field(default_factory=list)
    lines: list[PackageLineRow] = field(default_factory=list)


_USED = """
    SELECT t.contract, r.id AS run, r.ends, a.id || '/' || a.version AS agreement,
           to_char(to_timestamp(t.at + $2) AT TIME ZONE 'UTC', 'YYYY-MM') AS period, p.version, min(t.at) AS first,
           array[sum(t.input_tokens), sum(t.cached_input_tokens), sum(t.output_tokens)] AS tokens,
           array[p.input_price, p.cached_input_price, p.output_price] AS prices
    FROM token_records t JOIN contracts c ON c.id = t.contract
    CROSS JOIN LATERAL (
        SELECT r.id, r.status, r.ends FROM runs r WHERE t.at < r.ends AND t.batch <= r.usage_batch
        ORDER BY r.ends LIMIT 1
    ) AS r
    CROSS JOIN LATERAL (
        SELECT * FROM contract_prices p WHERE p.contract = c.id AND p.begins <= t.at
        ORDER BY p.version DESC LIMIT 1
    ) AS p
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE k.begins <= t.at) + count(*) FILTER (WHERE k.ends <= t.at) AS passed
        FROM token_packages k WHERE k.contract = c.id
    ) AS k
    LEFT JOIN agreements a ON a.source = c.source AND a.destination = c.destination
         AND a.valid_from <= t.at / $1 * $1 AND (a.valid_to IS NULL OR t.at / $1 * $1 < a.valid_to)
    WHERE t.status = 'accepted' AND (
        r.status = 'closed' OR EXISTS (SELECT 1 FROM statements s WHERE (s.run, s.subject) = (r.id, c.id))
    )
    GROUP BY t.contract, r.id, r.ends, a.id, a.version, period, p.version, prices, k.passed
"""
"""Use by run and by what it is billed alike: nothing changes for a contract between two ends of its packages (`passed`)."""


async def token_faults(connection: Connection, rules: VenueTerms) -> tuple[int, list[str]]:
    """How many sums of tokens there are, and which of them the statements do not have once, in the right run."""
    rows = await connection.fetch(
        f"""
        WITH used AS ({_USED}), billed AS (
            SELECT s.subject AS contract, s.run, l.agreement, l.service_period AS period, l.price_version AS version,
                   l.meter, l.price, sum(l.quantity) AS tokens
            FROM statements s JOIN statement_lines l ON l.statement = s.id WHERE l.meter = ANY($3::text[])
            GROUP BY s.subject, s.run, l.agreement, l.service_period, l.price_version, l.meter, l.price
        ), due AS (
            SELECT u.contract, u.run, u.agreement, u.period, u.version, m.meter, u.prices[m.n] AS price,
                   sum(u.tokens[m.n]) AS count
            FROM used u CROSS JOIN unnest($3::text[]) WITH ORDINALITY AS m(meter, n) WHERE u.tokens[m.n] <> 0
            GROUP BY u.contract, u.run, u.agreement, u.period, u.version, m.meter, u.prices[m.n]
        )
        SELECT coalesce(u.contract, b.contract) AS contract, coalesce(u.run, b.run) AS run,
               coalesce(u.period, b.period) AS period, coalesce(u.meter, b.meter) AS meter,
               coalesce(u.count, 0) AS expected, coalesce(b.tokens, 0) AS got, coalesce(u.price, b.price) AS price
        FROM due u FULL JOIN billed b ON (u.contract, u.run, u.period, u.meter, u.price, u.version, coalesce(u.agreement, ''))
             = (b.contract, b.run, b.period, b.meter, b.price, b.version, coalesce(b.agreement, ''))
        """,  # noqa: S608 - our own words only
        rules.slot_seconds,
        rules.utc_offset_seconds,
        TOKENS,
    )
    faults = [
        f"contract {row['contract']} in {row['run']} for {row['period']}: expected {row['expected']} {row['meter']} "
        f"at {row['price']}, got {row['got']}"
        for row in rows
        if row["expected"] != row["got"]
    ]
    return len(rows), faults


async def packaged(connection: Connection, rules: VenueTerms) -> list[PackagedRow]:
    """Every contract that has packages."""
    rows = await connection.fetch(
        """
        SELECT c.id, c.source, c.destination, json_agg(p ORDER BY p.seq) AS packages
        FROM contracts c JOIN token_packages p ON p.contract = c.id GROUP BY c.id ORDER BY c.id
        """
    )
    found = {
        row["id"]: PackagedRow(row["id"], row["source"], row["destination"], packages_of(row["packages"]))
        for row in rows
    }
    if not found:
        return []
    for row in await connection.fetch(
        """
        SELECT c.id AS contract, r.id, r.ends FROM contracts c CROSS JOIN runs r WHERE c.id = ANY($1) AND (
            r.status = 'closed' OR EXISTS (SELECT 1 FROM statements s WHERE (s.run, s.subject) = (r.id, c.id))
        ) ORDER BY r.ends
        """,
        list(found),
    ):
        found[row["contract"]].runs.append((row["id"], row["ends"]))
    used = f"SELECT * FROM ({_USED}) u WHERE contract = ANY($3) ORDER BY ends, first"  # noqa: S608 - our own words only
    for row in await connection.fetch(used, rules.slot_seconds, rules.utc_offset_seconds, list(found)):
        found[row["contract"]].uses.append(_use(row))
    for row in await connection.fetch(
        """
        SELECT s.subject, s.run, l.service_period AS period, l.price_version AS version, l.agreement, l.meter, l.package,
               l.price, l.quantity
        FROM statements s JOIN statement_lines l ON l.statement = s.id
        WHERE s.subject = ANY($1) AND l.package IS NOT NULL ORDER BY s.seq, l.n
        """,
        list(found),
    ):
        subject, run, period, version, agreement, meter, *rest = row
        line = PackageLineRow(run, period, version, agreement, Meter(meter), *rest)
        found[subject].lines.append(line)
    return list(found.values())


def _use(row: asyncpg.Record) -> UseRow:
    place = (row["run"], row["period"], row["version"], row["agreement"], row["first"])
    return UseRow(*place, Tokens(*map(int, row["tokens"])))
