"""A statement on paper: the figures of its page, with the names of buyer and seller, to be filed by an accountant."""

from collections.abc import Iterator, Mapping, Sequence

from reportlab.platypus import Flowable, PageBreak, Paragraph, Spacer

from exchange.catalogue.catalogue import Catalogue
from exchange.persistence.queries.statements import StoredLine
from matching.terms import RegionCode
from settlement.credit_notes import CreditNoteState
from web.documents.paper import (
    BODY,
    CELL,
    FIGURE,
    SMALL,
    SMALL_FIGURE,
    TITLE,
    TOTAL,
    WIDTH,
    facts,
    heading,
    pdf,
    table,
    text,
)
from web.documents.places import place
from web.pages.formats import NOTHING, agreed_price, measured, per, thousandths, yuan
from web.pages.statement import FigureRow, LaidOut

ACROSS = 5
"""How many columns of figures fit on a page, the sum of all lines among them."""

COLUMN = WIDTH * 0.134
"""How broad a column of figures is. What they leave is for the names of the figures: a third of the page at least."""

POWER = (
    ("Cards drew, kWh 算力设备", "it_wh"),
    ("Facility drew, kWh 数据中心", "facility_wh"),
    ("Green certificates, kWh 绿证", "certified_wh"),
    ("CO2 by the grid, kg 基于位置", "location_based_g"),
    ("CO2 after certificates, kg 基于市场", "market_based_g"),
)
NOTE_STATES = {
    CreditNoteState.DRAFT: "draft 草稿",
    CreditNoteState.AWAITING_CONFIRMATION: "awaits confirmation 待确认",
    CreditNoteState.CONFIRMED: "confirmed 已确认",
    CreditNoteState.ISSUED: "issued 已开具",
    CreditNoteState.LAPSED: "lapsed 已失效",
}

NOTE = (
    "Each line is one price in one service period under one agreement. A total is the sum of its lines and is rounded "
    "nowhere else. Figures by region are accounting under the agreement, not a tax filing, not official statistics. Tax "
    "is assessed by period: what stands here is an estimate. This is a statement 结算单, not an invoice 发票. "
    "Power and carbon are reckoned from tables and delivered card-seconds: not a measurement, not a report of emissions."
)


def statement_pdf(shown: LaidOut, names: Mapping[str, str], catalogue: Catalogue) -> bytes:
    """The statement as a file. Party names come by their ids; the same statement has the same bytes, always."""

    def content() -> list[Flowable]:
        flow: list[Flowable] = [text(f"Statement 结算单 {shown.statement.id}", TITLE), Spacer(0, 8)]
        flow += [_facts(shown, names, catalogue)]
        for n, columns in enumerate(_across(len(shown.lines))):
            flow += [PageBreak()] if n else []
            flow += [*heading(_lines(columns, len(shown.lines))), _figures(shown, columns, catalogue)]
            if any(line.emissions for line in shown.lines):
                flow += [*heading("Power and carbon 能耗与碳"), _power(shown, columns, catalogue)]
        flow += [*heading("Refunds 退款"), _refunds(shown)] if shown.refunds else []
        flow += [*heading("Paid by regions 财政兑付"), _received(shown)] if shown.uses else []
        return [*flow, Spacer(0, 8), text(NOTE, SMALL)]

    return pdf(f"Statement {shown.statement.id}", content)


def _facts(shown: LaidOut, names: Mapping[str, str], catalogue: Catalogue) -> Flowable:
    statement = shown.statement
    told = [
        ("Closed with 账期", statement.period, "in yuan 人民币元"),
        ("Buyer 买方", _party(statement.buyer, names), place(statement.source, catalogue)),
        ("Seller 卖方", _party(statement.seller, names), place(statement.destination, catalogue)),
        ("About 标的", statement.subject, ""),
        ("Charged 应付", yuan(statement.charged), "VAT included 含税"),
        ("Released 退回", yuan(statement.released), "was held and not charged"),
    ]
    rows = [[text(name, SMALL), text(value), text(more, SMALL)] for name, value, more in told]
    return facts(rows, [WIDTH * 0.18, WIDTH * 0.47, WIDTH * 0.35])


def _refunds(shown: LaidOut) -> Flowable:
    """What was given back of each line since, and how its credit note stands."""
    figures = ("To the buyer", "To vouchers", "Net 不含税", "VAT 税额", "Fee 平台费")
    head = [text("Refund 退款", SMALL), text("Line 行", SMALL), *(text(one, SMALL_FIGURE) for one in figures)]
    rows = [[*head, text("Credit note 红字发票", SMALL)]]
    for refund in shown.refunds:
        off = refund.correction
        to_vouchers = sum(back.amount for back in refund.returned)
        amounts = (refund.to_buyer, to_vouchers, off.net_fen, off.vat_fen, off.fee_fen)
        told = [
            text(f"{refund.id}: {refund.reason} ({refund.reference})", CELL),
            text(str(refund.n + 1), CELL),
        ]
        state = text(NOTE_STATES[refund.note.state], CELL)
        rows.append([*told, *(text(yuan(fen), FIGURE) for fen in amounts), state])
    return table(rows, [WIDTH * part for part in (0.2, 0.06, 0.12, 0.12, 0.12, 0.11, 0.1, 0.17)])


