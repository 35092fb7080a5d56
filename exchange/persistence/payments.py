"""Movements of money, a gateway's webhooks and a bank's files, as they are written down beside the log."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import get_args

import asyncpg
import msgspec

from exchange.names import PartyId
from exchange.persistence.database import Connection, Pool
from settlement.gateways.bank_file import PaymentOrder, StatementLine
from settlement.gateways.news import GatewayEvent
from settlement.gateways.saga import StaleError
from settlement.payments import Instruction, Movement, MovementState
from settlement.reconciliation import BookLine

_KINDS: dict[str, type[Instruction]] = {kind.__name__: kind for kind in get_args(Instruction)}
_COLUMNS = "plan, n, kind, instruction, key, state, requested_at, reference, why, told"
_LINE = "bank_reference, booked_on, amount, account, name, remark"


class MovementStore:
    """Movements in the database: what was written there is there after any crash."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def plan(self, movements: Sequence[Movement]) -> None:
        """Write a plan down whole; one that is written down already stays as it is."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.executemany(
                f"INSERT INTO movements ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "  # noqa: S608
                "ON CONFLICT DO NOTHING",
                [_row(movement) for movement in movements],
            )

    async def of(self, plan: str) -> Sequence[Movement]:
        """The movements of a plan, in order."""
        rows = await self._pool.fetch(f"SELECT {_COLUMNS} FROM movements WHERE plan = $1 ORDER BY n", plan)  # noqa: S608
        return [_movement(row) for row in rows]

    async def unfinished(self) -> Sequence[str]:
        """Plans in which something is left for us to do; one that waits for others is not among them."""
        rows = await self._pool.fetch(
            """
            SELECT plan FROM movements m WHERE NOT told AND state <> 'pending' AND NOT EXISTS (
                SELECT 1 FROM movements b WHERE b.plan = m.plan AND b.n < m.n AND (NOT b.told OR b.state IN ('failed', 'returned'))
            ) ORDER BY plan
            """
        )
        return [row["plan"] for row in rows]

    async def pending(self) -> Sequence[str]:
        """Plans with a movement that waits for others, always in the same order."""
        rows = await self._pool.fetch(
            "SELECT DISTINCT plan FROM movements WHERE NOT told AND state = 'pending' ORDER BY plan"
        )
        return [row["plan"] for row in rows]

    async def about(self, lines: Sequence[BookLine], since: int) -> Sequence[Movement]:
        """Movements that lines of the gateway are about, and those since a second that are done and not reconciled."""
        rows = await self._pool.fetch(
            f"""
            SELECT {_COLUMNS} FROM movements WHERE (state = 'succeeded' AND requested_at >= $1)
                OR reference = ANY($2::text[]) OR plan || '/' || n = ANY($3::text[]) ORDER BY plan, n
            """,  # noqa: S608
            since,
            [line.reference for line in lines],
            [line.movement for line in lines],
        )
        return [_movement(row) for row in rows]

    async def count_done(self, since: int) -> tuple[int, int]:
        """How many movements since a second are done and not reconciled, and how many are."""
        row = await self._pool.fetchrow(
            "SELECT count(*) FILTER (WHERE state = 'succeeded') AS waiting, "
            "count(*) FILTER (WHERE state = 'reconciled') AS reconciled FROM movements WHERE requested_at >= $1",
            since,
        )
        return row["waiting"], row["reconciled"]

    async def write(self, before: Movement, after: Movement) -> None:
        """Write down what became of a movement. Raises `StaleError` where it is not as it was `before`."""
        changed = await self._pool.fetchval(
            """
            UPDATE movements SET state = $3, requested_at = $4, reference = $5, why = $6, told = $7
            WHERE (plan, n) = ($1, $2) AND (state, requested_at, reference, why, told)
                IS NOT DISTINCT FROM ($8, $9::bigint, $10::text, $11::text, $12::boolean)
            RETURNING 1
            """,
            after.plan,
            after.n,
            *_standing(after),
            *_standing(before),
        )
        if changed is None:
            raise StaleError(before.id)


class EventStore:
    """Webhooks that have had their effect."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def is_known(self, event: str) -> bool:
        """Whether the event has had its effect."""
        return await self._pool.fetchval("SELECT 1 FROM gateway_events WHERE id = $1", event) is not None

    async def record(self, event: GatewayEvent) -> None:
        """Write down that it has. Twice is no fault."""
        sql = "INSERT INTO gateway_events (id, kind, created) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        await self._pool.execute(sql, event.id, event.kind, event.created)


