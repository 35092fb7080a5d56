"""A pair's quarter: computed, agreed and recognised in one table, as a flow, and as a file."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.periods import quarter_named, quarter_of
from exchange.persistence.queries.power import PairEmitted, emitted_by_pair
from exchange.persistence.queries.quarters import QuarterSides, booked_versions, sides_of
from exchange.persistence.queries.regions import agreements
from exchange.rejections import Rejected
from exchange.state import Role
from settlement.agreements import PairAgreement
from settlement.ledger.chart import AccountKind
from settlement.money import BasisPoints
from settlement.quarters import PairQuarter, QuarterFigures, parties_between
from settlement.sign_off import digest_of
from web.desks.agreements import desk_of, reach_of
from web.desks.shared import KINDS, AgreementTable, name_of, own_shares, tables_of
from web.documents.csv_file import Cell
from web.documents.exports import csv_file
from web.pages.charts import FlowChart, flow_chart
from web.pages.fields import Reader
from web.pages.formats import plain_yuan
from web.pages.routing import PageRequest, not_here, page
from web.session import Caller

LABEL = "Accounting under the agreement: not a tax filing, not official statistics"
CARBON_LABEL = f"{LABEL}; reckoned from tables, not a report of emissions"
COLUMNS: Sequence[Cell] = (
    "quarter",
    "months",
    "agreements",
    "source",
    "destination",
    "kind",
    "region",
    "region_name",
    "to_share_fen",
    "agreed_share_bp",
    "posted_fen",
    "refunded_fen",
    "computed_fen",
    "agreed_fen",
    "agreed_less_computed_fen",
    "recognised_fen",
    "recognised_less_agreed_fen",
    "region_says",
    "to_share_g",
    "computed_g",
    "label",
)

_QUARTER = re.compile(r"(\d{4})-Q([1-4])\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """What one party counts of one kind, in fen: by the memo ledger, as agreed, and as recognised; and its shares.

    The ledger has what statements `posted`, and what was `refunded` in the quarter, which is below zero. `shares` are
    those of the agreement, version by version. None where nothing is agreed, or no document recognises it.
    """

    region: str
    shares: Sequence[BasisPoints]
    posted: int
    refunded: int = 0
    agreed: int | None = None
    recognised: int | None = None

    @property
    def computed(self) -> int:
        """What is left."""
        return self.posted + self.refunded

    @property
    def agreed_less_computed(self) -> int | None:
        """What was agreed beyond what was computed."""
        return None if self.agreed is None else self.agreed - self.computed

    @property
    def recognised_less_agreed(self) -> int | None:
        """What is recognised beyond what was agreed."""
        return None if self.agreed is None or self.recognised is None else self.recognised - self.agreed


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind over the quarter: what there was to share by the statements, the parties' parts, and how it flowed."""

    kind: AccountKind
    base: int
    parts: Sequence[Part]
    flow: FlowChart | None

    @property
    def refunded(self) -> int:
        """What refunds took off all parts."""
        return sum(part.refunded for part in self.parts)

    @property
    def adds_up(self) -> bool:
        """Whether the two books say the same, to the fen."""
        return self.base == sum(part.computed for part in self.parts)


@dataclass(frozen=True, slots=True)
class CarbonPart:
    """What one party counts of emissions, in grams by the carbon book, and its shares, version by version."""

    region: str
    shares: Sequence[BasisPoints]
    grams: int


@dataclass(frozen=True, slots=True)
class Carbon:
    """Emissions over the quarter: what lines under the agreements emitted, the parties' parts, and how it flowed."""

    found: PairEmitted
    parts: Sequence[CarbonPart]
    flow: FlowChart | None


def months_of(quarter: str) -> list[str]:
    """The months of a quarter, or none if it is no quarter."""
    read = _QUARTER.match(quarter)
    return [] if read is None else [f"{read[1]}-{3 * int(read[2]) - 2 + n:02}" for n in range(3)]


def quarters_of(tables: Sequence[AgreementTable]) -> list[tuple[str, str, str]]:
    """The pairs and quarters that have a closed month or refunds: (source, destination, quarter), the latest quarter first."""
    found = {
        (table.agreement.source, table.agreement.destination, quarter_of(row.period.period))
        for table in tables
        for row in table.all_rows
    }
    return sorted(found, key=lambda one: (one[2], one), reverse=True)


@get("/region/pairs/{source:str}/{destination:str}/{quarter:str}")
async def quarter_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
) -> Template:
    """The statement of a pair for a quarter, and the forms by which regions and offices answer it."""
    done = next(
        (what for what in ("confirmed", "disputed", "recognised") if what in request.query_params), ""
    )
    pair = PairQuarter(source, destination, quarter)
    return await quarter_shown(exchange, caller, pair, Reader({}), None, done=done)


