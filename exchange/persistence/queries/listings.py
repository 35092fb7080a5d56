"""What a seller asks about its listings."""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import PartyId
from exchange.persistence.database import Pool
from matching.curves import PriceCurve
from matching.terms import ChipCode, ListingId, PriceRule, RegionCode, Slot, Tier, Window


@dataclass(frozen=True, slots=True)
class StoredListing:
    """A listing as it stands. Asks are micro-yuan per card-slot; `status` is open or its end."""

    id: ListingId
    party: PartyId
    line: str
    chip: ChipCode
    region: RegionCode
    window: Window
    cards: int
    lot: int
    min_slots: int
    asks: Mapping[Tier, PriceCurve]
    price_rule: PriceRule
    status: str
    seq: int


async def listing_of(pool: Pool, party: str, listing: str) -> StoredListing | None:
    """One listing of a party, or None where it has no such listing."""
    row = await pool.fetchrow("SELECT * FROM listings WHERE id = $1 AND party = $2", listing, party)
    return None if row is None else _listing(row)


async def listings_of(pool: Pool, party: str, before: int | None, most: int) -> list[StoredListing]:
    """A party's listings, the newest first, before a place in the log."""
    rows = await pool.fetch(
        "SELECT * FROM listings WHERE party = $1 AND ($2::bigint IS NULL OR seq < $2) "
        "ORDER BY seq DESC LIMIT $3",
        party,
        before,
        most,
    )
    return [_listing(row) for row in rows]


_asks = msgspec.json.Decoder(dict[Tier, tuple[tuple[int, int], ...]])


def _listing(row: asyncpg.Record) -> StoredListing:
    return StoredListing(
        id=ListingId(row["id"]),
        party=PartyId(row["party"]),
        line=row["line"],
        chip=ChipCode(row["chip"]),
        region=RegionCode(row["region"]),
        window=Window(Slot(row["start_slot"]), Slot(row["end_slot"])),
        cards=row["cards"],
        lot=row["lot"],
        min_slots=row["min_slots"],
        asks={tier: PriceCurve(steps) for tier, steps in _asks.decode(row["asks"]).items()},
        price_rule=PriceRule(row["price_rule"]),
        status=row["status"],
        seq=row["seq"],
    )
