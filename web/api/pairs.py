"""A pair's quarter: computed, agreed and recognised, which regions confirm or dispute and offices record."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.app import Exchange
from exchange.periods import Period, months_of, quarter_named
from exchange.persistence.queries.power import emitted_by_pair
from exchange.persistence.queries.quarters import booked_versions, sides_of
from exchange.persistence.queries.regions import agreements
from exchange.quarters.commands import DisputeQuarter
from exchange.state import Role
from settlement.quarters import PairQuarter, parties_between
from web.api.agreements import reach_of
from web.api.asking import Submit, known
from web.bodies.quarters import ConfirmIn, DisputeIn, QuarterOut, RecogniseIn
from web.session import Caller, may

offices = [may(Role.REGION)]
desks = [may(Role.CLERK, Role.REGION)]

PAIR = "/pairs/{source:str}/{destination:str}/{quarter:str}"


@get(PAIR, guards=desks)
async def get_quarter(
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
) -> QuarterOut:
    """A quarter such as `2026-Q4` of a pair that your region is a party of, or for the clerk of any."""
    return await _shown(exchange, caller, PairQuarter(source, destination, quarter))


@post(f"{PAIR}/confirm", guards=offices, status_code=HTTP_200_OK)
async def confirm_quarter(
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
    data: JSONBody[ConfirmIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> QuarterOut:
    """Agree to the figures of a closed quarter, for your region and with the key that asks.

    Once every party has confirmed the same ones they are agreed, for good.
    """
    pair = PairQuarter(source, destination, quarter)
    await submit(data.command(pair, submit.caller.key))
    return await _shown(exchange, submit.caller, pair)


@post(f"{PAIR}/dispute", guards=offices, status_code=HTTP_200_OK)
async def dispute_quarter(
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
    data: JSONBody[DisputeIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> QuarterOut:
    """Say that your region does not agree to a closed quarter, and why. You may confirm later."""
    pair = PairQuarter(source, destination, quarter)
    await submit(DisputeQuarter(pair, submit.caller.key, data.reason))
    return await _shown(exchange, submit.caller, pair)


@post(f"{PAIR}/recognise", guards=desks, status_code=HTTP_200_OK)
async def recognise_amount(
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
    data: JSONBody[RecogniseIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> QuarterOut:
    """Record what a document of a finance office or of statistics recognises of a closed quarter.

    An office records for its own region. A correction is another document, and may take back.
    """
    pair = PairQuarter(source, destination, quarter)
    await submit(data.command(pair))
    return await _shown(exchange, submit.caller, pair)


async def _shown(exchange: Exchange, caller: Caller, pair: PairQuarter) -> QuarterOut:
    found = await agreements(exchange.readers, reach_of(caller))
    quarter: Period = known(quarter_named(pair.quarter, exchange.terms.utc_offset_seconds))
    months = months_of(pair.quarter)
    booked = await booked_versions(exchange.readers, pair, months)
    parties = known(parties_between(found, pair, quarter.begins, quarter.ends, booked) or None)
    sides = await sides_of(exchange.readers, pair, parties, months)
    return QuarterOut.of(months, sides, await emitted_by_pair(exchange.readers, pair, months))


HANDLERS = [get_quarter, confirm_quarter, dispute_quarter, recognise_amount]
