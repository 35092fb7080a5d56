"""The terms of the house: for everybody to read, and for the clerk to change."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from exchange.app import Exchange
from exchange.persistence.queries.market import clock
from exchange.state import Role
from web.api.asking import Submit
from web.bodies.terms import TermsIn, TermsOut
from web.session import may


@get("/terms")
async def get_terms(exchange: NamedDependency[Exchange]) -> TermsOut:
    """The terms in force and the venue's time."""
    return TermsOut.of(await clock(exchange.readers))


@post("/terms", guards=[may(Role.CLERK)])
async def adopt_terms(
    data: JSONBody[TermsIn], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> TermsOut:
    """Change the terms from now on. Leases and contracts that stand keep the rates that they were made with."""
    await submit(data.command())
    return TermsOut.of(await clock(exchange.readers))


HANDLERS = [get_terms, adopt_terms]
