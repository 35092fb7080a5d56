"""What a check-up asks a database: which server it is, what time it has there, and how far the venue has come."""

from dataclasses import dataclass

from exchange.names import Instant
from exchange.persistence.database import Connection


@dataclass(frozen=True, slots=True)
class Server:
    """A database server: its version as it calls it, and its clock."""

    version: str
    clock: Instant


@dataclass(frozen=True, slots=True)
class Writing:
    """How many writers the venue has had, and where its clock stands: None before its first tick."""

    epoch: int
    now: Instant | None


async def server(connection: Connection) -> Server:
    """What can be asked of any database."""
    row = await connection.fetchrow(
        "SELECT current_setting('server_version') AS version, extract(epoch FROM clock_timestamp())::bigint AS clock"
    )
    return Server(row["version"], Instant(row["clock"]))


async def writing(connection: Connection) -> Writing:
    """What can be asked of one that is migrated."""
    row = await connection.fetchrow(
        "SELECT epoch, (SELECT now * (terms->>'slot_seconds')::bigint FROM venue) AS now FROM writer"
    )
    return Writing(row["epoch"], None if row["now"] is None else Instant(row["now"]))
