"""Examples of programmes, as the press and copies of the notices told them: a start for an issuer, and no legal text.

Each names its source and date. What no source says is assumed, and the note says so.
"""

from dataclasses import dataclass, replace

from settlement.money import BasisPoints, Fen
from settlement.terms import VoucherMode
from settlement.vouchers.programme import (
    BudgetSpan,
    Buyers,
    ChipOrigin,
    Coverage,
    Evidence,
    ProductLine,
    Programme,
)

MILLION_YUAN = 100_000_000
"""In fen."""

CLAIM = (Evidence.CONTRACT, Evidence.INVOICE, Evidence.PAYMENT, Evidence.USAGE)


@dataclass(frozen=True, slots=True)
class Preset:
    """An example of a programme: where its rules were read, of which day they are, and what was assumed."""

    programme: Programme
    source: str
    dated: str
    note: str


def _at(rate_bp: int, product: ProductLine, origin: ChipOrigin | None = None) -> Coverage:
    return Coverage(product, origin, BasisPoints(rate_bp))


def _million(yuan: int) -> Fen:
    return Fen(yuan * MILLION_YUAN)


SHANGHAI_COMPUTE = Programme(
    id="shanghai-compute",
    version=1,
    issuer="310000",
    buyers=Buyers(regions=("310000",)),
    coverage=(_at(3000, ProductLine.COMPUTE),),
    mode=VoucherMode.DEDUCT_AT_CHECKOUT,
    valid_from=1753632000,  # 28 July 2025, midnight in Beijing
    valid_to=None,
    budget=_million(600),
    evidence=CLAIM,
)

SHANGHAI_MODEL = replace(
    SHANGHAI_COMPUTE,
    id="shanghai-model",
    coverage=(_at(5000, ProductLine.MODEL_SERVICE),),
    per_order_cap=_million(5),
    budget=_million(300),
)

SHANGHAI_CORPUS = replace(
    SHANGHAI_COMPUTE,
    id="shanghai-corpus",
    coverage=(_at(3000, ProductLine.CORPUS),),
    budget=_million(100),
)

HANGZHOU = Programme(
    id="hangzhou-compute",
    version=1,
    issuer="330100",
    buyers=Buyers(regions=("330100",)),
    coverage=(
        _at(3000, ProductLine.MODEL_SERVICE),
        _at(3000, ProductLine.COMPUTE, ChipOrigin.DOMESTIC),
        _at(2000, ProductLine.COMPUTE, ChipOrigin.FOREIGN),
    ),
    mode=VoucherMode.REIMBURSE_BUYER,
    valid_from=1735660800,  # 1 January 2025, midnight in Beijing
    valid_to=None,
    yearly_cap=_million(8),
    budget=_million(250),
    budget_span=BudgetSpan.CALENDAR_YEAR,
    evidence=CLAIM,
)

BEIJING = Programme(
    id="beijing-compute",
    version=1,
    issuer="110000",
    buyers=Buyers(regions=("110000",), industries=("software", "manufacturing")),
    coverage=(_at(2000, ProductLine.COMPUTE),),
    mode=VoucherMode.REIMBURSE_BUYER,
    valid_from=1693497600,  # 1 September 2023, midnight in Beijing
    valid_to=1767196800,  # the end of 2025
    yearly_cap=_million(2),
    evidence=CLAIM,
)

QINGYANG = Programme(
    id="qingyang-compute",
    version=1,
    issuer="621000",
    buyers=Buyers(),
    coverage=(_at(3000, ProductLine.COMPUTE),),
    mode=VoucherMode.CLAIMED_BY_SUPPLIER,
    valid_from=1735660800,  # 1 January 2025, midnight in Beijing
    valid_to=None,
    budget=_million(100),
    budget_span=BudgetSpan.CALENDAR_YEAR,
    evidence=(*CLAIM, Evidence.AUDIT),
)

YANGZHOU = Programme(
    id="yangzhou-compute",
    version=1,
    issuer="321000",
    buyers=Buyers(regions=("321000",)),
    coverage=(_at(3000, ProductLine.COMPUTE),),
    mode=VoucherMode.REIMBURSE_BUYER,
    valid_from=1704038400,  # 1 January 2024, midnight in Beijing
    valid_to=None,
    evidence=CLAIM,
)

PRESETS = (
    Preset(
        SHANGHAI_COMPUTE,
        "henan.baitongwang.com 45568, quoting 上海经信委",
        "2025-07-28",
        "At most 30 % of rent. Assumed: deducted at checkout, no cap for one buyer; no district programme beside it.",
    ),
    Preset(
        SHANGHAI_MODEL,
        "henan.baitongwang.com 45568, quoting 上海经信委",
        "2025-07-28",
        "At most 50 % of a contract and 5 million yuan. Assumed: deducted at checkout.",
    ),
    Preset(
        SHANGHAI_CORPUS,
        "henan.baitongwang.com 45568, quoting 上海经信委",
        "2025-07-28",
        "At most 30 %. Assumed: deducted at checkout.",
    ),
    Preset(
        HANGZHOU,
        "bobomg.com",
        "undated",
        "30 % on domestic chips and model services, 20 % on other chips. Assumed: the first day, reimbursed.",
    ),
    Preset(
        BEIJING,
        "tzbaoxian.cn and tiqiu90.cn, copies of the notice",
        "2023-09-01",
        "Storage, network and security are left out; sellers are unrelated. Assumed: 20 %, and the last day.",
    ),
    Preset(
        QINGYANG,
        "ituling 4964911; chacewang news632826",
        "undated",
        "The supplier claims first, and buyer and supplier not both. Its own target of 5,000 P is not judged here. "
        "Assumed: the first day, buyers from anywhere.",
    ),
    Preset(
        YANGZHOU,
        "扬府办发 2024, no. 25: js.010b.com 26698, yz.calasae.org.cn/xgzc/485",
        "2024",
        "Paid in full first, settled on actual amounts, sellers unrelated. Assumed: 30 %, and the first day.",
    ),
)
