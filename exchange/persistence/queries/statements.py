"""What buyers, sellers, regions and the clerk ask about statements."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import asyncpg
import msgspec

from exchange.names import PartyId, RunId
from exchange.persistence.database import Pool
from exchange.promises import VoucherPart
from matching.terms import RegionCode
from settlement.meters import Meter, billable_of
from settlement.money import NOTHING, Fen
from settlement.rating.service_credits import Credit, CreditReason
from settlement.statement import Line, RegionShares

MONTHS = 6
"""How many of the latest months are summed for who looks at its statements."""

Place = tuple[int, str]
"""Where a statement stands among all statements: a command can post many."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose statements may be seen: those of a party, those that touch a region, or all."""

    party: PartyId
    region: RegionCode | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """What a lease or contract (`subject`) came to in one run."""

    id: str
    run: RunId
    period: str
    subject: str
    buyer: PartyId
    seller: PartyId
    source: RegionCode
    destination: RegionCode
    charged: Fen
    released: Fen
    seq: int


@dataclass(frozen=True, slots=True)
class Month:
    """What the statements of a period come to together; `payout` is what their sellers receive."""

    period: str
    statements: int
    charged: Fen
    released: Fen
    payout: Fen


@dataclass(frozen=True, slots=True)
class StoredEmissions:
    """What a line drew, in Wh, and emitted, in grams, and by which version of the tables.

    `certificates` are (reference, Wh); `by_region` are (region, grams) of the market-based figure.
    """

    tables: str
    it_wh: int
    pue_milli: int
    factor_year: int
    grid_mg_per_kwh: int
    facility_wh: int
    certified_wh: int
    location_based_g: int
    market_based_g: int
    certificates: tuple[tuple[str, int], ...]
    by_region: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class StoredLine:
    """One line of a statement. `price` is micro-yuan per card-hour or per million tokens; `agreement` is id/version.

    `price_version` is the version of a contract's prices: a lease has none. `package` is the package that is sold, or that
    these tokens were taken from.
    `emissions` is None for tokens, for lines of what no tables of power knew, and where they were not asked for.
    """

    service_period: str
    meter: Meter
    price: int
    price_version: int | None
    quantity: int
    lost: int
    agreement: str | None
    before_loss: Fen
    over_budget: Fen
    figures: Line
    emissions: StoredEmissions | None = None
    vouchers: tuple[VoucherPart, ...] = ()
    package: str | None = None
    credits: tuple[Credit, ...] = ()

    @property
    def not_delivered(self) -> Fen:
        """What of the price was lost, and so is not charged."""
        return Fen(self.before_loss - billable_of(self.before_loss, self.quantity, self.lost))

    @property
    def from_package(self) -> Fen:
        """What tokens of a package would have cost, and so is not charged again."""
        return self.before_loss if self.package is not None and self.meter is not Meter.PACKAGES else NOTHING

    def credited(self, reason: CreditReason) -> Fen:
        """What came off for one reason."""
        return Fen(sum(credit.fen for credit in self.credits if credit.reason is reason))


async def statement_of(pool: Pool, reach: Reach, statement: str) -> StoredStatement | None:
    """One statement, if it may be seen."""
    row = await pool.fetchrow(f"{_WITHIN_REACH} AND s.id = $4", *_reach(reach), statement)
    return None if row is None else statement_of_row(row)


async def statements_within(
    pool: Pool, reach: Reach, before: Place | None, most: int, run: RunId | None = None
) -> list[StoredStatement]:
    """Statements that may be seen, of one run or of all, the newest first, before a place among all statements."""
    seq, statement = before or (None, None)
    rows = await pool.fetch(
        f"{_WITHIN_REACH} AND ($4::bigint IS NULL OR (s.seq, s.id) < ($4, $5::text)) "
        "AND ($7::text IS NULL OR s.run = $7) ORDER BY s.seq DESC, s.id DESC LIMIT $6",
        *_reach(reach),
        seq,
        statement,
        most,
        run,
    )
    return [statement_of_row(row) for row in rows]


