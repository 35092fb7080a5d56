"""A statement laid out for reading: each figure a row, each line a column, and the sum of all lines beside."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from exchange.app import Exchange
from exchange.persistence.queries.refunds import StoredRefund, refunds_of
from exchange.persistence.queries.statements import StoredLine, StoredStatement, lines_of
from exchange.persistence.queries.subsidies import ReceivedPart, received_for
from exchange.persistence.queries.vouchers import StoredUse, uses_of
from settlement.money import NOTHING, Fen
from settlement.rating.service_credits import CreditReason
from settlement.statement import Line, RegionShares

NAMES = {
    "gross_fen": ("Gross, VAT included", "含税价"),
    "net_fen": ("Net sales", "不含税"),
    "vat_fen": ("VAT inside", "增值税"),
    "fee_fen": ("Venue's fee", "平台费"),
    "fee_net_fen": ("of which net", ""),
    "fee_vat_fen": ("of which VAT", ""),
    "seller_net_fen": ("Seller's sales less the fee", ""),
    "seller_payout_fen": ("Seller receives in all", "应付卖方"),
    "voucher_fen": ("Covered by a voucher", "算力券"),
    "buyer_pays_fen": ("Buyer pays", "买方支付"),
    "government_pays_fen": ("Government pays", "财政支付"),
    "payout_on_charge_fen": ("Seller receives on the charge", ""),
    "payout_on_voucher_fen": ("Seller receives on the voucher", ""),
    "vat_payable_fen": ("VAT to be paid, estimate", "应纳增值税"),
    "vat_central_fen": ("of which central", "中央"),
    "vat_local_fen": ("of which local", "地方"),
    "surcharge_urban_fen": ("Urban maintenance surcharge", "城建税"),
    "surcharge_education_fen": ("Education surcharge", "教育费附加"),
    "surcharge_local_education_fen": ("Local education surcharge", "地方教育附加"),
    "local_retained_fen": ("Stays with local government", "地方留存"),
    "revenue_by_region_fen": ("Revenue of", "收入"),
    "tax_by_region_fen": ("Retained tax of", "税收"),
    "gdp_base_fen": ("Value added", "增加值"),
    "gdp_by_region_fen": ("Value added of", "GDP"),
}
"""What a figure is called, and its Chinese term where the field has one."""

CREDITS = {
    CreditReason.RUN_TOO_SHORT: ("Credit: run shorter than promised", "运行时长不足"),
    CreditReason.NOTICE_TOO_SHORT: ("Credit: notice shorter than promised", "通知时间不足"),
    CreditReason.NOT_AVAILABLE: ("Credit: less available than promised", "可用性未达标"),
}
"""Why something came off what was delivered, and the Chinese of it."""

Credited = tuple[str, str, Sequence[int]]
"""Why something came off, the Chinese of it, and the amount of each line."""

PARTS = frozenset({"fee_net_fen", "fee_vat_fen", "vat_central_fen", "vat_local_fen", "gdp_by_region_fen"})
STRONG = frozenset({"gross_fen", "seller_payout_fen", "local_retained_fen", "gdp_base_fen"})


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure over all lines, in fen. `region` is whose it is, for figures that regions share."""

    name: str
    region: str
    figures: Sequence[int]

    @property
    def title(self) -> str:
        """What the figure is called; for a figure that regions share, the region's name follows."""
        return NAMES[self.name][0]

    @property
    def chinese(self) -> str:
        """The field's Chinese term, or nothing."""
        return NAMES[self.name][1]

    def of(self, line: Line) -> Fen:
        """The same figure of another line."""
        figure: Fen | RegionShares = getattr(line, self.name)
        return dict(figure).get(self.region, NOTHING) if isinstance(figure, tuple) else figure

    @property
    def is_part(self) -> bool:
        """Whether it is a part of the figure above it."""
        return self.name in PARTS

    @property
    def is_strong(self) -> bool:
        """Whether it is one of the sums that a reader looks for."""
        return self.name in STRONG

    @property
    def total(self) -> int:
        """What the lines come to together: a total is the sum of its lines and nothing else."""
        return sum(self.figures)


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A statement with its lines, and every figure of them."""

    statement: StoredStatement
    lines: Sequence[StoredLine]
    rows: Sequence[FigureRow]
    refunds: Sequence[StoredRefund]
    uses: Sequence[StoredUse]
    received: Sequence[ReceivedPart]

    @property
    def refunded(self) -> int:
        """What the buyer was given back of all lines, in fen."""
        return sum(refund.to_buyer for refund in self.refunds)

    @property
    def left(self) -> int:
        """What the buyer was charged, less what refunds took off that, in fen."""
        return self.statement.charged - sum(refund.off_charge for refund in self.refunds)

    def left_of(self, n: int) -> int:
        """What of the price of the `n`-th line was not given back, in fen."""
        given_back = sum(refund.amount for refund in self.refunds if refund.n == n)
        return self.lines[n].figures.gross_fen - given_back

    @property
    def before(self) -> list[Credited]:
        """What all of it would have cost, and what of that is not charged: the gross is what is left."""
        lines = self.lines
        packages = ("Covered by its package, not charged", "词元包", [line.from_package for line in lines])
        return [
            ("Before loss", "", [line.before_loss for line in lines]),
            ("Beyond the budget, not charged", "", [line.over_budget for line in lines]),
            ("Not delivered, not charged", "", [line.not_delivered for line in lines]),
            *([packages] if any(line.package for line in lines) else []),
            *credited(lines),
        ]

    @property
    def emitting(self) -> list[str]:
        """The regions that any line gives a part of its emissions to."""
        shares = [line.emissions.by_region for line in self.lines if line.emissions is not None]
        return list(dict.fromkeys(region for parts in shares for region, _ in parts))

    def emitted_by(self, region: str) -> list[int | None]:
        """What a region counts of each line's emissions, in grams; None where nothing is shared."""
        return [
            None if line.emissions is None else dict(line.emissions.by_region).get(region)
            for line in self.lines
        ]


def credited(lines: Sequence[StoredLine]) -> list[Credited]:
    """What came off lines, for each reason that there was."""
    given = {credit.reason for line in lines for credit in line.credits}
    return [
        (*name, [line.credited(reason) for line in lines])
        for reason, name in CREDITS.items()
        if reason in given
    ]


async def statement_with_refunds(exchange: Exchange, statement: StoredStatement) -> LaidOut:
    """A statement laid out, with what was given back of it, and what regions have paid of it."""
    readers = exchange.readers
    shown = laid_out(statement, await lines_of(readers, statement.id))
    return replace(
        shown,
        refunds=await refunds_of(readers, [statement.id]),
        uses=await uses_of(readers, statement=statement.id),
        received=await received_for(readers, statement.id),
    )


def laid_out(statement: StoredStatement, lines: Sequence[StoredLine]) -> LaidOut:
    """Every figure of a statement, in the order in which a line is taken apart."""
    rows: list[FigureRow] = []
    for part in fields(Line):
        if part.type is RegionShares:
            rows += _shared(part.name, lines)
        else:
            rows.append(FigureRow(part.name, "", [getattr(line.figures, part.name) for line in lines]))
    return LaidOut(statement, lines, rows, refunds=(), uses=(), received=())


def _shared(name: str, lines: Sequence[StoredLine]) -> list[FigureRow]:
    """A row for each region that any line gives something to."""
    shares: list[dict[str, int]] = [dict(getattr(line.figures, name)) for line in lines]
    regions = list(dict.fromkeys(region for line in shares for region in line))
    return [FigureRow(name, region, [line.get(region, 0) for line in shares]) for region in regions]
