"""What a seller's usage feed has said so far: batches, what became of their records, and which hours are missing."""

from dataclasses import dataclass
from datetime import datetime

from exchange.persistence.database import Pool


@dataclass(frozen=True, slots=True)
class Feed:
    """A seller's reports of delivered time. Slots are those of its leases that are over by the venue's clock.

    `lost` is card-seconds that were leased in reported slots and not delivered. `refused` are records that came too
    late: kept, and billed to nobody.
    """

    batches: int
    last_batch: datetime | None
    slots_over: int
    slots_reported: int
    refused: int
    lost: int

    @property
    def slots_missing(self) -> int:
        """Slots that are over and have no report yet."""
        return self.slots_over - self.slots_reported


async def feed_of(pool: Pool, seller: str) -> Feed:
    """How a seller's feed stands."""
    row = await pool.fetchrow(
        """
        WITH sold AS (
            SELECT l.id, l.cards, greatest(0, least(l.end_slot, v.now) - l.start_slot) AS over,
                   (v.terms->>'slot_seconds')::bigint AS slot_seconds
            FROM leases l, venue v WHERE l.seller = $1
        ), told AS (
            SELECT r.status, r.delivered, sold.cards * sold.slot_seconds AS leased
            FROM sold JOIN delivery_records r ON r.lease = sold.id
        )
        SELECT (SELECT count(*) FROM usage_batches WHERE party = $1) AS batches,
               (SELECT max(received_at) FROM usage_batches WHERE party = $1) AS last_batch,
               (SELECT coalesce(sum(over), 0)::bigint FROM sold) AS slots_over,
               (SELECT count(*) FROM told WHERE status = 'accepted') AS slots_reported,
               (SELECT count(*) FROM told WHERE status <> 'accepted') AS refused,
               (SELECT coalesce(sum(leased - delivered), 0)::bigint FROM told WHERE status = 'accepted') AS lost
        """,
        seller,
    )
    assert row is not None, "a query of sums has one row"
    return Feed(**dict(row))
