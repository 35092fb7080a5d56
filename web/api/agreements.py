"""Pair agreements: the clerk records what regions have signed, and they ask what other shares would have come to."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.agreements.events import AgreementRecorded
from exchange.app import Exchange
from exchange.persistence.queries.regions import agreements
from exchange.persistence.queries.what_if import compared
from exchange.rejections import VenueRejection
from exchange.state import Role
from settlement.agreements import PairAgreement
from web.api.asking import Submit, happened, known
from web.bodies.agreements import AgreementIn, AgreementOut
from web.bodies.what_if import WhatIfIn, WhatIfOut
from web.problems import ProblemError
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
    return [AgreementOut.of(agreement) for agreement in await _within_reach(caller, exchange)]


@post("/what-if", guards=[may(Role.CLERK, Role.REGION)], status_code=HTTP_200_OK)
async def what_if(
    data: JSONBody[WhatIfIn], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> WhatIfOut:
    """What a closed month under an agreement would have come to under other shares, beside what was settled.

    Its stored lines are shared once more, one by one. Changes nothing, and needs no Idempotency-Key.
    """
    found = [
        one
        for one in await _within_reach(caller, exchange)
        if (one.id, one.version) == (data.agreement, data.version)
    ]
    agreement = known(found[0] if found else None)
    other = data.other(agreement)
    if problems := other.problems():
        raise ProblemError(VenueRejection.AGREEMENT_INVALID, f"{'; '.join(map(str, problems))}.")
    name = f"{agreement.id}/{agreement.version}"
    return WhatIfOut.of(agreement, known(await compared(exchange.readers, name, data.period, other)))


async def _within_reach(caller: Caller, exchange: Exchange) -> list[PairAgreement]:
    """The agreements that a region is a party of, or for the clerk all."""
    return await agreements(exchange.readers, None if Role.CLERK in caller.roles else caller.region)


HANDLERS = [record_agreement, list_agreements, what_if]
