"""A seller's statements: what was delivered, what it came to, and what is payable."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.queries.parties import balances
from exchange.persistence.queries.statements import (
    Reach,
    StoredStatement,
    payouts_of,
    statement_of,
    statements_within,
)
from exchange.rejections import Rejected
from settlement.ledger.chart import AccountKind
from web.pages.fields import Reader
from web.pages.routing import PageRequest, leaf, not_here, page
from web.pages.statement import statement_with_refunds
from web.refunding import done_of, move_note, refund
from web.session import Caller

AT = "/console/statements/"
ROWS = 100


@get("/console/statements")
async def statements_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Statements of what the seller delivered, newest first."""
    found = await statements_within(exchange.readers, Reach(caller.party), leaf(request), ROWS + 1)
    owned = await balances(exchange.readers, caller.party)
    rows = [statement for statement in found[:ROWS] if statement.seller == caller.party]
    return page(
        "console/statements.html",
        caller,
        rows=rows,
        payouts=await payouts_of(exchange.readers, [statement.id for statement in rows]),
        last=found[ROWS - 1] if len(found) > ROWS else None,
        payable=owned.get(AccountKind.PAYABLE, 0),
        catalogue=exchange.catalogue,
    )


@get("/console/statements/{run:str}/{subject:str}")
async def statement_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template:
    """One statement with all its lines and every figure, and the form that refunds one of them."""
    statement = await _sold(exchange, caller, run, subject)
    return await _show(exchange, caller, statement, Reader({}), None, done=done_of(request))


@post("/console/statements/{run:str}/{subject:str}/refunds")
async def refund_sold_line(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template | Redirect:
    """Give a part of a line back."""
    statement = await _sold(exchange, caller, run, subject)

    async def show(asked: Reader, rejection: Rejected | None) -> Template:
        return await _show(exchange, caller, statement, asked, rejection)

    return await refund(request, exchange, caller, statement, AT, show)


@post("/console/statements/{run:str}/{subject:str}/credit-note")
async def move_sold_note(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template | Redirect:
    """Say what has happened to the credit note of a refund."""
    statement = await _sold(exchange, caller, run, subject)

    async def show(asked: Reader, rejection: Rejected | None) -> Template:
        return await _show(exchange, caller, statement, asked, rejection)

    return await move_note(request, exchange, caller, statement, AT, show)


async def _sold(exchange: Exchange, caller: Caller, run: str, subject: str) -> StoredStatement:
    statement = await statement_of(exchange.readers, Reach(caller.party), f"{run}/{subject}")
    if statement is None or statement.seller != caller.party:
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
        "console/statement.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        shown=await statement_with_refunds(exchange, statement),
        asked=asked,
        rejection=rejection,
        done=done,
        catalogue=exchange.catalogue,
    )
