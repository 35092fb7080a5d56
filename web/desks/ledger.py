"""The books from the top down: the trial balance, the accounts of a kind, what moved an owner's, and the entries whole."""

from itertools import groupby

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.closing.events import StatementPosted
from exchange.events import Event
from exchange.persistence.queries.ledger import (
    accounts_of,
    balances_of,
    entries_at,
    moves_of,
    trial_balance,
)
from exchange.refunds.events import LineRefunded
from settlement.ledger.chart import AccountKind, Book
from web.pages.routing import PageRequest, before_entry, not_here, page
from web.session import Caller

ROWS = 50
ACCOUNTS = 200


@get("/clerk/ledger")
async def ledger_page(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Template:
    """The trial balance: every kind of account, and each book's sum, which is zero."""
    lines = await trial_balance(exchange.readers)
    books = {book: [line for line in lines if line.book is book] for book in Book}
    return page("clerk/ledger.html", caller, books=books)


@get("/clerk/ledger/{kind:str}")
async def accounts_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    kind: FromPath[str],
) -> Template:
    """What each account of a kind stands at."""
    if kind not in set(AccountKind):
        raise not_here()
    of_kind, after = AccountKind(kind), request.query_params.get("after", "")
    accounts = await accounts_of(exchange.readers, of_kind, after.replace("\0", ""), ACCOUNTS + 1)
    return page(
        "clerk/accounts.html",
        caller,
        kind=of_kind,
        accounts=accounts[:ACCOUNTS],
        last=accounts[ACCOUNTS - 1][0] if len(accounts) > ACCOUNTS else None,
    )


@get("/clerk/accounts")
async def owner_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Everything that moved one owner's accounts, the newest first, with the balance after each."""
    owner = request.query_params.get("owner", "").replace("\0", "")
    moves = await moves_of(exchange.readers, owner, before_entry(request), ROWS + 1)
    return page(
        "clerk/owner.html",
        caller,
        owner=owner,
        owned=await balances_of(exchange.readers, owner),
        moves=moves[:ROWS],
        last=moves[ROWS - 1] if len(moves) > ROWS else None,
    )


@get("/clerk/entries/{seq:int}")
async def entries_page(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], seq: FromPath[int]
) -> Template:
    """Every entry that one command has booked, whole, under the event that made it."""
    found = await entries_at(exchange.readers, seq)
    if not found:
        raise not_here()
    events = [list(made) for _, made in groupby(found, lambda entry: id(entry.event))]
    return page(
        "clerk/entries.html",
        caller,
        seq=seq,
        head=found[0],
        events=[(type(made[0].event).__name__, _statement_of(made[0].event), made) for made in events],
    )


def _statement_of(event: Event) -> str | None:
    """The statement that an event has posted or corrected."""
    match event:
        case StatementPosted():
            return f"{event.run}/{event.subject}"
        case LineRefunded():
            return event.line.statement
        case _:
            return None
