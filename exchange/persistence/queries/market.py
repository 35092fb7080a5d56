"""What the public market is made of: open listings with what is leased of them, and waiting orders."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import asyncpg
import msgspec

from exchange.names import PartyId
from exchange.state import VenueTerms
from matching.curves import PriceCurve
from matching.terms import Block, ChipCode, ListingId, RegionCode, Shape, Slot, Split, Tier, Window


@dataclass(frozen=True, slots=True)
class Clock:
    """The rules of the house and the slot that its clock stands in."""

    terms: VenueTerms
    now: Slot

    @property
    def instant(self) -> int:
        """When the slot began that the clock stands in."""
        return self.terms.instant_of(self.now)

    def hourly(self, price: int) -> int:
        """A price per card-slot as one per card-hour. It comes out whole, because prices are whole fen an hour."""
        return price * 3600 // self.terms.slot_seconds


@dataclass(frozen=True, slots=True)
class Sold:
    """Cards of a listing that a lease has taken for a window."""

    window: Window
    cards: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A listing in the books, and what of it is leased from the slot that the reader asked for."""

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
    sold: tuple[Sold, ...]
    status: str
    seq: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order in the books, and nobody's name: `limit` is micro-yuan per reference card and slot.

    The rest of a gang has the chip, the window and, of several sellers in one region, the region of what it got already:
    it waits nowhere else.
    """

    tier: Tier
    chips: Mapping[ChipCode, int]
    regions: frozenset[RegionCode]
    window: Window
    limit: int
    most: int
    slots: int


async def clock(pool: asyncpg.Pool) -> Clock:
    """The terms in force and the venue's time. A venue that has not ticked yet stands at the beginning of time."""
    row = await pool.fetchrow("SELECT terms, now FROM venue")
    assert row is not None, "a venue that answers has adopted its terms"
    return Clock(msgspec.json.decode(row["terms"], type=VenueTerms), Slot(row["now"] or 0))


async def offers(
    pool: asyncpg.Pool, since: int, chip: str | None = None, region: str | None = None
) -> list[Offered]:
    """Open listings, of one chip or region if so asked, with what is leased of them after the slot `since`."""
    rows = await pool.fetch(
        f"{_OFFERED} WHERE l.status = 'open' AND ($2::text IS NULL OR l.chip = $2) "
        "AND ($3::text IS NULL OR l.region = $3) ORDER BY l.seq",
        since,
        chip,
        region,
    )
    return [_offered(row) for row in rows]


async def offers_of(
    pool: asyncpg.Pool, party: PartyId, since: int, before: int | None, most: int
) -> list[Offered]:
    """A seller's listings, newest first, whatever became of them, before a place in the log."""
    rows = await pool.fetch(
        f"{_OFFERED} WHERE l.party = $2 AND ($3::bigint IS NULL OR l.seq < $3) ORDER BY l.seq DESC LIMIT $4",
        since,
        party,
        before,
        most,
    )
    return [_offered(row) for row in rows]


async def offer_of(pool: asyncpg.Pool, party: PartyId, listing: str, since: int) -> Offered | None:
    """One listing of a seller, or None where it has no such listing."""
    row = await pool.fetchrow(f"{_OFFERED} WHERE l.id = $2 AND l.party = $3", since, listing, party)
    return None if row is None else _offered(row)


async def on_offer(pool: asyncpg.Pool) -> tuple[frozenset[ChipCode], frozenset[RegionCode]]:
    """The chips and the regions of which anything is listed."""
    rows = await pool.fetch("SELECT DISTINCT chip, region FROM listings WHERE status = 'open'")
    return (
        frozenset(ChipCode(row["chip"]) for row in rows),
        frozenset(RegionCode(row["region"]) for row in rows),
    )


async def waiting(pool: asyncpg.Pool) -> list[Waiting]:
    """Every order that waits, the oldest first."""
    rows = await pool.fetch(
        """
        SELECT tier, chips, regions, o.start_slot, end_slot, limit_price, slots, shape,
               (least(most * 1000, size * 1000 - got) + 999) / 1000 AS most, got_chip, got_region, got_start
        FROM orders o, LATERAL (
            SELECT min(i.chip) AS got_chip, min(i.region) AS got_region, min(s.start_slot) AS got_start, coalesce(sum(s.working * (o.chips->>i.chip)::bigint * CASE WHEN jsonb_typeof(o.shape) = 'array'
                            THEN s.granted_end_slot - s.start_slot ELSE 1 END), 0)::bigint AS got
            FROM leases s JOIN listings i ON i.id = s.listing_id WHERE s.order_id = o.id
        ) AS g
        WHERE status = 'resting' ORDER BY age, id
        """
    )
    return [_waiting(row) for row in rows]


_OFFERED = """
    SELECT l.id, l.party, l.line, l.chip, l.region, l.start_slot, l.end_slot, l.cards, l.lot, l.min_slots, l.asks,
           l.status, l.seq, s.starts, s.ends, s.taken
    FROM listings l, LATERAL (
        SELECT coalesce(array_agg(start_slot), '{}') AS starts, coalesce(array_agg(end_slot), '{}') AS ends,
               coalesce(array_agg(cards), '{}') AS taken
        FROM leases WHERE listing_id = l.id AND end_slot > $1
    ) AS s
"""

_asks = msgspec.json.Decoder(dict[Tier, tuple[tuple[int, int], ...]])
_chips = msgspec.json.Decoder(dict[ChipCode, int])
_regions = msgspec.json.Decoder(frozenset[RegionCode])
_shape = msgspec.json.Decoder(Shape)


def _offered(row: asyncpg.Record) -> Offered:
    leased = zip(row["starts"], row["ends"], row["taken"], strict=True)
    return Offered(
        id=ListingId(row["id"]),
        party=PartyId(row["party"]),
        line=row["line"],
        chip=ChipCode(row["chip"]),
        region=RegionCode(row["region"]),
        window=_window(row["start_slot"], row["end_slot"]),
        cards=row["cards"],
        lot=row["lot"],
        min_slots=row["min_slots"],
        asks={tier: PriceCurve(steps) for tier, steps in _asks.decode(row["asks"]).items()},
        sold=tuple(Sold(_window(start, end), cards) for start, end, cards in leased),
        status=row["status"],
        seq=row["seq"],
    )


def _waiting(row: asyncpg.Record) -> Waiting:
    shape, slots = _shape.decode(row["shape"]), row["slots"]
    order = Waiting(
        tier=Tier(row["tier"]),
        chips=_chips.decode(row["chips"]),
        regions=_regions.decode(row["regions"]),
        window=_window(row["start_slot"], row["end_slot"]),
        limit=row["limit_price"],
        most=row["most"],
        slots=slots,
    )
    if not isinstance(shape, Block) or row["got_chip"] is None:
        return order
    chip, region, start = ChipCode(row["got_chip"]), RegionCode(row["got_region"]), row["got_start"]
    return replace(
        order,
        chips={chip: order.chips[chip]},
        regions=frozenset({region}) if shape.split is Split.SELLERS else order.regions,
        window=_window(start, start + slots),
    )


def _window(start: int, end: int) -> Window:
    return Window(Slot(start), Slot(end))
