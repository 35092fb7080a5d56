"""What an audit reads of settlement: statements with their lines, runs, what was reported, and where they disagree."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import asyncpg
import msgspec

from exchange.persistence.database import Connection
from exchange.promises import VoucherPart
from settlement.agreements import PairAgreement
from settlement.meters import Meter
from settlement.money import BasisPoints
from settlement.rating.service_credits import Credit, ServicePromise
from settlement.statement import Line, RegionShares
from settlement.terms import FeeTerms

ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class LineRow:
    """A statement line as it is stored. `agreement` is id/version; `package` is what is sold, or what was used of it."""

    service_period: str
    meter: Meter
    price: int
    quantity: int
    lost: int
    agreement: str | None
    before_loss: int
    over_budget: int
    package: str | None
    vouchers: tuple[VoucherPart, ...]
    credits: tuple[Credit, ...]
    figures: Line


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A statement with its lines, and the rates of its subject as the log has them: None where it has no such subject.

    A contract has no cards; `left` is what is left of its budget now. A lease that was `taken_back` says from which slot
    until which it ran, and in which its buyer was told.
    """

    id: str
    buyer: str
    seller: str
    charged: int
    released: int
    cards: int
    left: int
    rates: tuple[BasisPoints, FeeTerms] | None
    promise: ServicePromise | None
    taken_back: tuple[int, int, int] | None
    lines: list[LineRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run with its marks, in seconds."""

    id: str
    ends: int
    usage_batch: int | None
    late_until: int
    status: str


@dataclass(frozen=True, slots=True)
class SettledLeaseRow:
    """A lease, what was accepted of it, and how it is billed.

    `runs` are (start, end, price per card-slot); `reported` is (batch, card-seconds) by slot; `disputed` are
    (batch, batch that ended it or None) by slot, of what came in time; `stated` are the runs
    that have a statement of it; `lines` are (run, service period, price per card-hour, agreement, card-seconds, lost).
    """

    id: str
    source: str
    destination: str
    cards: int
    runs: list[tuple[int, int, int]]
    reported: dict[int, tuple[int, int]] = field(default_factory=dict)
    disputed: dict[int, list[tuple[int, int | None]]] = field(default_factory=dict)
    stated: set[str] = field(default_factory=set)
    lines: list[tuple[str, str, int, str | None, int, int]] = field(default_factory=list)


async def agreements(connection: Connection) -> dict[str, PairAgreement]:
    """Every agreement ever recorded, by id/version."""
    rows = await connection.fetch("SELECT id, version, terms FROM agreements ORDER BY seq")
    decode = msgspec.json.Decoder(PairAgreement).decode
    return {f"{row['id']}/{row['version']}": decode(row["terms"]) for row in rows}


async def runs(connection: Connection) -> list[RunRow]:
    """Every run, in the order of their periods."""
    rows = await connection.fetch("SELECT id, ends, usage_batch, late_until, status FROM runs ORDER BY ends")
    return [RunRow(**row) for row in rows]


async def statements(
    connection: Connection, only: Sequence[str] | None = None
) -> AsyncIterator[StatementRow]:
    """Every statement with its lines, in order; or only some, by their ids."""
    cursor = await connection.cursor(
        """
        SELECT s.id, s.buyer, s.seller, s.charged, s.released, coalesce(l.cards, 0) AS cards, coalesce(c."left", 0) AS "left",
               l.start_slot, l.end_slot, d.slot AS told_slot,
               coalesce(granted.body -> 'lease', opened.body -> 'contract')::text AS subject
        FROM statements s LEFT JOIN leases l ON l.id = s.subject LEFT JOIN contracts c ON c.id = s.subject
        LEFT JOIN displacements d ON d.lease = s.subject
        LEFT JOIN events granted ON granted.seq = l.seq AND granted.kind = 'LeaseGranted'
             AND granted.body #>> '{lease,id}' = l.id
        LEFT JOIN events opened ON opened.seq = c.seq AND opened.kind = 'ContractOpened'
        WHERE $1::text[] IS NULL OR s.id = ANY($1) ORDER BY s.seq, s.id
        """,
        only,
    )
    while page := await cursor.fetch(ROWS_AT_ONCE):
        found = {row["id"]: _statement(row) for row in page}
        rows = await connection.fetch(
            "SELECT * FROM statement_lines WHERE statement = ANY($1::text[]) ORDER BY statement, n",
            list(found),
        )
        for row in rows:
            found[row["statement"]].lines.append(_line(row))
        for statement in found.values():
            yield statement


async def ledger_faults(connection: Connection) -> list[str]:
    """Where the ledger does not have what the statements and their lines say, by command and account."""
    rows = await connection.fetch(
        """
        WITH posted AS (
            SELECT s.seq, s.buyer, s.seller, l.* FROM statements s JOIN statement_lines l ON l.statement = s.id
        ), shared AS (
            SELECT seq, agreement, 'revenue' AS kind, revenue_by_region_fen AS shares FROM posted
            UNION ALL SELECT seq, agreement, 'tax', tax_by_region_fen FROM posted
            UNION ALL SELECT seq, agreement, 'gdp', gdp_by_region_fen FROM posted
        ), share AS (
            SELECT seq, agreement, kind, one ->> 0 AS region, (one ->> 1)::bigint AS amount
            FROM shared, jsonb_array_elements(shares) AS one
        ), emitted AS (
            SELECT p.seq, p.agreement, one ->> 0 AS region, (one ->> 1)::bigint AS grams
            FROM posted p JOIN line_emissions e USING (statement, n), jsonb_array_elements(e.by_region) AS one
        ), part AS (
            SELECT p.seq, buyer, seller, one ->> 'voucher' AS voucher, one ->> 'issuer' AS issuer,
                   one #>> '{terms,mode}' AS mode, (one ->> 'covered')::bigint AS covered
            FROM posted p, jsonb_array_elements(p.vouchers) AS one WHERE p.vouchers <> '[]'
        ), told AS (
            SELECT seq, buyer AS owner, 'held' AS kind, -(charged + released) AS amount FROM statements
            UNION ALL SELECT seq, buyer, 'available', released FROM statements
            UNION ALL SELECT seq, seller, 'payable', greatest(payout_on_charge_fen, 0) FROM posted
            UNION ALL SELECT seq, seller, 'subsidy_due', least(payout_on_charge_fen, 0) FROM posted
            UNION ALL SELECT seq, CASE mode WHEN 'reimburse_buyer' THEN buyer ELSE seller END, 'subsidy_due', covered FROM part
            UNION ALL SELECT seq, issuer, 'subsidy_claim', -covered FROM part
            UNION ALL SELECT seq, voucher, 'voucher_held', -covered FROM part
            UNION ALL SELECT seq, voucher, 'voucher_used', covered FROM part
            UNION ALL SELECT seq, 'venue', 'fee_income', fee_net_fen FROM posted
            UNION ALL SELECT seq, 'venue', 'fee_vat', fee_vat_fen FROM posted
            UNION ALL SELECT seq, region, kind, amount FROM share
            UNION ALL SELECT seq, agreement, 'attribution', -amount FROM share
            UNION ALL SELECT seq, region, 'carbon', grams FROM emitted
            UNION ALL SELECT seq, agreement, 'emissions', -grams FROM emitted
        ), kept AS (
            SELECT p.seq, p.owner, p.kind, p.amount FROM postings p JOIN entries e USING (seq, n)
            WHERE e.kind IN ('charge', 'emission', 'redemption') OR p.seq IN (SELECT seq FROM statements)
                  AND (e.kind = 'attribution' OR (e.kind = 'release' AND p.book = 'money'))
        )
        SELECT seq, owner, kind, coalesce(t.amount, 0) AS expected, coalesce(k.amount, 0) AS got
        FROM (SELECT seq, owner, kind, sum(amount) AS amount FROM told GROUP BY seq, owner, kind) t
        FULL JOIN (SELECT seq, owner, kind, sum(amount) AS amount FROM kept GROUP BY seq, owner, kind) k
             USING (seq, owner, kind)
        WHERE coalesce(t.amount, 0) <> coalesce(k.amount, 0) ORDER BY seq, owner, kind
        """
    )
    return [
        f"statements of {row['seq']}: {row['owner']}/{row['kind']}: expected {row['expected']} in the ledger, "
        f"got {row['got']}"
        for row in rows
    ]


async def settled_leases(connection: Connection) -> AsyncIterator[SettledLeaseRow]:
    """Every lease of which a run may have settled something."""
    cursor = await connection.cursor(
        """
        SELECT id, source, destination, cards, runs FROM leases
        WHERE start_slot * (SELECT (terms ->> 'slot_seconds')::bigint FROM venue) < (SELECT max(ends) FROM runs)
           OR id IN (SELECT subject FROM statements) ORDER BY seq, id
        """
    )
    every_run = [run.id for run in await runs(connection)]
    while page := await cursor.fetch(ROWS_AT_ONCE):
        found = {row["id"]: _lease(row) for row in page}
        for row in await connection.fetch(
            "SELECT lease, slot, batch, delivered FROM delivery_records "
            "WHERE status = 'accepted' AND lease = ANY($1::text[])",
            list(found),
        ):
            found[row["lease"]].reported[row["slot"]] = (row["batch"], row["delivered"])
        for row in await connection.fetch(
            "SELECT x.subject, x.moment, x.batch, e.batch AS ended FROM disputed_records x "
            "LEFT JOIN dispute_ends e USING (dispute) WHERE x.in_time AND x.subject = ANY($1::text[])",
            list(found),
        ):
            waits = found[row["subject"]].disputed.setdefault(row["moment"], [])
            waits.append((row["batch"], row["ended"]))
        for row in await connection.fetch(
            """
            SELECT s.subject, l.n, s.run, l.service_period, l.price, l.agreement, l.quantity, l.lost
            FROM statements s LEFT JOIN statement_lines l ON l.statement = s.id
            WHERE s.run = ANY($1::text[]) AND s.subject = ANY($2::text[])
            """,
            every_run,
            list(found),
        ):
            subject, _, *line = row
            found[subject].stated.add(row["run"])
            if row["n"] is not None:
                found[subject].lines.append(tuple(line))
        for lease in found.values():
            yield lease


class _Subject(msgspec.Struct):
    """What of a lease or contract decides its lines. A contract promises nothing."""

    vat_rate_bp: BasisPoints
    fee: FeeTerms
    promise: ServicePromise | None = None


_subject = msgspec.json.Decoder(_Subject)
_shares = msgspec.json.Decoder(RegionShares)
_credits = msgspec.json.Decoder(tuple[Credit, ...])
_vouchers = msgspec.json.Decoder(tuple[VoucherPart, ...])
_runs = msgspec.json.Decoder(list[tuple[int, int, int]])


def _statement(row: asyncpg.Record) -> StatementRow:
    subject = None if row["subject"] is None else _subject.decode(row["subject"])
    told = row["told_slot"]
    return StatementRow(
        id=row["id"],
        buyer=row["buyer"],
        seller=row["seller"],
        charged=row["charged"],
        released=row["released"],
        cards=row["cards"],
        left=row["left"],
        rates=None if subject is None else (subject.vat_rate_bp, subject.fee),
        promise=None if subject is None else subject.promise,
        taken_back=None if told is None else (row["start_slot"], row["end_slot"], told),
    )


def _line(row: asyncpg.Record) -> LineRow:
    figures: dict[str, Any] = {
        part.name: _shares.decode(row[part.name]) if part.type is RegionShares else row[part.name]
        for part in fields(Line)
    }
    return LineRow(
        service_period=row["service_period"],
        meter=Meter(row["meter"]),
        price=row["price"],
        quantity=row["quantity"],
        lost=row["lost"],
        agreement=row["agreement"],
        before_loss=row["before_loss"],
        over_budget=row["over_budget"],
        package=row["package"],
        vouchers=_vouchers.decode(row["vouchers"]),
        credits=_credits.decode(row["credits"]),
        figures=Line(**figures),
    )


def _lease(row: asyncpg.Record) -> SettledLeaseRow:
    return SettledLeaseRow(
        row["id"], row["source"], row["destination"], row["cards"], _runs.decode(row["runs"])
    )
