"""Statements made by hand for the documents: a lease between two regions with an agreement, and a token contract."""

from dataclasses import replace

from exchange.names import PartyId, RunId
from exchange.persistence.queries.statements import StoredLine, StoredStatement
from matching.terms import RegionCode
from settlement.agreements import PairAgreement, Shares
from settlement.meters import Meter
from settlement.money import BasisPoints, Fen
from settlement.rating.service_credits import Breach, CreditReason, after_credits
from settlement.statement import statement_line
from settlement.terms import FeeBase, FeeTerms, TaxTerms, Terms

SHANGHAI, QINGYANG = RegionCode("310000"), RegionCode("621000")
NAMES = {"buyer-1": "上海云擎智能科技有限公司", "seller-1": "庆阳算力中心(集团)有限公司"}


def share(*parts: int) -> tuple[BasisPoints, ...]:
    return tuple(BasisPoints(part) for part in parts)


AGREEMENT = PairAgreement(
    id="pair-1",
    version=1,
    parties=(SHANGHAI, QINGYANG),
    valid_from=0,
    valid_to=None,
    shares=Shares(revenue=share(4000, 6000), tax=share(5000, 5000), gdp=share(3500, 6500)),
    value_added_bp=BasisPoints(6000),
)
TERMS = Terms(
    vat_rate_bp=BasisPoints(600),
    fee=FeeTerms(BasisPoints(300), FeeBase.NET, BasisPoints(600)),
    tax=TaxTerms(),
    agreement=AGREEMENT,
)


def card_line(n: int, terms: Terms = TERMS) -> StoredLine:
    """A line that differs from every other: 100 + n card-hours at 12.34 yuan and n fen."""
    seconds, price = (100 + n) * 3600, 12_340_000 + n * 10_000
    gross = Fen((100 + n) * price // 10_000)
    return StoredLine(
        "2026-10",
        Meter.CARD_SECONDS,
        price,
        None,
        seconds,
        0,
        "pair-1/1",
        gross,
        Fen(0),
        statement_line(gross, terms),
    )


def credited_line(*rates_bp: int) -> StoredLine:
    """A line of which credits came off, one after the other, for as many reasons as there are rates."""
    plain = card_line(3)
    broken = tuple(
        Breach(reason, BasisPoints(rate)) for reason, rate in zip(CreditReason, rates_bp, strict=False)
    )
    found = after_credits(plain.before_loss, broken)
    return replace(plain, credits=found.credits, figures=statement_line(found.charged, TERMS))


def made(lines: list[StoredLine], subject: str = "lse-7") -> tuple[StoredStatement, list[StoredLine]]:
    """A statement of these lines."""
    charged = Fen(sum(line.figures.buyer_pays_fen for line in lines))
    statement = StoredStatement(
        id=f"run-9/{subject}",
        run=RunId("run-9"),
        period="2026-10",
        subject=subject,
        buyer=PartyId("buyer-1"),
        seller=PartyId("seller-1"),
        source=SHANGHAI,
        destination=QINGYANG,
        charged=charged,
        released=Fen(12_34),
        seq=9,
    )
    return statement, lines


def statement_of_lines(count: int) -> tuple[StoredStatement, list[StoredLine]]:
    """A statement of a lease with so many lines."""
    return made([card_line(n) for n in range(count)])
