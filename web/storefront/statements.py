"""A buyer's statements: what leases and token contracts came to."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries.billed import months_billed
from exchange.persistence.queries.statements import Reach, months_of, statements_within
from web.pages.routing import PageRequest, leaf, page
from web.refunding import BUYER
from web.session import Caller

ROWS = 100


@get(BUYER.at)
async def my_statements_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Statements of what the buyer was charged, newest first."""
    found = await statements_within(exchange.readers, Reach(caller.party), leaf(request), ROWS + 1)
    rows = [statement for statement in found[:ROWS] if BUYER.sees(statement, caller)]
    return page(
        "statements/page.html",
        caller,
        rows=rows,
        months=await months_of(exchange.readers, "buyer", caller.party, [one.period for one in rows]),
        billed=await months_billed(exchange.readers, caller.party),
        last=found[ROWS - 1] if len(found) > ROWS else None,
        catalogue=exchange.catalogue,
    )
