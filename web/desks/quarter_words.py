"""What regions and offices say of a pair's quarter on its page: confirmed, disputed, recognised by a document."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.commands import Command
from exchange.parties.rules import AMOUNT_MAX
from exchange.periods import quarter_named
from exchange.persistence.queries.quarters import booked_versions
from exchange.persistence.queries.regions import agreements
from exchange.quarters.commands import ConfirmQuarter, DisputeQuarter
from settlement.money import Fen
from settlement.quarters import SHARED_KINDS, Figure, PairQuarter, QuarterFigures, parties_between
from settlement.sign_off import digest_of
from web.bodies.quarters import DisputeIn, RecogniseIn
from web.desks.agreements import reach_of
from web.desks.quarters import months_of, quarter_shown
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.routing import PageRequest, give, not_here, sent_form
from web.session import Caller

PATH = "/region/pairs/{source:str}/{destination:str}/{quarter:str}"

_field_of = field_named({"region": "of_region"}, otherwise="reference")


@post(f"{PATH}/confirm")
async def confirm_figures(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
) -> Template | Redirect:
    """Confirm the amounts of the form, with the key by which the caller is signed in."""
    pair, asked = PairQuarter(source, destination, quarter), Reader(await sent_form(request))
    figures = await _figures(exchange, caller, pair, asked)
    if figures is None:
        return await quarter_shown(exchange, caller, pair, asked, None)
    command = ConfirmQuarter(figures, caller.key, digest_of(figures))
    return await _answered(exchange, caller, pair, asked, command, "confirmed")


@post(f"{PATH}/dispute")
async def dispute_figures(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
) -> Template | Redirect:
    """Say that the caller's region does not agree, and why."""
    pair, asked = PairQuarter(source, destination, quarter), Reader(await sent_form(request))
    body = {"reason": asked.words("reason")}
    command = checked(
        asked, DisputeIn, body, lambda sent: DisputeQuarter(pair, caller.key, sent.reason), _field_of
    )
    if command is None:
        return await quarter_shown(exchange, caller, pair, asked, None)
    return await _answered(exchange, caller, pair, asked, command, "disputed")


@post(f"{PATH}/recognise")
async def recognise_figure(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
) -> Template | Redirect:
    """Record what a document recognises."""
    pair, asked = PairQuarter(source, destination, quarter), Reader(await sent_form(request))
    body = {
        "region": asked.one_of("of_region", exchange.catalogue.regions),
        "kind": asked.one_of("kind", SHARED_KINDS),
        "amount_fen": asked.fen("amount_fen", least=-AMOUNT_MAX),
        "reference": asked.words("reference"),
    }
    command = checked(asked, RecogniseIn, body, lambda sent: sent.command(pair), _field_of)
    if command is None:
        return await quarter_shown(exchange, caller, pair, asked, None)
    return await _answered(exchange, caller, pair, asked, command, "recognised")


async def _figures(
    exchange: Exchange, caller: Caller, pair: PairQuarter, asked: Reader
) -> QuarterFigures | None:
    """The amounts that were typed, kind by kind and party by party; None where one can't be read."""
    quarter = quarter_named(pair.quarter, exchange.terms.utc_offset_seconds)
    if quarter is None:
        raise not_here()
    known = await agreements(exchange.readers, reach_of(caller))
    booked = await booked_versions(exchange.readers, pair, months_of(pair.quarter))
    parties = parties_between(known, pair, quarter.begins, quarter.ends, booked)
    places = [(kind, region) for kind in SHARED_KINDS for region in parties]
    read = [asked.fen(f"{kind}-{region}", least=-AMOUNT_MAX) for kind, region in places]
    if any(fen is None for fen in read):
        return None
    figures = [Figure(*place, Fen(fen or 0)) for place, fen in zip(places, read, strict=True)]
    return QuarterFigures(pair, tuple(figures))


async def _answered(
    exchange: Exchange, caller: Caller, pair: PairQuarter, asked: Reader, command: Command, done: str
) -> Template | Redirect:
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await quarter_shown(exchange, caller, pair, asked, answer.rejection)
    path = f"/region/pairs/{pair.source}/{pair.destination}/{pair.quarter}"
    return Redirect(f"{path}?{done}=1", status_code=303)
