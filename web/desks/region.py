"""The region desk: what agreements give a region and its partners to count, down to the statement line."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries import regions as queries
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.power import emitted_in
from exchange.persistence.queries.statements import Reach, statement_of
from web.desks.agreements import desk_of, reach_of, waiting_for
from web.desks.quarters import quarters_of
from web.desks.shared import name_of, tables_of
from web.pages.routing import PageRequest, not_here, page
from web.pages.statement import statement_with_refunds
from web.session import Caller

LINES = 200


@get("/region")
async def region_page(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Template:
    """The agreements that the caller's region is a party of, period by period."""
    tables = await tables_of(exchange, await queries.agreements(exchange.readers, caller.region))
    now = await clock(exchange.readers)
    return page(
        "region/page.html",
        caller,
        clock=now,
        waiting=await waiting_for(exchange, caller.region, now.instant),
        tables=tables,
        quarters=quarters_of(tables),
        emitted=await emitted_in(exchange.readers, caller.region),
        catalogue=exchange.catalogue,
    )


@get("/region/agreements/{agreement_id:str}/{version:int}/{period:str}")
async def shared_period_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    agreement_id: FromPath[str],
    version: FromPath[int],
    period: FromPath[str],
) -> Template:
    """The statement lines behind one period's shares."""
    agreements = await queries.agreements(exchange.readers, reach_of(caller))
    found = [one for one in agreements if (one.id, one.version) == (agreement_id, version)]
    tables = await tables_of(exchange, found)
    rows = [row for table in tables for row in table.rows if row.period.period == period]
    if not rows:
        raise not_here()
    after = _after(request)
    lines = await queries.shared_lines(exchange.readers, name_of(found[0]), period, after, LINES + 1)
    return page(
        "region/period.html",
        caller,
        place=desk_of(caller),
        agreement=found[0],
        row=rows[0],
        lines=lines[:LINES],
        whole=after == _FIRST and len(lines) <= LINES,
        last=lines[LINES - 1] if len(lines) > LINES else None,
        catalogue=exchange.catalogue,
    )


@get("/region/statements/{run:str}/{subject:str}")
async def region_statement_page(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template:
    """One statement that touches the region, with every figure."""
    reach = Reach(caller.party, caller.region)
    statement = await statement_of(exchange.readers, reach, f"{run}/{subject}")
    if statement is None:
        raise not_here()
    shown = await statement_with_refunds(exchange, statement)
    return page("region/statement.html", caller, shown=shown, catalogue=exchange.catalogue)


_FIRST = ("", -1)


def _after(request: PageRequest) -> tuple[str, int]:
    """The line after which the page begins: `after=run-1/lse-9.0`."""
    statement, _, n = request.query_params.get("after", "").rpartition(".")
    return (statement, int(n)) if statement and n.isdecimal() and len(n) < 9 else _FIRST
