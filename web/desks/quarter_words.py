"""What regions and offices say of a pair's quarter on its page: confirmed, disputed, recognised by a document."""

from litestar import post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.parties.rules import AMOUNT_MAX
from exchange.periods import months_of, quarter_named
from exchange.persistence.queries.quarters import booked_versions
from exchange.persistence.queries.regions import agreements
from exchange.quarters.commands import ConfirmQuarter, DisputeQuarter
from settlement.money import Fen
from settlement.quarters import SHARED_KINDS, Figure, QuarterFigures, parties_between
from settlement.sign_off import digest_of
from web.bodies.quarters import DisputeIn, RecogniseIn
from web.desks.agreements import reach_of
from web.desks.quarters import AT_DESK, PATH, Desk
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.routing import PageRequest, not_here, sent_form

_field_of = field_named({"region": "of_region"}, otherwise="reference")


@post(f"{PATH}/confirm", dependencies=AT_DESK)
async def confirm_figures(request: PageRequest, desk: NamedDependency[Desk]) -> Template | Redirect:
    """Confirm the amounts of the form, with the key by which the caller is signed in."""
    asked = Reader(await sent_form(request))
    figures = await _figures(desk, asked)
    command = None if figures is None else ConfirmQuarter(figures, desk.caller.key, digest_of(figures))
    return await desk.carry_out(asked, command, "confirmed")


@post(f"{PATH}/dispute", dependencies=AT_DESK)
async def dispute_figures(request: PageRequest, desk: NamedDependency[Desk]) -> Template | Redirect:
    """Say that the caller's region does not agree, and why."""
    asked = Reader(await sent_form(request))
    body = {"reason": asked.words("reason")}
    command = checked(
        asked,
        DisputeIn,
        body,
        lambda sent: DisputeQuarter(desk.pair, desk.caller.key, sent.reason),
        _field_of,
    )
    return await desk.carry_out(asked, command, "disputed")


@post(f"{PATH}/recognise", dependencies=AT_DESK)
async def recognise_figure(request: PageRequest, desk: NamedDependency[Desk]) -> Template | Redirect:
    """Record what a document recognises."""
    asked = Reader(await sent_form(request))
    body = {
        "region": asked.one_of("of_region", desk.exchange.catalogue.regions),
        "kind": asked.one_of("kind", SHARED_KINDS),
        "amount_fen": asked.fen("amount_fen", least=-AMOUNT_MAX),
        "reference": asked.words("reference"),
    }
    command = checked(asked, RecogniseIn, body, lambda sent: sent.command(desk.pair), _field_of)
    return await desk.carry_out(asked, command, "recognised")


async def _figures(desk: Desk, asked: Reader) -> QuarterFigures | None:
    """The amounts that were typed, kind by kind and party by party; None where one can't be read."""
    readers, pair = desk.exchange.readers, desk.pair
    quarter = quarter_named(pair.quarter, desk.exchange.terms.utc_offset_seconds)
    if quarter is None:
        raise not_here()
    known = await agreements(readers, reach_of(desk.caller))
    booked = await booked_versions(readers, pair, months_of(pair.quarter))
    parties = parties_between(known, pair, quarter.begins, quarter.ends, booked)
    places = [(kind, region) for kind in SHARED_KINDS for region in parties]
    read = [asked.fen(f"{kind}-{region}", least=-AMOUNT_MAX) for kind, region in places]
    if any(fen is None for fen in read):
        return None
    figures = [Figure(*place, Fen(fen or 0)) for place, fen in zip(places, read, strict=True)]
    return QuarterFigures(pair, tuple(figures))
