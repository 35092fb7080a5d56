"""The tape: every lease as it was granted, without names, and when it was granted by the venue's clock."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from exchange.catalogue.chips import WHOLE
from exchange.catalogue.instruments import Instrument
from exchange.persistence.database import Pool
from matching.terms import ChipCode, OwnerGroup, RegionCode, Slot, Tier, Window
from settlement.meters import SECONDS_PER_HOUR
from settlement.money import round_half_away


@dataclass(frozen=True, slots=True)
class Trade:
    """A lease as the tape tells it, and nobody's name. Trades are numbered from 1 in the order of their grant.

    `cost` is micro-yuan for all cards and slots: over them it is the exact price of a card-slot, on average. `slot` is
    where the venue's clock stood, `granted` when the log was written.
    """

    number: int
    instrument: Instrument
    cards: int
    window: Window
    cost: int
    slot: Slot
    granted: datetime
    seq: int

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


async def tape(pool: Pool, wanted: Wanted, before: int | None, most: int) -> list[Trade]:
    """The latest trades, the newest first, before a number."""
    where, given = _where(wanted, before)
    rows = await pool.fetch(f"SELECT {_TRADE} {_FROM} {where} ORDER BY t.number DESC LIMIT {most:d}", *given)
    return [_trade(row) for row in rows]


async def traded(pool: Pool, wanted: Wanted) -> list[Trade]:
    """All trades that are wanted, the oldest first."""
    where, given = _where(wanted)
    rows = await pool.fetch(f"SELECT {_TRADE} {_FROM} {where} ORDER BY t.number", *given)
    return await asyncio.to_thread(lambda: [_trade(row) for row in rows])


async def parted(pool: Pool, since: Slot, until: Slot) -> list[Parted]:
    """All trades of some slots with the groups that made them, the oldest first."""
    where, given = _where(Wanted(since=since, until=until))
    rows = await pool.fetch(
        f'SELECT {_TRADE}, b."group" AS buyer, s."group" AS seller {_FROM} '
        f"JOIN parties b ON b.id = o.party JOIN parties s ON s.id = l.party {where} ORDER BY t.number",
        *given,
    )
    return await asyncio.to_thread(
        lambda: [Parted(_trade(row), OwnerGroup(row["buyer"]), OwnerGroup(row["seller"])) for row in rows]
    )


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
    query = f"SELECT {_SLOT} FROM trades t {_CLOCK} ORDER BY t.number LIMIT 1"  # noqa: S608 - our own words only
    slot: int | None = await pool.fetchval(query)
    return None if slot is None else Slot(slot)


_SLOT = "coalesce(k.slot, 0)"
_CLOCK = """
    LEFT JOIN LATERAL (SELECT slot FROM ticks WHERE seq < t.seq ORDER BY seq DESC LIMIT 1) AS k ON true
"""
_TRADE = f"""
    t.number, l.chip, l.region, o.tier, t.cards, t.start_slot, t.end_slot, t.cost, {_SLOT} AS slot, c.logged_at, t.seq
"""
_FROM = f"""
    FROM trades t JOIN listings l ON l.id = t.listing_id JOIN orders o ON o.id = t.order_id
    JOIN commands c ON c.seq = t.seq {_CLOCK}
"""
# A slot of the clock is a stretch of the log: from the tick that brought it, until before the next one's.
_FIRST_TICK = "(SELECT min(seq) FROM ticks WHERE slot >= ${n})"
_CONDITIONS = (
    "l.chip = ${n}",
    "l.region = ${n}",
    "o.tier = ${n}",
    f"t.seq > {_FIRST_TICK}",
    f"t.seq < coalesce({_FIRST_TICK}, {2**63 - 1})",
    "t.number < ${n}",
)


def _where(wanted: Wanted, before: int | None = None) -> tuple[str, list[str | int]]:
    """The conditions that are asked, and their parameters: no others, so that the database can plan for these."""
    asked = (wanted.chip, wanted.region, wanted.tier, wanted.since, wanted.until, before)
    pairs = [(words, value) for words, value in zip(_CONDITIONS, asked, strict=True) if value is not None]
    words = " AND ".join(words.format(n=n) for n, (words, _) in enumerate(pairs, start=1))
    return f"WHERE {words}" if pairs else "", [value for _, value in pairs]


def _trade(row: asyncpg.Record) -> Trade:
    return Trade(
        number=row["number"],
        instrument=Instrument(ChipCode(row["chip"]), RegionCode(row["region"]), Tier(row["tier"])),
        cards=row["cards"],
        window=Window(Slot(row["start_slot"]), Slot(row["end_slot"])),
        cost=row["cost"],
        slot=Slot(row["slot"]),
        granted=row["logged_at"],
        seq=row["seq"],
    )
