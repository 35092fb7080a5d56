"""What an audit reads: the log as it is stored, and the sums that the tables make of it, all from one view."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import msgspec

from exchange.persistence import database
from exchange.persistence.database import Connection
from exchange.persistence.rows import Key, Row
from exchange.persistence.tables.every import metadata
from settlement.ledger.chart import CONTRA, AccountKind

ROWS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class LoggedCommand:
    """A command as it is stored: its JSON as text, and the log's digest after it."""

    party: str
    id: str
    kind: str
    body: str
    digest: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """The `n`-th event of a command, as it is stored."""

    n: int
    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class LoggedPosting:
    """One leg of an entry, as it is stored."""

    owner: str
    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """The `n`-th journal entry of a command, as it is stored."""

    n: int
    kind: str
    postings: list[LoggedPosting] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LoggedStep:
    """All that the log has under one number. Without a command it should not be there."""

    seq: int
    command: LoggedCommand | None = None
    events: list[LoggedEvent] = field(default_factory=list)
    entries: list[LoggedEntry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HoldingOrderRow:
    """An order that is in the books or holds money."""

    id: str
    party: str
    held: int


@dataclass(frozen=True, slots=True)
class UnsettledLeaseRow:
    """A lease with slots to settle. `settled` has the card-seconds that statements bill, by price per card-hour."""

    id: str
    buyer: str
    cards: int
    runs: list[tuple[int, int, int]]
    settled: dict[int, int]
    unsettled: int
    held: int


@dataclass(frozen=True, slots=True)
class OpenContractRow:
    """A contract in force, and what statements have settled of what it held, be it charged or covered by vouchers.

    `prices` are of all its packages, `due` of those not charged.
    """

    id: str
    buyer: str
    budget: int
    left: int
    prices: int
    due: int
    settled: int


@asynccontextmanager
async def snapshot(url: str) -> AsyncIterator[Connection]:
    """One view of the database for a whole audit, on a connection of its own that can't write."""
    connection = await database.connect(url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
    finally:
        await connection.close()


# The log


async def steps(connection: Connection) -> AsyncIterator[list[LoggedStep]]:
    """The whole log in pages, in order; and whatever has a number and no command."""
    after = 0
    while after is not None:
        until = await connection.fetchval(
            "SELECT max(seq) FROM (SELECT seq FROM commands WHERE seq > $1 ORDER BY seq LIMIT $2) AS page",
            after,
            ROWS_AT_ONCE,
        )
        page = await _page(connection, after, until if until is not None else (1 << 63) - 1)
        if page:
            yield page
        after = until


async def _page(connection: Connection, after: int, until: int) -> list[LoggedStep]:
    found: dict[int, LoggedStep] = {}
    for row in await _between(connection, "commands", "seq", after, until):
        command = LoggedCommand(
            row["party"], row["id"], row["kind"], row["body"], row["digest"], row["epoch"]
        )
        found[row["seq"]] = LoggedStep(row["seq"], command)
    for row in await _between(connection, "events", "seq, n", after, until):
        _step(found, row["seq"]).events.append(LoggedEvent(row["n"], row["kind"], row["body"]))
    entries: dict[tuple[int, int], LoggedEntry] = {}
    for row in await _between(connection, "entries", "seq, n", after, until):
        entry = entries[row["seq"], row["n"]] = LoggedEntry(row["n"], row["kind"])
        _step(found, row["seq"]).entries.append(entry)
    for row in await _between(connection, "postings", "seq, n, leg", after, until):
        if (row["seq"], row["n"]) in entries:
            posting = LoggedPosting(row["owner"], row["kind"], row["amount"])
            entries[row["seq"], row["n"]].postings.append(posting)
    return [found[seq] for seq in sorted(found)]


def _step(found: dict[int, LoggedStep], seq: int) -> LoggedStep:
    """What is known under a number already; or something that has no command."""
    known = found.get(seq)
    if known is None:
        known = found[seq] = LoggedStep(seq)
    return known


async def _between(
    connection: Connection, table: str, order: str, after: int, until: int
) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(
        f"SELECT * FROM {table} WHERE seq > $1 AND seq <= $2 ORDER BY {order}",  # noqa: S608 - our own words only
        after,
        until,
    )
    return rows


async def writer_epoch(connection: Connection) -> int:
    """The epoch of the last writer."""
    epoch: int = await connection.fetchval("SELECT epoch FROM writer")
    return epoch


# The ledger


async def entry_faults(connection: Connection) -> tuple[int, list[str]]:
    """How many entries there are, and which do not balance, lack their other half, or stand in a wrong book."""
    books = {str(kind): str(kind.book) for kind in AccountKind}
    rows = await connection.fetch(
        """
        SELECT 'entry ' || seq || '.' || n || ': ' || sum(amount) || ' fen too much in the ' || book || ' book' AS fault
            FROM postings GROUP BY seq, n, book HAVING sum(amount) <> 0
        UNION ALL SELECT 'the ' || book || ' book: ' || sum(amount) || ' fen too much'
            FROM postings GROUP BY book HAVING sum(amount) <> 0
        UNION ALL SELECT DISTINCT 'entry ' || seq || '.' || n || ': postings without an entry'
            FROM postings p WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.seq = p.seq AND e.n = p.n)
        UNION ALL SELECT 'entry ' || seq || '.' || n || ': an entry without postings'
            FROM entries e WHERE NOT EXISTS (SELECT 1 FROM postings p WHERE p.seq = e.seq AND p.n = e.n)
        UNION ALL SELECT 'entry ' || seq || '.' || n || ': ' || kind || ' does not stand in the ' || book || ' book'
            FROM postings WHERE book IS DISTINCT FROM ($1::jsonb ->> kind)
        """,
        msgspec.json.encode(books).decode(),
    )
    return await connection.fetchval("SELECT count(*) FROM entries"), [row["fault"] for row in rows]


async def balance_faults(connection: Connection) -> tuple[int, list[str]]:
    """How many accounts there are, and which balances are not the sum of their postings, or below zero."""
    rows = await connection.fetch(
        """
        WITH summed AS (SELECT owner, kind, sum(amount) AS amount FROM postings GROUP BY owner, kind)
        SELECT owner || '/' || kind AS account, coalesce(s.amount, 0) AS expected, coalesce(b.amount, 0) AS got
        FROM summed s FULL JOIN balances b USING (owner, kind)
        WHERE coalesce(s.amount, 0) <> coalesce(b.amount, 0)
           OR (coalesce(s.amount, 0) < 0 AND kind <> ALL ($1::text[]))
        """,
        list(CONTRA),
    )
    faults = [
        f"{row['account']}: expected {row['expected']}, got {row['got']}"
        if row["expected"] != row["got"]
        else f"{row['account']}: below zero at {row['got']}"
        for row in rows
    ]
    return await connection.fetchval("SELECT count(*) FROM balances"), faults


# Tables and what they should hold


async def stored(connection: Connection, table: str, keys: Iterable[Key]) -> dict[Key, Row]:
    """The rows of a table that are stored under some keys."""
    names = _key_columns(table)
    columns = ", ".join(f'"{name}"' for name in names)
    rows = await connection.fetch(
        f"SELECT row_to_json(t)::text AS row FROM {table} t "  # noqa: S608 - our own words only
        f"JOIN json_populate_recordset(NULL::{table}, $1::json) u USING ({columns})",
        msgspec.json.encode([dict(zip(names, key, strict=True)) for key in keys]).decode(),
    )
    decoded: list[Row] = [msgspec.json.decode(row["row"]) for row in rows]
    return {tuple(row[name] for name in names): row for row in decoded}


async def count(connection: Connection, table: str) -> int:
    """How many rows a table has."""
    rows: int = await connection.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - our own words only
    return rows


async def strays(connection: Connection, table: str) -> list[str]:
    """Keys of rows that no event has made. To be asked where there are too many rows."""
    key = " || '/' || ".join(f't."{name}"::text' for name in _key_columns(table))
    kinds, made = _MADE[table]
    rows = await connection.fetch(
        f"WITH made AS (SELECT {made} AS name FROM events WHERE kind = ANY(string_to_array($1, ' '))) "  # noqa: S608 - our own words only
        f"SELECT {key} AS name FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM made WHERE made.name = {key})",
        kinds,
    )
    return [row["name"] for row in rows]


def _key_columns(table: str) -> list[str]:
    return [column.name for column in metadata.tables[table].primary_key]


_STATEMENT = "(body ->> 'run') || '/' || (body ->> 'subject')"
_LINE_NUMBERS = "generate_series(0, json_array_length(body -> 'lines') - 1)"
_MOVE = """
    CASE kind WHEN 'VoucherHeld' THEN
        (body #>> '{pledge,voucher}') || '/' || seq || '/held/' || (body ->> 'order')
    WHEN 'VoucherPassed' THEN
        (body #>> '{pledge,voucher}') || '/' || seq || '/passed/' || (body ->> 'lease')
    WHEN 'VoucherReturned' THEN
        (body ->> 'voucher') || '/' || seq || '/returned/' || (body ->> 'subject')
    ELSE
        (body ->> 'voucher') || '/' || seq || '/expired/' || (body ->> 'programme')
    END
"""
_PART = "json_array_elements(body -> 'parts')"
_PARTS = "seq || '/' || " + " || '/' || ".join(
    f"({_PART} ->> '{part}')" for part in ("run", "subject", "n", "voucher")
)
_PAIR = " || '/' || ".join(f"(body #>> '{{pair,{part}}}')" for part in ("source", "destination", "quarter"))
_PAIR_OF_FIGURES = _PAIR.replace("{pair", "{figures,pair")
_MADE = {
    "venue": ("TermsAdopted", "'true'"),
    "parties": ("PartyRegistered", "body #>> '{party,id}'"),
    "api_keys": ("KeyIssued", "(body ->> 'party') || '/' || (body ->> 'key')"),
    "listings": ("ListingPublished", "body #>> '{listed,listing,id}'"),
    "orders": ("OrderAccepted", "body #>> '{opened,order,id}'"),
    "leases": ("LeaseGranted", "body #>> '{lease,id}'"),
    "links": ("LinkSet", "(body ->> 'home') || '/' || (body ->> 'region')"),
    "trades": ("LeaseGranted", "body #>> '{leased,lease}'"),
    "displacements": ("LeaseDisplaced", "body ->> 'lease'"),
    "contracts": ("ContractOpened", "body #>> '{contract,id}'"),
    "contract_prices": (
        "ContractOpened PricesAgreed",
        "coalesce((body #>> '{contract,id}') || '/1', (body ->> 'contract') || '/' || (body #>> '{tariff,version}'))",
    ),
    "token_packages": ("PackageAdded", "body #>> '{package,id}'"),
    "agreements": (
        "AgreementRecorded",
        "(body #>> '{agreement,id}') || '/' || (body #>> '{agreement,version}')",
    ),
    "agreement_drafts": (
        "AgreementProposed",
        "(body #>> '{agreement,id}') || '/' || (body #>> '{agreement,version}')",
    ),
    "agreement_signatures": (
        "AgreementSigned",
        "(body ->> 'agreement') || '/' || (body ->> 'version') || '/' || (body #>> '{signature,region}')",
    ),
    "quarter_confirmations": ("QuarterConfirmed", f"{_PAIR_OF_FIGURES} || '/' || seq"),
    "quarter_disputes": ("QuarterDisputed", f"{_PAIR} || '/' || seq"),
    "quarters_agreed": ("QuarterAgreed", _PAIR_OF_FIGURES),
    "recognitions": (
        "AmountRecognised",
        f"{_PAIR} || '/' || (body ->> 'region') || '/' || (body ->> 'kind') || '/' || (body ->> 'reference')",
    ),
    "runs": ("CloseBegun", "body #>> '{run,id}'"),
    "statements": ("StatementPosted", _STATEMENT),
    "statement_lines": ("StatementPosted", f"{_STATEMENT} || '/' || {_LINE_NUMBERS}"),
    "refunds": ("LineRefunded", "body ->> 'refund'"),
    "payout_terms": ("PayoutTermsSet", "'true'"),
    "payout_accounts": ("PayoutAccountNamed", "body ->> 'party'"),
    "payouts": ("PayoutBegun", "body ->> 'payout'"),
    "facts": ("FactsDeclared", "(body ->> 'party') || '/' || seq"),
    "programmes": (
        "ProgrammeAdopted",
        "(body #>> '{programme,id}') || '/' || (body #>> '{programme,version}')",
    ),
    "vouchers": ("VoucherIssued", "body #>> '{voucher,id}'"),
    "voucher_moves": ("VoucherHeld VoucherPassed VoucherReturned VoucherExpired", _MOVE),
    "subsidies": ("SubsidyPaid SubsidyRepaid", "(body ->> 'issuer') || '/' || (body ->> 'reference')"),
    "subsidy_parts": ("SubsidyPaid", _PARTS),
}
"""The kinds of event that make a table's rows, and their keys in its body."""


# Vouchers


async def voucher_balances(connection: Connection) -> dict[str, tuple[int, int, int]]:
    """What the postings say is left, held and used of every voucher."""
    rows = await connection.fetch(
        """
        SELECT owner, sum(amount) FILTER (WHERE kind = 'voucher_left')::bigint AS "left",
               sum(amount) FILTER (WHERE kind = 'voucher_held')::bigint AS held,
               sum(amount) FILTER (WHERE kind = 'voucher_used')::bigint AS used
        FROM postings WHERE kind IN ('voucher_left', 'voucher_held', 'voucher_used') GROUP BY owner
        """
    )
    return {row["owner"]: (row["left"] or 0, row["held"] or 0, row["used"] or 0) for row in rows}


async def subsidy_balances(connection: Connection) -> dict[tuple[str, str], int]:
    """What the postings say that regions owe, that is due to buyers and sellers of it, and that was paid too much."""
    rows = await connection.fetch(
        "SELECT owner, kind, sum(amount)::bigint AS amount FROM postings "
        "WHERE kind IN ('subsidy_claim', 'subsidy_due', 'subsidy_credit') GROUP BY owner, kind"
    )
    return {(row["owner"], row["kind"]): row["amount"] for row in rows}


# Holds


async def posted(connection: Connection, kind: AccountKind) -> dict[str, int]:
    """What the postings say stands on accounts of a kind, by owner."""
    rows = await connection.fetch(
        "SELECT owner, sum(amount)::bigint AS amount FROM postings WHERE kind = $1 GROUP BY owner", kind
    )
    return {row["owner"]: row["amount"] for row in rows}


async def orders_that_hold(connection: Connection) -> AsyncIterator[HoldingOrderRow]:
    """Orders in the books, and any other that holds money."""
    query = "SELECT id, party, held FROM orders WHERE status IN ('open', 'resting') OR held <> 0"
    async for row in connection.cursor(query, prefetch=ROWS_AT_ONCE):
        yield HoldingOrderRow(row["id"], row["party"], row["held"])


async def unsettled_leases(connection: Connection) -> AsyncIterator[UnsettledLeaseRow]:
    """Leases that hold money, with what statements have settled of them."""
    query = """
        WITH settled AS (
            SELECT subject, jsonb_object_agg(price, quantity) AS by_price FROM (
                SELECT s.subject, l.price, sum(l.quantity) AS quantity
                FROM statements s JOIN statement_lines l ON l.statement = s.id GROUP BY s.subject, l.price
            ) AS sums GROUP BY subject
        )
        SELECT l.id, l.buyer, l.cards, l.runs, coalesce(s.by_price, '{}') AS settled, l.unsettled, l.held
        FROM leases l LEFT JOIN settled s ON s.subject = l.id WHERE l.unsettled > 0 OR l.held > 0
    """
    async for row in connection.cursor(query, prefetch=ROWS_AT_ONCE):
        yield UnsettledLeaseRow(
            id=row["id"],
            buyer=row["buyer"],
            cards=row["cards"],
            runs=msgspec.json.decode(row["runs"], type=list[tuple[int, int, int]]),
            settled=msgspec.json.decode(row["settled"], type=dict[int, int]),
            unsettled=row["unsettled"],
            held=row["held"],
        )


async def open_contracts(connection: Connection) -> AsyncIterator[OpenContractRow]:
    """Contracts that hold money."""
    query = """
        SELECT c.id, c.buyer, c.budget, c."left", coalesce(p.prices, 0)::bigint AS prices,
               coalesce(p.due, 0)::bigint AS due, coalesce(s.settled, 0)::bigint AS settled
        FROM contracts c
        LEFT JOIN (
            SELECT subject, sum(charged + released) AS settled FROM statements GROUP BY subject
        ) s ON s.subject = c.id
        LEFT JOIN (
            SELECT contract, sum(price) AS prices, sum(price) FILTER (WHERE charged_in IS NULL) AS due
            FROM token_packages GROUP BY contract
        ) p ON p.contract = c.id
        WHERE c.status = 'open'
    """
    async for row in connection.cursor(query, prefetch=ROWS_AT_ONCE):
        yield OpenContractRow(**row)
