"""What the books say: balances, the entries behind them, and whether everything adds up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

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
    head = await pool.fetchrow(
        """
        SELECT e.kind, c.kind AS command, c.party, c.logged_at FROM entries e JOIN commands c USING (seq)
        WHERE e.seq = $2 AND e.n = $3::bigint
          AND EXISTS (SELECT 1 FROM postings p WHERE p.seq = $2 AND p.n = $3::bigint AND p.owner = $1)
        """,
        owner,
        seq,
        n,
    )
    if head is None:
        return None
    legs = await pool.fetch(
        "SELECT owner, kind, amount FROM postings WHERE seq = $1 AND n = $2 ORDER BY leg", seq, n
    )
    events = await pool.fetch("SELECT kind, body FROM events WHERE seq = $1 ORDER BY n", seq)
    return Entry(
        seq=seq,
        n=n,
        kind=EntryKind(head["kind"]),
        logged=head["logged_at"],
        by=head["party"],
        command=head["command"],
        event=_cause([decode_event(row["kind"], row["body"]) for row in events], n),
        postings=tuple(
            Posting(LedgerAccount(leg["owner"], AccountKind(leg["kind"])), leg["amount"]) for leg in legs
        ),
    )


async def trial_balance(pool: Pool) -> list[TrialLine]:
    """All balances by kind of account, in the order of the chart. Each book must come to zero."""
    rows = await pool.fetch(
        "SELECT kind, count(*) AS accounts, sum(amount)::bigint AS total FROM balances GROUP BY kind"
    )
    found = {row["kind"]: TrialLine(AccountKind(row["kind"]), row["accounts"], row["total"]) for row in rows}
    return [found.get(kind, TrialLine(kind, 0, 0)) for kind in AccountKind]


def _cause(events: Sequence[Event], n: int) -> Event:
    """The event that made the `n`-th entry of a command: events make their entries in order."""
    passed = 0
    for event in events:
        passed += len(entries(event))
        if n < passed:
            return event
    raise AssertionError("an entry is made by an event")
