"""What a buyer was billed in a period, line by line, with what it was that was bought: for documents that name it."""

from dataclasses import dataclass

from exchange.persistence.database import Pool
from exchange.persistence.queries.statements import StoredLine, StoredStatement, line_of_row, statement_of_row
from exchange.state import PartyId
from matching.terms import ChipCode, Tier


@dataclass(frozen=True, slots=True)
class Leased:
    """What a lease is of, and the catalogue line under which it is taxed."""

    chip: ChipCode
    tier: Tier
    line: str


@dataclass(frozen=True, slots=True)
class BilledLine:
    """Line `n` of a statement, from 1. Without a lease it is of a token contract."""

    statement: StoredStatement
    n: int
    line: StoredLine
    leased: Leased | None


async def billed_to(pool: Pool, buyer: PartyId, period: str) -> list[BilledLine]:
    """Every line of a buyer's statements of one period, in the order in which they were made."""
    rows = await pool.fetch(
        """
        SELECT s.*, r.period, l.*, t.chip, t.line, o.tier
        FROM statements s JOIN runs r ON r.id = s.run JOIN statement_lines l ON l.statement = s.id
        LEFT JOIN leases e ON e.id = s.subject
        LEFT JOIN listings t ON t.id = e.listing_id LEFT JOIN orders o ON o.id = e.order_id
        WHERE s.buyer = $1 AND r.period = $2 ORDER BY s.seq, s.id, l.n
        """,
        buyer,
        period,
    )
    return [
        BilledLine(
            statement_of_row(row),
            row["n"] + 1,
            line_of_row(row),
            None if row["chip"] is None else Leased(ChipCode(row["chip"]), Tier(row["tier"]), row["line"]),
        )
        for row in rows
    ]
