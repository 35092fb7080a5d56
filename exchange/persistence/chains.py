"""Signed batches in the database: each is judged against its meter's chain, and what is found becomes a dispute."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import asyncpg

from exchange.persistence.turn import hold_usage
from exchange.persistence.usage import (
    Columns,
    Head,
    Kind,
    Moment,
    Stored,
    Taken,
    add_batch,
    content_of,
    store_records,
)
from exchange.signing import is_signed
from settlement.metering.chain import Batch, Chained, Link, Reading, chained, signed_bytes
from settlement.metering.judging import (
    DOUBTED,
    Clock,
    Finding,
    Judged,
    Known,
    Passed,
    Subject,
    Verdict,
    judge,
)
from settlement.meters import Meter

SEQUENCE_MAX = 2**63 - 1


class Seal(NamedTuple):
    """What a seller signs a batch with: the link before its first record, and the signature of its last link."""

    previous: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class MeterStanding:
    """A meter's chain so far: its first number, its greatest one, that one's link, and the key that signs what is next.

    `link` is None where nothing has come yet.
    """

    meter: str
    begins: int
    head: int
    link: bytes | None
    public_key: bytes
    since: int


class UnknownMeterError(Exception):
    """A batch is signed, and its meter has no key."""


class KeyRefusedError(Exception):
    """A key begins where it can't: nothing that a meter has said can be signed anew."""


async def register_key(
    connection: asyncpg.Connection, party: str, meter: str, public_key: bytes, since: int
) -> None:
    """Let a key sign for a meter from a number on. The same again changes nothing. Raises `KeyRefusedError`."""
    async with connection.transaction():
        await hold_usage(connection)
        keys = await connection.fetch(
            "SELECT since, public_key FROM meter_keys WHERE party = $1 AND meter = $2 ORDER BY since",
            party,
            meter,
        )
        if (since, public_key) in [tuple(row) for row in keys]:
            return
        known = await standing_of(connection, party, meter)
        if known is not None and since <= max(known.head, known.since):
            raise KeyRefusedError(
                f"{meter} has a key from {known.since} and has come to {known.head}: begin above both."
            )
        await connection.execute(
            "INSERT INTO meter_keys (party, meter, since, public_key) VALUES ($1, $2, $3, $4)",
            party,
            meter,
            since,
            public_key,
        )


async def standing_of(
    connection: asyncpg.Connection | asyncpg.Pool, party: str, meter: str
) -> MeterStanding | None:
    """How a meter stands, or None where it has no key."""
    return next(
        (known for known in await standings_of(connection, party, meter) if known.meter == meter), None
    )


async def standings_of(
    connection: asyncpg.Connection | asyncpg.Pool, party: str, meter: str | None = None
) -> list[MeterStanding]:
    """How a seller's meters stand that have keys: all of them, or one."""
    rows = await connection.fetch(
        """
        SELECT k.meter, k.begins, coalesce(c.sequence, k.begins - 1) AS head, c.link, n.public_key, n.since
        FROM (SELECT meter, min(since) AS begins FROM meter_keys WHERE party = $1 GROUP BY meter) k
        LEFT JOIN LATERAL (
            SELECT sequence, link FROM meter_chain WHERE party = $1 AND meter = k.meter ORDER BY sequence DESC LIMIT 1
        ) c ON true
        CROSS JOIN LATERAL (
            SELECT public_key, since FROM meter_keys WHERE party = $1 AND meter = k.meter ORDER BY since DESC LIMIT 1
        ) n
        WHERE $2::text IS NULL OR k.meter = $2 ORDER BY k.meter
        """,
        party,
        meter,
    )
    return [MeterStanding(**row) for row in rows]


async def store_signed(
    connection: asyncpg.Connection, kind: Kind, party: str, key: str, columns: Columns, seal: Seal
) -> Stored:
    """Store a signed batch of one meter whose numbers follow each other, like `usage.store`."""

    async def take(batch: int, moment: Moment) -> Taken:
        return await _take(connection, kind, party, columns, seal, batch, moment)

    return await add_batch(connection, Head(kind.name, party, key, content_of(kind, columns, seal)), take)


