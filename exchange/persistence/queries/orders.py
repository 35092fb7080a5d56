"""What a buyer asks about its orders."""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.names import PartyId
from exchange.persistence.database import Pool
from matching.terms import (
    Block,
    ChipCode,
    OnPreempt,
    OrderId,
    Preference,
    RegionCode,
    Shape,
    Slot,
    Tier,
    TimeInForce,
    Window,
)
from settlement.money import Fen

Place = tuple[int, str]
"""Where an order stands among all orders: a command that takes leases back can make many."""


@dataclass(frozen=True, slots=True)
class NotContinued:
    """What was taken back of an order, and nobody looks for: that would hold `needed`, and so much was `available`."""

    needed: Fen
    available: Fen
    window: Window
    shape: Block

    @property
    def short(self) -> Fen:
        """How much more money it takes."""
        return Fen(self.needed - self.available)


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order as it stands. `limit` is micro-yuan per reference card and slot; `status` is open, resting or its end.

    `continued_as` is the order that looks for what was taken back of it, if one does; `not_continued` says why none does
    where its buyer's money does not cover one.
    """

    id: OrderId
    party: PartyId
    source: RegionCode
    tier: Tier
    chips: Mapping[ChipCode, int]
    regions: tuple[RegionCode, ...]
    window: Window
    limit: int
    shape: Shape
    prefer: Preference
    tif: TimeInForce
    on_preempt: OnPreempt
    home: RegionCode | None
    mbps_per_card: int
    held: Fen
    status: str
    seq: int
    continued_as: OrderId | None
    not_continued: NotContinued | None


CONTINUED_AS = """(
    SELECT n.id FROM orders n
    WHERE n.id = split_part(o.id, '.r', 1) || '.r' || coalesce(nullif(split_part(o.id, '.r', 2), ''), '0')::int + 1
) AS continued_as"""
"""The order that goes on in place of the order `o`, if one does, under the name that `next_id` gives it."""

_ORDERS = f"SELECT o.*, {CONTINUED_AS} FROM orders o"  # noqa: S608 - nobody's words but ours


async def order_of(pool: Pool, party: str, order: str) -> StoredOrder | None:
    """One order of a party, or None where it has no such order."""
    row = await pool.fetchrow(f"{_ORDERS} WHERE o.id = $1 AND o.party = $2", order, party)
    return None if row is None else _order(row)


async def orders_of(pool: Pool, party: str, before: Place | None, most: int) -> list[StoredOrder]:
    """A party's orders, the newest first, before a place among all orders."""
    rows = await pool.fetch(
        f"{_ORDERS} WHERE o.party = $1 AND ($2::bigint IS NULL OR (o.seq, o.id) < ($2, $3::text)) "
        "ORDER BY o.seq DESC, o.id DESC LIMIT $4",
        party,
        *(before or (None, None)),
        most,
    )
    return [_order(row) for row in rows]


_chips = msgspec.json.Decoder(dict[ChipCode, int])
_shape = msgspec.json.Decoder(Shape)
_regions = msgspec.json.Decoder(tuple[RegionCode, ...])
_lost = msgspec.json.Decoder(NotContinued)


def _order(row: asyncpg.Record) -> StoredOrder:
    return StoredOrder(
        id=OrderId(row["id"]),
        party=PartyId(row["party"]),
        source=RegionCode(row["source"]),
        tier=Tier(row["tier"]),
        chips=_chips.decode(row["chips"]),
        regions=_regions.decode(row["regions"]),
        window=Window(Slot(row["start_slot"]), Slot(row["end_slot"])),
        limit=row["limit_price"],
        shape=_shape.decode(row["shape"]),
        prefer=Preference(row["prefer"]),
        tif=TimeInForce(row["tif"]),
        on_preempt=OnPreempt(row["on_preempt"]),
        home=row["home"],
        mbps_per_card=row["mbps_per_card"],
        held=Fen(row["held"]),
        status=row["status"],
        seq=row["seq"],
        continued_as=row["continued_as"],
        not_continued=None if row["not_continued"] is None else _lost.decode(row["not_continued"]),
    )
