"""What a buyer was billed in a period, line by line, with what it was that was bought: for documents that name it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import Instant, PartyId
from exchange.persistence.database import Pool
from exchange.persistence.queries.income import MONTH_OF_REFUND
from exchange.persistence.queries.statements import StoredLine, StoredStatement, line_of_row, statement_of_row
from matching.terms import ChipCode, Tier
from settlement.meters import Meter
from settlement.money import BasisPoints
from settlement.statement import Line


@dataclass(frozen=True, slots=True)
class Leased:
    """What a lease is of, and the catalogue line under which it is taxed."""

    chip: ChipCode
    tier: Tier
    line: str


@dataclass(frozen=True, slots=True)
class BilledLine:
    """Line `n` of a statement, from 1, and the VAT rate in it. Without a lease it is of a token contract."""

    statement: StoredStatement
    n: int
    line: StoredLine
    vat_rate_bp: BasisPoints
    leased: Leased | None


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """A line, and what a refund made in a month took off its figures."""

    billed: BilledLine
    refund: str
    period: str
    reason: str
    correction: Line


@dataclass(frozen=True, slots=True)
class Taking:
    """Tokens that line `n` of a statement, from 1, has taken of a package. `period` is its run's."""

    statement: str
    n: int
    period: str
    tokens: int


@dataclass(frozen=True, slots=True)
class BoughtPackage:
    """A package by the line that charged it: its tokens, the instant when it ends, and what was taken, in order."""

    line: BilledLine
    tokens: int
    ends: Instant
    taken: tuple[Taking, ...]


@dataclass(frozen=True, slots=True)
class MonthsBill:
    """What a buyer was billed in a month and given back in it, and the packages that were bought until then."""

    period: str
    lines: Sequence[BilledLine]
    refunds: Sequence[RefundedLine]
    packages: Sequence[BoughtPackage]

    @property
    def sellers(self) -> set[PartyId]:
        """Whose goods it is for."""
        lines = (*self.lines, *(one.billed for one in self.refunds), *(one.line for one in self.packages))
        return {line.statement.seller for line in lines}


async def bill_of(pool: Pool, buyer: PartyId, period: str) -> MonthsBill:
    """A buyer's bill of a month."""
    return MonthsBill(
        period,
        await _billed_to(pool, buyer, period),
        await _refunded_to(pool, buyer, period),
        await _packages_bought(pool, buyer, period),
    )


async def _billed_to(pool: Pool, buyer: PartyId, period: str) -> list[BilledLine]:
    """Every line of a buyer's statements of one period, in the order in which they were made."""
    query = f"{_BILLED} {_OF} WHERE s.buyer = $1 AND r.period = $2 ORDER BY s.seq, s.id, l.n"
    return [_billed(row) for row in await pool.fetch(query, buyer, period)]


async def billed_by(pool: Pool, statement: str) -> list[BilledLine]:
    """Every line of one statement, in order."""
    query = f"{_BILLED} {_OF} WHERE s.id = $1 ORDER BY l.n"
    return [_billed(row) for row in await pool.fetch(query, statement)]


async def _refunded_to(pool: Pool, buyer: PartyId, period: str) -> list[RefundedLine]:
    """Every refund that was made in a month to a buyer, of lines of whichever month, in the order of the log."""
    query = f"""
        {_BILLED}, f.id AS refund, f.reason, f.correction
        {_OF} JOIN refunds f ON (f.statement, f.n) = (l.statement, l.n) CROSS JOIN venue v
        WHERE s.buyer = $1 AND {MONTH_OF_REFUND} = $2 ORDER BY f.seq, f.id
    """
    return [
        RefundedLine(
            _billed(row), row["refund"], period, row["reason"], _correction.decode(row["correction"])
        )
        for row in await pool.fetch(query, buyer, period)
    ]


async def _packages_bought(pool: Pool, buyer: PartyId, until: str) -> list[BoughtPackage]:
    """Every package that a buyer was charged for until the end of a period, and what was taken of each until then."""
    bought = await pool.fetch(
        f"""
        {_BILLED}, p.tokens, p.ends
        {_OF} JOIN token_packages p ON p.id = l.package
        WHERE s.buyer = $1 AND r.period <= $2 AND l.meter = $3 ORDER BY s.seq, s.id, l.n
        """,
        *(buyer, until, Meter.PACKAGES),
    )
    takings = await pool.fetch(
        """
        SELECT l.package, l.statement, l.n, r.period, l.quantity
        FROM statements s JOIN runs r ON r.id = s.run JOIN statement_lines l ON l.statement = s.id
        WHERE s.buyer = $1 AND r.period <= $2 AND l.package IS NOT NULL AND l.meter <> $3
        ORDER BY s.seq, s.id, l.n
        """,
        *(buyer, until, Meter.PACKAGES),
    )
    taken: dict[str, list[Taking]] = defaultdict(list)
    for row in takings:
        taken[row["package"]].append(Taking(row["statement"], row["n"] + 1, row["period"], row["quantity"]))
    return [
        BoughtPackage(_billed(row), row["tokens"], Instant(row["ends"]), tuple(taken[row["package"]]))
        for row in bought
    ]


async def months_billed(pool: Pool, buyer: PartyId) -> list[str]:
    """Every closed month that has a cost of the buyer's, the latest first: billed, refunded, or expired with a package."""
    rows = await pool.fetch(
        f"""
        WITH costs AS (
            SELECT r.period FROM statements s JOIN runs r ON r.id = s.run WHERE s.buyer = $1
            UNION SELECT {MONTH_OF_REFUND} FROM refunds f, venue v WHERE f.buyer = $1
            UNION SELECT {_MONTH_OF_END}
                  FROM token_packages p JOIN contracts k ON k.id = p.contract, venue v
                  WHERE k.buyer = $1 AND p.charged_in IS NOT NULL
        )
        SELECT period FROM costs JOIN runs USING (period) WHERE runs.status = 'closed' ORDER BY period DESC
        """,  # noqa: S608 - our own words only
        buyer,
    )
    return [row["period"] for row in rows]


_MONTH_OF_END = """
    to_char(to_timestamp(p.ends - 1 + (v.terms ->> 'utc_offset_seconds')::bigint) AT TIME ZONE 'UTC', 'YYYY-MM')
"""
_BILLED = """
    SELECT s.*, r.period, l.*, t.chip, t.line, o.tier,
           coalesce(e.vat_rate_bp, (c.body -> 'contract' ->> 'vat_rate_bp')::bigint) AS vat_rate_bp
"""
_OF = """
    FROM statements s JOIN runs r ON r.id = s.run JOIN statement_lines l ON l.statement = s.id
    LEFT JOIN leases e ON e.id = s.subject
    LEFT JOIN listings t ON t.id = e.listing_id LEFT JOIN orders o ON o.id = e.order_id
    LEFT JOIN contracts k ON k.id = s.subject
    LEFT JOIN events c ON c.seq = k.seq AND c.kind = 'ContractOpened'
"""


_correction = msgspec.json.Decoder(Line)


def _billed(row: asyncpg.Record) -> BilledLine:
    leased = None if row["chip"] is None else Leased(ChipCode(row["chip"]), Tier(row["tier"]), row["line"])
    rate = BasisPoints(row["vat_rate_bp"])
    return BilledLine(statement_of_row(row), row["n"] + 1, line_of_row(row), rate, leased)
