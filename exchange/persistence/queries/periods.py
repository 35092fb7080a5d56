"""Which periods are closed or closing, and what they came to."""

from dataclasses import dataclass

from exchange.names import Instant, RunId
from exchange.persistence.database import Pool
from matching.terms import Slot


@dataclass(frozen=True, slots=True)
class StoredPeriod:
    """A period that a run closes or has closed; `status` is open or closed, amounts are fen."""

    run: RunId
    period: str
    begins: Instant
    ends: Instant
    statements: int
    charged: int
    released: int
    status: str

    @property
    def closed(self) -> bool:
        """Whether all its statements are made: until then there may be more."""
        return self.status == "closed"


async def first_tick_at(pool: Pool) -> Slot | None:
    """The slot in which the venue's time began, or None before its first tick."""
    slot: int | None = await pool.fetchval(
        "SELECT (body ->> 'now')::bigint FROM events WHERE kind = 'Ticked' ORDER BY seq, n LIMIT 1"
    )
    return None if slot is None else Slot(slot)


async def periods(pool: Pool) -> list[StoredPeriod]:
    """Every period with a run, the latest first."""
    rows = await pool.fetch(
        """
        SELECT r.id, r.period, r.begins, r.ends, r.status, count(s.id) AS statements,
               coalesce(sum(s.charged), 0)::bigint AS charged, coalesce(sum(s.released), 0)::bigint AS released
        FROM runs r LEFT JOIN statements s ON s.run = r.id GROUP BY r.id ORDER BY r.begins DESC
        """
    )
    return [
        StoredPeriod(
            run=RunId(row["id"]),
            period=row["period"],
            begins=Instant(row["begins"]),
            ends=Instant(row["ends"]),
            statements=row["statements"],
            charged=row["charged"],
            released=row["released"],
            status=row["status"],
        )
        for row in rows
    ]
