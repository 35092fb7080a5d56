"""A seller's statements: what was delivered, what it came to, and what is payable."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries.parties import balances
from exchange.persistence.queries.statements import (
    Reach,
    lines_of,
    payouts_of,
    statement_of,
    statements_within,
)
from settlement.ledger.chart import AccountKind
from web.pages.routing import PageRequest, leaf, not_here, page
from web.pages.statement import laid_out
from web.session import Caller

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
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template:
    """One statement with all its lines and every figure."""
    statement = await statement_of(exchange.readers, Reach(caller.party), f"{run}/{subject}")
    if statement is None or statement.seller != caller.party:
        raise not_here()
    shown = laid_out(statement, await lines_of(exchange.readers, statement.id))
    return page("console/statement.html", caller, shown=shown, catalogue=exchange.catalogue)