@get("/region/pairs/{source:str}/{destination:str}/{quarter:str}/export")
async def quarter_file(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    source: FromPath[str],
    destination: FromPath[str],
    quarter: FromPath[str],
) -> Response[bytes]:
    """The same as CSV: a row for each kind and party."""
    pair = PairQuarter(source, destination, quarter)
    tables = await _tables_of_pair(exchange, caller, pair)
    sides = await sides_shown(exchange, pair, tables)
    names = {str(code): region.name_en for code, region in exchange.catalogue.regions.items()}
    carbon = await _carbon(exchange, pair, tables)
    rows = _rows(pair, tables, sides, carbon, names)
    return csv_file(f"suanli-{source}-{destination}-{quarter}.csv", [COLUMNS, *rows])


async def quarter_shown(
    exchange: Exchange,
    caller: Caller,
    pair: PairQuarter,
    asked: Reader,
    rejection: Rejected | None,
    *,
    done: str = "",
) -> Template:
    """The page of a quarter, with what was typed into one of its forms."""
    tables = await _tables_of_pair(exchange, caller, pair)
    sides = await sides_shown(exchange, pair, tables)
    months = sorted({row.period.period for table in tables for row in table.rows})
    return page(
        "region/quarter.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        place=desk_of(caller),
        pair=pair,
        months=months,
        missing=[month for month in months_of(pair.quarter) if month not in months],
        agreements=[table.agreement for table in tables],
        kinds=[_kind(kind, tables, sides) for kind in KINDS],
        carbon=await _carbon(exchange, pair, tables),
        sides=sides,
        digest=digest_of(sides.computed),
        may=list(_may(caller, sides)),
        asked=Reader({**as_typed(sides.computed), **asked.sent}, asked.mistakes),
        rejection=rejection,
        done=done,
        catalogue=exchange.catalogue,
    )


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


async def _tables_of_pair(exchange: Exchange, caller: Caller, pair: PairQuarter) -> list[AgreementTable]:
    """The pair's versions that have a closed month or refunds in the quarter, the earliest first, with those alone."""
    months = months_of(pair.quarter)
    found = [
        one
        for one in await agreements(exchange.readers, reach_of(caller))
        if (one.source, one.destination) == (pair.source, pair.destination)
    ]
    tables = [table.within(months) for table in await tables_of(exchange, found)]
    tables = [table for table in tables if table.rows or table.refunds]
    if not tables:
        raise not_here()
    return sorted(tables, key=lambda table: table.agreement.valid_from)


def _kind(kind: AccountKind, tables: Sequence[AgreementTable], sides: QuarterSides) -> Kind:
    posted = [one for table in tables for one in table.posted if one.kind is kind]
    refunded = [one for table in tables for one in table.refunded if one.kind is kind]
    parts = [
        Part(
            region,
            shares,
            sum(one.parts.get(region, 0) for one in posted),
            sum(one.parts.get(region, 0) for one in refunded),
            sides.agreed_of(kind, region),
            sides.recognised_of(kind, region),
        )
        for region, shares in _shares_of(tables, lambda agreement: own_shares(agreement, kind)).items()
    ]
    flow = flow_chart([part.computed for part in parts])
    return Kind(kind, sum(one.base for one in (*posted, *refunded)), parts, flow)


async def _carbon(exchange: Exchange, pair: PairQuarter, tables: Sequence[AgreementTable]) -> Carbon:
    return carbon_of(tables, await emitted_by_pair(exchange.readers, pair, months_of(pair.quarter)))


def carbon_of(tables: Sequence[AgreementTable], found: PairEmitted) -> Carbon:
    """What was emitted, and what the carbon book gave each party of it: nothing where nothing was agreed about it."""
    shares = _shares_of(tables, lambda agreement: agreement.shares.carbon)
    parts = [CarbonPart(region, told, found.parts.get(region, 0)) for region, told in shares.items()]
    return Carbon(found, parts, flow_chart([part.grams for part in parts]))


def _shares_of(
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


def _rows(
    pair: PairQuarter,
    tables: Sequence[AgreementTable],
    sides: QuarterSides,
    carbon: Carbon,
    names: Mapping[str, str],
) -> Iterator[Sequence[Cell]]:
    months = " ".join(sorted({row.period.period for table in tables for row in table.rows}))
    versions = " ".join(name_of(table.agreement) for table in tables)
    of_all = (pair.quarter, months, versions, pair.source, pair.destination)
    for one in (_kind(kind, tables, sides) for kind in KINDS):
        for part in one.parts:
            figures = (part.posted, part.refunded, part.computed, part.agreed, part.agreed_less_computed)
            recognised = (part.recognised, part.recognised_less_agreed)
            of_region = (str(one.kind), part.region, names.get(part.region, part.region))
            said = (sides.says(part.region), None, None, LABEL)
            yield *of_all, *of_region, one.base, _told(part.shares), *figures, *recognised, *said
    for emitted in carbon.parts:
        of_region = ("carbon", emitted.region, names.get(emitted.region, emitted.region))
        grams = (carbon.found.emitted.market_based_g, emitted.grams, CARBON_LABEL)
        yield *of_all, *of_region, None, _told(emitted.shares), *(None,) * 8, *grams


def _told(shares: Sequence[BasisPoints]) -> Cell:
    """One share as a number; those of several versions as a text, the earliest first."""
    return shares[0] if len(shares) == 1 else " ".join(map(str, shares))
