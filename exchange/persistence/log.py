"""The log: what was asked and what happened, appended in one transaction with everything that follows from it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

import asyncpg
import msgspec

from exchange.commands import Envelope
from exchange.events import Event
from exchange.names import PartyId
from exchange.persistence.codec import decode_command, decode_event, encode
from exchange.persistence.projections.project import project
from exchange.persistence.rows import Heard, Rows
from exchange.persistence.tables import house, log
from exchange.storage import Logged, Prepared, Step
from matching.terms import Seq
from settlement.ledger.chart import LedgerAccount
from settlement.ledger.journal import Balances, JournalEntry

GENESIS = bytes(32)  # what the first command's digest is chained to
FOR_EVER = (1 << 63) - 1
PAGE = 5_000  # rows fetched at once
WRITER_SECONDS = 20  # a database that answers the writer no sooner is not well


class FencedError(RuntimeError):
    """Another writer has taken over: this one may not write any more."""


@dataclass(slots=True)
class Log:
    """The writer's end of the log. Only the holder of the current epoch can append."""

    connection: asyncpg.Connection
    reader: asyncpg.Connection
    epoch: int
    seq: Seq
    """Place of the last command that is stored."""
    digest: bytes
    """The log's digest after the last command that is prepared."""
    heard: Heard
    """What the rows after it have of the events before."""
    seconds: float = WRITER_SECONDS
    """How long the database may take for a batch; then `seen` and `store` raise TimeoutError, which halts the writer."""

    @classmethod
    async def take_over(cls, connection: asyncpg.Connection, reader: asyncpg.Connection) -> "Log":
        """Become the writer: whoever wrote before can't any more, from this moment on.

        What is known already is asked through `reader`, since `connection` may be storing a batch at that time.
        """
        epoch: int = await connection.fetchval("UPDATE writer SET epoch = epoch + 1 RETURNING epoch")
        last = await connection.fetchrow("SELECT seq, digest FROM commands ORDER BY seq DESC LIMIT 1")
        seq, digest = (last["seq"], last["digest"]) if last else (0, GENESIS)
        now: int | None = await connection.fetchval("SELECT now FROM venue")
        return cls(connection, reader, epoch, Seq(seq), digest, Heard(now or 0))

    async def seen(self, asked: Sequence[Envelope]) -> dict[tuple[PartyId, str], Logged]:
        """Those of the commands asked that the log knows, by party and id."""
        async with asyncio.timeout(self.seconds):
            rows = await self.reader.fetch(
                "SELECT c.seq, c.party, c.id, c.kind, c.body FROM commands c "
                "JOIN unnest($1::text[], $2::text[]) AS asked(party, id) USING (party, id)",
                [envelope.by for envelope in asked],
                [envelope.id for envelope in asked],
            )
            events = await events_of(self.reader, [row["seq"] for row in rows]) if rows else {}
        return {
            (PartyId(row["party"]), row["id"]): Logged(
                Seq(row["seq"]), decode_command(row["kind"], row["body"]), events.get(row["seq"], [])
            )
            for row in rows
        }

    def prepare(self, steps: Sequence[Step], balances: Balances) -> Prepared:
        """Work out the rows of a batch, its postings and all that is derived from it. `balances` are those after it."""
        rows = Rows(self.heard)
        touched: set[LedgerAccount] = set()
        for step in steps:
            self.digest = _add_step(rows, step, self.digest, self.epoch, touched)
        for account in sorted(touched):
            row = {"owner": account.owner, "kind": account.kind, "amount": balances.of(account)}
            rows.put(house.balances, row)
        return Prepared(steps[-1].seq, self.digest, tuple(rows.statements()))

    async def store(self, prepared: Prepared) -> None:
        """Store a batch in one statement, and so one transaction and one round trip; every part hangs on the fence."""
        async with asyncio.timeout(self.seconds):
            held = await store_rows(self.connection, self.epoch, prepared.statements)
        if not held:
            raise FencedError("another writer has taken over this venue; this one has stopped")
        self.seq = prepared.seq


