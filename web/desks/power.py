"""The tables by which power and carbon are reckoned, for the clerk to adopt, beside what sellers declare."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.queries.power import certificates, pues, tables_of, versions
from exchange.power.commands import AdoptPowerTables
from exchange.rejections import Rejected
from web.bodies.power import AdoptIn
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.routing import PageRequest, give, page, sent_form
from web.session import Caller

AT = "/clerk/power"
OFFERED = "as they are now"  # no version can be called so

_field_of = field_named({}, otherwise="version")


@get(AT)
async def power_tables_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """The tables in force, beside those that can be adopted, and all declarations."""
    return await _tables(exchange, caller, Reader({}), None, done="adopted" in request.query_params)


@post(AT)
async def adopt_tables(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Adopt the tables that come with this version of Suanli, under a name of their own."""
    asked = Reader(await sent_form(request))
    command = checked(
        asked,
        AdoptIn,
        {"version": asked.words("version")},
        lambda sent: AdoptPowerTables(exchange.catalogue.power_tables(sent.version)),
        _field_of,
    )
    if command is None:
        return await _tables(exchange, caller, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _tables(exchange, caller, asked, answer.rejection)
    return Redirect(f"{AT}?adopted=1", status_code=303)


async def _tables(
    exchange: Exchange, caller: Caller, asked: Reader, rejection: Rejected | None, *, done: bool = False
) -> Template:
    readers, offered = exchange.readers, exchange.catalogue.power_tables(OFFERED)
    known = await versions(readers)
    in_force = await tables_of(readers, known[0].version) if known else None
    return page(
        "clerk/power.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        versions=known,
        in_force=in_force,
        tables=in_force or offered,
        news=in_force is None
        or (in_force.cards, in_force.factors, in_force.pues)
        != (offered.cards, offered.factors, offered.pues),
        pues=await pues(readers, None),
        certificates=await certificates(readers, None),
        asked=asked,
        rejection=rejection,
        done=done,
        catalogue=exchange.catalogue,
    )
