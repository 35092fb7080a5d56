"""Statements as they are answered."""

from collections.abc import Iterable
from dataclasses import dataclass

from exchange.persistence.queries.statements import StoredLine, StoredStatement
from exchange.persistence.queries.subsidies import ReceivedPart
from exchange.promises import VoucherPart
from settlement.meters import Meter
from settlement.statement import Line
from settlement.terms import VoucherMode
from web.bodies.power import EmissionsOut
from web.bodies.promises import CreditOut
from web.bodies.subsidies import ReceivedOut


@dataclass(frozen=True, slots=True)
class StatementOut:
    """What a lease or contract (`subject`) came to in one period; `id` is `run/subject`."""

    id: str
    period: str
    run: str
    subject: str
    buyer: str
    seller: str
    source: str
    destination: str
    charged_fen: int
    released_fen: int
    seq: int

    @classmethod
    def of(cls, statement: StoredStatement) -> "StatementOut":
        """A statement as it is stored."""
        return cls(
            id=statement.id,
            period=statement.period,
            run=statement.run,
            subject=statement.subject,
            buyer=statement.buyer,
            seller=statement.seller,
            source=statement.source,
            destination=statement.destination,
            charged_fen=statement.charged,
            released_fen=statement.released,
            seq=statement.seq,
        )


@dataclass(frozen=True, slots=True)
class VoucherPartOut:
    """What a voucher covers of a line, under which version of its programme, and which region owes it."""

    voucher: str
    programme: str
    issuer: str
    mode: VoucherMode
    rate_bp: int
    covered_fen: int

    @classmethod
    def of(cls, part: VoucherPart) -> "VoucherPartOut":
        """A part as it is stored."""
        terms = part.terms
        return cls(part.voucher, terms.id, part.issuer, terms.mode, terms.rate_bp, part.covered)


@dataclass(frozen=True, slots=True)
class LineOut:
    """One line: what was measured, at which price, and every figure that follows.

    Quantities are card-seconds or tokens; the price is micro-yuan per card-hour or per million tokens. `shares` gives
    each region of the agreement what it counts of each kind. `emissions` is null for tokens, and for what no tables of
    power knew when it was settled. `package` names what the meter `packages` sells, one at its price; else the
    tokens were taken from it: nothing is charged, and `before_loss_fen` is what they would have cost. `credits` came off
    what was delivered, as the seller did not keep its promise.
    """

    service_period: str
    meter: Meter
    price_micro_yuan: int
    price_version: int | None
    quantity: int
    lost: int
    agreement: str | None
    before_loss_fen: int
    over_budget_fen: int
    figures: dict[str, int]
    shares: dict[str, dict[str, int]]
    emissions: EmissionsOut | None
    vouchers: list[VoucherPartOut]
    package: str | None
    credits: list[CreditOut]

    @classmethod
    def of(cls, line: StoredLine) -> "LineOut":
        """A line as it is stored."""
        return cls(
            service_period=line.service_period,
            meter=line.meter,
            price_micro_yuan=line.price,
            price_version=line.price_version,
            quantity=line.quantity,
            lost=line.lost,
            agreement=line.agreement,
            before_loss_fen=line.before_loss,
            over_budget_fen=line.over_budget,
            figures=figures(line.figures),
            shares={
                "revenue_fen": dict(line.figures.revenue_by_region_fen),
                "tax_fen": dict(line.figures.tax_by_region_fen),
                "gdp_fen": dict(line.figures.gdp_by_region_fen),
            },
            emissions=None if line.emissions is None else EmissionsOut.of(line.emissions),
            vouchers=[VoucherPartOut.of(part) for part in line.vouchers],
            package=line.package,
            credits=[CreditOut.of(credit) for credit in line.credits],
        )


@dataclass(frozen=True, slots=True)
class StatementDetail:
    """A statement with its lines, and what regions have paid of what vouchers cover of them."""

    statement: StatementOut
    lines: list[LineOut]
    received: list[ReceivedOut]

    @classmethod
    def of(
        cls, statement: StoredStatement, lines: Iterable[StoredLine], received: Iterable[ReceivedPart]
    ) -> "StatementDetail":
        """A statement and its lines as they are stored."""
        return cls(
            StatementOut.of(statement),
            [LineOut.of(line) for line in lines],
            [ReceivedOut.of(part) for part in received],
        )


def figures(line: Line) -> dict[str, int]:
    """Every amount of a line by its name, in fen."""
    return {name: value for name in line.__slots__ if isinstance(value := getattr(line, name), int)}
