"""The tape: every lease as it was granted, without names, and when it was granted by the venue's clock.

Whoever orders from several sellers gets several leases at once. So that the tape does not tell which, it has no order
within a slot but that of its ids, which nobody outside can make: see `trade_id`.
"""

import asyncio
from dataclasses import dataclass
from itertools import chain, count, islice
from typing import NewType

import asyncpg

from exchange.catalogue.chips import WHOLE
from exchange.catalogue.instruments import Instrument
from exchange.persistence.database import Pool
from exchange.persistence.projections.tape import PricedBy
from matching.terms import ChipCode, OwnerGroup, RegionCode, Slot, Tier, Window
from settlement.meters import SECONDS_PER_HOUR
from settlement.money import round_half_away

TradeId = NewType("TradeId", str)


@dataclass(frozen=True, slots=True)
class Trade:
    """A lease as the tape tells it, and nobody's name.

    `cost` is micro-yuan for all cards and slots: over them it is the exact price of a card-slot, on average. `slot` is
    where the venue's clock stood at the grant, `priced_by` what its price is. `number` counts grants, and is not for the public.
    """

    id: TradeId
    number: int
    instrument: Instrument
    cards: int
    window: Window
    cost: int
    priced_by: PricedBy
    slot: Slot

    @property
    def card_slots(self) -> int:
        """What was rented."""
        return self.cards * len(self.window)

    def hourly(self, slot_seconds: int, weight: int = WHOLE) -> int:
        """Micro-yuan per card-hour, on average, rounded half away from zero; or with its chip's weight per standard one."""
        return round_half_away(self.cost * SECONDS_PER_HOUR * WHOLE, self.card_slots * slot_seconds * weight)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which trades: of a chip, a region or a tier where one is named, in slots of the venue's clock from `since` on."""

    chip: ChipCode | None = None
    region: RegionCode | None = None
    tier: Tier | None = None
    since: Slot | None = None
    until: Slot | None = None

    @classmethod
    def of(cls, instrument: Instrument, since: Slot | None = None, until: Slot | None = None) -> "Wanted":
        """The trades of one instrument."""
        return cls(instrument.chip, instrument.region, instrument.tier, since, until)


@dataclass(frozen=True, slots=True)
class Parted:
    """A trade with the groups that made it, which the index counts and nobody is shown."""

    trade: Trade
    buyer: OwnerGroup
    seller: OwnerGroup


async def tape(pool: Pool, wanted: Wanted, before: tuple[int, str] | None, most: int) -> list[Trade]:
    """The latest trades, the newest slot first and the last id in it, before a slot and an id."""
    where, given = _where(wanted, before)
    rows = await pool.fetch(
        f"SELECT {_TRADE} {_FROM} {where} ORDER BY t.slot DESC, t.id DESC LIMIT {most:d}", *given
    )
    return [_trade(row) for row in rows]


async def traded(pool: Pool, wanted: Wanted) -> list[Trade]:
    """All trades that are wanted, from the end of the tape."""
    where, given = _where(wanted)
    rows = await pool.fetch(f"SELECT {_TRADE} {_FROM} {where} ORDER BY t.slot, t.id", *given)
    return await asyncio.to_thread(lambda: [_trade(row) for row in rows])


async def parted(pool: Pool, since: Slot, until: Slot) -> list[Parted]:
    """All trades of some slots with the groups that made them, from the end of the tape."""
    where, given = _where(Wanted(since=since, until=until))
    rows = await pool.fetch(
        f'SELECT {_TRADE}, b."group" AS buyer, s."group" AS seller {_FROM} '
        f"JOIN parties b ON b.id = o.party JOIN parties s ON s.id = l.party {where} ORDER BY t.slot, t.id",
        *given,
    )
    return await asyncio.to_thread(
        lambda: [Parted(_trade(row), OwnerGroup(row["buyer"]), OwnerGroup(row["seller"])) for row in rows]
    )


async def last_trade(pool: Pool, instrument: Instrument) -> Trade | None:
    """The latest trade of an instrument, by its grant."""
    where, given = _where(Wanted.of(instrument))
    row = await pool.fetchrow(f"SELECT {_TRADE} {_FROM} {where} ORDER BY t.number DESC LIMIT 1", *given)
    return None if row is None else _trade(row)


async def last_trades(pool: Pool, after: int) -> list[Trade]:
    """The latest trade of every instrument that was traded after a number."""
    rows = await pool.fetch(
        f"""
        SELECT {_TRADE} {_FROM} JOIN (
            SELECT max(t.number) AS number
            FROM trades t JOIN listings l ON l.id = t.listing_id JOIN orders o ON o.id = t.order_id
            WHERE t.number > $1 GROUP BY l.chip, l.region, o.tier
        ) AS latest ON latest.number = t.number
        """,  # noqa: S608 - our own words only
        after,
    )
    return [_trade(row) for row in rows]


async def first_trade(pool: Pool) -> Slot | None:
    """The slot of the first trade of all, or None before it."""
    slot: int | None = await pool.fetchval("SELECT min(slot) FROM trades")
    return None if slot is None else Slot(slot)


_TRADE = (
    "t.id, t.number, l.chip, l.region, o.tier, t.cards, t.start_slot, t.end_slot, t.cost, t.priced_by, t.slot"
)
_FROM = "FROM trades t JOIN listings l ON l.id = t.listing_id JOIN orders o ON o.id = t.order_id"
_CONDITIONS = (
    "l.chip = {}",
    "l.region = {}",
    "o.tier = {}",
    "t.slot >= {}",
    "t.slot < {}",
    "(t.slot, t.id) < ({}, {})",
)


def _where(wanted: Wanted, before: tuple[int, str] | None = None) -> tuple[str, list[str | int]]:
    """The conditions that are asked, and their parameters: no others, so that the database can plan for these."""
    single = [wanted.chip, wanted.region, wanted.tier, wanted.since, wanted.until]
    asked = [*(() if value is None else (value,) for value in single), before or ()]
    numbers = (f"${n}" for n in count(1))
    words = [
        words.format(*islice(numbers, len(values)))
        for words, values in zip(_CONDITIONS, asked, strict=True)
        if values
    ]
    return f"WHERE {' AND '.join(words)}" if words else "", [*chain.from_iterable(asked)]


def _trade(row: asyncpg.Record) -> Trade:
    return Trade(
        id=TradeId(row["id"]),
        number=row["number"],
        instrument=Instrument(ChipCode(row["chip"]), RegionCode(row["region"]), Tier(row["tier"])),
        cards=row["cards"],
        window=Window(Slot(row["start_slot"]), Slot(row["end_slot"])),
        cost=row["cost"],
        priced_by=PricedBy(row["priced_by"]),
        slot=Slot(row["slot"]),
    )
