"""A pair's quarter as a table for a spreadsheet: a row for each figure and party."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from exchange.catalogue.catalogue import Catalogue
from exchange.persistence.queries.quarters import QuarterSides
from settlement.money import BasisPoints
from settlement.quarters import PairQuarter
from web.desks.quarter_figures import Carbon, Kind
from web.desks.shared import AgreementTable, name_of
from web.documents.csv_file import Cell, yuan_cell
from web.pages.formats import per_cent

NOTE = "Accounting under the agreement: not a tax filing, not official statistics"
CARBON_NOTE = f"{NOTE}; reckoned from tables, not a report of emissions"
HEAD: Sequence[Cell] = (
    "Quarter 季度",
    "Months included 所含月份",
    "Agreements 协议",
    "Source 需求地",
    "Destination 供给地",
    "Figure 指标",
    "Region 地区",
    "Region's code 地区代码",
    "To share, yuan 可分配",
    "Share, % 约定比例",
    "Posted, yuan 入账",
    "Refunded, yuan 退款",
    "Computed, yuan 核算",
    "Agreed, yuan 确认",
    "Agreed less computed, yuan 确认差额",
    "Recognised, yuan 认定",
    "Recognised less agreed, yuan 认定差额",
    "Region says 地区意见",
    "To share, kg of CO₂ 可分配碳",
    "Computed, kg of CO₂ 核算碳",
    "Note 说明",
)
FIGURES = {"revenue": "Revenue 收入", "tax": "Retained tax 税收", "gdp": "GDP 增加值", "carbon": "Carbon 碳"}
WORDS = {"confirmed": "Confirmed 确认", "disputed": "Disputed 异议", None: None}


def quarter_csv(
    pair: PairQuarter,
    tables: Sequence[AgreementTable],
    kinds: Sequence[Kind],
    carbon: Carbon,
    sides: QuarterSides,
    catalogue: Catalogue,
) -> Iterator[Sequence[Cell]]:
    """The header and the rows, money first. An amount that there is not, or not yet, is left empty."""

    def place(code: str) -> str:
        region = {str(known): region for known, region in catalogue.regions.items()}.get(code)
        return code if region is None else region.name_zh

    yield HEAD
    months = " ".join(sorted({row.period.period for table in tables for row in table.rows}))
    versions = " ".join(name_of(table.agreement) for table in tables)
    of_all = (pair.quarter, months, versions, place(pair.source), place(pair.destination))
    for one in kinds:
        for part in one.parts:
            figures = (part.posted, part.refunded, part.computed, part.agreed, part.agreed_less_computed)
            money = [_yuan(fen) for fen in (*figures, part.recognised, part.recognised_less_agreed)]
            of_region = (FIGURES[one.kind], place(part.region), part.region)
            said = (WORDS[sides.says(part.region)], None, None, NOTE)
            yield *of_all, *of_region, _yuan(one.base), _share(part.shares), *money, *said
    for emitted in carbon.parts:
        of_region = (FIGURES["carbon"], place(emitted.region), emitted.region)
        kilograms = (_kilograms(carbon.found.emitted.market_based_g), _kilograms(emitted.grams))
        yield *of_all, *of_region, None, _share(emitted.shares), *(None,) * 8, *kilograms, CARBON_NOTE


def _yuan(fen: int | None) -> Cell:
    return None if fen is None else yuan_cell(fen)


def _kilograms(grams: int) -> Cell:
    return Decimal(grams).scaleb(-3)


def _share(shares: Sequence[BasisPoints]) -> Cell:
    """One share as a number; those of several versions as a text, the earliest first."""
    return Decimal(per_cent(shares[0])) if len(shares) == 1 else " ".join(map(per_cent, shares))
