"""What may happen in the market, by the clerk's hand: how cards are taken back, whether orders rest, and the links."""

from collections.abc import Mapping, Sequence

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.queries.links import links
from exchange.persistence.queries.market import Clock, clock
from exchange.rejections import Rejected
from exchange.state import VenueTerms
from exchange.venue.commands import AdoptTerms
from web.bodies.links import LinkIn
from web.desks.terms import adoption
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.formats import per_cent, plain_hours
from web.pages.routing import PageRequest, give, page, sent_form
from web.session import Caller

_term_of = field_named(
    {
        "market/notice_minutes": "notice",
        "market/grace_minutes": "grace",
        "market/outbid_bp": "outbid",
        "market/displacement": "displacement",
        "market/resting": "resting",
    },
    otherwise="notice",
)
_link_of = field_named({}, otherwise="mbps")


@get("/clerk/market")
async def market_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """The market's terms and the links, with the forms that change them."""
    done = next((what for what in ("adopted", "set") if what in request.query_params), "")
    return await _market(exchange, caller, Reader({}), None, done=done)


@post("/clerk/market")
async def adopt_market_terms(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Change what may happen in the market from now on; all other terms stay as they are."""
    asked = Reader(await sent_form(request))
    command = _adoption(asked, await clock(exchange.readers))
    if command is None:
        return await _market(exchange, caller, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _market(exchange, caller, asked, answer.rejection)
    return Redirect("/clerk/market?adopted=1", status_code=303)


@post("/clerk/links")
async def set_link(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Say how much bandwidth a link has from now on."""
    asked = Reader(await sent_form(request))
    wanted = {
        "home": asked.one_of("home", exchange.catalogue.regions),
        "region": asked.one_of("region", exchange.catalogue.regions),
        "mbps": asked.whole("mbps", 0),
    }
    command = checked(asked, LinkIn, wanted, LinkIn.command, _link_of)
    if command is None:
        return await _market(exchange, caller, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _market(exchange, caller, asked, answer.rejection)
    return Redirect("/clerk/market?set=1", status_code=303)


def _adoption(asked: Reader, now: Clock) -> AdoptTerms | None:
    """The terms in force with those of the form in their place; None where these can't be adopted."""
    market = {
        "displacement": asked.text("displacement") == "yes",
        "resting": asked.text("resting") == "yes",
        "notice_minutes": _minutes(asked, "notice", now),
        "grace_minutes": 0 if asked.text("grace") == "0" else _minutes(asked, "grace", now),
        "outbid_bp": asked.basis_points("outbid"),
    }
    return adoption(asked, now, {"market": market}, _term_of)


def _minutes(asked: Reader, name: str, now: Clock) -> int | None:
    slots = asked.slots(name, now.terms.slot_seconds)
    return None if slots is None else slots * now.terms.slot_seconds // 60


def _as_typed(terms: VenueTerms) -> Mapping[str, Sequence[str]]:
    """The market's terms as their form would hold them."""
    market = terms.market
    return {
        "displacement": ["yes" if market.displacement else "no"],
        "resting": ["yes" if market.resting else "no"],
        "notice": [plain_hours(market.notice * terms.slot_seconds)],
        "grace": [plain_hours(market.grace * terms.slot_seconds)],
        "outbid": [per_cent(market.outbid_bp)],
    }


async def _market(
    exchange: Exchange, caller: Caller, asked: Reader, rejection: Rejected | None, *, done: str = ""
) -> Template:
    now = await clock(exchange.readers)
    return page(
        "clerk/market.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        clock=now,
        links=await links(exchange.readers),
        asked=Reader({**_as_typed(now.terms), **asked.sent}, asked.mistakes),
        rejection=rejection,
        done=done,
        catalogue=exchange.catalogue,
    )
