"""What buyers and sellers ask about leases: what was granted, at which price, and what of it was delivered."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import LeaseId, PartyId
from exchange.persistence.database import Pool
from exchange.persistence.queries.orders import CONTINUED_AS
from exchange.state import PricedRun
from matching.terms import ChipCode, ListingId, OrderId, RegionCode, Slot, Tier, Window
from settlement.money import Fen
from settlement.rating.service_credits import ServicePromise

Place = tuple[int, str]
"""Where a lease stands among all leases: a command can make many."""


@dataclass(frozen=True, slots=True)
class StoredLease:
    """A lease as it stands. Prices are micro-yuan per card-slot; `unsettled` counts slots, `delivered` card-seconds.

    `working` of its cards do its order's work; the rest fill up the lot. One that was taken back ends before
    `granted_end`, costs less than it was `granted_cost` for, ran on for `notice` slots, and may go on as another order.
    """

    id: LeaseId
    order: OrderId
    listing: ListingId
    chip: ChipCode
    tier: Tier
    buyer: PartyId
    seller: PartyId
    source: RegionCode
    destination: RegionCode
    cards: int
    working: int
    window: Window
    runs: tuple[PricedRun, ...]
    cost: int
    granted_end: Slot
    granted_cost: int
    held: Fen
    unsettled: int
    delivered: int
    vat_rate_bp: int
    promise: ServicePromise | None
    notice: int | None
    seq: int
    continued_as: OrderId | None
    uncovered: bool
    """Whether its order does not go on for want of its buyer's money."""

    @property
    def taken_back(self) -> bool:
        """Whether it ends earlier than it was granted for."""
        return self.window.end < self.granted_end

    @property
    def returned(self) -> int:
        """Micro-yuan of its price that are not charged, because it was taken back."""
        return self.granted_cost - self.cost


async def lease_of(pool: Pool, party: str, lease: str) -> StoredLease | None:
    """One lease that a party has bought or sold."""
    row = await pool.fetchrow(f"{_LEASES} WHERE l.id = $1 AND $2 IN (l.buyer, l.seller)", lease, party)
    return None if row is None else _lease(row)


async def leases_of(pool: Pool, party: str, before: Place | None, most: int) -> list[StoredLease]:
    """What a party has bought or sold, the newest first, before a place among all leases."""
    seq, lease = before or (None, None)
    rows = await pool.fetch(
        f"{_LEASES} WHERE $1 IN (l.buyer, l.seller) AND ($2::bigint IS NULL OR (l.seq, l.id) < ($2, $3::text)) "
        "ORDER BY l.seq DESC, l.id DESC LIMIT $4",
        party,
        seq,
        lease,
        most,
    )
    return [_lease(row) for row in rows]


async def leases_under(pool: Pool, orders: Sequence[str]) -> list[StoredLease]:
    """What each of some orders has got, in the order of grant."""
    rows = await pool.fetch(f"{_LEASES} WHERE l.order_id = ANY($1) ORDER BY l.seq, l.id", list(orders))
    return [_lease(row) for row in rows]


async def leases_from(pool: Pool, listing: str, most: int) -> list[StoredLease]:
    """The latest leases of one listing, the newest first."""
    rows = await pool.fetch(
        f"{_LEASES} WHERE l.listing_id = $1 ORDER BY l.seq DESC, l.id DESC LIMIT $2", listing, most
    )
    return [_lease(row) for row in rows]


_LEASES = f"""
    SELECT l.*, s.chip, o.tier, d.delivered, l.end_slot - t.slot AS notice, o.not_continued IS NOT NULL AS uncovered, {CONTINUED_AS}
    FROM leases l JOIN listings s ON s.id = l.listing_id JOIN orders o ON o.id = l.order_id
    LEFT JOIN displacements t ON t.lease = l.id, LATERAL (
        SELECT coalesce(sum(delivered), 0)::bigint AS delivered FROM delivery_records
        WHERE lease = l.id AND status = 'accepted'
    ) AS d
"""  # noqa: S608 - nobody's words but ours

_promise = msgspec.json.Decoder(ServicePromise)
_runs = msgspec.json.Decoder(tuple[tuple[int, int, int], ...])


def _lease(row: asyncpg.Record) -> StoredLease:
    return StoredLease(
        id=LeaseId(row["id"]),
        order=OrderId(row["order_id"]),
        listing=ListingId(row["listing_id"]),
        chip=ChipCode(row["chip"]),
        tier=Tier(row["tier"]),
        buyer=PartyId(row["buyer"]),
        seller=PartyId(row["seller"]),
        source=RegionCode(row["source"]),
        destination=RegionCode(row["destination"]),
        cards=row["cards"],
        working=row["working"],
        window=_window(row["start_slot"], row["end_slot"]),
        runs=tuple(PricedRun(_window(start, end), price) for start, end, price in _runs.decode(row["runs"])),
        cost=row["cost"],
        granted_end=Slot(row["granted_end_slot"]),
        granted_cost=row["granted_cost"],
        held=Fen(row["held"]),
        unsettled=row["unsettled"],
        delivered=row["delivered"],
        vat_rate_bp=row["vat_rate_bp"],
        promise=None if row["promise"] is None else _promise.decode(row["promise"]),
        notice=row["notice"],
        seq=row["seq"],
        continued_as=row["continued_as"],
        uncovered=row["uncovered"],
    )


def _window(start: int, end: int) -> Window:
    return Window(Slot(start), Slot(end))
