"""How a dispute is ended by somebody's word: a decision is a batch of usage, which brings what is to be billed.

So the sums of a run know nothing of disputes but in which of them slots wait. What is decided after a month was closed is
late usage like any other, and settled by the next run.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import asyncpg
import msgspec

from exchange.persistence.usage import Head, Moment, Taken, add_batch


class Outcome(StrEnum):
    """How a dispute ends: the first two by themselves, the others by somebody's word."""

    FILLED = "filled"
    """The numbers that were missing have come."""
    REPORTED = "reported"
    """Other records have reported the same slots."""
    WITHDRAWN = "withdrawn"
    """The seller takes its records back."""
    BILLED = "billed"
    """They are billed after all."""
    REJECTED = "rejected"
    """They are not billed."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody says of a dispute. `counts` are billed in place of a record's own, by its number."""

    dispute: int
    seller: str
    outcome: Outcome
    by: str
    counts: Mapping[int, tuple[int, ...]]
    note: str


class DecidedError(Exception):
    """The dispute has ended in another way."""


class NotBillableError(Exception):
    """What is disputed can't be settled like that; the message says why, and what can be done."""


async def decide(connection: asyncpg.Connection, decision: Decision) -> None:
    """End a dispute. The same decision again changes nothing. Raises `DecidedError` or `NotBillableError`."""

    async def take(batch: int, moment: Moment) -> Taken:
        return await _take(connection, decision, batch, moment)

    content = hashlib.sha256(msgspec.json.encode(decision)).digest()
    head = Head("decisions", decision.seller, f"dispute/{decision.dispute}", content)
    stored = await add_batch(connection, head, take)
    if stored.content != content:
        raise DecidedError(f"Dispute {decision.dispute} was decided in another way.")


async def _take(connection: asyncpg.Connection, decision: Decision, batch: int, moment: Moment) -> Taken:
    ended = await connection.fetchval("SELECT outcome FROM dispute_ends WHERE dispute = $1", decision.dispute)
    if ended is not None:
        raise DecidedError(f"Dispute {decision.dispute} has ended: {ended}.")
    kind: str = await connection.fetchval("SELECT kind FROM disputes WHERE id = $1", decision.dispute)
    await connection.execute(
        "INSERT INTO dispute_ends (dispute, outcome, by, batch, note) VALUES ($1, $2, $3, $4, $5)",
        decision.dispute,
        decision.outcome,
        decision.by,
        batch,
        decision.note,
    )
    find = _deliveries if kind == "deliveries" else _tokens
    kept = await find(connection, decision, moment)
    if decision.outcome is Outcome.BILLED and not kept:
        raise NotBillableError(
            "Nothing of it is open to be billed: it was not sold, came too late, or is settled."
        )
    table = "delivery_records" if kind == "deliveries" else "token_records"
    rows = [(decision.seller, *record, batch) for record in kept]
    await connection.copy_records_to_table(table, records=rows, columns=_COLUMNS[kind])
    return Taken(["accepted"] * len(kept), kept)


_COLUMNS = {
    "deliveries": ("party", "meter", "sequence", "lease", "slot", "delivered", "status", "batch"),
    "tokens": (
        "party",
        "meter",
        "sequence",
        "contract",
        "at",
        "input_tokens",
        "cached_input_tokens",
        "output_tokens",
        "status",
        "batch",
    ),
}


async def _deliveries(
    connection: asyncpg.Connection, decision: Decision, moment: Moment
) -> list[tuple[int | str, ...]]:
    """What is billed of each slot that waits for this decision; or that nothing was delivered, once that is certain.

    Until the late window of a slot is over its meter may still report it, so nobody's word can take that away.
    """
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (x.moment) x.*, l.cards * $2::bigint AS most,
            (x.moment + 1) * $2::bigint + $3::bigint <= $4::bigint * $2::bigint AS too_late FROM disputed_records x
        JOIN leases l ON l.id = x.subject AND x.moment >= l.start_slot AND x.moment < l.end_slot
        WHERE x.dispute = $1 AND x.in_time AND NOT EXISTS (
            SELECT 1 FROM delivery_records r WHERE r.lease = x.subject AND r.slot = x.moment AND r.status = 'accepted'
        ) ORDER BY x.moment, x.sequence
        """,
        decision.dispute,
        moment.slot_seconds,
        moment.late_seconds,
        moment.now,
    )
    if decision.outcome is not Outcome.BILLED:
        certain = [row for row in rows if row["too_late"]]
        return _records(decision, certain, [(0,)] * len(certain))
    if any(row["moment"] + 1 > moment.now for row in rows):
        raise NotBillableError("A slot of it is not over by the venue's clock: decide afterwards.")
    return _records(decision, rows, list(_billed(decision, rows)))


async def _tokens(
    connection: asyncpg.Connection, decision: Decision, moment: Moment
) -> list[tuple[int | str, ...]]:
    """A record for each use that is billed after all. Its contract has to be open, and no run about to end it."""
    if decision.outcome is not Outcome.BILLED:
        return []
    rows = await connection.fetch(
        """
        SELECT x.* FROM disputed_records x JOIN contracts c ON c.id = x.subject
        WHERE x.dispute = $1 AND x.in_time AND x.moment >= c.begins AND x.moment < c.ends AND x.moment < $2
            AND c.status = 'open'
            AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.status = 'open' AND r.late_until >= c.ends)
        ORDER BY x.sequence
        """,
        decision.dispute,
        moment.now * moment.slot_seconds,
    )
    return _records(decision, rows, list(_billed(decision, rows)))


def _billed(decision: Decision, rows: Sequence[asyncpg.Record]) -> Iterator[tuple[int, ...]]:
    """What is billed of each record: the counts that are decided, or its own as far as they can be."""
    if decision.counts.keys() - {row["sequence"] for row in rows}:
        raise NotBillableError("Other counts are for records that are open to be billed, by their numbers.")
    for row in rows:
        most, own = row.get("most"), row["counts"]
        counts = decision.counts.get(row["sequence"])
        if counts is None:
            counts = tuple(count if most is None else min(count, most) for count in own)
        if len(counts) != len(own) or (most is not None and sum(counts) > most):
            raise NotBillableError(
                "A record keeps its kinds of counts, and no more card-seconds than are leased."
            )
        yield counts


def _records(
    decision: Decision, rows: Sequence[asyncpg.Record], billed: Sequence[tuple[int, ...]]
) -> list[tuple[int | str, ...]]:
    """The records of a decision, by number. No seller's meter can have a name with a slash in it."""
    meter = f"dispute/{decision.dispute}"
    return sorted(
        (meter, row["sequence"], row["subject"], row["moment"], *counts, "accepted")
        for row, counts in zip(rows, billed, strict=True)
    )
