"""Pair agreements: proposed, signed by each region with its own key; and what other shares would have come to."""

import re

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.agreements.commands import DeclineAgreement, SignAgreement, WithdrawAgreement
from exchange.app import Exchange
from exchange.persistence.queries.agreements import version_of, versions
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.regions import agreements
from exchange.persistence.queries.what_if import compared
from exchange.rejections import VenueRejection
from exchange.state import Role
from web.api.asking import Submit, known
from web.bodies.agreements import AgreementIn, AgreementOut, DeclineIn, SignIn
from web.bodies.what_if import WhatIfIn, WhatIfOut
from web.problems import ProblemError
from web.session import Caller, may

_VERSION = re.compile(r"[1-9][0-9]{0,4}\Z", re.ASCII)

offices = [may(Role.REGION)]
desks = [may(Role.CLERK, Role.REGION)]


@post("/agreements", guards=desks)
async def propose_agreement(
    data: JSONBody[AgreementIn], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> AgreementOut:
    """Put a version before its parties. It is in force once each of them has signed, before its first instant.

    Terms are never edited: other terms are another version, which begins later. An open-ended version of the same id and
    parties then ends where this one begins.
    """
    await submit(data.command())
    return await _shown(exchange, data.id, data.version)


@get("/agreements", guards=desks)
async def list_agreements(
    caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> list[AgreementOut]:
    """Every version of the agreements that your region is a party of, or for the clerk of all, drafts included."""
    now = (await clock(exchange.readers)).instant
    return [AgreementOut.of(one, now) for one in await versions(exchange.readers, reach_of(caller))]


@post("/agreements/{agreement:str}/{version:str}/sign", guards=offices, status_code=HTTP_200_OK)
async def sign_agreement(
    agreement: FromPath[str],
    version: FromPath[str],
    data: JSONBody[SignIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> AgreementOut:
    """Sign a version for your region, with the key that asks. The last signature puts it in force.

    The signature keeps your party, the key's name, the venue's time and the digest.
    """
    number = numbered(version)
    await submit(SignAgreement(agreement, number, submit.caller.key, data.digest))
    return await _shown(exchange, agreement, number)


@post("/agreements/{agreement:str}/{version:str}/decline", guards=offices, status_code=HTTP_200_OK)
async def decline_agreement(
    agreement: FromPath[str],
    version: FromPath[str],
    data: JSONBody[DeclineIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> AgreementOut:
    """Refuse a version that is not in force yet, for your region: it never will be."""
    number = numbered(version)
    await submit(DeclineAgreement(agreement, number, submit.caller.key, data.reason))
    return await _shown(exchange, agreement, number)


@post("/agreements/{agreement:str}/{version:str}/withdraw", guards=desks, status_code=HTTP_200_OK)
async def withdraw_agreement(
    agreement: FromPath[str],
    version: FromPath[str],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> AgreementOut:
    """Take back a version that you have proposed, while a signature is missing."""
    number = numbered(version)
    await submit(WithdrawAgreement(agreement, number))
    return await _shown(exchange, agreement, number)


@post("/what-if", guards=desks, status_code=HTTP_200_OK)
async def what_if(
    data: JSONBody[WhatIfIn], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> WhatIfOut:
    """What a closed month under an agreement would have come to under other shares, beside what was settled.

    Its stored lines are shared once more, one by one. Changes nothing, and needs no Idempotency-Key.
    """
    found = [
        one
        for one in await agreements(exchange.readers, reach_of(caller))
        if (one.id, one.version) == (data.agreement, data.version)
    ]
    agreement = known(found[0] if found else None)
    other = data.other(agreement)
    if problems := other.problems():
        raise ProblemError(VenueRejection.AGREEMENT_INVALID, f"{'; '.join(map(str, problems))}.")
    name = f"{agreement.id}/{agreement.version}"
    return WhatIfOut.of(agreement, known(await compared(exchange.readers, name, data.period, other)))


def numbered(version: str) -> int:
    """The version that a part of the address names: there is none of any other name."""
    return int(known(version if _VERSION.match(version) else None))


def reach_of(caller: Caller) -> str | None:
    """The region whose agreements a caller sees, or for the clerk None: all."""
    return None if Role.CLERK in caller.roles else caller.region


async def _shown(exchange: Exchange, agreement: str, version: int) -> AgreementOut:
    """A version that the caller is known to have a part in."""
    now = (await clock(exchange.readers)).instant
    return AgreementOut.of(known(await version_of(exchange.readers, agreement, version)), now)


HANDLERS = [
    propose_agreement,
    list_agreements,
    sign_agreement,
    decline_agreement,
    withdraw_agreement,
    what_if,
]
