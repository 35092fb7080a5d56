"""Power and carbon: the venue's tables for everybody to read, and what sellers declare of their facilities."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from exchange.app import Exchange
from exchange.names import PartyId
from exchange.persistence.queries.power import certificates, pues, tables_of, versions
from exchange.power.commands import AdoptPowerTables
from exchange.state import Role
from web.api.asking import Submit, known
from web.bodies.power import (
    AdoptIn,
    CertificatesIn,
    DeclarationsOut,
    PowerTablesOut,
    PueIn,
    VersionOut,
)
from web.session import Caller, may

sellers = [may(Role.SELLER)]


@get("/power/tables")
async def list_power_tables(exchange: NamedDependency[Exchange]) -> list[VersionOut]:
    """Every version of the tables of power and carbon, the one in force first; none until the clerk adopts one."""
    return [VersionOut.of(version) for version in await versions(exchange.readers)]


@get("/power/tables/{version:str}")
async def get_power_tables(version: FromPath[str], exchange: NamedDependency[Exchange]) -> PowerTablesOut:
    """One version: what each card draws, what each grid emitted year by year, and each region's PUE, with sources."""
    return PowerTablesOut.of(known(await tables_of(exchange.readers, version)))


@post("/power/tables", guards=[may(Role.CLERK)])
async def adopt_power_tables(
    data: JSONBody[AdoptIn], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> PowerTablesOut:
    """Adopt the venue's tables of reference as they are now, under a name of their own.

    What is settled from now on is reckoned by them. What was reckoned keeps its version.
    """
    await submit(AdoptPowerTables(exchange.catalogue.power_tables(data.version)))
    return PowerTablesOut.of(known(await tables_of(exchange.readers, data.version)))


@get("/power/declarations", guards=[may(Role.SELLER, Role.CLERK)])
async def list_declarations(
    caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> DeclarationsOut:
    """Your PUE and green certificates, or for the clerk everybody's, with what is used of each certificate."""
    return await _declared(exchange, None if Role.CLERK in caller.roles else caller.party)


@post("/power/pue", guards=sellers)
async def declare_pue(
    data: JSONBody[PueIn], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> DeclarationsOut:
    """Declare the PUE of your facilities in a region, from a month on that is not closed."""
    await submit(data.command())
    return await _declared(exchange, submit.caller.party)


@post("/power/certificates", guards=sellers)
async def declare_certificates(
    data: JSONBody[CertificatesIn], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> DeclarationsOut:
    """Declare green certificates, for a month that is not closed. A reference counts once, for ever, at this venue.

    They cover your statements' lines of that region and month in the order in which those are posted, the certificate
    that was declared first before the next.
    """
    await submit(data.command())
    return await _declared(exchange, submit.caller.party)


async def _declared(exchange: Exchange, party: PartyId | None) -> DeclarationsOut:
    readers = exchange.readers
    return DeclarationsOut.of(await pues(readers, party), await certificates(readers, party))


HANDLERS = [
    list_power_tables,
    get_power_tables,
    adopt_power_tables,
    list_declarations,
    declare_pue,
    declare_certificates,
]
