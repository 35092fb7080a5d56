"""What sellers, buyers and the clerk ask about disputes, and about the chain that each of them is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from exchange.names import PartyId
from exchange.persistence.database import Connection, Pool
from exchange.persistence.decisions import Outcome
from settlement.metering.judging import DOUBTED, Finding

AROUND = 3  # links of a chain that are shown on either side of what was found


@dataclass(frozen=True, slots=True)
class Ending:
    """How a dispute has ended, by whom and when. `batch` is the one that ended it."""

    outcome: Outcome
    by: PartyId
    batch: int
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredDispute:
    """A dispute over the numbers `first` to `last` of a meter. A gap has no subject, no buyer and no records.

    `records` counts those that are kept and not billed; `end` is None while it is open.
    """

    id: int
    batch: int
    kind: str
    finding: Finding
    seller: PartyId
    buyer: PartyId | None
    meter: str
    subject: str | None
    first: int
    last: int
    opened_at: datetime
    records: int
    end: Ending | None

    @property
    def is_said(self) -> bool:
        """Whether the meter has said this, however wrong: only then may a buyer agree to it, and nobody has forged it."""
        return self.finding not in DOUBTED


@dataclass(frozen=True, slots=True)
class DisputedRecord:
    """A record that is disputed: a lease's slot, or the instant in which tokens were used, and what was counted.

    `stands` is what is known of the same number, or of the same slot, and was accepted.
    """

    sequence: int
    subject: str
    moment: int
    counts: tuple[int, ...]
    link: bytes
    in_time: bool
    stands: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class ChainLink:
    """A number of a meter's chain: its link, what that is tied to, and the batch that it came in."""

    sequence: int
    previous: bytes
    link: bytes
    batch: int


async def opened_by(connection: Connection, batch: int) -> list[tuple[int, str, int, int]]:
    """The disputes that a batch has opened: number, finding, and the numbers that they are over."""
    rows = await connection.fetch(
        "SELECT id, finding, first, last FROM disputes WHERE batch = $1 ORDER BY id", batch
    )
    return [tuple(row) for row in rows]


async def disputes_of(
    pool: Pool, party: str | None, before: int | None, most: int, *, open_only: bool = False
) -> list[StoredDispute]:
    """Disputes of a seller or buyer, or everybody's, the newest first."""
    rows = await pool.fetch(
        f"{_DISPUTES} WHERE ($1::text IS NULL OR $1 IN (d.party, d.buyer)) AND ($2::bigint IS NULL OR d.id < $2) "
        "AND NOT ($4 AND e.dispute IS NOT NULL) ORDER BY d.id DESC LIMIT $3",
        party,
        before,
        most,
        open_only,
    )
    return [_dispute(row) for row in rows]


async def dispute_of(pool: Pool, party: str | None, dispute: int) -> StoredDispute | None:
    """One dispute of a seller or buyer, or anybody's where no party is named."""
    row = await pool.fetchrow(
        f"{_DISPUTES} WHERE d.id = $1 AND ($2::text IS NULL OR $2 IN (d.party, d.buyer))", dispute, party
    )
    return None if row is None else _dispute(row)


async def open_disputes(pool: Pool, party: str | None = None) -> int:
    """How many disputes of a party, or of everybody, wait to be ended."""
    count: int = await pool.fetchval(
        "SELECT count(*) FROM disputes d WHERE ($1::text IS NULL OR $1 IN (party, buyer)) "
        "AND NOT EXISTS (SELECT 1 FROM dispute_ends e WHERE e.dispute = d.id)",
        party,
    )
    return count


async def records_of(pool: Pool, dispute: StoredDispute, most: int) -> list[DisputedRecord]:
    """The first of a dispute's records, each with what stands in its place."""
    rows = await pool.fetch(
        """
        SELECT x.*, r.delivered, t.input_tokens, t.cached_input_tokens, t.output_tokens FROM disputed_records x
        LEFT JOIN delivery_records r ON $2 = 'deliveries' AND r.lease = x.subject AND r.slot = x.moment
            AND r.status = 'accepted'
        LEFT JOIN token_records t ON $2 = 'tokens' AND (t.party, t.meter, t.sequence) = ($3, $4, x.sequence)
            AND t.status = 'accepted'
        WHERE x.dispute = $1 ORDER BY x.sequence LIMIT $5
        """,
        dispute.id,
        dispute.kind,
        dispute.seller,
        dispute.meter,
        most,
    )
    return [_record(row) for row in rows]


async def chain_around(pool: Pool, dispute: StoredDispute) -> list[ChainLink]:
    """The meter's chain as it is known, a few numbers before what was found and a few after."""
    rows = await pool.fetch(
        """
        (SELECT sequence, previous, link, batch FROM meter_chain
         WHERE (party, meter) = ($1, $2) AND sequence < $3 ORDER BY sequence DESC LIMIT $5)
        UNION ALL
        (SELECT sequence, previous, link, batch FROM meter_chain
         WHERE (party, meter) = ($1, $2) AND sequence BETWEEN $3 AND $4 ORDER BY sequence LIMIT $5)
        UNION ALL
        (SELECT sequence, previous, link, batch FROM meter_chain
         WHERE (party, meter) = ($1, $2) AND sequence > $4 ORDER BY sequence LIMIT $5)
        ORDER BY sequence
        """,
        dispute.seller,
        dispute.meter,
        dispute.first,
        dispute.last,
        AROUND,
    )
    return [ChainLink(**row) for row in rows]


async def link_of(pool: Pool, seller: str, meter: str, sequence: int) -> ChainLink | None:
    """One number of a meter's chain."""
    row = await pool.fetchrow(
        "SELECT sequence, previous, link, batch FROM meter_chain WHERE (party, meter, sequence) = ($1, $2, $3)",
        seller,
        meter,
        sequence,
    )
    return None if row is None else ChainLink(**row)


_DISPUTES = """
    SELECT d.*, e.outcome, e.by, e.batch AS ended_in, e.note, e.ended_at,
        (SELECT count(*) FROM disputed_records x WHERE x.dispute = d.id) AS records
    FROM disputes d LEFT JOIN dispute_ends e ON e.dispute = d.id
"""


def _dispute(row: asyncpg.Record) -> StoredDispute:
    end = None
    if row["outcome"] is not None:
        by = PartyId(row["by"])
        end = Ending(Outcome(row["outcome"]), by, row["ended_in"], row["note"], row["ended_at"])
    return StoredDispute(
        id=row["id"],
        batch=row["batch"],
        kind=row["kind"],
        finding=Finding(row["finding"]),
        seller=PartyId(row["party"]),
        buyer=None if row["buyer"] is None else PartyId(row["buyer"]),
        meter=row["meter"],
        subject=row["subject"],
        first=row["first"],
        last=row["last"],
        opened_at=row["opened_at"],
        records=row["records"],
        end=end,
    )


def _record(row: asyncpg.Record) -> DisputedRecord:
    stands: Sequence[int | None] = (row["delivered"],)
    if row["delivered"] is None:
        stands = (row["input_tokens"], row["cached_input_tokens"], row["output_tokens"])
    known = tuple(count for count in stands if count is not None)
    return DisputedRecord(
        sequence=row["sequence"],
        subject=row["subject"],
        moment=row["moment"],
        counts=tuple(row["counts"]),
        link=row["link"],
        in_time=row["in_time"],
        stands=known or None,
    )
