"""What the books say: balances, the entries behind them, and whether everything adds up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from asyncpg import Record

from exchange.bookkeeping import entries
from exchange.events import Event
from exchange.persistence.codec import decode_event
from exchange.persistence.database import Connection, Pool
from settlement.ledger.chart import AccountKind, Book, LedgerAccount
from settlement.ledger.journal import EntryKind, Posting


class Moves(NamedTuple):
    """What was added to an account, and its balance after that."""

    amount: int
    after: int


@dataclass(frozen=True, slots=True)
class Moved:
    """What one journal entry did to the accounts of one owner."""

    seq: int
    n: int
    kind: EntryKind
    logged: datetime
    changes: dict[AccountKind, Moves]


@dataclass(frozen=True, slots=True)
class Entry:
    """A whole journal entry with the event that made it, and the command that made the event."""

    seq: int
    n: int
    kind: EntryKind
    logged: datetime
    by: str
    command: str
    event: Event
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class TrialLine:
    """All balances of one account kind: how many accounts there are, and what they come to."""

    kind: AccountKind
    accounts: int
    total: int

    @property
    def book(self) -> Book:
        """The book that the kind stands in."""
        return self.kind.book


async def balances_by_owner(pool: Pool, kinds: Sequence[AccountKind]) -> dict[LedgerAccount, int]:
    """Every balance of some kinds of account."""
    rows = await pool.fetch("SELECT owner, kind, amount FROM balances WHERE kind = ANY($1::text[])", kinds)
    return {LedgerAccount(row["owner"], AccountKind(row["kind"])): row["amount"] for row in rows}


async def journal_sums(connection: Connection) -> dict[LedgerAccount, int]:
    """What every account stands at by the journal: the sum of its postings."""
    rows = await connection.fetch(
        "SELECT owner, kind, sum(amount)::bigint AS amount FROM postings GROUP BY owner, kind"
    )
    return {LedgerAccount(row["owner"], AccountKind(row["kind"])): row["amount"] for row in rows}


async def moves_of(pool: Pool, owner: str, before: tuple[int, int] | None, most: int) -> list[Moved]:
    """What moved an owner's accounts: the latest entries, newest first, before the entry `(seq, n)` if one is given.

    The balance after each is the account's balance now, less what moved it later.
    """
    seq, n = before or (2**62, 0)
    rows = await pool.fetch(
        """
        WITH page AS (
            SELECT DISTINCT seq, n FROM postings WHERE owner = $1 AND (seq, n) < ($2, $3)
            ORDER BY seq DESC, n DESC LIMIT $4
        ), later AS (
            SELECT kind, sum(amount) AS amount FROM postings WHERE owner = $1 AND (seq, n) >= ($2, $3) GROUP BY kind
        )
        SELECT p.seq, p.n, e.kind, p.kind AS account, p.amount, c.logged_at,
               (b.amount - coalesce(later.amount, 0) - coalesce(sum(p.amount) OVER newer, 0))::bigint AS after
        FROM page JOIN postings p USING (seq, n) JOIN entries e USING (seq, n) JOIN commands c USING (seq)
        JOIN balances b ON b.owner = p.owner AND b.kind = p.kind LEFT JOIN later ON later.kind = p.kind
        WHERE p.owner = $1
        WINDOW newer AS (PARTITION BY p.kind ORDER BY p.seq DESC, p.n DESC
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ORDER BY p.seq DESC, p.n DESC, p.leg
        """,
        owner,
        seq,
        n,
        most,
    )
    moves: dict[tuple[int, int], Moved] = {}
    for row in rows:
        place = (row["seq"], row["n"])
        move = moves.setdefault(place, Moved(*place, EntryKind(row["kind"]), row["logged_at"], {}))
        move.changes[AccountKind(row["account"])] = Moves(row["amount"], row["after"])
    return list(moves.values())


async def entry_of(pool: Pool, owner: str, seq: int, n: int) -> Entry | None:
    """One journal entry that moved an account of `owner`, with what made it; None if it moved none of theirs."""
    for entry in await entries_at(pool, seq):
        if entry.n == n and any(posting.account.owner == owner for posting in entry.postings):
            return entry
    return None


async def entries_at(pool: Pool, seq: int) -> list[Entry]:
    """Every journal entry at a place in the log, each with the event that made it; none where nothing was booked."""
    legs = await pool.fetch(
        """
        SELECT n, e.kind, p.owner, p.kind AS account, p.amount, c.party, c.kind AS command, c.logged_at
        FROM entries e JOIN postings p USING (seq, n) JOIN commands c USING (seq) WHERE seq = $1 ORDER BY n, leg
        """,
        seq,
    )
    rows = await pool.fetch("SELECT kind, body FROM events WHERE seq = $1 ORDER BY n", seq)
    events = [decode_event(row["kind"], row["body"]) for row in rows]
    causes = [event for event in events for _ in entries(event)]
    return [_entry(seq, n, causes[n], list(of_entry)) for n, of_entry in groupby(legs, itemgetter("n"))]


def _entry(seq: int, n: int, cause: Event, legs: Sequence[Record]) -> Entry:
    head = legs[0]
    return Entry(
        seq=seq,
        n=n,
        kind=EntryKind(head["kind"]),
        logged=head["logged_at"],
        by=head["party"],
        command=head["command"],
        event=cause,
        postings=tuple(
            Posting(LedgerAccount(leg["owner"], AccountKind(leg["account"])), leg["amount"]) for leg in legs
        ),
    )


async def accounts_of(pool: Pool, kind: AccountKind, after: str, most: int) -> list[tuple[str, int]]:
    """Owners of a kind of account, in the order of their names after a given one, and what each stands at."""
    rows = await pool.fetch(
        "SELECT owner, amount FROM balances WHERE kind = $1 AND owner > $2 ORDER BY owner LIMIT $3",
        kind,
        after,
        most,
    )
    return [(row["owner"], row["amount"]) for row in rows]


async def balances_of(pool: Pool, owner: str) -> dict[AccountKind, int]:
    """What every account of an owner stands at, in the order of the chart; nothing where it has none."""
    rows = await pool.fetch("SELECT kind, amount FROM balances WHERE owner = $1", owner)
    found = {row["kind"]: row["amount"] for row in rows}
    return {kind: found[kind] for kind in AccountKind if kind in found}


async def trial_balance(pool: Pool) -> list[TrialLine]:
    """All balances by kind of account, in the order of the chart. Each book must come to zero."""
    rows = await pool.fetch(
        "SELECT kind, count(*) AS accounts, sum(amount)::bigint AS total FROM balances GROUP BY kind"
    )
    found = {row["kind"]: TrialLine(AccountKind(row["kind"]), row["accounts"], row["total"]) for row in rows}
    return [found.get(kind, TrialLine(kind, 0, 0)) for kind in AccountKind]
