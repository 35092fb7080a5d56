"""FOCUS files: what the specification asks for, the statements' sums to the fen, and strict reading.

The table below is typed from the specification, version 1.1: in the repository FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec
at tag v1.1 (6108d40), the "Content Constraints" of each file under specification/columns, and of the attributes
numeric_format.md, datetime_format.md, unit_format.md and null_handling.md. https://focus.finops.org/focus-specification/v1-1/
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from exchange.catalogue.catalogue import load_catalogue
from exchange.names import Instant
from exchange.persistence.queries.billed import (
    BilledLine,
    BoughtPackage,
    Leased,
    MonthsBill,
    RefundedLine,
    Taking,
)
from exchange.persistence.queries.statements import StoredLine
from matching.terms import ChipCode, Tier
from settlement.meters import Meter
from settlement.money import BasisPoints, Fen
from settlement.refunds import refund, total
from settlement.statement import statement_line
from settlement.terms import VoucherMode, VoucherTerms
from tests.web.documents.made import NAMES, TERMS, card_line, credited_line, made
from web.documents.focus import COLUMNS, Charge, charges_of, focus_csv
from web.documents.focus_file import FocusError, billed_fen, read_focus

MANDATORY = """
BilledCost no Decimal | BillingAccountId no String | BillingAccountName null String | BillingCurrency no String
BillingPeriodEnd no Date/Time | BillingPeriodStart no Date/Time | ChargeCategory no String | ChargeClass null String
ChargeDescription null String | ChargePeriodEnd no Date/Time | ChargePeriodStart no Date/Time
ContractedCost no Decimal | EffectiveCost no Decimal | InvoiceIssuerName no String | ListCost no Decimal
PricingQuantity null Decimal | PricingUnit null String | ProviderName no String | PublisherName no String
ServiceCategory no String | ServiceName no String
"""
CONDITIONAL = """
ChargeFrequency no String | ConsumedQuantity null Decimal | ConsumedUnit null String | PricingCategory null String
RegionId null String | RegionName null String | ResourceId null String | ResourceType null String
ServiceSubcategory no String | SkuId null String
"""
ALLOWED = {
    "ChargeCategory": {"Usage", "Purchase", "Tax", "Credit", "Adjustment"},
    "ChargeClass": {"Correction"},
    "ChargeFrequency": {"One-Time", "Recurring", "Usage-Based"},
    "PricingCategory": {"Standard", "Dynamic", "Committed", "Other"},
    "ServiceSubcategory": {"Generative AI", "Other (Compute)"},
}
CATALOGUE = load_catalogue()
BEIJING = 8 * 3600
VAT = BasisPoints(600)
FIRM = Leased(ChipCode("nvidia-h800-80g"), Tier.ON_DEMAND, "compute_service")


def asked(table: str) -> dict[str, tuple[str, bool]]:
    """Type and nullability by column."""
    told = [cell.split() for cell in re.split(r"[|\n]", table) if cell.strip()]
    return {name: (kind, null == "null") for name, null, kind in told}


def token_line(tokens: int, gross: int, over: int = 0) -> StoredLine:
    figures = statement_line(Fen(gross), replace(TERMS, agreement=None))
    return StoredLine(
        "2026-09", Meter.INPUT_TOKENS, 4_000_000, 1, tokens, 0, None, Fen(gross + over), Fen(over), figures
    )


def package_lines() -> list[StoredLine]:
    """A package that is bought, and what is taken from it, which would have cost 40 yuan."""
    taken = token_line(10_000_000, 0, over=4000)
    bought = replace(token_line(1, 3000), meter=Meter.PACKAGES, price=30_000_000, price_version=None)
    return [replace(bought, package="pkg-4"), replace(taken, over_budget=Fen(0), package="pkg-4")]


def everything() -> list[BilledLine]:
    """Lines of every kind: firm and interruptible cards, partly and wholly lost or credited, tokens, packages, and one under a voucher."""
    voucher = VoucherTerms("city", BasisPoints(3000), VoucherMode.DEDUCT_AT_CHECKOUT)
    covered = card_line(7, replace(TERMS, vouchers=(voucher,)))
    lost = replace(card_line(1), lost=101 * 3600, figures=statement_line(Fen(0), TERMS))
    part = replace(card_line(2), lost=1234)
    leased, lines = made(
        [card_line(0), lost, part, covered, credited_line(2000, 1000, 333), credited_line(10_000)]
    )
    contract, tokens = made([token_line(1_234_567, 494), token_line(9, 0, over=1), *package_lines()], "tkc-3")
    spot = replace(FIRM, tier=Tier.SPOT)
    return [
        *(BilledLine(leased, n, line, VAT, spot if n == 3 else FIRM) for n, line in enumerate(lines, 1)),
        *(BilledLine(contract, n, line, VAT, None) for n, line in enumerate(tokens, 1)),
    ]


def charges(names: Mapping[str, str] = NAMES) -> list[Charge]:
    bill = MonthsBill("2026-10", everything(), refunds(), [package()])
    return charges_of(bill, names, CATALOGUE, BEIJING)


def package() -> BoughtPackage:
    """The package that is bought has 40 million tokens. A quarter is taken, and in this month it ends."""
    bought, taken = (billed for billed in everything() if billed.line.package is not None)
    taking = Taking(taken.statement.id, taken.n, "2026-10", taken.line.quantity)
    ends = Instant(int(datetime(2026, 10, 20, tzinfo=UTC).timestamp()))
    return BoughtPackage(bought, 40_000_000, ends, (taking,))


def refunds() -> list[RefundedLine]:
    """A tenth of the line under a voucher is given back in the next month, and a fen of it once more."""
    voucher = VoucherTerms("city", BasisPoints(3000), VoucherMode.DEDUCT_AT_CHECKOUT)
    terms = replace(TERMS, vouchers=(voucher,))
    (covered,) = [line for line in everything() if line.line.figures.voucher_fen]
    figures = covered.line.figures
    tenth = refund(figures, Fen(figures.gross_fen // 10), terms)
    fen = refund(total([figures, tenth]), Fen(1), terms)
    return [
        RefundedLine(covered, f"rfd-{n}", "2026-11", "an hour was slow", correction)
        for n, correction in enumerate((tenth, fen))
    ]


def test_every_column_is_the_specification_s() -> None:
    ours = {column.name: (column.kind.value, column.nullable) for column in COLUMNS}
    assert asked(MANDATORY).items() <= ours.items()
    assert {name: kind for name, kind in ours.items() if not name.startswith("x_")} == (
        asked(MANDATORY) | asked(CONDITIONAL)
    )
    for column in COLUMNS:
        assert column.name not in ALLOWED or column.allowed <= ALLOWED[column.name]
    assert re.fullmatch(r"[\w]{1,50}", "".join(sorted({c for column in COLUMNS for c in column.name})))


def test_every_value_is_written_as_the_specification_says() -> None:
    """Numbers without signs, commas or exponents; instants in UTC; null as nothing, and never a placeholder."""
    rows = list(csv.DictReader(io.StringIO(focus_csv(charges()), newline="")))
    kinds = asked(MANDATORY) | asked(CONDITIONAL)
    for row in rows:
        for name, (kind, nullable) in kinds.items():
            assert row[name] or nullable, name
            if row[name] and kind == "Decimal":
                assert re.fullmatch(r"-?\d+(\.\d+)?", row[name]), name
            if kind == "Date/Time":
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row[name]), name
    assert {(row["BillingPeriodStart"], row["ChargeClass"]) for row in rows} == {
        ("2026-09-30T16:00:00Z", ""),
        ("2026-10-31T16:00:00Z", "Correction"),
    }
    assert {row["ChargePeriodEnd"] for row in rows} == {"2026-10-31T16:00:00Z", "2026-09-30T16:00:00Z"}


def test_quantities_stand_with_use_and_with_nothing_else() -> None:
    for charge in charges():
        own = charge["ChargeClass"] is None
        is_use = own and charge["ChargeCategory"] == "Usage"
        is_priced = own and charge["ChargeCategory"] in {"Usage", "Purchase"}
        for name in ("PricingQuantity", "PricingUnit", "PricingCategory", "SkuId"):
            assert (charge[name] is not None) == is_priced, name
        for name in ("ConsumedQuantity", "ConsumedUnit"):
            assert (charge[name] is not None) == is_use, name
        assert not is_use or Decimal(charge["ConsumedQuantity"] or 0) > 0


def test_charges_are_what_the_statements_say_to_the_fen() -> None:
    billed = billed_fen(charges())
    for line in everything():
        assert billed.get((line.statement.id, line.n, ""), 0) == line.line.figures.buyer_pays_fen
    for refunded in refunds():
        place = (refunded.billed.statement.id, refunded.billed.n, refunded.refund)
        assert billed[place] == refunded.correction.buyer_pays_fen
    statements = {line.statement.id: line.statement.charged for line in everything()}
    back = sum(refunded.correction.buyer_pays_fen for refunded in refunds())
    assert sum(billed.values()) == sum(statements.values()) + back
    categories = [charge["ChargeCategory"] for charge in charges() if charge["ChargeClass"] is None]
    assert {one: categories.count(one) for one in categories} == {
        "Usage": 8,
        "Purchase": 1,
        "Tax": 7,
        "Credit": 5,
        "Adjustment": 1,
    }
    corrections = [charge["ChargeCategory"] for charge in charges() if charge["ChargeClass"]]
    assert {one: corrections.count(one) for one in corrections} == {"Usage": 2, "Tax": 1, "Credit": 1}


def test_a_credit_is_a_charge_of_its_own_without_vat() -> None:
    """It is the part of the price that came off, less the VAT that is not due on it."""
    leased, lines = made([credited_line(2000, 1000)])
    billed = [BilledLine(leased, 1, line, VAT, FIRM) for line in lines]
    told = [
        (charge["ChargeCategory"], charge["x_CreditReason"], charge["BilledCost"])
        for charge in charges_of(MonthsBill("2026-10", billed, [], []), NAMES, CATALOGUE, BEIJING)
    ]
    # 1,274.11 yuan, of which 254.82 and then 101.93 come off
    assert lines[0].figures.gross_fen == 917_36
    assert told == [
        ("Usage", None, Decimal("1201.99")),
        ("Tax", None, Decimal("51.93")),
        ("Credit", "run_too_short", Decimal("-240.40")),
        ("Credit", "notice_too_short", Decimal("-96.16")),
    ]


def test_a_package_is_billed_when_it_is_bought_and_costs_when_it_is_used_or_expires() -> None:
    """What was taken would have cost 40 yuan. It is a quarter of the package, so it bears a quarter of its 30 yuan."""
    names = ("ChargeCategory", "ChargeFrequency", "BilledCost", "EffectiveCost", "ListCost")
    told = [
        tuple(str(charge[name]) for name in names)
        for charge in charges()
        if charge["x_PackageId"] is not None
    ]
    assert told == [
        ("Purchase", "One-Time", "28.30", "0.00", "28.30"),
        ("Tax", "One-Time", "1.70", "0.00", "1.70"),
        ("Usage", "Usage-Based", "0.00", "7.07", "37.74"),
        ("Tax", "Usage-Based", "0.00", "0.42", "2.26"),
        ("Adjustment", "One-Time", "0.00", "22.51", "0.00"),
    ]
    assert all(charge["ContractedCost"] == charge["ListCost"] for charge in charges())


def test_whoever_is_billed_in_advance_bears_as_much_in_the_end() -> None:
    for name in ("BilledCost", "EffectiveCost"):
        costs = [Decimal(charge[name] or 0) for charge in charges() if charge["x_PackageId"] is not None]
        assert sum(costs) == 30


def test_what_is_read_is_what_was_written() -> None:
    assert read_focus(focus_csv(charges())) == charges()
    hostile = {"buyer-1": "=cmd|' /C calc'!A0", "seller-1": '"Quoted", 公司\n'}
    odd = charges(hostile)
    assert read_focus("\ufeff" + focus_csv(odd)) == odd
    assert ",'=cmd|" in focus_csv(odd)


def twice(text: str) -> str:
    """With its first charge a second time."""
    head, first, rest = text.split("\r\n", 2)
    return f"{head}\r\n{first}\r\n{first}\r\n{rest}"


SPOILED = [
    ("line 1: column 1 is Cost", lambda text: text.replace("BilledCost", "Cost", 1)),
    (
        "line 1: x_More is one column too many",
        lambda text: text.replace("TaxIncluded\r", "TaxIncluded,x_More\r"),
    ),
    ("line 1: column 1 is nothing", lambda _: ""),
    ("line 2: 40 values, but 39 columns", lambda text: text.replace("12.340000\r", "12.340000,1\r", 1)),
    ("line 2, BilledCost: '1,164.15' is not", lambda text: text.replace("1164.15", '"1,164.15"', 1)),
    ("line 2, BilledCost: finer than a fen", lambda text: text.replace("1164.15", "1164.155", 1)),
    ("line 2, BillingCurrency: 'USD' is none", lambda text: text.replace("CNY", "USD", 1)),
    (
        "line 2, BillingPeriodEnd: '2026-10-31' is not",
        lambda text: text.replace("2026-10-31T16:00:00Z", "2026-10-31", 1),
    ),
    ("line 2, ListCost: differs", lambda text: text.replace(",1164.15,Standard", ",1164.16,Standard", 1)),
    ("line 19, EffectiveCost: is not 0", lambda text: text.replace("28.30,0.00,", "28.30,28.30,", 1)),
    ("line 2, ConsumedQuantity: stands with Usage", lambda text: text.replace(",360000,", ",,", 1)),
    (
        "line 2, x_RefundId: stands with a Correction",
        lambda text: text.replace(
            ",CNY,2026-10-31T16:00:00Z,2026-09-30T16:00:00Z,Usage,,",
            ",CNY,2026-10-31T16:00:00Z,2026-09-30T16:00:00Z,Usage,Correction,",
            1,
        ),
    ),
    ("line 2, InvoiceIssuerName: there is no value", lambda text: text.replace(NAMES["seller-1"], "", 1)),
    ("line 3: the same charge as in line 2", twice),
    ("line 2: ", lambda text: text.replace("CNY", '"C"NY', 1)),
]


@pytest.mark.parametrize(("told", "spoil"), SPOILED, ids=[told for told, _ in SPOILED])
def test_a_file_that_is_not_as_it_should_be_is_refused_with_its_line(told: str, spoil: object) -> None:
    assert callable(spoil)
    text = focus_csv(charges())
    spoiled = spoil(text)
    assert spoiled != text, "nothing was spoiled"
    with pytest.raises(FocusError) as refused:
        read_focus(spoiled)
    assert str(refused.value).startswith(told)
