"""What a buyer asks about the money that it pays in."""

from dataclasses import dataclass

from exchange.names import Instant, PartyId, topup_asked_as
from exchange.persistence.database import Pool
from settlement.money import Fen
from settlement.payments import MovementState


@dataclass(frozen=True, slots=True)
class StoredTopUp:
    """A top-up as it stands. `reference` is the gateway's: at a bank, the code for the remark of the transfer."""

    id: str
    amount: Fen
    state: MovementState
    requested_at: Instant | None
    reference: str | None
    why: str | None

    @property
    def asked_as(self) -> str:
        """The id under which its party has asked for it."""
        return topup_asked_as(self.id)


async def topups_of(pool: Pool, party: PartyId, most: int) -> list[StoredTopUp]:
    """The top-ups that a party has asked for, the newest first."""
    rows = await pool.fetch(
        """
        SELECT plan || '/' || n AS id, (instruction ->> 'amount')::bigint AS amount, state, requested_at, reference, why
        FROM movements WHERE kind = 'TopUp' AND instruction ->> 'party' = $1
        ORDER BY requested_at DESC NULLS FIRST, plan LIMIT $2
        """,
        party,
        most,
    )
    return [StoredTopUp(**{**row, "state": MovementState(row["state"])}) for row in rows]
