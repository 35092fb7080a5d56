"""Leases that were taken back, slot by slot and without names."""

from dataclasses import dataclass

from exchange.catalogue.instruments import Instrument
from exchange.persistence.database import Pool
from matching.terms import ChipCode, RegionCode, Slot, Tier


@dataclass(frozen=True, slots=True)
class Displacements:
    """How many leases of an instrument were taken back while the clock stood in a slot, and the card-slots they lost.

    So many as `reclaimed` were taken back by their seller, the others for an order.
    """

    instrument: Instrument
    slot: Slot
    leases: int
    reclaimed: int
    card_slots: int


async def displacements(
    pool: Pool, since: Slot, until: Slot, chip: ChipCode | None = None, region: RegionCode | None = None
) -> list[Displacements]:
    """Those from one slot of the clock on and before another, of a chip or a region if so asked, the oldest first."""
    rows = await pool.fetch(
        """
        SELECT l.chip, l.region, d.slot, count(*) AS leases, count(*) FILTER (WHERE d.reclaimed) AS reclaimed,
               sum(s.cards * (s.granted_end_slot - s.end_slot))::bigint AS card_slots
        FROM displacements d JOIN leases s ON s.id = d.lease JOIN listings l ON l.id = s.listing_id
        WHERE d.slot >= $1 AND d.slot < $2 AND ($3::text IS NULL OR l.chip = $3) AND ($4::text IS NULL OR l.region = $4)
        GROUP BY d.slot, l.chip, l.region ORDER BY d.slot, l.chip, l.region
        """,
        since,
        until,
        chip,
        region,
    )
    return [
        Displacements(
            instrument=Instrument(ChipCode(row["chip"]), RegionCode(row["region"]), Tier.SPOT),
            slot=Slot(row["slot"]),
            leases=row["leases"],
            reclaimed=row["reclaimed"],
            card_slots=row["card_slots"],
        )
        for row in rows
    ]
