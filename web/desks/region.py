"""The region desk: what agreements give a region and its partners to count, down to the statement line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries import regions as queries
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.regions import SharedFigure, SharedPeriod
from exchange.persistence.queries.statements import Reach, lines_of, statement_of
from settlement.agreements import PairAgreement
from settlement.ledger.chart import AccountKind
from web.pages.routing import PageRequest, not_here, page
from web.pages.statement import laid_out
from web.session import Caller

KINDS = (AccountKind.REVENUE, AccountKind.TAX, AccountKind.GDP)
LINES = 200


@dataclass(frozen=True, slots=True)
class Shared:
    """One kind of figure: what was to be shared, by the statements, and each party's part of it, by the memo ledger."""

    kind: AccountKind
    base: int
    parts: Mapping[str, int]

    @property
    def adds_up(self) -> bool:
        """Whether the two books say the same, to the fen."""
        return self.base == sum(self.parts.values())


@dataclass(frozen=True, slots=True)
class SharedRow:
    """One period under one agreement."""

    period: SharedPeriod
    shared: Sequence[Shared]


@dataclass(frozen=True, slots=True)
class AgreementTable:
    """An agreement with all its closed periods, newest first, and their sum."""

    agreement: PairAgreement
    rows: Sequence[SharedRow]
    total: Sequence[Shared]

    @property
    def adds_up(self) -> bool:
        """Whether every figure does."""
        return all(one.adds_up for row in self.rows for one in row.shared)


@get("/region")
async def region_page(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Template:
    """The agreements that the caller's region is a party of, period by period."""
    agreements = await queries.agreements(exchange.readers, caller.region)
    return page(
        "region/page.html",
        caller,
        clock=await clock(exchange.readers),
        tables=await _tables(exchange, agreements),
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
    agreements = await queries.agreements(exchange.readers, caller.region)
    found = [one for one in agreements if (one.id, one.version) == (agreement_id, version)]
    tables = await _tables(exchange, found)
    rows = [row for table in tables for row in table.rows if row.period.period == period]
    if not rows:
        raise not_here()
    after = _after(request)
    lines = await queries.shared_lines(exchange.readers, _name(found[0]), period, after, LINES + 1)
    return page(
        "region/period.html",
        caller,
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
    shown = laid_out(statement, await lines_of(exchange.readers, statement.id))
    return page("region/statement.html", caller, shown=shown, catalogue=exchange.catalogue)


_FIRST = ("", -1)


def _after(request: PageRequest) -> tuple[str, int]:
    """The line after which the page begins: `after=run-1/lse-9.0`."""
    statement, _, n = request.query_params.get("after", "").rpartition(".")
    return (statement, int(n)) if statement and n.isdecimal() and len(n) < 9 else _FIRST


async def _tables(exchange: Exchange, agreements: Sequence[PairAgreement]) -> list[AgreementTable]:
    named = [_name(agreement) for agreement in agreements]
    figures = await queries.shared_figures(exchange.readers, named)
    periods = await queries.shared_periods(exchange.readers, named)
    return [_table(agreement, figures, periods) for agreement in agreements]


def _table(
    agreement: PairAgreement, figures: Iterable[SharedFigure], periods: Iterable[SharedPeriod]
) -> AgreementTable:
    rows = [
        SharedRow(period, [_shared(kind, [period], agreement, figures) for kind in KINDS])
        for period in periods
        if period.agreement == _name(agreement)
    ]
    every = [row.period for row in rows]
    return AgreementTable(agreement, rows, [_shared(kind, every, agreement, figures) for kind in KINDS])


def _shared(
    kind: AccountKind,
    periods: Sequence[SharedPeriod],
    agreement: PairAgreement,
    figures: Iterable[SharedFigure],
) -> Shared:
    """One kind of figure over some periods."""
    runs = {period.run for period in periods}
    wanted = [one for one in figures if (one.agreement, one.kind) == (_name(agreement), kind)]
    parts = {
        region: sum(one.amount for one in wanted if one.region == region and one.run in runs)
        for region in agreement.parties
    }
    return Shared(kind, sum(_base(kind, period) for period in periods), parts)


def _base(kind: AccountKind, period: SharedPeriod) -> int:
    """What there was to share."""
    bases = {
        AccountKind.REVENUE: period.net,
        AccountKind.TAX: period.local_retained,
        AccountKind.GDP: period.gdp_base,
    }
    return bases[kind]


def _name(agreement: PairAgreement) -> str:
    return f"{agreement.id}/{agreement.version}"
