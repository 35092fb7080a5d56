"""Leases: what was bought and sold."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from exchange.app import Exchange
from exchange.persistence.queries.leases import lease_of, leases_of
from exchange.state import Role
from web.api.asking import Cursor, Limit, known, page, place_after
from web.bodies.common import Page
from web.bodies.leases import LeaseOut
from web.session import Caller, may

traders = [may(Role.BUYER, Role.SELLER)]


@get("/leases", guards=traders)
async def list_leases(
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LeaseOut]:
    """What you have bought or sold, the newest first."""
    rows = await leases_of(exchange.readers, caller.party, place_after(cursor), limit + 1)
    return page(
        rows, limit, lambda lease: (lease.seq, lease.id), lambda lease: LeaseOut.of(lease, exchange.terms)
    )


@get("/leases/{lease_id:str}", guards=traders)
async def get_lease(
    lease_id: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> LeaseOut:
    """One lease that you have bought or sold."""
    return LeaseOut.of(known(await lease_of(exchange.readers, caller.party, lease_id)), exchange.terms)


HANDLERS = [list_leases, get_lease]
