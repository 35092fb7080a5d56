"""The region desk's quarters: what a pair shared in three months, in one table, as a flow, and as a file."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries.regions import agreements
from settlement.agreements import PairAgreement
from settlement.ledger.chart import AccountKind
from settlement.money import BasisPoints
from web.desks.shared import KINDS, AgreementTable, own_shares, tables_of
from web.pages.charts import FlowChart, flow_chart
from web.pages.exports import Cell, csv_file
from web.pages.routing import not_here, page
from web.session import Caller

LABEL = "Accounting under the agreement: not a tax filing, not official statistics"
NO_CARBON = f"{LABEL}; shares are recorded, no quantity is yet"
COLUMNS: Sequence[Cell] = (
    "quarter",
    "months",
    "agreement",
    "version",
    "source",
    "destination",
    "kind",
    "region",
    "region_name",
    "to_share_fen",
    "agreed_share_bp",
    "computed_fen",
    "recognised_fen",
    "label",
)

_QUARTER = re.compile(r"(\d{4})-Q([1-4])\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """What one party counts of one kind: the shares that were agreed, by version, and what the memo ledger has, in fen."""

    region: str
    agreed: Sequence[BasisPoints]
    computed: int


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind over the quarter: what there was to share by the statements, the parties' parts, and how it flowed."""

    kind: AccountKind
    base: int
    parts: Sequence[Part]
    flow: FlowChart | None

    @property
    def adds_up(self) -> bool:
        """Whether the two books say the same, to the fen."""
        return self.base == sum(part.computed for part in self.parts)


def quarter_of(period: str) -> str:
    """The quarter in which a month such as `2026-10` lies: `2026-Q4`."""
    year, month = period.split("-")
    return f"{year}-Q{(int(month) + 2) // 3}"


def months_of(quarter: str) -> list[str]:
    """The months of a quarter, or none if it is no quarter."""
    read = _QUARTER.match(quarter)
    return [] if read is None else [f"{read[1]}-{3 * int(read[2]) - 2 + n:02}" for n in range(3)]


def quarters_of(tables: Sequence[AgreementTable]) -> list[tuple[str, str, str]]:
    """The pairs and quarters that have a closed month: (source, destination, quarter), the latest quarter first."""
    found = {
        (table.agreement.source, table.agreement.destination, quarter_of(row.period.period))
        for table in tables
        for row in table.rows
    }
    return sorted(found, key=lambda one: (one[2], one), reverse=True)


@get("/region/pairs/{source:str}/{destination:str}/{quarter:str}")
async def quarter_page(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
) -> Template:
    """The statement of a pair for a quarter."""
    tables = await _tables_of_pair(exchange, caller, source, destination, quarter)
    months = sorted({row.period.period for table in tables for row in table.rows})
    return page(
        "region/quarter.html",
        caller,
        quarter=quarter,
        source=source,
        destination=destination,
        months=months,
        missing=[month for month in months_of(quarter) if month not in months],
        agreements=[table.agreement for table in tables],
        kinds=[_kind(kind, tables) for kind in KINDS],
        carbon=_carbon(tables),
        catalogue=exchange.catalogue,
    )


@get("/region/pairs/{source:str}/{destination:str}/{quarter:str}/export")
async def quarter_file(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
) -> Response[bytes]:
    """The same as CSV: a row for each version, kind and party."""
    tables = await _tables_of_pair(exchange, caller, source, destination, quarter)
    names = {str(code): region.name_en for code, region in exchange.catalogue.regions.items()}
    rows = [row for table in tables for row in _rows(quarter, table, names)]
    return csv_file(f"suanli-{source}-{destination}-{quarter}.csv", [COLUMNS, *rows])


async def _tables_of_pair(
    exchange: Exchange, caller: Caller, source: str, destination: str, quarter: str
) -> list[AgreementTable]:
    """The pair's versions that have a closed month in the quarter, the earliest first, with those months alone."""
    months = months_of(quarter)
    found = [
        one
        for one in await agreements(exchange.readers, caller.region)
        if (one.source, one.destination) == (source, destination)
    ]
    tables = [table.within(months) for table in await tables_of(exchange, found)]
    tables = [table for table in tables if table.rows]
    if not tables:
        raise not_here()
    return sorted(tables, key=lambda table: table.agreement.valid_from)


def _kind(kind: AccountKind, tables: Sequence[AgreementTable]) -> Kind:
    shared = [one for table in tables for one in table.total if one.kind is kind]
    parts = [
        Part(region, agreed, sum(one.parts.get(region, 0) for one in shared))
        for region, agreed in _agreed(tables, lambda agreement: own_shares(agreement, kind)).items()
    ]
    flow = flow_chart([part.computed for part in parts])
    return Kind(kind, sum(one.base for one in shared), parts, flow)


def _carbon(tables: Sequence[AgreementTable]) -> dict[str, list[BasisPoints]]:
    """The shares of emissions that were agreed. No quantity is settled yet, so there is nothing that they are of."""
    return _agreed(tables, lambda agreement: agreement.shares.carbon)


def _agreed(
    tables: Sequence[AgreementTable], shares_of: Callable[[PairAgreement], Sequence[BasisPoints]]
) -> dict[str, list[BasisPoints]]:
    """Every party's shares, version by version: the source first, the destination last."""
    ends = {tables[0].agreement.source, tables[0].agreement.destination}
    between = [code for table in tables for code in table.agreement.parties if code not in ends]
    found: dict[str, list[BasisPoints]] = {
        code: [] for code in (tables[0].agreement.source, *between, tables[0].agreement.destination)
    }
    for table in tables:
        # Where nothing was agreed about emissions, there are no shares.
        for code, share in zip(table.agreement.parties, shares_of(table.agreement), strict=False):
            found[code].append(share)
    return found


def _rows(quarter: str, table: AgreementTable, names: Mapping[str, str]) -> Iterator[Sequence[Cell]]:
    agreement = table.agreement
    months = " ".join(sorted(row.period.period for row in table.rows))
    of_all = (quarter, months, agreement.id, agreement.version, agreement.source, agreement.destination)
    for one in table.total:
        for code, share in zip(agreement.parties, own_shares(agreement, one.kind), strict=True):
            name = names.get(code, code)
            yield *of_all, str(one.kind), code, name, one.base, share, one.parts[code], None, LABEL
    for code, share in zip(agreement.parties, agreement.shares.carbon, strict=False):
        yield *of_all, "carbon", code, names.get(code, code), None, share, None, None, NO_CARBON
