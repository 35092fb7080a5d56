"""Statements as comma-separated files: one with a row for each line, or many with a row for each statement."""

from collections.abc import Iterable, Mapping

from exchange.catalogue.catalogue import Catalogue
from exchange.persistence.queries.statements import StoredEmissions, StoredStatement
from matching.terms import RegionCode
from web.documents.csv_file import BOM, Cell, csv_rows, price_cell, yuan_cell
from web.documents.places import place
from web.pages.statement import CREDITS, FigureRow, LaidOut

LISTED = (
    "Statement 结算单",
    "Period 账期",
    "About 标的",
    "Buyer 买方",
    "Buyer's name 买方名称",
    "Seller 卖方",
    "Seller's name 卖方名称",
    "Source 需求地",
    "Destination 供给地",
    "Charged, yuan 应付",
    "Released, yuan 退回",
    "Seller receives, yuan 应付卖方",
)

LINE = (
    "Line 行",
    "Served in 服务月份",
    "Meter 计量项",
    "Measured 计量",
    "Lost 未交付",
    "Price, yuan 单价",
    "Agreement 协议",
    "Package 词元包",
    "Before loss, yuan",
    "Beyond the budget, yuan",
    "Not delivered, yuan",
    "Covered by its package, yuan 词元包抵扣",
    *(f"{title}, yuan {chinese}" for title, chinese in CREDITS.values()),
)

POWER = (
    "Tables of power 碳表版本",
    "Cards drew, Wh 算力设备",
    "PUE, thousandths",
    "Grid, mg CO2 per kWh 电网",
    "Year of the grid's figure",
    "Facility drew, Wh 数据中心",
    "Green certificates, Wh 绿证",
    "CO2 by the grid, g 基于位置",
    "CO2 after certificates, g 基于市场",
)
"""Reckoned from tables and delivered card-seconds: not a measurement, not a report of emissions."""


def statement_csv(shown: LaidOut, catalogue: Catalogue) -> str:
    """A statement's lines, each with every figure in yuan, then what refunds take off them.

    Card-seconds and tokens are counted one by one.
    """
    statement = shown.statement
    emitting = shown.emitting
    of_regions = (f"CO2 of {place(RegionCode(region), catalogue)}, g" for region in emitting)
    head = (*LISTED[:2], *LINE, *(_title(row, catalogue) for row in shown.rows), *POWER, *of_regions)
    rows: list[list[Cell]] = [
        [
            statement.id,
            statement.period,
            n + 1,
            line.service_period,
            line.meter.value,
            line.quantity,
            line.lost,
            price_cell(line.price),
            line.agreement,
            line.package,
            yuan_cell(line.before_loss),
            yuan_cell(line.over_budget),
            yuan_cell(line.not_delivered),
            yuan_cell(line.from_package),
            *(yuan_cell(line.credited(reason)) for reason in CREDITS),
            *(yuan_cell(row.figures[n]) for row in shown.rows),
            *_power_cells(line.emissions),
            *(shown.emitted_by(region)[n] for region in emitting),
        ]
        for n, line in enumerate(shown.lines)
    ]
    given_back: list[list[Cell]] = [
        [
            statement.id,
            statement.period,
            f"{refund.n + 1} {refund.id}",
            None,
            "refund 退款",
            *[None] * (len(LINE) - 3),
            *(yuan_cell(row.of(refund.correction)) for row in shown.rows),
            *[None] * (len(POWER) + len(emitting)),
        ]
        for refund in shown.refunds
    ]
    return BOM + csv_rows([head, *rows, *given_back])


def _power_cells(emissions: StoredEmissions | None) -> list[Cell]:
    if emissions is None:
        return [None] * len(POWER)
    return [
        emissions.tables,
        emissions.it_wh,
        emissions.pue_milli,
        emissions.grid_mg_per_kwh,
        emissions.factor_year,
        emissions.facility_wh,
        emissions.certified_wh,
        emissions.location_based_g,
        emissions.market_based_g,
    ]


def list_head() -> str:
    """What a list of statements begins with."""
    return BOM + csv_rows([LISTED])


def list_rows(
    statements: Iterable[StoredStatement],
    names: Mapping[str, str],
    payouts: Mapping[str, int],
    catalogue: Catalogue,
) -> str:
    """A row for each statement. Names come by party, and what sellers receive by statement."""
    return csv_rows(
        [
            statement.id,
            statement.period,
            statement.subject,
            statement.buyer,
            names[statement.buyer],
            statement.seller,
            names[statement.seller],
            place(statement.source, catalogue),
            place(statement.destination, catalogue),
            yuan_cell(statement.charged),
            yuan_cell(statement.released),
            yuan_cell(payouts[statement.id]) if statement.id in payouts else None,
        ]
        for statement in statements
    )


def _title(row: FigureRow, catalogue: Catalogue) -> str:
    if row.region:
        return f"{row.title} {place(RegionCode(row.region), catalogue)}, yuan"
    return f"{row.title}, yuan {row.chinese}".rstrip()
