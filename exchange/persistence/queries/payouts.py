"""What sellers are owed, what of it is due, and what they and buyers have been paid."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from exchange.names import PartyId, PayoutId, topup_asked_as
from exchange.persistence.database import Pool
from exchange.persistence.queries.statements import Place
from exchange.state import PayoutState, PayoutTerms, PayoutWay
from matching.terms import Slot
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class Due:
    """What a seller is owed: all of it, and what of it may be paid now. Without an account it can't be paid."""

    party: PartyId
    name: str
    account: str | None
    payable: Fen
    due: Fen
    in_transit: Fen

    @property
    def held_back(self) -> Fen:
        """What is owed and not due yet."""
        return Fen(self.payable - self.due)


@dataclass(frozen=True, slots=True)
class StoredPayout:
    """A payout; `left` is what has not come back, `why` the code of a failure, `reference` the gateway's."""

    id: PayoutId
    party: PartyId
    account: str
    way: PayoutWay
    amount: Fen
    left: Fen
    status: PayoutState
    reference: str | None
    why: str | None
    slot: Slot
    seq: int

    @property
    def topup(self) -> str | None:
        """Under which id the top-up was asked for by which it goes back; None where it goes another way."""
        return topup_asked_as(self.account) if self.way is PayoutWay.REFUND else None


async def payout_terms(pool: Pool) -> PayoutTerms:
    """When sellers are paid."""
    row = await pool.fetchrow("SELECT hold_back_days, minimum FROM payout_terms")
    return PayoutTerms() if row is None else PayoutTerms(row["hold_back_days"], Fen(row["minimum"]))


async def dues(pool: Pool, party: str | None = None) -> list[Due]:
    """What every seller that is owed anything is owed, or one seller; in the order of their ids."""
    terms = await payout_terms(pool)
    rows = await pool.fetch(
        """
        WITH open_runs AS (
            SELECT r.id FROM runs r, venue v
            WHERE r.closed_slot IS NULL
               OR r.closed_slot + $2::bigint * 86400 / (v.terms ->> 'slot_seconds')::bigint > v.now
        ), held_back AS (
            SELECT s.seller, sum(greatest(l.payout_on_charge_fen, 0)) AS amount FROM statements s
            JOIN statement_lines l ON l.statement = s.id WHERE s.run IN (SELECT id FROM open_runs) GROUP BY s.seller
            UNION ALL
            SELECT f.seller, sum(f.payable) FROM refunds f
            JOIN statements s ON s.id = f.statement WHERE s.run IN (SELECT id FROM open_runs) GROUP BY f.seller
            UNION ALL
            SELECT s.seller, sum(p.received) FROM subsidy_parts p JOIN statements s ON s.id = p.statement
            WHERE p.party = s.seller AND s.run IN (SELECT id FROM open_runs) GROUP BY s.seller
        )
        SELECT p.id, p.name, a.account, coalesce(b.amount, 0) AS payable, coalesce(t.amount, 0)::bigint AS in_transit,
               coalesce((SELECT sum(amount) FROM held_back h WHERE h.seller = p.id), 0)::bigint AS held_back
        FROM parties p LEFT JOIN payout_accounts a ON a.party = p.id
        LEFT JOIN balances b ON (b.owner, b.kind) = (p.id, 'payable')
        LEFT JOIN (
            SELECT party, sum(amount) AS amount FROM payouts WHERE status = 'begun' AND way = 'transfer' GROUP BY party
        ) t ON t.party = p.id
        WHERE p.id = $1 OR ($1::text IS NULL AND coalesce(b.amount, 0) + coalesce(t.amount, 0) > 0) ORDER BY p.id
        """,
        party,
        terms.hold_back_days,
    )
    return [_due(row) for row in rows]


async def payouts(
    pool: Pool, party: str | None, ways: Sequence[PayoutWay], before: Place | None, most: int
) -> list[StoredPayout]:
    """Payouts by these ways to one party, or to all, the newest first, before a place among all payouts."""
    seq, payout = before or (None, None)
    rows = await pool.fetch(
        "SELECT * FROM payouts WHERE ($1::text IS NULL OR party = $1) "
        "AND ($2::bigint IS NULL OR (seq, id) < ($2, $3::text)) AND way = ANY($5::text[]) "
        "ORDER BY seq DESC, id DESC LIMIT $4",
        party,
        seq,
        payout,
        most,
        ways,
    )
    return [_payout(row) for row in rows]


async def payout_of(pool: Pool, payout: str) -> StoredPayout | None:
    """One payout."""
    row = await pool.fetchrow("SELECT * FROM payouts WHERE id = $1", payout)
    return None if row is None else _payout(row)


async def begun(pool: Pool) -> list[StoredPayout]:
    """Payouts whose money is set aside, oldest first."""
    rows = await pool.fetch("SELECT * FROM payouts WHERE status = 'begun' ORDER BY seq, id")
    return [_payout(row) for row in rows]


def _due(row: asyncpg.Record) -> Due:
    payable, held_back = row["payable"], max(0, row["held_back"])
    return Due(
        party=PartyId(row["id"]),
        name=row["name"],
        account=row["account"],
        payable=Fen(payable),
        due=Fen(max(0, payable - held_back)),
        in_transit=Fen(row["in_transit"]),
    )


def _payout(row: asyncpg.Record) -> StoredPayout:
    return StoredPayout(
        id=PayoutId(row["id"]),
        party=PartyId(row["party"]),
        account=row["account"],
        way=PayoutWay(row["way"]),
        amount=Fen(row["amount"]),
        left=Fen(row["left"]),
        status=PayoutState(row["status"]),
        reference=row["reference"],
        why=row["why"],
        slot=Slot(row["slot"]),
        seq=row["seq"],
    )
