"""What came of a command: asked by whoever sent it and did not hear the answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from exchange.commands import Command
from exchange.events import Event
from exchange.persistence.codec import decode_command
from exchange.persistence.database import Pool
from exchange.persistence.log import events_of
from exchange.rejections import Rejected
from matching.terms import Seq


@dataclass(frozen=True, slots=True)
class Outcome:
    """A command of a party, and what it made happen."""

    seq: Seq
    kind: str
    command: Command
    events: Sequence[Event]
    logged_at: datetime

    @property
    def rejection(self) -> Rejected | None:
        """Why it was refused, or None."""
        return next((event for event in self.events if isinstance(event, Rejected)), None)


async def outcome_of(pool: Pool, party: str, command: str) -> Outcome | None:
    """What came of the command that a party gave under this id, or None where none came in."""
    row = await pool.fetchrow("SELECT * FROM commands WHERE party = $1 AND id = $2", party, command)
    if row is None:
        return None
    events = await events_of(pool, [row["seq"]])
    return Outcome(
        seq=Seq(row["seq"]),
        kind=row["kind"],
        command=decode_command(row["kind"], row["body"]),
        events=events.get(row["seq"], []),
        logged_at=row["logged_at"],
    )
