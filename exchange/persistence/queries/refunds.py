"""What refunds are reckoned from, and what they have given back."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import Instant, PartyId, RefundId, RunId
from exchange.persistence.database import Pool
from exchange.persistence.queries.statements import Reach
from exchange.promises import VoucherPart
from exchange.refunds.events import PartReturned
from exchange.state import SettledLine
from matching.terms import Slot
from settlement.credit_notes import CreditNote, CreditNoteState
from settlement.money import BasisPoints, Fen
from settlement.statement import Line
from settlement.terms import FeeTerms


@dataclass(frozen=True, slots=True)
class StoredRefund:
    """A refund of the `n`-th line of a statement, with every figure that it takes back and its credit note."""

    id: RefundId
    statement: str
    n: int
    buyer: PartyId
    seller: PartyId
    amount: Fen
    reason: str
    reference: str
    correction: Line
    returned: tuple[PartReturned, ...]
    """What each voucher of the line has back."""
    to_buyer: Fen
    """What the buyer's balance has of it: less what its region had paid it of that already."""
    note: CreditNote
    slot: Slot
    seq: int

    @property
    def off_charge(self) -> Fen:
        """What it takes off what the buyer was charged."""
        return Fen(-self.correction.buyer_pays_now_fen)


async def settled_line(pool: Pool, statement: str, n: int) -> SettledLine | None:
    """A statement line as it was posted, with the terms of its lease or contract; None where there is no such line."""
    row = await pool.fetchrow(
        """
        SELECT s.run, s.subject, s.buyer, s.seller, x.gross_fen, x.agreement, x.vouchers,
               coalesce(granted.body -> 'lease', opened.body -> 'contract')::text AS subject_terms
        FROM statements s JOIN statement_lines x ON x.statement = s.id
        LEFT JOIN leases l ON l.id = s.subject LEFT JOIN contracts c ON c.id = s.subject
        LEFT JOIN events granted ON granted.seq = l.seq AND granted.kind = 'LeaseGranted'
             AND granted.body #>> '{lease,id}' = l.id
        LEFT JOIN events opened ON opened.seq = c.seq AND opened.kind = 'ContractOpened'
        WHERE s.id = $1 AND x.n = $2
        """,
        statement,
        n,
    )
    if row is None:
        return None
    rates = _rates.decode(row["subject_terms"])
    return SettledLine(
        run=RunId(row["run"]),
        subject=row["subject"],
        n=n,
        buyer=PartyId(row["buyer"]),
        seller=PartyId(row["seller"]),
        gross=Fen(row["gross_fen"]),
        vat_rate_bp=rates.vat_rate_bp,
        fee=rates.fee,
        agreement=_version(row["agreement"]),
        vouchers=_vouchers.decode(row["vouchers"]),
    )


async def refunds_of(pool: Pool, statements: Sequence[str]) -> list[StoredRefund]:
    """The refunds of some statements' lines, oldest first."""
    rows = await pool.fetch(
        "SELECT * FROM refunds WHERE statement = ANY($1::text[]) ORDER BY seq, id", statements
    )
    return [_refund(row) for row in rows]


async def refund_of(pool: Pool, refund: str) -> StoredRefund | None:
    """One refund."""
    row = await pool.fetchrow("SELECT * FROM refunds WHERE id = $1", refund)
    return None if row is None else _refund(row)


async def refunds_within(pool: Pool, reach: Reach, before: int | None, most: int) -> list[StoredRefund]:
    """Refunds that may be seen, the newest first, before a place in the log."""
    rows = await pool.fetch(
        """
        SELECT f.* FROM refunds f JOIN statements s ON s.id = f.statement
        WHERE ($1 IN (f.buyer, f.seller) OR $2::text IN (s.source, s.destination) OR $3)
          AND ($4::bigint IS NULL OR f.seq < $4) ORDER BY f.seq DESC LIMIT $5
        """,
        reach.party,
        reach.region,
        reach.everything,
        before,
        most,
    )
    return [_refund(row) for row in rows]


class _Rates(msgspec.Struct):
    """What of a lease or contract decides its lines."""

    vat_rate_bp: BasisPoints
    fee: FeeTerms


_rates = msgspec.json.Decoder(_Rates)
_vouchers = msgspec.json.Decoder(tuple[VoucherPart, ...])
_line = msgspec.json.Decoder(Line)
_returned = msgspec.json.Decoder(tuple[PartReturned, ...])


def _version(agreement: str | None) -> tuple[str, int] | None:
    if agreement is None:
        return None
    name, _, version = agreement.rpartition("/")
    return name, int(version)


def _refund(row: asyncpg.Record) -> StoredRefund:
    return StoredRefund(
        id=RefundId(row["id"]),
        statement=row["statement"],
        n=row["n"],
        buyer=PartyId(row["buyer"]),
        seller=PartyId(row["seller"]),
        amount=Fen(row["amount"]),
        reason=row["reason"],
        reference=row["reference"],
        correction=_line.decode(row["correction"]),
        returned=_returned.decode(row["returned"]),
        to_buyer=Fen(row["to_buyer"]),
        note=CreditNote(row["invoice_used"], Instant(row["note_since"]), CreditNoteState(row["note_state"])),
        slot=Slot(row["slot"]),
        seq=row["seq"],
    )
