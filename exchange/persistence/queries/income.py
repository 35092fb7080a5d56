"""What sellers took in over several periods: what a platform tells the tax office of each (State Council Order 810)."""

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.names import PartyId
from exchange.persistence.database import Pool
from matching.terms import RegionCode
from settlement.money import Fen

MONTH_OF_REFUND = """
    to_char(to_timestamp(f.slot * (v.terms ->> 'slot_seconds')::bigint + (v.terms ->> 'utc_offset_seconds')::bigint)
        AT TIME ZONE 'UTC', 'YYYY-MM')
"""
"""The month in which a refund `f` was made, by the clock of the venue `v`: it is a figure of that month."""


@dataclass(frozen=True, slots=True)
class SellerIncome:
    """A seller's income, VAT included: what was charged, what of it was given back (not above 0), and how often."""

    seller: PartyId
    name: str
    region: RegionCode
    statements: int
    gross: Fen
    refunds: Fen

    @property
    def net(self) -> Fen:
        """What is left of it."""
        return Fen(self.gross + self.refunds)


async def incomes(pool: Pool, periods: Sequence[str]) -> list[SellerIncome]:
    """Every seller's income by the statements of these periods, and what it refunded in these months, by seller."""
    rows = await pool.fetch(
        f"""
        WITH given_back AS (
            SELECT f.seller, sum(f.amount) AS amount FROM refunds f, venue v
            WHERE {MONTH_OF_REFUND} = ANY($1::text[]) GROUP BY f.seller
        ), taken_in AS (
            SELECT s.seller, count(DISTINCT s.id) AS statements,
                   sum(l.gross_fen) FILTER (WHERE l.gross_fen > 0) AS gross,
                   sum(l.gross_fen) FILTER (WHERE l.gross_fen < 0) AS credits
            FROM statements s JOIN runs r ON r.id = s.run LEFT JOIN statement_lines l ON l.statement = s.id
            WHERE r.period = ANY($1::text[]) GROUP BY s.seller
        )
        SELECT p.id, p.name, p.region, coalesce(t.statements, 0) AS statements, coalesce(t.gross, 0)::bigint AS gross,
               (coalesce(t.credits, 0) - coalesce(g.amount, 0))::bigint AS refunds
        FROM taken_in t FULL JOIN given_back g USING (seller) JOIN parties p ON p.id = seller ORDER BY p.id
        """,  # noqa: S608 - our own words only
        list(periods),
    )
    return [
        SellerIncome(
            seller=PartyId(row["id"]),
            name=row["name"],
            region=RegionCode(row["region"]),
            statements=row["statements"],
            gross=Fen(row["gross"]),
            refunds=Fen(row["refunds"]),
        )
        for row in rows
    ]
