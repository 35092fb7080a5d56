"""Whether the ledger has what was moved at the gateway, and nothing else."""

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
