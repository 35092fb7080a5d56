"""What an audit reads of usage: every batch with the records that are stored under it, and what they are judged by."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import msgspec

from exchange.persistence.database import Connection

BATCHES_AT_ONCE = 20  # of 10,000 records each at most


@dataclass(frozen=True, slots=True)
class MomentRow:
    """From this place in the log on, the clock stood in this slot, and the late window was this long."""

    seq: int
    now: int
    late_seconds: int


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """A lease or contract as a record needs it: its time in seconds, and the most that one record can report of it."""

    seller: str
    begins: int
    ends: int
    most: int | None


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record as it is stored: `values` are its columns and its status, as its batch's digest covers them.

    It is of the time from `begins` until before `over`, and its late window begins at `late_from`: all in seconds.
    """

    party: str
    values: tuple[int | str, ...]
    amount: int
    begins: int
    over: int
    late_from: int
    subject: SubjectRow | None

    @property
    def name(self) -> str:
        """Its seller, meter and number."""
        return f"{self.party}/{self.values[0]}/{self.values[1]}"

    @property
    def status(self) -> str:
        """The verdict under which it is kept."""
        return str(self.values[-1])


@dataclass(frozen=True, slots=True)
class DisputedRow:
    """A dispute as its batch's digest covers it, without its records, and each of those with what it is about."""

    head: tuple[object, ...]
    finding: str
    records: list[tuple[object, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SealRow:
    """What a batch was signed with, the part of its meter's chain that it brought, and the disputes that it opened.

    `chain` has (number, link before, link).
    """

    meter: str
    previous: bytes
    last: bytes
    signature: bytes
    public_key: bytes | None
    chain: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    disputed: list[DisputedRow] = field(default_factory=list)


@dataclass(slots=True)
class BatchRow:
    """A batch as it is stored, with all records that name it."""

    id: int
    kind: str
    party: str
    key: str
    content: bytes
    verdicts: list[str]
    seq: int
    now: int
    digest: bytes
    records: list[RecordRow] = field(default_factory=list)
    seal: SealRow | None = None


async def history(connection: Connection) -> list[MomentRow]:
    """Every change of the clock or of the late window, in the order of the log."""
    rows = await connection.fetch(
        """
        SELECT seq, (body ->> 'now')::bigint AS now, (body #>> '{terms,late_window_seconds}')::bigint AS late_seconds
        FROM events WHERE kind IN ('Ticked', 'TermsAdopted') ORDER BY seq, n
        """
    )
    moments = [MomentRow(0, 0, 0)]
    for seq, now, late_seconds in rows:
        before = moments[-1]
        moments.append(
            MomentRow(
                seq,
                before.now if now is None else now,
                before.late_seconds if late_seconds is None else late_seconds,
            )
        )
    return moments


async def batches(connection: Connection, slot_seconds: int) -> AsyncIterator[BatchRow]:
    """Every batch with its records, in order."""
    cursor = await connection.cursor(
        "SELECT id, kind, party, key, content, verdicts, seq, now, digest FROM usage_batches ORDER BY id"
    )
    while page := await cursor.fetch(BATCHES_AT_ONCE):
        found = {
            row["id"]: BatchRow(**{**row, "verdicts": msgspec.json.decode(row["verdicts"])}) for row in page
        }
        for row in await connection.fetch(_DELIVERIES, slot_seconds, list(found)):
            found[row["batch"]].records.append(_delivery(row, slot_seconds))
        for row in await connection.fetch(_TOKENS, list(found)):
            found[row["batch"]].records.append(_use(row))
        await _add_seals(connection, found)
        for batch in found.values():
            yield batch


async def _add_seals(connection: Connection, found: dict[int, BatchRow]) -> None:
    """Give signed batches what they were signed with, and what they brought beside records."""
    for row in await connection.fetch(
        "SELECT * FROM batch_seals WHERE batch = ANY($1::bigint[])", list(found)
    ):
        batch, *seal = row
        found[batch].seal = SealRow(*seal)
    disputes: dict[int, DisputedRow] = {}
    for row in await connection.fetch(_CHAIN, list(found)):
        if (known := found[row["batch"]].seal) is not None:
            known.chain.append((row["sequence"], row["previous"], row["link"]))
    for row in await connection.fetch(_DISPUTES, list(found)):
        head = tuple(row[name] for name in _DISPUTE_HEAD)
        disputes[row["id"]] = DisputedRow(head, row["finding"])
        if (known := found[row["batch"]].seal) is not None:
            known.disputed.append(disputes[row["id"]])
    for row in await connection.fetch(_DISPUTED, list(found)):
        if row["dispute"] in disputes:
            disputes[row["dispute"]].records.append(tuple(row))


async def strays(connection: Connection) -> list[str]:
    """Records whose batch does not exist, by seller, meter and number."""
    rows = await connection.fetch(
        """
        SELECT r.party || '/' || r.meter || '/' || r.sequence AS record FROM (
            SELECT party, meter, sequence, batch FROM delivery_records
            UNION ALL SELECT party, meter, sequence, batch FROM token_records
            UNION ALL SELECT party, meter, sequence, batch FROM meter_chain
            UNION ALL SELECT d.party, d.meter, x.sequence, x.batch
                FROM disputed_records x LEFT JOIN disputes d ON d.id = x.dispute AND d.batch = x.batch
        ) r WHERE r.party IS NULL OR NOT EXISTS (SELECT 1 FROM usage_batches b WHERE b.id = r.batch)
        """
    )
    return [str(row["record"]) for row in rows]


_DELIVERIES = """
    SELECT r.*, l.seller, l.start_slot * $1 AS begins, l.end_slot * $1 AS ends, l.cards * $1 AS most
    FROM delivery_records r LEFT JOIN leases l ON l.id = r.lease WHERE r.batch = ANY($2::bigint[])
"""

_DISPUTE_HEAD = ("id", "batch", "kind", "finding", "party", "buyer", "meter", "subject", "first", "last")
_CHAIN = "SELECT * FROM meter_chain WHERE batch = ANY($1::bigint[]) ORDER BY sequence"
_DISPUTES = "SELECT * FROM disputes WHERE batch = ANY($1::bigint[]) ORDER BY id"
_DISPUTED = """
    SELECT dispute, sequence, subject, moment, counts, link, in_time, batch FROM disputed_records
    WHERE batch = ANY($1::bigint[]) ORDER BY dispute, sequence
"""

_TOKENS = """
    SELECT r.*, c.seller, c.begins, c.ends, NULL::bigint AS most
    FROM token_records r LEFT JOIN contracts c ON c.id = r.contract WHERE r.batch = ANY($1::bigint[])
"""


def _delivery(row: asyncpg.Record, slot_seconds: int) -> RecordRow:
    over = (row["slot"] + 1) * slot_seconds
    return RecordRow(
        party=row["party"],
        values=tuple(row[name] for name in ("meter", "sequence", "lease", "slot", "delivered", "status")),
        amount=row["delivered"],
        begins=row["slot"] * slot_seconds,
        over=over,
        late_from=over,
        subject=_subject(row),
    )


TOKENS = ("input_tokens", "cached_input_tokens", "output_tokens")


def _use(row: asyncpg.Record) -> RecordRow:
    names = ("meter", "sequence", "contract", "at", *TOKENS, "status")
    return RecordRow(
        party=row["party"],
        values=tuple(row[name] for name in names),
        amount=sum(row[name] for name in TOKENS),
        begins=row["at"],
        over=row["at"] + 1,
        late_from=row["at"],
        subject=_subject(row),
    )


def _subject(row: asyncpg.Record) -> SubjectRow | None:
    if row["seller"] is None:
        return None
    return SubjectRow(row["seller"], row["begins"], row["ends"], row["most"])
