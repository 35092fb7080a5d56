"""Whether the ledger has what was moved at the gateway, and nothing else."""

from collections.abc import Sequence

from exchange.charging_back import CHARGEBACK
from exchange.persistence.database import Pool
from settlement.money import Fen
from settlement.reconciliation import Difference, DifferenceKind


async def ledger_differences(pool: Pool, since: int) -> list[Difference]:
    """Movements since a second that are done and not booked, and payouts that are booked and were not made."""
    not_booked = await pool.fetch(
        """
        SELECT m.plan || '/' || m.n AS id, (m.instruction ->> 'amount')::bigint AS amount FROM movements m
        WHERE m.state IN ('succeeded', 'reconciled') AND m.told AND m.requested_at >= $1
          AND m.kind IN ('TopUp', 'Capture', 'Transfer', 'BankTransfer', 'Refund', 'Reversal') AND NOT EXISTS (
            SELECT 1 FROM commands c JOIN events e USING (seq)
            WHERE c.party = 'venue' AND c.id = 'payment-' || m.plan || '/' || m.n AND (
                (e.kind IN ('Deposited', 'PayoutPaid', 'PayoutReturned')
                    AND (e.body ->> 'amount')::bigint = (m.instruction ->> 'amount')::bigint)
                OR (e.kind = 'Rejected' AND e.body ->> 'code' = 'deposit_exists')
            )
        ) ORDER BY 1
        """,
        since,
    )
    not_moved = await pool.fetch(
        """
        SELECT p.id, p.amount FROM payouts p WHERE p.status IN ('paid', 'returned') AND NOT EXISTS (
            SELECT 1 FROM movements m
            WHERE m.plan = 'payout.' || p.id AND m.state IN ('succeeded', 'reconciled', 'returned')
        ) ORDER BY p.seq, p.id
        """
    )
    return [
        *(Difference(DifferenceKind.NOT_BOOKED, row["id"], Fen(0), Fen(row["amount"])) for row in not_booked),
        *(Difference(DifferenceKind.NOT_MOVED, row["id"], Fen(-row["amount"]), Fen(0)) for row in not_moved),
    ]


async def booked_chargebacks(pool: Pool, disputes: Sequence[str]) -> dict[str, Fen]:
    """What the ledger has of disputes: what was taken back, less what has come again; none of those that it does not know."""
    rows = await pool.fetch(
        """
        SELECT e.body ->> 'dispute' AS dispute, sum(
            coalesce((e.body ->> 'restored')::bigint + (e.body ->> 'returned')::bigint, 0)
            - coalesce((e.body ->> 'taken')::bigint + (e.body ->> 'borne')::bigint, 0)
        )::bigint AS net
        FROM commands c JOIN events e USING (seq)
        WHERE c.party = 'venue' AND c.id = ANY($1::text[]) AND e.kind IN ('ChargebackBooked', 'ChargebackReinstated')
        GROUP BY 1
        """,
        [f"{CHARGEBACK}{name}{end}" for name in disputes for end in ("", "-won")],
    )
    return {row["dispute"]: Fen(row["net"]) for row in rows}


async def given(pool: Pool, command_ids: Sequence[str]) -> set[str]:
    """Which of these commands the venue has given already."""
    rows = await pool.fetch(
        "SELECT id FROM commands WHERE party = 'venue' AND id = ANY($1::text[])", command_ids
    )
    return {row["id"] for row in rows}