async def store_rows(
    connection: asyncpg.Connection, epoch: int, statements: Sequence[tuple[str, str]]
) -> bool:
    """Store the rows of a batch if `epoch` is the writer's still, which is the answer."""
    parts = ", ".join(f"part{n} AS ({sql % f'${n}'})" for n, (sql, _) in enumerate(statements, start=2))
    fence = "fence AS (SELECT epoch AS held FROM writer WHERE epoch = $1 FOR SHARE)"
    statement = f"WITH {fence}, {parts} SELECT count(*) FROM fence"  # noqa: S608
    held: int = await connection.fetchval(statement, epoch, *(rows for _, rows in statements))
    return held == 1


def _add_step(rows: Rows, step: Step, digest: bytes, epoch: int, touched: set[LedgerAccount]) -> bytes:
    """The rows of one command, and the log's digest after it: it covers commands and events, nothing else."""
    kind, body = encode(step.envelope.command)
    chained = hashlib.sha256(digest)
    chained.update(f"{step.seq}\n{step.envelope.by}\n{step.envelope.id}\n{kind}\n".encode() + body)
    entries = 0
    for n, (event, made) in enumerate(step.happened):
        event_kind, event_body = encode(event)
        chained.update(f"\n{event_kind}\n".encode() + event_body)
        row = {"seq": step.seq, "n": n, "kind": event_kind, "body": msgspec.Raw(event_body)}
        rows.append(log.events, row)
        for entry in made:
            _add_entry(rows, step.seq, entries, entry)
            touched.update([account for account, _ in entry.postings])
            entries += 1
    row = {"seq": step.seq, "party": step.envelope.by, "id": step.envelope.id, "kind": kind, "epoch": epoch}
    rows.append(log.commands, {**row, "body": msgspec.Raw(body), "digest": f"\\x{chained.hexdigest()}"})
    after = chained.digest()
    for event, _ in step.happened:
        project(rows, step.seq, after, event)
    return after


def _add_entry(rows: Rows, seq: int, n: int, entry: JournalEntry) -> None:
    rows.append(log.entries, {"seq": seq, "n": n, "kind": entry.kind})
    legs = [
        {"seq": seq, "n": n, "leg": leg, "owner": owner, "kind": kind, "book": kind.book, "amount": amount}
        for leg, ((owner, kind), amount) in enumerate(entry.postings)
    ]
    rows.extend(log.postings, legs)


async def events_of(connection: asyncpg.Connection, seqs: Iterable[int]) -> dict[int, list[Event]]:
    """What each of some commands made happen."""
    rows = await connection.fetch(
        "SELECT seq, kind, body FROM events WHERE seq = ANY($1::bigint[]) ORDER BY seq, n", list(seqs)
    )
    events: dict[int, list[Event]] = {}
    for row in rows:
        events.setdefault(row["seq"], []).append(decode_event(row["kind"], row["body"]))
    return events


async def last_seq(connection: asyncpg.Connection) -> int:
    """Place of the last command in the log, 0 in an empty one."""
    seq: int = await connection.fetchval("SELECT coalesce(max(seq), 0) FROM commands")
    return seq


async def events_after(
    connection: asyncpg.Connection, seq: int, until: int = FOR_EVER
) -> AsyncIterator[list[tuple[Seq, Event]]]:
    """Pages of the events of the commands after the `seq`-th, up to the `until`-th, from one view of the log."""
    query = "SELECT seq, kind, body FROM events WHERE seq > $1 AND seq <= $2 ORDER BY seq, n"
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        cursor = await connection.cursor(query, seq, until)
        while page := await cursor.fetch(PAGE):
            yield [(Seq(at), decode_event(kind, body)) for at, kind, body in page]


async def steps_after(connection: asyncpg.Connection, seq: int) -> AsyncIterator[tuple[Seq, Envelope]]:
    """Every command after the `seq`-th, in order: what an audit decides anew."""
    query = "SELECT seq, party, id, kind, body FROM commands WHERE seq > $1 ORDER BY seq"
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        async for row in connection.cursor(query, seq, prefetch=5_000):
            command = decode_command(row["kind"], row["body"])
            yield Seq(row["seq"]), Envelope(PartyId(row["party"]), row["id"], command)
