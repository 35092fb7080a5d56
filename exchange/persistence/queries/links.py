"""The bandwidth between regions, as it was set last."""

from dataclasses import dataclass

from exchange.persistence.database import Pool
from matching.terms import RegionCode


@dataclass(frozen=True, slots=True)
class StoredLink:
    """Bandwidth from an order's home to a region where its cards work."""

    home: RegionCode
    region: RegionCode
    mbps: int


async def links(pool: Pool) -> list[StoredLink]:
    """Every link, by its ends. Two regions without one have no bandwidth between them."""
    rows = await pool.fetch("SELECT home, region, mbps FROM links ORDER BY home, region")
    return [StoredLink(**dict(row)) for row in rows]
