"""A buyer's statements: what leases and token contracts came to, and one of them down to its lines."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries.periods import periods
from exchange.persistence.queries.statements import Reach, lines_of, statement_of, statements_within
from web.pages.routing import PageRequest, leaf, not_here, page
from web.pages.statement import laid_out
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
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template:
    """One statement with all its lines and every figure."""
    statement = await statement_of(exchange.readers, Reach(caller.party), f"{run}/{subject}")
    if statement is None or statement.buyer != caller.party:
        raise not_here()
    shown = laid_out(statement, await lines_of(exchange.readers, statement.id))
    return page("statements/statement.html", caller, shown=shown, catalogue=exchange.catalogue)
