"""What a seller has sold: its leases, how its usage feed stands, and one lease."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries import market as queries
from exchange.persistence.queries.contracts import contracts_of
from exchange.persistence.queries.disputes import open_disputes
from exchange.persistence.queries.feeds import feed_of
from exchange.persistence.queries.leases import lease_of, leases_of
from web.pages.routing import PageRequest, leaf, not_here, page
from web.session import Caller
from web.storefront.leases import lease_facts

ROWS = 50
CONTRACTS = 100


@get("/console/leases")
async def sold_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Leases that the seller has granted, newest first, its usage feed and its token contracts."""
    contracts = await contracts_of(exchange.readers, caller.party, None, CONTRACTS)
    found = await leases_of(exchange.readers, caller.party, leaf(request), ROWS + 1)
    return page(
        "console/sold.html",
        caller,
        clock=await queries.clock(exchange.readers),
        feed=await feed_of(exchange.readers, caller.party),
        disputes=await open_disputes(exchange.readers, caller.party),
        rows=[lease for lease in found[:ROWS] if lease.seller == caller.party],
        contracts=[contract for contract in contracts if contract.seller == caller.party],
        last=found[ROWS - 1] if len(found) > ROWS else None,
        catalogue=exchange.catalogue,
    )


@get("/console/leases/{lease_id:str}")
async def sold_lease_page(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], lease_id: FromPath[str]
) -> Template:
    """One lease that the seller has granted."""
    lease = await lease_of(exchange.readers, caller.party, lease_id)
    if lease is None or lease.seller != caller.party:
        raise not_here()
    facts = await lease_facts(exchange, lease)
    return page("console/lease.html", caller, facts=facts, catalogue=exchange.catalogue)
