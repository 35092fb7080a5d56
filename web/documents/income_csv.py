"""A quarter's income of each seller, as the platform reports it by the end of the month after (State Council Order 810)."""

from collections.abc import Iterable

from exchange.catalogue.catalogue import Catalogue
from exchange.persistence.queries.income import SellerIncome
from web.documents.csv_file import BOM, csv_rows, yuan_cell

HEAD = (
    "Quarter 季度",
    "Months included 所含月份",
    "Seller 平台内经营者",
    "Name 名称",
    "Registered in 注册地",
    "Taxpayer id 统一社会信用代码",
    "Statements 结算单数",
    "Income, yuan 收入总额",
    "Refunds, yuan 退款金额",
    "Income less refunds, yuan 收入净额",
)


def income_csv(
    quarter: str, months: Iterable[str], incomes: Iterable[SellerIncome], catalogue: Catalogue
) -> str:
    """A row for each seller, over these months. Taxpayer ids are the clerk's to fill in: the venue keeps none."""
    included = " ".join(months)
    rows = [
        [
            quarter,
            included,
            income.seller,
            income.name,
            catalogue.regions[income.region].name_zh if income.region in catalogue.regions else income.region,
            None,
            income.statements,
            yuan_cell(income.gross),
            yuan_cell(-income.refunds),
            yuan_cell(income.net),
        ]
        for income in incomes
    ]
    return BOM + csv_rows([HEAD, *rows])
