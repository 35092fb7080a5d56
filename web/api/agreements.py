"""Pair agreements: the clerk records what regions have signed."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from exchange.agreements.events import AgreementRecorded
from exchange.app import Exchange
from exchange.persistence.queries.regions import agreements
from exchange.state import Role
from web.api.asking import Submit, happened
from web.bodies.agreements import AgreementIn, AgreementOut
from web.session import Caller, may


@post("/agreements", guards=[may(Role.CLERK)])
async def record_agreement(data: JSONBody[AgreementIn], submit: NamedDependency[Submit]) -> AgreementOut:
    """Record a version of an agreement. Its terms are never edited: other terms are another version, which begins later.

    An open-ended version of the same id and parties ends where this one begins.
    """
    return AgreementOut.of(happened(await submit(data.command()), AgreementRecorded).agreement)


@get("/agreements", guards=[may(Role.CLERK, Role.REGION)])
async def list_agreements(
    caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> list[AgreementOut]:
    """Every version of the agreements that your region is a party of, or for the clerk of all."""
    region = None if Role.CLERK in caller.roles else caller.region
    return [AgreementOut.of(agreement) for agreement in await agreements(exchange.readers, region)]


HANDLERS = [record_agreement, list_agreements]
