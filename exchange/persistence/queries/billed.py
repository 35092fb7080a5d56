"""What a buyer was billed in a period, line by line, with what it was that was bought: for documents that name it."""

from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import PartyId
from exchange.persistence.database import Pool
from exchange.persistence.queries.income import MONTH_OF_REFUND
from exchange.persistence.queries.statements import StoredLine, StoredStatement, line_of_row, statement_of_row
from matching.terms import ChipCode, Tier
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


async def billed_to(pool: Pool, buyer: PartyId, period: str) -> list[BilledLine]:
    """Every line of a buyer's statements of one period, in the order in which they were made."""
    query = f"{_BILLED} {_OF} WHERE s.buyer = $1 AND r.period = $2 ORDER BY s.seq, s.id, l.n"
    return [_billed(row) for row in await pool.fetch(query, buyer, period)]


async def billed_by(pool: Pool, statement: str) -> list[BilledLine]:
    """Every line of one statement, in order."""
    query = f"{_BILLED} {_OF} WHERE s.id = $1 ORDER BY l.n"
    return [_billed(row) for row in await pool.fetch(query, statement)]


async def refunded_to(pool: Pool, buyer: PartyId, period: str) -> list[RefundedLine]:
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
