"""The clerk's overview: the venue's clock and terms, what waits to be done, agreements and token contracts."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from exchange.app import Exchange
from exchange.due import closing_state
from exchange.persistence.queries.contracts import contracts_of
from exchange.persistence.queries.disputes import open_disputes
from exchange.persistence.queries.ledger import trial_balance
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.power import versions
from exchange.persistence.queries.regions import agreements
from settlement.ledger.chart import Book
from web.desks.quarters import quarters_of
from web.desks.shared import tables_of
from web.pages.routing import page
from web.session import Caller

CONTRACTS = 100


@get("/clerk")
async def clerk_page(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Template:
    """How the venue stands."""
    now = await clock(exchange.readers)
    lines = await trial_balance(exchange.readers)
    known = await agreements(exchange.readers)
    tables = await versions(exchange.readers)
    return page(
        "clerk/page.html",
        caller,
        clock=now,
        closing=await closing_state(exchange.readers, now),
        disputes=await open_disputes(exchange.readers),
        totals={book: sum(line.total for line in lines if line.book is book) for book in Book},
        power=tables[0] if tables else None,
        agreements=known,
        quarters=quarters_of(await tables_of(exchange, known)),
        contracts=await contracts_of(exchange.readers, None, None, CONTRACTS),
        catalogue=exchange.catalogue,
    )
