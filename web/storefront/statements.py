"""A buyer's statements: what leases and token contracts came to, and one of them down to its lines."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.queries.periods import periods
from exchange.persistence.queries.statements import (
    Reach,
    StoredStatement,
    statement_of,
    statements_within,
)
from exchange.rejections import Rejected
from web.pages.fields import Reader
from web.pages.routing import PageRequest, leaf, not_here, page
from web.pages.statement import statement_with_refunds
from web.refunding import done_of, move_note
from web.session import Caller

ROWS = 100


@get("/statements")
async def my_statements_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Statements of what the buyer was charged, newest first."""
    found = await statements_within(exchange.readers, Reach(caller.party), leaf(request), ROWS + 1)
    return page(
        "statements/page.html",
        caller,
        rows=[statement for statement in found[:ROWS] if statement.buyer == caller.party],
        closed=[run.period for run in await periods(exchange.readers) if run.closed],
        last=found[ROWS - 1] if len(found) > ROWS else None,
        catalogue=exchange.catalogue,
    )


@get("/statements/{run:str}/{subject:str}")
async def my_statement_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template:
    """One statement with all its lines and every figure."""
    statement = await _mine(exchange, caller, run, subject)
    return await _show(exchange, caller, statement, None, done=done_of(request))


@post("/statements/{run:str}/{subject:str}/credit-note")
async def confirm_credit_note(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template | Redirect:
    """Confirm a credit note, as the buyer."""
    statement = await _mine(exchange, caller, run, subject)

    async def show(_: Reader, rejection: Rejected | None) -> Template:
        return await _show(exchange, caller, statement, rejection)

    return await move_note(request, exchange, caller, statement, "/statements/", show)


async def _mine(exchange: Exchange, caller: Caller, run: str, subject: str) -> StoredStatement:
    statement = await statement_of(exchange.readers, Reach(caller.party), f"{run}/{subject}")
    if statement is None or statement.buyer != caller.party:
        raise not_here()
    return statement


async def _show(
    exchange: Exchange,
    caller: Caller,
    statement: StoredStatement,
    rejection: Rejected | None,
    *,
    done: str = "",
) -> Template:
    return page(
        "statements/statement.html",
        caller,
        status=422 if rejection else 200,
        shown=await statement_with_refunds(exchange, statement),
        rejection=rejection,
        done=done,
        catalogue=exchange.catalogue,
    )
