"""A seller's statements: what was delivered, what it came to, and what is payable."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries.parties import balances
from exchange.persistence.queries.statements import Reach, months_of, payouts_of, statements_within
from settlement.ledger.chart import AccountKind
from web.pages.routing import PageRequest, leaf, page
from web.refunding import SELLER
from web.session import Caller

ROWS = 100


@get(SELLER.at)
async def statements_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Statements of what the seller delivered, newest first."""
    found = await statements_within(exchange.readers, Reach(caller.party), leaf(request), ROWS + 1)
    owned = await balances(exchange.readers, caller.party)
    rows = [statement for statement in found[:ROWS] if SELLER.sees(statement, caller)]
    return page(
        "console/statements.html",
        caller,
        rows=rows,
        months=await months_of(exchange.readers, "seller", caller.party, [one.period for one in rows]),
        payouts=await payouts_of(exchange.readers, [statement.id for statement in rows]),
        last=found[ROWS - 1] if len(found) > ROWS else None,
        payable=owned.get(AccountKind.PAYABLE, 0),
        catalogue=exchange.catalogue,
    )