class BankStore:
    """What the bank was told, and what it has booked."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def queue(self, order: PaymentOrder) -> None:
        """Keep an order for the next file. One with this key that is there already stays as it is."""
        sql = "INSERT INTO bank_orders (key, reference, account, name, amount) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING"
        await self._pool.execute(sql, *astuple(order))

    async def order(self, key: str) -> PaymentOrder | None:
        """The order under a key."""
        row = await self._pool.fetchrow(
            "SELECT key, reference, account, name, amount FROM bank_orders WHERE key = $1", key
        )
        return None if row is None else PaymentOrder(**row)

    async def seal(self) -> int | None:
        """Put all orders that are in no file yet into one, and give its number; None where there are none."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("LOCK TABLE bank_orders IN SHARE ROW EXCLUSIVE MODE")
            sealed: int | None = await connection.fetchval(
                """
                UPDATE bank_orders SET file = (SELECT coalesce(max(file), 0) + 1 FROM bank_orders) WHERE file IS NULL
                RETURNING file
                """
            )
        return sealed

    async def sealed(self, number: int) -> Sequence[PaymentOrder]:
        """The orders of a file, in the order in which they were queued."""
        rows = await self._pool.fetch(
            "SELECT key, reference, account, name, amount FROM bank_orders WHERE file = $1 ORDER BY queued_at, key",
            number,
        )
        return [PaymentOrder(**row) for row in rows]

    async def add(self, lines: Sequence[StatementLine]) -> None:
        """Keep lines. All of them or none; one that was added meanwhile stays as it is."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.executemany(
                f"INSERT INTO bank_lines ({_LINE}, code) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",  # noqa: S608
                [(*astuple(line), line.code) for line in lines],
            )

    async def lines(self, references: Sequence[str]) -> Sequence[StatementLine]:
        """The lines under these references of the bank."""
        return await self._lines("bank_reference = ANY($1::text[])", references)

    async def lines_of(self, code: str) -> Sequence[StatementLine]:
        """The lines with our code in the remark, oldest first."""
        return await self._lines("code = $1", code)

    async def lines_since(self, second: int) -> Sequence[StatementLine]:
        """The lines that were booked since the day of a second, oldest first."""
        return await self._lines("booked_on >= $1", datetime.fromtimestamp(second, UTC).date())

    async def _lines(self, which: str, *values: object) -> list[StatementLine]:
        sql = f"SELECT {_LINE} FROM bank_lines WHERE {which} ORDER BY booked_on, bank_reference"  # noqa: S608
        return [StatementLine(**row) for row in await self._pool.fetch(sql, *values)]


@dataclass(frozen=True, slots=True)
class Freeze:
    """Since when nobody is paid, and what an audit had found."""

    id: int
    found: str
    frozen_at: datetime


class FreezeStore:
    """Whether payouts are frozen. Whoever audits freezes them, and a clerk lifts that."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def standing(self) -> Freeze | None:
        """The oldest freeze that nobody has lifted."""
        row = await self._pool.fetchrow(
            "SELECT id, found, frozen_at FROM payout_freezes WHERE lifted_at IS NULL ORDER BY id LIMIT 1"
        )
        return None if row is None else Freeze(**row)

    async def lift(self, by: PartyId, why: str) -> int:
        """Lift every freeze, and say how many there were."""
        rows = await self._pool.fetch(
            "UPDATE payout_freezes SET lifted_by = $1, lifted_why = $2, lifted_at = clock_timestamp() "
            "WHERE lifted_at IS NULL RETURNING id",
            by,
            why,
        )
        return len(rows)


async def freeze(connection: Connection, found: str) -> None:
    """Freeze payouts, by what was found. For an auditor, on a connection of its own."""
    await connection.execute("INSERT INTO payout_freezes (found) VALUES ($1)", found)


def _row(movement: Movement) -> tuple[object, ...]:
    instruction = movement.instruction
    said = (type(instruction).__name__, msgspec.json.encode(instruction).decode(), movement.key)
    return (movement.plan, movement.n, *said, *_standing(movement))


def _standing(movement: Movement) -> tuple[object, ...]:
    return (movement.state, movement.requested_at, movement.reference, movement.why, movement.told)


def _movement(row: asyncpg.Record) -> Movement:
    kind = _KINDS[row["kind"]]
    return Movement(
        plan=row["plan"],
        n=row["n"],
        instruction=msgspec.json.decode(row["instruction"], type=kind),
        key=row["key"],
        state=MovementState(row["state"]),
        requested_at=row["requested_at"],
        reference=row["reference"],
        why=row["why"],
        told=row["told"],
    )
