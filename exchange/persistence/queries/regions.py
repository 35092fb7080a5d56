"""What regions share: agreements, and what they gave each party to count, period by period, from the memo ledger."""

from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.persistence.queries.income import MONTH_OF_REFUND
from settlement.agreements import PairAgreement
from settlement.ledger.chart import AccountKind
from settlement.meters import Meter


@dataclass(frozen=True, slots=True)
class SharedFigure:
    """What one party of an agreement was given to count in one period, in fen, of one kind."""

    agreement: str
    period: str
    run: str
    region: str
    kind: AccountKind
    amount: int


@dataclass(frozen=True, slots=True)
class SharedPeriod:
    """What a period's statements under an agreement came to, from their lines."""

    agreement: str
    period: str
    run: str
    statements: int
    lines: int
    net: int
    local_retained: int
    gdp_base: int


@dataclass(frozen=True, slots=True)
class SharedRefunds:
    """What the refunds of a month took off lines under an agreement, so below zero; the lines may be of any month before."""

    agreement: str
    period: str
    refunds: int
    net: int
    local_retained: int
    gdp_base: int


@dataclass(frozen=True, slots=True)
class SharedLine:
    """One statement line under an agreement, with every party's share. Shares are (region, fen)."""

    statement: str
    n: int
    subject: str
    buyer: str
    seller: str
    source: str
    destination: str
    service_period: str
    meter: Meter
    price: int
    quantity: int
    lost: int
    net: int
    local_retained: int
    gdp_base: int
    revenue: tuple[tuple[str, int], ...]
    tax: tuple[tuple[str, int], ...]
    gdp: tuple[tuple[str, int], ...]


async def agreements(pool: asyncpg.Pool, region: str | None = None) -> list[PairAgreement]:
    """Every agreement, or those that a region is a party of; the latest version of each pair first."""
    rows = await pool.fetch(
        "SELECT terms FROM agreements WHERE $1::text IS NULL OR terms->'parties' ? $1 "
        "ORDER BY source, destination, valid_from DESC",
        region,
    )
    return [msgspec.json.decode(row["terms"], type=PairAgreement) for row in rows]


async def shared_figures(pool: asyncpg.Pool, named: list[str]) -> list[SharedFigure]:
    """What each party counts under some agreements (`id/version`), period by period: the memo ledger's own sums."""
    rows = await pool.fetch(
        """
        SELECT contra.owner AS agreement, r.period, r.id AS run, p.owner AS region, p.kind,
               sum(p.amount)::bigint AS amount
        FROM postings contra
        JOIN postings p ON p.seq = contra.seq AND p.n = contra.n AND p.kind <> contra.kind
        JOIN (SELECT DISTINCT seq, run FROM statements) s ON s.seq = contra.seq
        JOIN runs r ON r.id = s.run
        WHERE contra.kind = 'attribution' AND contra.owner = ANY($1::text[])
        GROUP BY contra.owner, r.period, r.id, p.owner, p.kind
        """,
        named,
    )
    return [
        SharedFigure(
            agreement=row["agreement"],
            period=row["period"],
            run=row["run"],
            region=row["region"],
            kind=AccountKind(row["kind"]),
            amount=row["amount"],
        )
        for row in rows
    ]


async def shared_periods(pool: asyncpg.Pool, named: list[str]) -> list[SharedPeriod]:
    """What some agreements' statements came to, closed period by period, newest first: sums of the statement lines."""
    rows = await pool.fetch(
        """
        SELECT l.agreement, r.period, r.id AS run, count(DISTINCT s.id) AS statements, count(*) AS lines,
               sum(l.net_fen)::bigint AS net, sum(l.local_retained_fen)::bigint AS local_retained,
               sum(l.gdp_base_fen)::bigint AS gdp_base
        FROM statement_lines l JOIN statements s ON s.id = l.statement JOIN runs r ON r.id = s.run
        WHERE l.agreement = ANY($1::text[]) AND r.status = 'closed'
        GROUP BY l.agreement, r.period, r.id ORDER BY r.period DESC, l.agreement
        """,
        named,
    )
    return [SharedPeriod(**dict(row)) for row in rows]


async def refunded_figures(pool: asyncpg.Pool, named: list[str]) -> list[SharedFigure]:
    """What refunds took off what each party counts under some agreements, month by month: the memo ledger's own sums."""
    rows = await pool.fetch(
        f"""
        SELECT contra.owner AS agreement, {MONTH_OF_REFUND} AS period, p.owner AS region, p.kind,
               sum(p.amount)::bigint AS amount
        FROM postings contra
        JOIN postings p ON p.seq = contra.seq AND p.n = contra.n AND p.kind <> contra.kind
        JOIN refunds f ON f.seq = contra.seq CROSS JOIN venue v
        WHERE contra.kind = 'attribution' AND contra.owner = ANY($1::text[])
        GROUP BY contra.owner, 2, p.owner, p.kind
        """,  # noqa: S608 - our own words only
        named,
    )
    return [SharedFigure(**{**row, "run": "", "kind": AccountKind(row["kind"])}) for row in rows]


async def shared_refunds(pool: asyncpg.Pool, named: list[str]) -> list[SharedRefunds]:
    """What refunds of lines under some agreements came to, month by month, newest first: sums of their corrections."""
    rows = await pool.fetch(
        f"""
        SELECT l.agreement, {MONTH_OF_REFUND} AS period, count(*) AS refunds,
               sum((f.correction ->> 'net_fen')::bigint)::bigint AS net,
               sum((f.correction ->> 'local_retained_fen')::bigint)::bigint AS local_retained,
               sum((f.correction ->> 'gdp_base_fen')::bigint)::bigint AS gdp_base
        FROM refunds f JOIN statement_lines l USING (statement, n) CROSS JOIN venue v
        WHERE l.agreement = ANY($1::text[]) GROUP BY l.agreement, 2 ORDER BY 2 DESC, l.agreement
        """,  # noqa: S608 - our own words only
        named,
    )
    return [SharedRefunds(**dict(row)) for row in rows]


async def shared_lines(
    pool: asyncpg.Pool, agreement: str, period: str, after: tuple[str, int], most: int
) -> list[SharedLine]:
    """Statement lines of one period under one agreement, in a stable order, after the line `(statement, n)`."""
    rows = await pool.fetch(
        """
        SELECT l.*, s.subject, s.buyer, s.seller, s.source, s.destination
        FROM statement_lines l JOIN statements s ON s.id = l.statement JOIN runs r ON r.id = s.run
        WHERE l.agreement = $1 AND r.period = $2 AND (l.statement, l.n) > ($3, $4)
        ORDER BY l.statement, l.n LIMIT $5
        """,
        agreement,
        period,
        *after,
        most,
    )
    return [_shared_line(row) for row in rows]


_shares = msgspec.json.Decoder(tuple[tuple[str, int], ...])


def _shared_line(row: asyncpg.Record) -> SharedLine:
    return SharedLine(
        statement=row["statement"],
        n=row["n"],
        subject=row["subject"],
        buyer=row["buyer"],
        seller=row["seller"],
        source=row["source"],
        destination=row["destination"],
        service_period=row["service_period"],
        meter=Meter(row["meter"]),
        price=row["price"],
        quantity=row["quantity"],
        lost=row["lost"],
        net=row["net_fen"],
        local_retained=row["local_retained_fen"],
        gdp_base=row["gdp_base_fen"],
        revenue=_shares.decode(row["revenue_by_region_fen"]),
        tax=_shares.decode(row["tax_by_region_fen"]),
        gdp=_shares.decode(row["gdp_by_region_fen"]),
    )
