"""Usage in the database: taking batches in, and summing them exactly (stage A, in place)."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import asyncpg
import msgspec

from exchange.persistence.turn import hold_usage
from settlement.rating.tokens import Tokens

Columns = Mapping[str, Sequence[int | str]]

GENESIS = bytes(32)  # what the first batch's digest is chained to
KEPT = frozenset({"accepted", "too_late"})  # verdicts of records that are stored


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of record is judged and stored. `judge` gives each given record (`g`) its verdict."""

    name: str
    table: str
    columns: Mapping[str, str]
    judge: str
    subjects: str
    same: str


DELIVERIES = Kind(
    name="deliveries",
    table="delivery_records",
    columns={
        "meter": "text",
        "sequence": "bigint",
        "lease": "text",
        "slot": "bigint",
        "delivered": "bigint",
    },
    subjects="LEFT JOIN leases s ON s.id = g.lease AND s.seller = $1",
    judge="""CASE
        WHEN s.id IS NULL THEN 'unknown_subject'
        WHEN g.slot < s.start_slot OR g.slot >= s.end_slot THEN 'outside_term'
        WHEN g.slot + 1 > m.now THEN 'not_over'
        WHEN g.delivered > s.cards * m.slot_seconds THEN 'more_than_leased'
        WHEN (g.slot + 1) * m.slot_seconds + m.late_seconds <= m.now * m.slot_seconds THEN 'too_late'
        ELSE 'accepted' END""",
    same="r.lease = g.lease AND r.slot = g.slot AND r.delivered = g.delivered",
)

