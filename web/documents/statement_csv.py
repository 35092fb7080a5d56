"""Statements as comma-separated files: one with a row for each line, or many with a row for each statement."""

from collections.abc import Iterable, Mapping

from exchange.catalogue.catalogue import Catalogue
from exchange.persistence.queries.statements import StoredStatement
from matching.terms import RegionCode
from web.documents.csv_file import BOM, Cell, csv_rows, price_cell, yuan_cell
from web.pages.statement import FigureRow, LaidOut

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
    "Before loss, yuan",
    "Beyond the budget, yuan",
)


def statement_csv(shown: LaidOut, catalogue: Catalogue) -> str:
    """A statement's lines, each with every figure in yuan, then what refunds take off them.

    Card-seconds and tokens are counted one by one.
    """
    statement = shown.statement
    head = (*LISTED[:2], *LINE, *(_title(row, catalogue) for row in shown.rows))
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
            yuan_cell(line.before_loss),
            yuan_cell(line.over_budget),
            *(yuan_cell(row.figures[n]) for row in shown.rows),
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
        ]
        for refund in shown.refunds
    ]
    return BOM + csv_rows([head, *rows, *given_back])


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
            _place(statement.source, catalogue),
            _place(statement.destination, catalogue),
            yuan_cell(statement.charged),
            yuan_cell(statement.released),
            yuan_cell(payouts[statement.id]) if statement.id in payouts else None,
        ]
        for statement in statements
    )


def _title(row: FigureRow, catalogue: Catalogue) -> str:
    if row.region:
        return f"{row.title} {_place(RegionCode(row.region), catalogue)}, yuan"
    return f"{row.title}, yuan {row.chinese}".rstrip()


def _place(code: RegionCode, catalogue: Catalogue) -> str:
    return catalogue.regions[code].name_zh if code in catalogue.regions else code
