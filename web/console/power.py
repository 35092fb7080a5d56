"""What a seller declares of its facilities: their PUE, and green certificates; and what of those is used."""

from decimal import Decimal

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.commands import Command
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.power import certificates, pues, versions
from exchange.rejections import Rejected
from settlement.power import PUE_LEAST, PUE_MOST
from web.bodies.power import CertificatesIn, PueIn
from web.pages.checked import checked, field_named
from web.pages.fields import MistakeCode, Reader
from web.pages.formats import local_day
from web.pages.routing import PageRequest, give, page, sent_form
from web.session import Caller

_PUE_FIELDS = {
    "region": "pue_region",
    "period": "pue_period",
    "pue_milli": "pue",
    "reference": "pue_reference",
}


@get("/console/power")
async def power_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """What is declared, and the forms that declare more."""
    done = next((what for what in ("pue", "certificates") if what in request.query_params), "")
    return await _shown(exchange, caller, Reader({}), None, done)


@post("/console/power/pue")
async def declare_pue(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Declare what facilities take beside their machines."""
    asked = Reader(await sent_form(request))
    pue = asked.number("pue", Decimal(PUE_LEAST) / 1000, Decimal(PUE_MOST) / 1000)
    if pue is not None and pue * 1000 != int(pue * 1000):
        asked.wrong("pue", MistakeCode.REFUSED, "Write at most three decimals, such as 1.185.")
    body = {
        "region": asked.one_of("pue_region", exchange.catalogue.regions),
        "period": asked.words("pue_period"),
        "pue_milli": None if pue is None else int(pue * 1000),
        "reference": asked.words("pue_reference"),
    }
    command = checked(asked, PueIn, body, PueIn.command, field_named(_PUE_FIELDS, otherwise="pue"))
    return await _answered(exchange, caller, asked, command, "pue")


@post("/console/power/certificates")
async def declare_certificates(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Declare green certificates of a month."""
    asked = Reader(await sent_form(request))
    body = {
        "region": asked.one_of("region", exchange.catalogue.regions),
        "period": asked.words("period"),
        "kwh": asked.whole("kwh", 1),
        "reference": asked.words("reference"),
    }
    command = checked(
        asked, CertificatesIn, body, CertificatesIn.command, field_named({}, otherwise="reference")
    )
    return await _answered(exchange, caller, asked, command, "certificates")


async def _answered(
    exchange: Exchange, caller: Caller, asked: Reader, command: Command | None, done: str
) -> Template | Redirect:
    if command is None:
        return await _shown(exchange, caller, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _shown(exchange, caller, asked, answer.rejection)
    return Redirect(f"/console/power?{done}=1", status_code=303)


async def _shown(
    exchange: Exchange, caller: Caller, asked: Reader, rejection: Rejected | None, done: str = ""
) -> Template:
    found = await versions(exchange.readers)
    return page(
        "console/power.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        tables=found[0] if found else None,
        pues=await pues(exchange.readers, caller.party),
        certificates=await certificates(exchange.readers, caller.party),
        month=local_day((await clock(exchange.readers)).instant)[:7],
        asked=asked,
        rejection=rejection,
        done=done,
        catalogue=exchange.catalogue,
    )
