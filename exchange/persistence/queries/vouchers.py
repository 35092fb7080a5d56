"""What buyers, regions and the clerk ask about vouchers: programmes, wallets, what was used, and what stands behind it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec

from exchange.names import Instant, PartyId, ProgrammeId, VoucherId
from exchange.persistence.database import Pool
from exchange.promises import Claim, Facts, VoucherPart
from exchange.refunds.events import PartReturned
from matching.terms import RegionCode
from settlement.money import Fen
from settlement.refunds import Returned
from settlement.statement import Line
from settlement.terms import VoucherMode
from settlement.vouchers.misuse import RefundMade
from settlement.vouchers.programme import Programme


@dataclass(frozen=True, slots=True)
class Within:
    """Whose vouchers may be seen: those of a buyer, those that a region has issued, or all."""

    buyer: PartyId | None = None
    issuer: RegionCode | None = None


@dataclass(frozen=True, slots=True)
class StoredProgramme:
    """A version of a programme, and what buyers may claim of it themselves."""

    terms: Programme
    claim: Claim | None
    seq: int


@dataclass(frozen=True, slots=True)
class DeclaredFacts:
    """What a party has shown of itself, on record since an instant."""

    party: PartyId
    facts: Facts
    at: Instant
    seq: int


@dataclass(frozen=True, slots=True)
class StoredVoucher:
    """A voucher and what of it, in fen, is left, held and used; the rest has expired."""

    id: VoucherId
    programme: ProgrammeId
    issuer: RegionCode
    buyer: PartyId
    amount: Fen
    left: Fen
    held: Fen
    used: Fen
    at: Instant
    ends: Instant
    claimed: bool
    seq: int

    @property
    def expired(self) -> Fen:
        """What was not used in time."""
        return Fen(self.amount - self.left - self.held - self.used)


@dataclass(frozen=True, slots=True)
class Move:
    """What became of a voucher but that it was used; `subject` is the order, lease or refund, or of what expired the programme.

    What a refund gave back is `refunded`, or `lapsed` if the voucher was over: then its programme has it.
    """

    kind: str
    subject: str
    amount: Fen
    slot: int
    seq: int


@dataclass(frozen=True, slots=True)
class Named:
    """A voucher that an order named: what of it the order holds now, and what its leases took of that."""

    voucher: VoucherId
    held: Fen
    taken: Fen


@dataclass(frozen=True, slots=True)
class StoredUse:
    """What a voucher covered of one statement line."""

    statement: str
    n: int
    period: str
    subject: str
    """A lease, or a token contract."""
    order: str
    """What named the voucher: the lease's order, or the contract itself."""
    voucher: VoucherId
    programme: str
    """With its version: `city/1`."""
    issuer: RegionCode
    buyer: PartyId
    seller: PartyId
    mode: VoucherMode
    rate_bp: int
    gross: Fen
    covered: Fen
    returned: Fen
    """What refunds of the line have given back since."""
    paid: Fen
    """What the region has paid of it, less what is its own again since a refund."""
    ordered_at: Instant
    """When the slot began in which the lease was granted, or when the contract was opened."""

    @property
    def used(self) -> Fen:
        """What is left of what it covered."""
        return Fen(self.covered - self.returned)

    @property
    def open(self) -> Fen:
        """What the region still owes of it."""
        return Fen(self.used - self.paid)

    @property
    def party(self) -> PartyId:
        """Who gets what the region pays."""
        return self.buyer if self.mode is VoucherMode.REIMBURSE_BUYER else self.seller