async def payouts_of(pool: Pool, statements: Sequence[str]) -> dict[str, Fen]:
    """What the seller receives by each of these statements."""
    rows = await pool.fetch(
        "SELECT statement, sum(seller_payout_fen)::bigint AS payout FROM statement_lines "
        "WHERE statement = ANY($1::text[]) GROUP BY statement",
        statements,
    )
    return {row["statement"]: Fen(row["payout"]) for row in rows}


async def months_of(
    pool: Pool, side: Literal["buyer", "seller"], party: PartyId, also: Sequence[str]
) -> list[Month]:
    """What a party's statements of one side come to in each of the latest months and of these other ones, latest first."""
    rows = await pool.fetch(
        """
        SELECT r.period, count(*) AS statements, sum(s.charged)::bigint AS charged,
          sum(s.released)::bigint AS released, sum(l.payout)::bigint AS payout
        FROM runs r JOIN statements s ON s.run = r.id
        JOIN LATERAL (SELECT sum(seller_payout_fen) AS payout FROM statement_lines WHERE statement = s.id) l ON true
        WHERE ($2 = 'buyer' AND s.buyer = $1 OR $2 = 'seller' AND s.seller = $1)
          AND (r.period = ANY($3::text[]) OR r.id IN (SELECT id FROM runs ORDER BY begins DESC LIMIT $4))
        GROUP BY r.id ORDER BY r.begins DESC
        """,
        party,
        side,
        also,
        MONTHS,
    )
    return [Month(**row) for row in rows]


async def lines_of(pool: Pool, statement: str) -> list[StoredLine]:
    """The lines of a statement, in order."""
    rows = await pool.fetch(
        "SELECT l.*, to_jsonb(e) AS emissions FROM statement_lines l LEFT JOIN line_emissions e USING (statement, n) "
        "WHERE l.statement = $1 ORDER BY l.n",
        statement,
    )
    return [line_of_row(row) for row in rows]


_WITHIN_REACH = """
    SELECT s.*, r.period FROM statements s JOIN runs r ON r.id = s.run
    WHERE ($1 IN (s.buyer, s.seller) OR $2::text IN (s.source, s.destination) OR $3)
"""

_shares = msgspec.json.Decoder(RegionShares)
_emissions = msgspec.json.Decoder(StoredEmissions)
_vouchers = msgspec.json.Decoder(tuple[VoucherPart, ...])
_credits = msgspec.json.Decoder(tuple[Credit, ...])


def _reach(reach: Reach) -> tuple[str, str | None, bool]:
    return reach.party, reach.region, reach.everything


def statement_of_row(row: asyncpg.Record) -> StoredStatement:
    """A statement from its row, joined with its run."""
    return StoredStatement(
        id=row["id"],
        run=RunId(row["run"]),
        period=row["period"],
        subject=row["subject"],
        buyer=PartyId(row["buyer"]),
        seller=PartyId(row["seller"]),
        source=RegionCode(row["source"]),
        destination=RegionCode(row["destination"]),
        charged=Fen(row["charged"]),
        released=Fen(row["released"]),
        seq=row["seq"],
    )


def line_of_row(row: asyncpg.Record) -> StoredLine:
    """A line from its row."""
    emissions = row.get("emissions")
    figures: dict[str, Any] = {
        field.name: _shares.decode(row[field.name]) if field.type is RegionShares else row[field.name]
        for field in fields(Line)
    }
    return StoredLine(
        service_period=row["service_period"],
        meter=Meter(row["meter"]),
        price=row["price"],
        price_version=row["price_version"],
        quantity=row["quantity"],
        lost=row["lost"],
        agreement=row["agreement"],
        before_loss=Fen(row["before_loss"]),
        over_budget=Fen(row["over_budget"]),
        figures=Line(**figures),
        emissions=None if emissions is None else _emissions.decode(emissions),
        vouchers=_vouchers.decode(row["vouchers"]),
        package=row["package"],
        credits=_credits.decode(row["credits"]),
    )
