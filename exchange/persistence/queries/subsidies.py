"""What regions have paid for vouchers: of a programme, of a statement, and what the bank should know of."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import PartyId, ProgrammeId, VoucherId
from exchange.persistence.database import Pool
from matching.terms import RegionCode, Slot
from settlement.money import NOTHING, Fen


@dataclass(frozen=True, slots=True)
class StoredSubsidy:
    """A region's payment for a month or quarter, with money and with what it had paid too much before (`credit`).

    What a region was given back has no period, and an amount below zero.
    """

    issuer: RegionCode
    reference: str
    programme: ProgrammeId
    period: str | None
    amount: Fen
    credit: Fen
    withheld: tuple[str, ...]
    slot: Slot
    seq: int


@dataclass(frozen=True, slots=True)
class ReceivedPart:
    """What a payment has paid of a voucher's part of the `n`-th line of a statement, and what `party` has got of that."""

    n: int
    voucher: VoucherId
    party: PartyId
    amount: Fen
    received: Fen
    issuer: RegionCode
    reference: str
    slot: Slot


async def subsidies_of(pool: Pool, programme: str) -> list[StoredSubsidy]:
    """What was paid for a programme and given back of that, the newest first."""
    rows = await pool.fetch("SELECT * FROM subsidies WHERE programme = $1 ORDER BY seq DESC", programme)
    return [_subsidy(row) for row in rows]


async def subsidy_under(pool: Pool, issuer: str, reference: str) -> StoredSubsidy | None:
    """What a region has paid or was given back under a reference of the bank."""
    row = await pool.fetchrow(
        "SELECT * FROM subsidies WHERE (issuer, reference) = ($1, $2)", issuer, reference
    )
    return None if row is None else _subsidy(row)


async def credit_of(pool: Pool, programme: str) -> Fen:
    """What a region has paid of a programme for lines that were refunded since."""
    amount = await pool.fetchval(
        "SELECT amount FROM balances WHERE (owner, kind) = ($1, 'subsidy_credit')", programme
    )
    return NOTHING if amount is None else Fen(amount)


async def received_for(pool: Pool, statement: str) -> list[ReceivedPart]:
    """What regions have paid for a statement's lines, oldest first."""
    rows = await pool.fetch(
        """
        SELECT p.n, p.voucher, p.party, p.amount, p.received, s.issuer, s.reference, s.slot
        FROM subsidy_parts p JOIN subsidies s USING (seq) WHERE p.statement = $1 ORDER BY p.seq, p.n, p.voucher
        """,
        statement,
    )
    return [
        ReceivedPart(
            n=row["n"],
            voucher=VoucherId(row["voucher"]),
            party=PartyId(row["party"]),
            amount=Fen(row["amount"]),
            received=Fen(row["received"]),
            issuer=RegionCode(row["issuer"]),
            reference=row["reference"],
            slot=Slot(row["slot"]),
        )
        for row in rows
    ]


async def booked_under(pool: Pool, since: int, references: Sequence[str]) -> dict[str, Fen]:
    """What was booked since a second, or under some references, by the bank's reference; below zero what was given back."""
    rows = await pool.fetch(
        """
        SELECT s.reference, sum(s.amount)::bigint AS amount FROM subsidies s JOIN commands c USING (seq)
        WHERE c.logged_at >= to_timestamp($1) OR s.reference = ANY($2::text[])
        GROUP BY s.reference HAVING sum(s.amount) <> 0 ORDER BY s.reference
        """,
        since,
        references,
    )
    return {row["reference"]: Fen(row["amount"]) for row in rows}


_withheld = msgspec.json.Decoder(tuple[str, ...])


def _subsidy(row: asyncpg.Record) -> StoredSubsidy:
    return StoredSubsidy(
        issuer=RegionCode(row["issuer"]),
        reference=row["reference"],
        programme=ProgrammeId(row["programme"]),
        period=row["period"],
        amount=Fen(row["amount"]),
        credit=Fen(row["credit"]),
        withheld=_withheld.decode(row["withheld"]),
        slot=Slot(row["slot"]),
        seq=row["seq"],
    )