@dataclass(frozen=True, slots=True)
class Logged:
    """An event as the log has it, and the SHA-256 of its body to the byte."""

    seq: int
    kind: str
    body: dict[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class Metered:
    """What meters reported of a lease or contract, and the batches that told of it with their digests.

    A lease has slots and card-seconds delivered in them, a contract tokens.
    """

    slots: int
    delivered: int
    tokens: int
    batches: tuple[tuple[int, str], ...]


async def programmes(pool: Pool, issuer: str | None = None) -> list[StoredProgramme]:
    """Every version of every programme, or of a region's, the newest first."""
    rows = await pool.fetch(
        "SELECT * FROM programmes WHERE $1::text IS NULL OR issuer = $1 ORDER BY seq DESC", issuer
    )
    return [_programme(row) for row in rows]


async def programme_versions(pool: Pool, programme: str) -> list[StoredProgramme]:
    """Every version of one programme, the newest first."""
    rows = await pool.fetch("SELECT * FROM programmes WHERE id = $1 ORDER BY version DESC", programme)
    return [_programme(row) for row in rows]


async def facts_of(pool: Pool, party: str) -> list[DeclaredFacts]:
    """All that a party has shown of itself, the newest first."""
    rows = await pool.fetch("SELECT * FROM facts WHERE party = $1 ORDER BY seq DESC", party)
    return [_facts(row) for row in rows]


async def facts_now(pool: Pool, parties: Iterable[str]) -> dict[str, Facts]:
    """What is on record of some parties now."""
    rows = await pool.fetch(
        "SELECT DISTINCT ON (party) * FROM facts WHERE party = ANY($1::text[]) ORDER BY party, seq DESC",
        sorted(set(parties)),
    )
    return {row["party"]: _facts(row).facts for row in rows}


async def vouchers_within(pool: Pool, within: Within, before: int | None, most: int) -> list[StoredVoucher]:
    """Vouchers that may be seen, the newest first, before a place in the log."""
    rows = await pool.fetch(
        f"{_VOUCHERS} AND ($3::bigint IS NULL OR v.seq < $3) ORDER BY v.seq DESC LIMIT $4",
        within.buyer,
        within.issuer,
        before,
        most,
    )
    return [_voucher(row) for row in rows]


async def voucher_of(pool: Pool, within: Within, voucher: str) -> StoredVoucher | None:
    """One voucher, if it may be seen."""
    row = await pool.fetchrow(f"{_VOUCHERS} AND v.id = $3", within.buyer, within.issuer, voucher)
    return None if row is None else _voucher(row)


async def vouchers_of_programme(pool: Pool, programme: str) -> list[StoredVoucher]:
    """Every voucher of a programme, in the order in which they were issued."""
    rows = await pool.fetch(f"{_VOUCHERS} AND v.programme = $3 ORDER BY v.seq", None, None, programme)
    return [_voucher(row) for row in rows]


async def moves_of(pool: Pool, voucher: str) -> list[Move]:
    """What became of a voucher but that it was used, in order."""
    rows = await pool.fetch(
        f"""
        {_BACKS}, moves AS (
            SELECT voucher, kind, subject, amount, slot, seq FROM voucher_moves
            UNION ALL SELECT voucher, CASE WHEN over THEN 'lapsed' ELSE 'refunded' END, refund, amount, slot, seq FROM backs
        )
        SELECT kind, subject, amount, slot, seq FROM moves WHERE voucher = $1
        ORDER BY seq, array_position(ARRAY['held', 'passed', 'returned', 'refunded', 'lapsed', 'expired'], kind), subject
        """,  # noqa: S608 - our own words only
        voucher,
    )
    return [Move(row["kind"], row["subject"], Fen(row["amount"]), row["slot"], row["seq"]) for row in rows]


async def vouchers_named(pool: Pool, order: str) -> list[Named]:
    """The vouchers that an order named, by their ids."""
    rows = await pool.fetch(
        """
        SELECT m.voucher, coalesce(sum(m.amount) FILTER (WHERE m.kind = 'passed'), 0)::bigint AS taken,
               sum(CASE m.kind WHEN 'held' THEN m.amount ELSE -m.amount END)::bigint AS held
        FROM voucher_moves m WHERE m.subject = $1
             OR (m.kind = 'passed' AND m.subject IN (SELECT id FROM leases WHERE order_id = $1))
        GROUP BY m.voucher ORDER BY m.voucher
        """,
        order,
    )
    return [Named(VoucherId(row["voucher"]), Fen(row["held"]), Fen(row["taken"])) for row in rows]


async def expiries_of(pool: Pool, programme: str) -> list[tuple[VoucherId, Fen, int]]:
    """How much of which vouchers of a programme expired, or was refunded after that, at which slot of the venue's clock."""
    rows = await pool.fetch(
        f"""
        {_BACKS}, expiry AS (
            SELECT voucher, amount, slot, seq FROM voucher_moves WHERE kind = 'expired'
            UNION ALL SELECT voucher, amount, slot, seq FROM backs WHERE over
        )
        SELECT x.voucher, x.amount, x.slot FROM expiry x JOIN vouchers v ON v.id = x.voucher
        WHERE v.programme = $1 ORDER BY x.seq, x.voucher
        """,  # noqa: S608 - our own words only
        programme,
    )
    return [(VoucherId(row["voucher"]), Fen(row["amount"]), row["slot"]) for row in rows]


async def uses_of(
    pool: Pool,
    *,
    voucher: str | None = None,
    programme: str | None = None,
    statement: str | None = None,
    issuer: str | None = None,
) -> list[StoredUse]:
    """What vouchers covered: of one voucher, programme, statement or region, or all; in the order of the statements."""
    rows = await pool.fetch(_USES, voucher, programme, statement, issuer)
    return [_use(row) for row in rows]


async def refunds_made(pool: Pool, issuer: str | None) -> list[RefundMade]:
    """Every refund of a line that vouchers of a region cover, or of any region: with what stood of the line before it."""
    rows = await pool.fetch(
        """
        SELECT coalesce(e.order_id, s.subject) AS order_id, f.amount, f.correction, f.returned, l.vouchers,
               (l.gross_fen + f.amount - sum(f.amount) OVER (PARTITION BY f.statement, f.n ORDER BY f.seq))::bigint AS gross
        FROM refunds f JOIN statement_lines l USING (statement, n) JOIN statements s ON s.id = f.statement
        LEFT JOIN leases e ON e.id = s.subject
        WHERE l.vouchers <> '[]'
          AND ($1::text IS NULL OR l.vouchers @> jsonb_build_array(jsonb_build_object('issuer', $1::text)))
        ORDER BY f.seq
        """,
        issuer,
    )
    return [_refund_made(row) for row in rows]


async def logged_behind(pool: Pool, statement: str) -> list[Logged]:
    """The order and the lease, or the contract, with the statement and its refunds as the log has them."""
    rows = await pool.fetch(
        """
        WITH it AS (
            SELECT s.seq, s.run, s.subject, l.order_id, ARRAY[o.seq, l.seq, c.seq] AS bought,
                   ARRAY(SELECT f.seq FROM refunds f WHERE f.statement = s.id) AS refunds
            FROM statements s LEFT JOIN contracts c ON c.id = s.subject
            LEFT JOIN leases l ON l.id = s.subject LEFT JOIN orders o ON o.id = l.order_id WHERE s.id = $1
        )
        SELECT e.seq, e.kind, e.body FROM it
        JOIN events e ON e.seq = ANY(it.bought || it.seq || it.refunds)
             AND CASE e.kind WHEN 'OrderAccepted' THEN e.body #>> '{opened,order,id}' = it.order_id
                 WHEN 'LeaseGranted' THEN e.body #>> '{lease,id}' = it.subject
                 WHEN 'ContractOpened' THEN e.body #>> '{contract,id}' = it.subject
                 WHEN 'StatementPosted' THEN e.body ->> 'subject' = it.subject AND e.body ->> 'run' = it.run
                 ELSE e.kind = 'LineRefunded' END
        ORDER BY e.seq, e.n
        """,
        statement,
    )
    return [
        Logged(
            seq=row["seq"],
            kind=row["kind"],
            body=msgspec.json.decode(row["body"], type=dict),
            digest=hashlib.sha256(row["body"].encode()).hexdigest(),
        )
        for row in rows
    ]


async def metered_of(pool: Pool, statement: str) -> Metered:
    """What was reported of a statement's lease or contract up to the usage that its run has settled."""
    rows = await pool.fetch(
        """
        WITH reported AS (
            SELECT lease AS subject, batch, 1 AS slots, delivered, 0 AS tokens
            FROM delivery_records WHERE status = 'accepted'
            UNION ALL
            SELECT contract, batch, 0, 0, input_tokens + cached_input_tokens + output_tokens
            FROM token_records WHERE status = 'accepted'
        )
        SELECT b.id, encode(b.digest, 'hex') AS digest, sum(d.slots)::bigint AS slots,
               sum(d.delivered)::bigint AS delivered, sum(d.tokens)::bigint AS tokens
        FROM statements s JOIN runs r ON r.id = s.run
        JOIN reported d ON d.subject = s.subject AND d.batch <= r.usage_batch
        JOIN usage_batches b ON b.id = d.batch
        WHERE s.id = $1 GROUP BY b.id ORDER BY b.id
        """,
        statement,
    )
    return Metered(
        slots=sum(row["slots"] for row in rows),
        delivered=sum(row["delivered"] for row in rows),
        tokens=sum(row["tokens"] for row in rows),
        batches=tuple((row["id"], row["digest"]) for row in rows),
    )


_VOUCHERS = """
    SELECT v.*, coalesce(l.amount, 0) AS "left", coalesce(h.amount, 0) AS held, coalesce(u.amount, 0) AS used
    FROM vouchers v
    LEFT JOIN balances l ON (l.owner, l.kind) = (v.id, 'voucher_left')
    LEFT JOIN balances h ON (h.owner, h.kind) = (v.id, 'voucher_held')
    LEFT JOIN balances u ON (u.owner, u.kind) = (v.id, 'voucher_used')
    WHERE ($1::text IS NULL OR v.buyer = $1) AND ($2::text IS NULL OR v.issuer = $2)
"""

_BACKS = """
    WITH backs AS (
        SELECT f.id AS refund, f.statement, f.n, f.slot, f.seq, back.voucher, back.amount, back.over, back.paid_back
        FROM refunds f CROSS JOIN LATERAL jsonb_to_recordset(f.returned)
             AS back (voucher text, amount bigint, over boolean, paid_back bigint)
        WHERE back.amount > 0
    )
"""

_USES = f"""
    {_BACKS}
    SELECT s.id AS statement, l.n, r.period, s.subject, coalesce(e.order_id, s.subject) AS order_id, s.buyer, s.seller, l.gross_fen,
           coalesce(back.amount, 0)::bigint AS returned,
           (coalesce(payment.amount, 0) - coalesce(back.paid_back, 0))::bigint AS paid,
           part.one AS part, v.programme,
           coalesce(t.slot * (w.terms ->> 'slot_seconds')::bigint, (part.one ->> 'at')::bigint) AS ordered_at
    FROM statement_lines l JOIN statements s ON s.id = l.statement JOIN runs r ON r.id = s.run
    LEFT JOIN leases e ON e.id = s.subject LEFT JOIN trades t ON t.number = substr(e.id, 5)::bigint
    CROSS JOIN venue w
    CROSS JOIN LATERAL jsonb_array_elements(l.vouchers) WITH ORDINALITY AS part (one, place)
    JOIN vouchers v ON v.id = part.one ->> 'voucher'
    CROSS JOIN LATERAL (
        SELECT sum(b.amount) AS amount, sum(b.paid_back) AS paid_back FROM backs b
        WHERE (b.statement, b.n, b.voucher) = (s.id, l.n, v.id)
    ) AS back
    CROSS JOIN LATERAL (
        SELECT sum(p.amount) AS amount FROM subsidy_parts p
        WHERE (p.statement, p.n, p.voucher) = (s.id, l.n, v.id)
    ) AS payment
    WHERE l.vouchers <> '[]' AND ($1::text IS NULL OR v.id = $1) AND ($2::text IS NULL OR v.programme = $2)
      AND ($3::text IS NULL OR s.id = $3) AND ($4::text IS NULL OR v.issuer = $4)
    ORDER BY s.seq, s.id, l.n, part.place
"""  # noqa: S608 - our own words only

_part = msgspec.json.Decoder(VoucherPart)
_parts = msgspec.json.Decoder(tuple[VoucherPart, ...])
_correction = msgspec.json.Decoder(Line)
_returned = msgspec.json.Decoder(tuple[PartReturned, ...])
_terms = msgspec.json.Decoder(Programme)
_claim = msgspec.json.Decoder(Claim | None)


def _programme(row: asyncpg.Record) -> StoredProgramme:
    claim = None if row["claim"] is None else _claim.decode(row["claim"])
    return StoredProgramme(_terms.decode(row["terms"]), claim, row["seq"])


def _facts(row: asyncpg.Record) -> DeclaredFacts:
    told = msgspec.convert(
        {
            "size": row["size"],
            "industry": row["industry"],
            "controllers": msgspec.json.decode(row["controllers"]),
        },
        Facts,
    )
    return DeclaredFacts(PartyId(row["party"]), told, Instant(row["at"]), row["seq"])


def _voucher(row: asyncpg.Record) -> StoredVoucher:
    return StoredVoucher(
        id=VoucherId(row["id"]),
        programme=ProgrammeId(row["programme"]),
        issuer=RegionCode(row["issuer"]),
        buyer=PartyId(row["buyer"]),
        amount=Fen(row["amount"]),
        left=Fen(row["left"]),
        held=Fen(row["held"]),
        used=Fen(row["used"]),
        at=Instant(row["at"]),
        ends=Instant(row["ends"]),
        claimed=row["claimed"],
        seq=row["seq"],
    )


def _use(row: asyncpg.Record) -> StoredUse:
    part = _part.decode(row["part"])
    return StoredUse(
        statement=row["statement"],
        n=row["n"],
        period=row["period"],
        subject=row["subject"],
        order=row["order_id"],
        voucher=part.voucher,
        programme=part.terms.id,
        issuer=part.issuer,
        buyer=PartyId(row["buyer"]),
        seller=PartyId(row["seller"]),
        mode=part.terms.mode,
        rate_bp=part.terms.rate_bp,
        gross=Fen(row["gross_fen"]),
        covered=part.covered,
        returned=Fen(row["returned"]),
        paid=Fen(row["paid"]),
        ordered_at=Instant(row["ordered_at"]),
    )


def _refund_made(row: asyncpg.Record) -> RefundMade:
    to_buyer = -_correction.decode(row["correction"]).buyer_pays_now_fen
    return RefundMade(
        contract=row["order_id"],
        gross=Fen(row["gross"]),
        amount=Fen(row["amount"]),
        vouchers=tuple(part.terms for part in _parts.decode(row["vouchers"])),
        paid=Returned(Fen(to_buyer), tuple(back.amount for back in _returned.decode(row["returned"]))),
    )
