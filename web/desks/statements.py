"""The statements behind what a closed period came to, for the clerk: all of a run, and one down to its lines."""

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
from web.refunding import done_of, move_note, refund
from web.session import Caller

AT = "/clerk/statements/"
ROWS = 200


@get("/clerk/periods/{period:str}/statements")
async def period_statements_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    period: FromPath[str],
) -> Template:
    """Every statement of a period's run, newest first."""
    run = next((run for run in await periods(exchange.readers) if run.period == period), None)
    if run is None:
        raise not_here()
    found = await statements_within(exchange.readers, _all(caller), leaf(request), ROWS + 1, run.run)
    return page(
        "clerk/statements.html",
        caller,
        run=run,
        rows=found[:ROWS],
        last=found[ROWS - 1] if len(found) > ROWS else None,
        catalogue=exchange.catalogue,
    )


@get("/clerk/statements/{run:str}/{subject:str}")
async def any_statement_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template:
    """One statement with all its lines and every figure, and the form that refunds one of them."""
    statement = await _any(exchange, caller, run, subject)
    return await _show(exchange, caller, statement, Reader({}), None, done=done_of(request))


@post("/clerk/statements/{run:str}/{subject:str}/refunds")
async def refund_any_line(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template | Redirect:
    """Give a part of a line back."""
    statement = await _any(exchange, caller, run, subject)

    async def show(asked: Reader, rejection: Rejected | None) -> Template:
        return await _show(exchange, caller, statement, asked, rejection)

    return await refund(request, exchange, caller, statement, AT, show)


@post("/clerk/statements/{run:str}/{subject:str}/credit-note")
async def move_any_note(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template | Redirect:
    """Say what has happened to the credit note of a refund."""
    statement = await _any(exchange, caller, run, subject)

    async def show(asked: Reader, rejection: Rejected | None) -> Template:
        return await _show(exchange, caller, statement, asked, rejection)

    return await move_note(request, exchange, caller, statement, AT, show)


async def _any(exchange: Exchange, caller: Caller, run: str, subject: str) -> StoredStatement:
    statement = await statement_of(exchange.readers, _all(caller), f"{run}/{subject}")
    if statement is None:
        raise not_here()
    return statement


async def _show(
    exchange: Exchange,
    caller: Caller,
    statement: StoredStatement,
    asked: Reader,
    rejection: Rejected | None,
    *,
    done: str = "",
) -> Template:
    return page(
        "clerk/statement.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        shown=await statement_with_refunds(exchange, statement),
        asked=asked,
        rejection=rejection,
        done=done,
        catalogue=exchange.catalogue,
    )


def _all(caller: Caller) -> Reach:
    return Reach(caller.party, everything=True)