async def _take(
    connection: asyncpg.Connection,
    kind: Kind,
    party: str,
    columns: Columns,
    seal: Seal,
    batch: int,
    moment: Moment,
) -> Taken:
    sent = batch_of(kind, party, columns, seal, moment.slot_seconds)
    key = await _key_of(connection, sent)
    # A batch of a key's last numbers and the next one's first is signed by neither as a whole.
    signed = key is not None and is_signed(key, signed_bytes(chained(sent)[-1].link), seal.signature)
    known, disputed = await _known(connection, sent), await _disputed(connection, sent)
    subjects = await _subjects(connection, kind, party, columns, moment)
    clock = _clock(kind, moment)
    terms = {name: one.terms for name, one in subjects.items()}
    judged = judge(sent, known, terms, clock, signed=signed)

    passed = [n for n, verdict in enumerate(judged.verdicts) if isinstance(verdict, Passed)]
    fresh = [n for n in passed if disputed.get(sent.readings[n].number) != judged.places[n].link]
    some = {name: [values[n] for n in fresh] for name, values in columns.items()}
    found, kept = await store_records(connection, kind, party, batch, moment, some)
    verdicts = ["disputed" if reading.subject in subjects else "unknown_subject" for reading in sent.readings]
    for n, verdict in [*((n, "duplicate") for n in passed), *zip(fresh, found, strict=True)]:
        verdicts[n] = verdict

    await _store_seal(connection, batch, sent, judged, seal, key)
    tied = await _store_chain(connection, batch, sent, judged)
    since = moment.now * moment.slot_seconds - moment.late_seconds
    over = clock.span if kind.name == "deliveries" else 0  # the late window begins when a slot ends
    in_time = [reading.at + over > since for reading in sent.readings]
    opened = await _open_disputes(connection, kind, batch, sent, judged, columns, subjects, in_time)
    if tied:
        await connection.execute(_FILLED, party, sent.meter, sent.first, sent.last, batch)
    told = (sent.meter, seal.previous, judged.last_link, seal.signature, key)
    return Taken(verdicts, {"records": kept, "seal": told, "chain": tied, "disputed": opened})


def batch_of(kind: Kind, party: str, columns: Columns, seal: Seal, slot_seconds: int) -> Batch:
    """A batch as the kernel judges it."""
    meters, *given = columns.values()
    counted = [Meter.CARD_SECONDS if name == "delivered" else Meter(name) for name in [*columns][4:]]
    seconds = slot_seconds if kind.name == "deliveries" else 1
    readings = (
        Reading(int(number), str(subject), int(moment) * seconds, tuple(zip(counted, counts, strict=True)))
        for number, subject, moment, *counts in zip(*given, strict=True)
    )
    return Batch(party, str(meters[0]), Link(seal.previous), tuple(readings))


def _clock(kind: Kind, moment: Moment) -> Clock:
    span = moment.slot_seconds if kind.name == "deliveries" else 1
    return Clock(moment.now * moment.slot_seconds, moment.slot_seconds, span)


async def _key_of(connection: asyncpg.Connection, sent: Batch) -> bytes | None:
    """The key that is in force for all of a batch's numbers."""
    keys: list[asyncpg.Record] = await connection.fetch(
        "SELECT since, public_key FROM meter_keys WHERE party = $1 AND meter = $2 AND since <= $3 ORDER BY since",
        sent.seller,
        sent.meter,
        sent.last,
    )
    return keys[-1]["public_key"] if keys and keys[-1]["since"] <= sent.first else None


async def _known(connection: asyncpg.Connection, sent: Batch) -> Known:
    rows = await connection.fetch(
        "SELECT sequence, previous, link FROM meter_chain WHERE party = $1 AND meter = $2 AND sequence BETWEEN $3 AND $4",
        sent.seller,
        sent.meter,
        sent.first - 1,
        min(sent.last + 1, SEQUENCE_MAX),
    )
    standing = await standing_of(connection, sent.seller, sent.meter)
    if standing is None:
        raise UnknownMeterError(f"{sent.meter} has no key: register one, then sign with it.")
    chain = {row["sequence"]: Chained(Link(row["previous"]), Link(row["link"])) for row in rows}
    return Known(standing.begins, standing.head, chain)


async def _disputed(connection: asyncpg.Connection, sent: Batch) -> dict[int, Link]:
    """Records of these numbers that are in the chain and disputed all the same, by their links."""
    rows = await connection.fetch(
        """
        SELECT x.sequence, x.link FROM disputes d JOIN disputed_records x ON x.dispute = d.id
        JOIN meter_chain c USING (party, meter, sequence, link)
        WHERE (d.party, d.meter) = ($1, $2) AND x.sequence BETWEEN $3 AND $4
        """,
        sent.seller,
        sent.meter,
        sent.first,
        sent.last,
    )
    return {row["sequence"]: Link(row["link"]) for row in rows}


@dataclass(frozen=True, slots=True)
class _Sold:
    """Something that the seller has sold: to whom, and its terms."""

    buyer: str
    terms: Subject


async def _subjects(
    connection: asyncpg.Connection, kind: Kind, party: str, columns: Columns, moment: Moment
) -> dict[str, _Sold]:
    names = sorted({str(name) for name in columns[[*columns][2]]})
    seconds = moment.slot_seconds
    if kind.name == "deliveries":
        rows = await connection.fetch(
            "SELECT id, buyer, start_slot * $3 AS begins, end_slot * $3 AS ends, cards * $3 AS most FROM leases "
            "WHERE seller = $1 AND id = ANY($2::text[])",
            party,
            names,
            seconds,
        )
    else:
        rows = await connection.fetch(
            "SELECT id, buyer, begins, ends, NULL::bigint AS most FROM contracts "
            "WHERE seller = $1 AND id = ANY($2::text[])",
            party,
            names,
        )
    return {row["id"]: _Sold(row["buyer"], Subject(row["begins"], row["ends"], row["most"])) for row in rows}


