"""A pair's quarter: computed, agreed and recognised in one table, as a flow, and as a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.commands import Command
from exchange.periods import months_of, quarter_named, quarter_of
from exchange.persistence.queries.power import emitted_by_pair
from exchange.persistence.queries.quarters import QuarterSides, booked_versions, sides_of
from exchange.persistence.queries.regions import agreements
from exchange.rejections import Rejected
from exchange.state import Role
from settlement.quarters import PairQuarter, QuarterFigures, parties_between
from settlement.sign_off import digest_of
from web.desks.agreements import desk_of, reach_of
from web.desks.quarter_csv import quarter_csv
from web.desks.quarter_figures import Carbon, carbon_of, kind_of
from web.desks.shared import KINDS, AgreementTable, tables_of
from web.documents.exports import csv_file
from web.pages.fields import Reader
from web.pages.formats import plain_yuan
from web.pages.routing import PageRequest, give, not_here, page
from web.session import Caller

PATH = "/region/pairs/{source:str}/{destination:str}/{quarter:str}"
DONE = ("confirmed", "disputed", "recognised")


def quarters_of(tables: Sequence[AgreementTable]) -> list[tuple[str, str, str]]:
    """The pairs and quarters that have a closed month or refunds: (source, destination, quarter), the latest quarter first."""
    found = {
        (table.agreement.source, table.agreement.destination, quarter_of(row.period.period))
        for table in tables
        for row in table.all_rows
    }
    return sorted(found, key=lambda one: (one[2], one), reverse=True)


@dataclass(frozen=True, slots=True)
class Desk:
    """A caller before one quarter of a pair."""

    exchange: Exchange
    caller: Caller
    pair: PairQuarter

    async def carry_out(self, asked: Reader, command: Command | None, done: str) -> Template | Redirect:
        """Carry out what a form asks, and come back to the quarter; None is a form that can't be read."""
        if command is None:
            return await self.show(asked)
        answer = await give(self.exchange, self.caller, asked, command)
        if answer.rejection is not None:
            return await self.show(asked, answer.rejection)
        path = f"/region/pairs/{self.pair.source}/{self.pair.destination}/{self.pair.quarter}"
        return Redirect(f"{path}?{done}=1", status_code=303)

    async def show(self, asked: Reader, rejection: Rejected | None = None, *, done: str = "") -> Template:
        """The page of the quarter, with what was typed into one of its forms."""
        tables = await self.tables()
        sides = await sides_shown(self.exchange, self.pair, tables)
        months = sorted({row.period.period for table in tables for row in table.rows})
        return page(
            "region/quarter.html",
            self.caller,
            status=422 if asked.mistakes or rejection else 200,
            place=desk_of(self.caller),
            pair=self.pair,
            months=months,
            missing=[month for month in months_of(self.pair.quarter) if month not in months],
            tables=tables,
            kinds=[kind_of(kind, tables, sides) for kind in KINDS],
            carbon=await self.carbon(tables),
            sides=sides,
            digest=digest_of(sides.computed),
            may=list(_may(self.caller, sides)),
            asked=Reader({**as_typed(sides.computed), **asked.sent}, asked.mistakes),
            rejection=rejection,
            done=done,
            catalogue=self.exchange.catalogue,
        )

    async def tables(self) -> list[AgreementTable]:
        """The pair's versions that have a closed month or refunds in the quarter, the earliest first, with those alone."""
        months = months_of(self.pair.quarter)
        found = [
            one
            for one in await agreements(self.exchange.readers, reach_of(self.caller))
            if (one.source, one.destination) == (self.pair.source, self.pair.destination)
        ]
        tables = [table.within(months) for table in await tables_of(self.exchange, found)]
        tables = [table for table in tables if table.rows or table.refunds]
        if not tables:
            raise not_here()
        return sorted(tables, key=lambda table: table.agreement.valid_from)

    async def carbon(self, tables: Sequence[AgreementTable]) -> Carbon:
        """What was emitted under these versions."""
        months = months_of(self.pair.quarter)
        return carbon_of(tables, await emitted_by_pair(self.exchange.readers, self.pair, months))


def _desk(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
) -> Desk:
    """Dependency: whoever is signed in, before the quarter that the address names."""
    return Desk(exchange, caller, PairQuarter(source, destination, quarter))


AT_DESK = {"desk": Provide(_desk, sync_to_thread=False)}


@get(PATH, dependencies=AT_DESK)
async def quarter_page(request: PageRequest, desk: NamedDependency[Desk]) -> Template:
    """The statement of a pair for a quarter, and the forms by which regions and offices answer it."""
    return await desk.show(Reader({}), done=next((what for what in DONE if what in request.query_params), ""))


@get(f"{PATH}/export", dependencies=AT_DESK)
async def quarter_file(desk: NamedDependency[Desk]) -> Response[bytes]:
    """The same as CSV: a row for each kind and party."""
    exchange, pair, tables = desk.exchange, desk.pair, await desk.tables()
    sides = await sides_shown(exchange, pair, tables)
    kinds = [kind_of(kind, tables, sides) for kind in KINDS]
    rows = quarter_csv(pair, tables, kinds, await desk.carbon(tables), sides, exchange.catalogue)
    return csv_file(f"suanli-{pair.source}-{pair.destination}-{pair.quarter}.csv", rows)


async def sides_shown(
    exchange: Exchange, pair: PairQuarter, tables: Sequence[AgreementTable]
) -> QuarterSides:
    """What is computed, said and recognised of a quarter under these versions."""
    quarter = quarter_named(pair.quarter, exchange.terms.utc_offset_seconds)
    assert quarter is not None, "a quarter with closed months is one"
    months, known = months_of(pair.quarter), [table.agreement for table in tables]
    booked = await booked_versions(exchange.readers, pair, months)
    parties = parties_between(known, pair, quarter.begins, quarter.ends, booked)
    return await sides_of(exchange.readers, pair, parties, months)


def as_typed(figures: QuarterFigures) -> dict[str, list[str]]:
    """Figures as the form of a confirmation holds them, in yuan."""
    return {f"{one.kind}-{one.region}": [plain_yuan(one.fen)] for one in figures.figures}


def _may(caller: Caller, sides: QuarterSides) -> Iterator[str]:
    """What the caller can do about a quarter once all of its months are closed."""
    parties = {one.region for one in sides.computed.figures}
    if not sides.closed:
        return
    if Role.REGION in caller.roles and caller.region in parties and sides.agreed is None:
        yield "answer"
    if Role.CLERK in caller.roles or caller.region in parties:
        yield "recognise"