TOKENS = Kind(
    name="tokens",
    table="token_records",
    columns={
        "meter": "text",
        "sequence": "bigint",
        "contract": "text",
        "at": "bigint",
        "input_tokens": "bigint",
        "cached_input_tokens": "bigint",
        "output_tokens": "bigint",
    },
    subjects="LEFT JOIN contracts s ON s.id = g.contract AND s.seller = $1",
    judge="""CASE
        WHEN s.id IS NULL THEN 'unknown_subject'
        WHEN g.at < s.begins OR g.at >= s.ends THEN 'outside_term'
        WHEN g.at >= m.now * m.slot_seconds THEN 'not_over'
        WHEN g.at + m.late_seconds <= m.now * m.slot_seconds THEN 'too_late'
        ELSE 'accepted' END""",
    same="r.contract = g.contract AND r.at = g.at AND r.input_tokens = g.input_tokens "
    "AND r.cached_input_tokens = g.cached_input_tokens AND r.output_tokens = g.output_tokens",
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A batch in the database: its number, the SHA-256 of its content, and what became of each record."""

    batch: int
    content: bytes
    verdicts: list[str]


class SignatureNeededError(Exception):
    """A seller whose meters sign has sent a batch that is not signed."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The venue as a batch finds it: how far its log has come, its clock in slots, and what judges lateness."""

    seq: int
    now: int
    slot_seconds: int
    late_seconds: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What becomes of each record of a batch, and all that is stored of it: its digest is over just that."""

    verdicts: list[str]
    kept: object


class Head(NamedTuple):
    """What stands at the head of a batch: its kind, its sender, the sender's key, and the SHA-256 of its content."""

    kind: str
    party: str
    key: str
    content: bytes


Take = Callable[[int, Moment], Awaitable[Taken]]
"""Stores the records of a batch with this number, at this moment."""


async def store(connection: asyncpg.Connection, kind: Kind, party: str, key: str, columns: Columns) -> Stored:
    """Store a batch and judge each of its records; a key that was used answers with the batch stored under it."""

    async def take(batch: int, moment: Moment) -> Taken:
        if await connection.fetchval("SELECT EXISTS (SELECT 1 FROM meter_keys WHERE party = $1)", party):
            raise SignatureNeededError(
                "Since your first meter's key was registered, all you report is signed."
            )
        verdicts, kept = await store_records(connection, kind, party, batch, moment, columns)
        return Taken(verdicts, kept)

    return await add_batch(connection, Head(kind.name, party, key, content_of(kind, columns)), take)


async def add_batch(connection: asyncpg.Connection, head: Head, take: Take) -> Stored:
    """Add a batch, or answer with the one that is stored under its sender's key.

    Batches lock each other out, so that their numbers are the order in which they commit; the venue's clock is
    read under that lock, so it never goes back from one batch to the next. Each is chained to the one before by a
    digest over all that is stored of it, so an audit sees whatever was changed later, billed or not.
    """
    async with connection.transaction():
        await hold_usage(connection)
        known = await batch_of(connection, head.party, head.key)
        if known is not None:
            return known
        moment = await _moment(connection)
        last = await connection.fetchrow("SELECT id, digest FROM usage_batches ORDER BY id DESC LIMIT 1")
        batch, digest = (last["id"] + 1, last["digest"]) if last else (1, GENESIS)
        taken = await take(batch, moment)
        told = (batch, *head, taken.verdicts, moment.seq, moment.now, taken.kept)
        digest = hashlib.sha256(digest + msgspec.json.encode(told)).digest()
        await connection.execute(
            "INSERT INTO usage_batches (id, kind, party, key, content, verdicts, seq, now, digest) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            batch,
            *head,
            msgspec.json.encode(taken.verdicts).decode(),
            moment.seq,
            moment.now,
            digest,
        )
        await connection.execute(_SETTLED_BY_REPORT, head.party, batch)
    return Stored(batch, head.content, taken.verdicts)


_SETTLED_BY_REPORT = """
    INSERT INTO dispute_ends (dispute, outcome, by, batch, note)
    SELECT d.id, 'reported', $1, $2, '' FROM disputes d
    WHERE d.party = $1 AND d.kind = 'deliveries' AND d.finding NOT IN ('gap', 'altered')
        AND NOT EXISTS (SELECT 1 FROM dispute_ends e WHERE e.dispute = d.id)
        AND NOT EXISTS (
            SELECT 1 FROM disputed_records x LEFT JOIN delivery_records r
                ON r.lease = x.subject AND r.slot = x.moment AND r.status = 'accepted'
            WHERE x.dispute = d.id AND r.lease IS NULL
        )
"""
"""A dispute about slots that other records have reported meanwhile is about nothing any more."""


async def _moment(connection: asyncpg.Connection) -> Moment:
    """The venue now. All of it is read at once, so that log, clock and terms are of one moment."""
    row = await connection.fetchrow(
        """
        SELECT (SELECT coalesce(max(seq), 0) FROM commands) AS seq, coalesce(now, 0) AS now,
               coalesce((terms->>'slot_seconds')::bigint, 0) AS slot_seconds,
               coalesce((terms->>'late_window_seconds')::bigint, 0) AS late_seconds FROM venue
        """
    )
    assert row is not None, "there is one row of the venue"
    return Moment(**row)


async def batch_of(connection: asyncpg.Connection, party: str, key: str) -> Stored | None:
    """The batch that a party has stored under a key, or None where none came in."""
    row = await connection.fetchrow(
        "SELECT id, content, verdicts FROM usage_batches WHERE party = $1 AND key = $2", party, key
    )
    return None if row is None else Stored(row["id"], row["content"], msgspec.json.decode(row["verdicts"]))


def content_of(kind: Kind, columns: Columns, seal: tuple[bytes, bytes] | None = None) -> bytes:
    """The SHA-256 by which a batch is told from another one, signed with `seal` or not at all."""
    told = (kind.name, columns) if seal is None else (kind.name, columns, *seal)
    return hashlib.sha256(msgspec.json.encode(told)).digest()


async def store_records(
    connection: asyncpg.Connection, kind: Kind, party: str, batch: int, moment: Moment, columns: Columns
) -> tuple[list[str], list[tuple[int | str, ...]]]:
    """The verdict on each record, and the rows that are stored: their columns and status, by meter and number."""
    marks = (moment.now, moment.slot_seconds, moment.late_seconds)
    rows = await connection.fetch(_store_sql(kind), party, batch, *marks, *columns.values())
    verdicts: list[str] = [row["verdict"] for row in rows]
    given = zip(*columns.values(), verdicts, strict=True)
    kept = sorted(record for record in given if record[-1] in KEPT)
    met = [n for n, verdict in enumerate(verdicts) if verdict == "known"]
    if met:
        again = {name: [values[n] for n in met] for name, values in columns.items()}
        rows = await connection.fetch(_known_sql(kind), party, *again.values())
        for n, row in zip(met, rows, strict=True):
            verdicts[n] = row["verdict"]
    return verdicts, kept


def _store_sql(kind: Kind) -> str:
    """Insert what can be accepted or is too late; whatever meets a record that exists comes back as `known`."""
    names = ", ".join(kind.columns)
    return f"""
        WITH m AS (
            SELECT $3::bigint AS now, $4::bigint AS slot_seconds, $5::bigint AS late_seconds
        ), g AS (
            SELECT * FROM unnest({_arrays(kind, first=6)}) WITH ORDINALITY AS g({names}, n)
        ), judged AS (
            SELECT g.*, {kind.judge} AS verdict FROM m, g {kind.subjects}
        ), stored AS (
            INSERT INTO {kind.table} ({names}, party, status, batch)
            SELECT {names}, $1, verdict, $2 FROM judged WHERE verdict IN ('accepted', 'too_late') ORDER BY n
            ON CONFLICT DO NOTHING RETURNING {names}
        ), first AS (
            SELECT min(n) AS n FROM judged JOIN stored USING ({names})
            WHERE verdict IN ('accepted', 'too_late') GROUP BY meter, sequence
        )
        SELECT CASE WHEN verdict IN ('accepted', 'too_late') AND first.n IS NULL THEN 'known' ELSE verdict END
            AS verdict
        FROM judged LEFT JOIN first USING (n) ORDER BY n
    """  # noqa: S608 - every part is a constant of this module


def _known_sql(kind: Kind) -> str:
    """Tell a duplicate from a number that was used for something else, and from a slot reported by another record."""
    names = ", ".join(kind.columns)
    return f"""
        SELECT CASE WHEN r.meter IS NULL THEN 'already_reported'
                    WHEN {kind.same} THEN CASE r.status WHEN 'too_late' THEN 'too_late' ELSE 'duplicate' END
                    ELSE 'number_reused' END AS verdict
        FROM unnest({_arrays(kind, first=2)}) WITH ORDINALITY AS g({names}, n)
        LEFT JOIN {kind.table} r ON (r.party, r.meter, r.sequence) = ($1, g.meter, g.sequence) ORDER BY n
    """  # noqa: S608 - every part is a constant of this module


def _arrays(kind: Kind, first: int) -> str:
    return ", ".join(f"${n}::{sql}[]" for n, sql in enumerate(kind.columns.values(), start=first))


async def last_batch(connection: asyncpg.Connection) -> int:
    """The last batch of usage, after every batch on its way has committed."""
    async with connection.transaction():
        await hold_usage(connection)
        last: int = await connection.fetchval("SELECT coalesce(max(id), 0) FROM usage_batches")
        return last


@dataclass(frozen=True, slots=True)
class Marks:
    """What a run settles, and what the run before it has settled; ends and late marks in slots or seconds alike."""

    ends: int
    usage_batch: int
    late_until: int
    ends_before: int
    usage_batch_before: int
    late_until_before: int


async def delivered(
    connection: asyncpg.Connection,
    marks: Marks,
    leases: Sequence[str],
    starts: Sequence[int],
    ends: Sequence[int],
) -> list[tuple[int, int, int]]:
    """For each span of a lease's slots: slots reported in this run, their card-seconds, reports of closed slots.

    A slot in a dispute that is open is reported, and nothing is billed of it. All spans end by the run's end. Sums are exact: PostgreSQL adds 64-bit integers up as numbers of any length.
    """
    rows = await connection.fetch(
        """
        SELECT count(r.slot) FILTER (WHERE NOT (r.slot < $2 AND r.batch <= $3)) AS slots,
               coalesce(sum(r.delivered) FILTER (WHERE NOT (r.slot < $2 AND r.batch <= $3)), 0)::bigint AS delivered,
               count(r.slot) FILTER (WHERE r.slot >= $4 AND r.slot < $5) + (
                   SELECT count(DISTINCT x.moment) FROM disputed_records x
                   WHERE x.subject = s.lease AND x.moment >= greatest(s.start, $4)
                     AND x.moment < least(s.until, $5) AND x.in_time AND x.batch <= $1 AND NOT EXISTS (
                       SELECT 1 FROM dispute_ends e WHERE e.dispute = x.dispute AND e.batch <= $1
                   ) AND NOT EXISTS (
                       SELECT 1 FROM delivery_records k WHERE k.lease = x.subject AND k.slot = x.moment
                         AND k.status = 'accepted' AND k.batch <= $1
                   )
               ) AS in_late_window
        FROM unnest($6::text[], $7::bigint[], $8::bigint[]) WITH ORDINALITY AS s(lease, start, until, n)
        LEFT JOIN delivery_records r ON r.lease = s.lease AND r.slot >= s.start AND r.slot < s.until
            AND r.status = 'accepted' AND r.batch <= $1
        GROUP BY s.n, s.lease, s.start, s.until ORDER BY s.n
        """,
        marks.usage_batch,
        marks.ends_before,
        marks.usage_batch_before,
        marks.late_until_before,
        marks.late_until,
        leases,
        starts,
        ends,
    )
    return [(row["slots"], row["delivered"], row["in_late_window"]) for row in rows]


async def tokens_used(
    connection: asyncpg.Connection,
    marks: Marks,
    contracts: Sequence[str],
    begins: Sequence[int],
    ends: Sequence[int],
) -> list[Tokens]:
    """For each span of a contract's time, in seconds: the tokens that this run settles."""
    rows = await connection.fetch(
        """
        SELECT coalesce(sum(r.input_tokens), 0)::numeric AS input,
               coalesce(sum(r.cached_input_tokens), 0)::numeric AS cached_input,
               coalesce(sum(r.output_tokens), 0)::numeric AS output
        FROM unnest($5::text[], $6::bigint[], $7::bigint[]) WITH ORDINALITY AS s(contract, begins, ends, n)
        LEFT JOIN token_records r ON r.contract = s.contract AND r.at >= s.begins AND r.at < s.ends AND r.at < $1
            AND r.status = 'accepted' AND r.batch <= $2 AND NOT (r.at < $3 AND r.batch <= $4)
        GROUP BY s.n ORDER BY s.n
        """,
        marks.ends,
        marks.usage_batch,
        marks.ends_before,
        marks.usage_batch_before,
        contracts,
        begins,
        ends,
    )
    return [Tokens(*map(int, row)) for row in rows]
