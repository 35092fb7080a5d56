"""What happened when to an order, a listing or a lease: times from the log, and what each command changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from exchange.commands import Command
from exchange.persistence.codec import decode_command
from exchange.persistence.database import Pool


@dataclass(frozen=True, slots=True)
class Change:
    """A command that changed something, and was not refused."""

    seq: int
    command: Command
    logged: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """What a lease or contract came to in one run, in fen."""

    statement: str
    run: str
    period: str
    charged: int
    released: int
    seq: int


async def changes_of(pool: Pool, party: str, field: str, subject: str, since: int) -> list[Change]:
    """What a party changed of its own order or listing (`field` is which) after the command `since`, in order."""
    rows = await pool.fetch(
        """
        SELECT c.seq, c.kind, c.body, c.logged_at FROM commands c
        WHERE c.party = $1 AND c.seq > $4 AND c.body->>$2 = $3
          AND NOT EXISTS (SELECT 1 FROM events e WHERE e.seq = c.seq AND e.kind = 'Rejected')
        ORDER BY c.seq
        """,
        party,
        field,
        subject,
        since,
    )
    return [Change(row["seq"], decode_command(row["kind"], row["body"]), row["logged_at"]) for row in rows]


async def times_of(pool: Pool, seqs: Iterable[int]) -> Mapping[int, datetime]:
    """When commands were written to the log, by their place in it."""
    rows = await pool.fetch("SELECT seq, logged_at FROM commands WHERE seq = ANY($1::bigint[])", list(seqs))
    return {row["seq"]: row["logged_at"] for row in rows}


async def settled_of(pool: Pool, subject: str) -> list[Settled]:
    """What a lease or contract came to so far, run by run."""
    rows = await pool.fetch(
        "SELECT s.id AS statement, s.run, r.period, s.charged, s.released, s.seq "
        "FROM statements s JOIN runs r ON r.id = s.run WHERE s.subject = $1 ORDER BY s.seq",
        subject,
    )
    return [Settled(**dict(row)) for row in rows]
