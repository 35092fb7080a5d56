"""The statements behind what a closed period came to, for the clerk: all of a run, and one down to its lines."""

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
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template:
    """One statement with all its lines and every figure."""
    statement = await statement_of(exchange.readers, _all(caller), f"{run}/{subject}")
    if statement is None:
        raise not_here()
    shown = laid_out(statement, await lines_of(exchange.readers, statement.id))
    return page("clerk/statement.html", caller, shown=shown, catalogue=exchange.catalogue)


def _all(caller: Caller) -> Reach:
    return Reach(caller.party, everything=True)