def _received(shown: LaidOut) -> Flowable:
    """What regions have paid of what vouchers cover, and what they owe still."""
    names, figures = (
        ("Voucher 算力券", "Line 行", "To"),
        ("Covered", "Refunded", "Paid 已兑付", "Open 未兑付"),
    )
    rows = [[*(text(one, SMALL) for one in names), *(text(one, SMALL_FIGURE) for one in figures)]]
    for use in shown.uses:
        told = (f"{use.voucher} of {use.programme}", str(use.n + 1), use.party)
        amounts = (use.covered, use.returned, use.paid, use.open)
        rows.append([*(text(one, CELL) for one in told), *(text(yuan(fen), FIGURE) for fen in amounts)])
    return table(rows, [WIDTH * part for part in (0.3, 0.06, 0.16, 0.12, 0.12, 0.12, 0.12)])


def _party(party: str, names: Mapping[str, str]) -> str:
    return f"{names[party]} ({party})" if names.get(party, party) != party else party


Columns = tuple[range, bool]
"""Lines that stand side by side, and whether their sum stands beside them."""


def _across(lines: int) -> Iterator[Columns]:
    """Every line once, as many beside one another as fit, and the sum beside the last of them."""
    for start in range(0, lines + 1, ACROSS):
        yield range(start, min(start + ACROSS, lines)), start + ACROSS > lines


def _lines(columns: Columns, lines: int) -> str:
    within, _ = columns
    if not within:
        return "All lines together"
    first, last = within[0] + 1, within[-1] + 1
    return f"Line {first} of {lines}" if first == last else f"Lines {first} to {last} of {lines}"


def _figures(shown: LaidOut, columns: Columns, catalogue: Catalogue) -> Flowable:
    within, with_sum = columns
    lines = [shown.lines[n] for n in within]
    head = [text("In yuan", SMALL), *(text(f"Line {n + 1}", TOTAL) for n in within)]
    rows = [[*head, *([text("Together", TOTAL)] if with_sum else [])]]
    for name, told in _told(lines):
        rows.append([text(name), *(text(one, FIGURE) for one in told), *([text("")] if with_sum else [])])
    for name, amounts in _before(shown):
        rows.append([text(name), *_amounts(amounts, columns, strong=False)])
    rows += [
        [_name(row, catalogue), *_amounts(row.figures, columns, strong=row.is_strong)] for row in shown.rows
    ]
    strong = [len(rows) - len(shown.rows) + n for n, row in enumerate(shown.rows) if row.is_strong]
    return table(rows, _widths(len(rows[0]) - 1), strong)


def _power(shown: LaidOut, columns: Columns, catalogue: Catalogue) -> Flowable:
    """What lines drew and emitted, in kWh and kg, and each region's part; a line of tokens has nothing here."""
    within, with_sum = columns
    head = [text("By line", SMALL), *(text(f"Line {n + 1}", TOTAL) for n in within)]
    rows = [[*head, *([text("Together", TOTAL)] if with_sum else [])]]
    figures = [
        (name, [None if line.emissions is None else getattr(line.emissions, figure) for line in shown.lines])
        for name, figure in POWER
    ]
    figures += [
        (f"CO2 of {place(RegionCode(region), catalogue)}, kg", shown.emitted_by(region))
        for region in shown.emitting
    ]
    for name, told in figures:
        amounts = [
            text(NOTHING if (value := told[n]) is None else thousandths(value), FIGURE) for n in within
        ]
        total = [text(thousandths(sum(value for value in told if value is not None)), FIGURE)]
        rows.append([text(name), *amounts, *(total if with_sum else [])])
    return table(rows, _widths(len(rows[0]) - 1))


def _widths(columns: int) -> list[float]:
    """The widths of a table with so many columns of figures beside their names."""
    return [WIDTH - columns * COLUMN, *[COLUMN] * columns]


def _told(lines: Sequence[StoredLine]) -> list[tuple[str, list[str]]]:
    """What a line says beside its amounts."""
    packages = [("Package 词元包", [line.package or NOTHING for line in lines])]
    return [
        ("Served in 服务月份", [line.service_period for line in lines]),
        ("Measured 计量", [measured(line.quantity, line.meter) for line in lines]),
        ("Lost 未交付", [measured(line.lost, line.meter) for line in lines]),
        ("Price 单价", [f"{agreed_price(line.price)} per {per(line.meter)}" for line in lines]),
        ("Agreement 协议", [line.agreement or NOTHING for line in lines]),
        *(packages if any(line.package for line in lines) else []),
    ]


def _before(shown: LaidOut) -> list[tuple[str, Sequence[int]]]:
    """What is not charged, and why."""
    return [(f"{title} {chinese}".rstrip(), amounts) for title, chinese, amounts in shown.before]


def _name(row: FigureRow, catalogue: Catalogue) -> Paragraph:
    indent = "\u00a0\u00a0\u00a0" if row.is_part else ""
    more = place(RegionCode(row.region), catalogue) if row.region else row.chinese
    return text(f"{indent}{row.title} {more}".rstrip(), BODY)


def _amounts(figures: Sequence[int], columns: Columns, *, strong: bool) -> list[Paragraph]:
    within, with_sum = columns
    style = TOTAL if strong else FIGURE
    amounts = [text(yuan(figures[n]), style) for n in within]
    return [*amounts, text(yuan(sum(figures)), style)] if with_sum else amounts