async def _store_seal(
    connection: asyncpg.Connection, batch: int, sent: Batch, judged: Judged, seal: Seal, key: bytes | None
) -> None:
    await connection.execute(
        "INSERT INTO batch_seals (batch, meter, previous, last, signature, public_key) VALUES ($1, $2, $3, $4, $5, $6)",
        batch,
        sent.meter,
        seal.previous,
        judged.last_link,
        seal.signature,
        key,
    )


async def _store_chain(
    connection: asyncpg.Connection, batch: int, sent: Batch, judged: Judged
) -> list[tuple[int, bytes, bytes]]:
    """Tie what is new and not doubted to the meter's chain."""
    tied: list[tuple[int, bytes, bytes]] = [
        (reading.number, place.previous, place.link)
        for reading, place, verdict in zip(sent.readings, judged.places, judged.verdicts, strict=True)
        if verdict is not Passed.KNOWN and verdict not in DOUBTED
    ]
    await connection.execute(
        """
        INSERT INTO meter_chain (party, meter, sequence, previous, link, batch)
        SELECT $1, $2, sequence, previous, link, $3
        FROM unnest($4::bigint[], $5::bytea[], $6::bytea[]) AS t(sequence, previous, link)
        """,
        sent.seller,
        sent.meter,
        batch,
        *([list(part) for part in zip(*tied, strict=True)] or [[], [], []]),
    )
    return tied


class _Opened(NamedTuple):
    """A dispute to be: what was found, about whose subject, and the places of its records in the batch."""

    finding: Finding
    subject: str | None
    first: int
    last: int
    places: Sequence[int]


def _found(sent: Batch, judged: Judged, subjects: Container[str]) -> Iterator[_Opened]:
    """The disputes that a batch opens: the gap before it, and one for each finding about each subject that is known."""
    if judged.gap:
        yield _Opened(Finding.GAP, None, judged.gap.start, judged.gap.stop - 1, ())

    def about(n: int) -> tuple[Verdict, str]:
        return judged.verdicts[n], sent.readings[n].subject

    wrong = [
        n
        for n, verdict in enumerate(judged.verdicts)
        if not isinstance(verdict, Passed) and sent.readings[n].subject in subjects
    ]
    for (finding, subject), part in groupby(sorted(wrong, key=about), key=about):
        places = list(part)
        assert isinstance(finding, Finding), "what has passed is not wrong"
        first, last = (sent.readings[n].number for n in (places[0], places[-1]))
        yield _Opened(finding, subject, first, last, places)


async def _open_disputes(
    connection: asyncpg.Connection,
    kind: Kind,
    batch: int,
    sent: Batch,
    judged: Judged,
    columns: Columns,
    subjects: dict[str, _Sold],
    in_time: Sequence[bool],
) -> list[tuple[object, ...]]:
    """Open a dispute for all that was found. What is stored of them comes back."""
    rows = list(zip(*columns.values(), strict=True))
    opened: list[tuple[object, ...]] = []
    last: int = await connection.fetchval("SELECT coalesce(max(id), 0) FROM disputes")
    for number, one in enumerate(_found(sent, judged, subjects), start=last + 1):
        buyer = None if one.subject is None else subjects[one.subject].buyer
        head = (number, batch, kind.name, one.finding, sent.seller, buyer, sent.meter, one.subject)
        await connection.execute(
            "INSERT INTO disputes (id, batch, kind, finding, party, buyer, meter, subject, first, last) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            *head,
            one.first,
            one.last,
        )
        records = [
            (number, *rows[n][1:4], list(rows[n][4:]), judged.places[n].link, in_time[n], batch)
            for n in one.places
        ]
        await connection.copy_records_to_table("disputed_records", records=records)
        opened.append((*head, one.first, one.last, records))
    return opened


_FILLED = """
    INSERT INTO dispute_ends (dispute, outcome, by, batch, note)
    SELECT d.id, 'filled', $1, $5, '' FROM disputes d
    WHERE d.party = $1 AND d.meter = $2 AND d.finding = 'gap' AND d.first <= $4 AND d.last >= $3
        AND NOT EXISTS (SELECT 1 FROM dispute_ends e WHERE e.dispute = d.id)
        AND (SELECT count(*) FROM meter_chain c WHERE c.party = $1 AND c.meter = $2
             AND c.sequence BETWEEN d.first AND d.last) = d.last - d.first + 1
"""
"""A gap is closed by itself when every number of it has come and is tied to the chain."""
