"""The statements behind what a closed period came to, for the clerk: all of a run."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries.periods import periods
from exchange.persistence.queries.statements import Reach, statements_within
from web.pages.routing import PageRequest, leaf, not_here, page
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
    everything = Reach(caller.party, everything=True)
    found = await statements_within(exchange.readers, everything, leaf(request), ROWS + 1, run.run)
    return page(
        "clerk/statements.html",
        caller,
        run=run,
        rows=found[:ROWS],
        last=found[ROWS - 1] if len(found) > ROWS else None,
        catalogue=exchange.catalogue,
    )
