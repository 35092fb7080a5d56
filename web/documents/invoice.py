"""What an invoice for a statement has to say (数电票): data for whoever issues it, and no invoice itself.

A line of a statement is a line of the invoice: the lines are the truth, totals are sums, and VAT is reckoned nowhere else.
A voucher changes nothing here: sales are all consideration (VAT Law art. 17). Two fields are left to the issuer, since the
venue does not know them: taxpayer ids (纳税人识别号) and the tax classification code (税收分类编码), on which no ruling for
card-hours was found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from exchange.catalogue.catalogue import Catalogue
from exchange.persistence.queries.billed import BilledLine
from exchange.persistence.queries.refunds import StoredRefund
from exchange.persistence.queries.statements import StoredStatement
from settlement.meters import Meter
from settlement.money import Fen
from web.documents.csv_file import BOM, Cell, csv_rows, yuan_cell

ITEMS = {"compute_service": "算力服务", "bare_metal_lease": "整机租赁", "basic_telecom": "基础电信服务"}
TOKENS = {
    Meter.INPUT_TOKENS: "大模型输入词元",
    Meter.CACHED_INPUT_TOKENS: "大模型缓存输入词元",
    Meter.OUTPUT_TOKENS: "大模型输出词元",
    Meter.PACKAGES: "大模型词元包",
}
UNITS = {Meter.CARD_SECONDS: "卡时", Meter.PACKAGES: "个"}

QUANTITY_PLACES = Decimal("0.000001")
PRICE_PLACES = Decimal(
    "0.0000000001"
)  # so that quantity times price is the amount to the fen, for ten million units

HEAD = (
    "Statement 结算单",
    "Buyer 购买方名称",
    "Buyer's taxpayer id 购买方纳税人识别号",
    "Seller 销售方名称",
    "Seller's taxpayer id 销售方纳税人识别号",
    "Line 行",
    "Tax classification 税收分类编码",
    "Item 项目名称",
    "Specification 规格型号",
    "Unit 单位",
    "Quantity 数量",
    "Unit price without VAT 单价",
    "Amount 金额",
    "Rate, % 税率",
    "VAT 税额",
    "Total 价税合计",
    "Remarks 备注",
)
MARK = "开票数据, 不是发票 Data for issuing, not an invoice"


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line as it goes onto the invoice. The price is without VAT; `n` is its line in the statement."""

    n: int
    item: str
    specification: str
    unit: str
    quantity: Decimal
    price: Decimal
    net: Fen
    rate_bp: int
    vat: Fen
    gross: Fen


@dataclass(frozen=True, slots=True)
class CreditNoteData:
    """What the credit note (红字发票) of a refund has to say, every amount below zero, and how it stands."""

    refund: StoredRefund
    line: InvoiceLine

    @property
    def net(self) -> Fen:
        """What it takes off the amount."""
        return self.refund.correction.net_fen

    @property
    def vat(self) -> Fen:
        """What it takes off the VAT."""
        return self.refund.correction.vat_fen

    @property
    def gross(self) -> Fen:
        """What it takes off the total."""
        return self.refund.correction.gross_fen


@dataclass(frozen=True, slots=True)
class InvoiceData:
    """All that a statement tells of its invoice, and of the credit notes that take parts of it back."""

    statement: StoredStatement
    buyer: str
    seller: str
    lines: Sequence[InvoiceLine]
    notes: Sequence[CreditNoteData]

    @property
    def net(self) -> Fen:
        """The amount of all lines."""
        return Fen(sum(line.net for line in self.lines))

    @property
    def vat(self) -> Fen:
        """The VAT of all lines."""
        return Fen(sum(line.vat for line in self.lines))

    @property
    def gross(self) -> Fen:
        """What is to be paid, VAT included."""
        return Fen(sum(line.gross for line in self.lines))


def invoice_data(
    statement: StoredStatement,
    lines: Sequence[BilledLine],
    refunds: Sequence[StoredRefund],
    names: Mapping[str, str],
    catalogue: Catalogue,
) -> InvoiceData:
    """What an invoice has to say, and what refunds take back of it. Lines that came to nothing stand on no invoice."""
    named = {line.n: _line(line, catalogue) for line in lines if line.line.figures.gross_fen}
    notes = [CreditNoteData(refund, named[refund.n + 1]) for refund in refunds]
    buyer, seller = names[statement.buyer], names[statement.seller]
    return InvoiceData(statement, buyer, seller, list(named.values()), notes)


def invoice_csv(data: InvoiceData) -> str:
    """The data as a file, a row for each line of the invoice and for each credit note."""
    rows: list[list[Cell]] = [
        [
            data.statement.id,
            data.buyer,
            None,
            data.seller,
            None,
            line.n,
            None,
            line.item,
            line.specification,
            line.unit,
            line.quantity,
            line.price,
            yuan_cell(line.net),
            Decimal(line.rate_bp).scaleb(-2),
            yuan_cell(line.vat),
            yuan_cell(line.gross),
            MARK,
        ]
        for line in data.lines
    ]
    notes: list[list[Cell]] = [
        [
            data.statement.id,
            data.buyer,
            None,
            data.seller,
            None,
            note.line.n,
            None,
            note.line.item,
            note.line.specification,
            *[None] * 3,
            yuan_cell(note.net),
            Decimal(note.line.rate_bp).scaleb(-2),
            yuan_cell(note.vat),
            yuan_cell(note.gross),
            f"红字发票 Credit note {note.refund.id}, {note.refund.note.state}: {MARK}",
        ]
        for note in data.notes
    ]
    return BOM + csv_rows([HEAD, *rows, *notes])


def _line(billed: BilledLine, catalogue: Catalogue) -> InvoiceLine:
    line, figures = billed.line, billed.line.figures
    delivered = line.quantity - line.lost
    quantity = Decimal(delivered) / line.meter.priced_by
    if billed.leased is None:
        item, specification = TOKENS[line.meter], line.package or billed.statement.subject
    else:
        chip = catalogue.chips.get(billed.leased.chip)
        item = ITEMS.get(billed.leased.line, billed.leased.line)
        specification = billed.leased.chip if chip is None else chip.name
    rounded = quantity.quantize(QUANTITY_PLACES, ROUND_HALF_UP)
    return InvoiceLine(
        n=billed.n,
        item=item,
        specification=specification,
        unit=UNITS.get(line.meter, "百万词元"),
        quantity=rounded.normalize(),
        price=(yuan_cell(figures.net_fen) / rounded).quantize(PRICE_PLACES, ROUND_HALF_UP).normalize(),
        net=figures.net_fen,
        rate_bp=billed.vat_rate_bp,
        vat=figures.vat_fen,
        gross=figures.gross_fen,
    )
