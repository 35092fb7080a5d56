"""A buyer's cost of a period by FOCUS, the FinOps Open Cost and Usage Specification, version 1.1.

A statement line makes a charge for the use without VAT, one for the VAT in what is charged, one for each credit because
a promise was not kept, without VAT too, and one for what a voucher pays instead of the buyer. Together they are what the
buyer pays in the end, to the fen. All four costs of a charge are the same: the market has no list price and no discount on
one, so there are no columns of unit prices either.

Packages of tokens are the exception, since they are paid for before they are used. A package is a purchase in the month in
which it begins, billed and without an effective cost. What is used of it is billed no more: its effective cost is its part of
the package's price, and its other costs are what it would have cost as it goes. What expires is an adjustment with nothing but
an effective cost. So over the months both costs of a package come to its price.

A refund is billed in the month in which it is made. It corrects the charges of its line, each by a charge of its own of the
same category and of the class `Correction`, for the period in which the line was served.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import accumulate, pairwise

from exchange.catalogue.catalogue import Catalogue
from exchange.periods import period_named
from exchange.persistence.queries.billed import BilledLine, BoughtPackage, MonthsBill, RefundedLine
from matching.terms import Tier
from settlement.meters import Meter
from settlement.money import Fen
from settlement.rating.service_credits import CreditReason
from settlement.statement import split_vat
from web.documents.amortised import NOTHING, Part, borne_by_use, expired
from web.documents.csv_file import Cell, csv_rows, price_cell, yuan_cell
from web.pages.formats import agreed_price, machine_time, measured, per

VENUE_NAME = "Suanli"
SPECIFICATION = "https://focus.finops.org/focus-specification/v1-1/"


class Kind(StrEnum):
    """How the specification writes a value."""

    STRING = "String"
    DECIMAL = "Decimal"
    INTEGER = "Integer"
    INSTANT = "Date/Time"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file, and what may stand in it. Where `allowed` is empty any value of the kind may."""

    name: str
    kind: Kind = Kind.STRING
    nullable: bool = False
    allowed: frozenset[str] = frozenset()


def _one_of(*values: str) -> frozenset[str]:
    return frozenset(values)


COLUMNS = (
    Column("BilledCost", Kind.DECIMAL),
    Column("BillingAccountId"),
    Column("BillingAccountName", nullable=True),
    Column("BillingCurrency", allowed=_one_of("CNY")),
    Column("BillingPeriodEnd", Kind.INSTANT),
    Column("BillingPeriodStart", Kind.INSTANT),
    Column("ChargeCategory", allowed=_one_of("Usage", "Purchase", "Tax", "Credit", "Adjustment")),
    Column("ChargeClass", nullable=True, allowed=_one_of("Correction")),
    Column("ChargeDescription", nullable=True),
    Column("ChargeFrequency", allowed=_one_of("Usage-Based", "One-Time")),
    Column("ChargePeriodEnd", Kind.INSTANT),
    Column("ChargePeriodStart", Kind.INSTANT),
    Column("ConsumedQuantity", Kind.DECIMAL, nullable=True),
    Column("ConsumedUnit", nullable=True, allowed=_one_of("Card-Seconds", "Tokens")),
    Column("ContractedCost", Kind.DECIMAL),
    Column("EffectiveCost", Kind.DECIMAL),
    Column("InvoiceIssuerName"),
    Column("ListCost", Kind.DECIMAL),
    Column("PricingCategory", nullable=True, allowed=_one_of("Standard", "Dynamic")),
    Column("PricingQuantity", Kind.DECIMAL, nullable=True),
    Column("PricingUnit", nullable=True, allowed=_one_of("Card-Hours", "1000000 Tokens", "Packages")),
    Column("ProviderName"),
    Column("PublisherName"),
    Column("RegionId", nullable=True),
    Column("RegionName", nullable=True),
    Column("ResourceId", nullable=True),
    Column("ResourceType", nullable=True, allowed=_one_of("Lease", "Token contract")),
    Column("ServiceCategory", allowed=_one_of("Compute", "AI and Machine Learning")),
    Column("ServiceName"),
    Column("ServiceSubcategory", allowed=_one_of("Other (Compute)", "Generative AI")),
    Column("SkuId", nullable=True),
    Column("x_Agreement", nullable=True),
    Column("x_CreditReason", nullable=True, allowed=_one_of("voucher", *CreditReason)),
    Column("x_LostQuantity", Kind.INTEGER, nullable=True),
    Column("x_PackageId", nullable=True),
    Column("x_RefundId", nullable=True),
    Column("x_StatementId"),
    Column("x_StatementLine", Kind.INTEGER),
    Column("x_UnitPriceTaxIncluded", Kind.DECIMAL, nullable=True),
)
"""What the file has, in this order. The specification's own columns, then the venue's, which begin with `x_`."""

Charge = dict[str, Cell]
"""One row of the file by column; None is null, and decimals are exact."""

_SERVICES = {
    "compute_service": "Computing service",
    "bare_metal_lease": "Lease of whole machines",
    "basic_telecom": "Bandwidth and circuits",
}
_SIX_PLACES = Decimal("0.000001")


def focus_csv(charges: Iterable[Charge]) -> str:
    """Charges as a file. It is for programs, so nothing stands before its header."""
    names = [column.name for column in COLUMNS]
    return csv_rows([names, *([charge[name] for name in names] for charge in charges)])


def charges_of(
    bill: MonthsBill, names: Mapping[str, str], catalogue: Catalogue, utc_offset_seconds: int
) -> list[Charge]:
    """Every charge of a buyer's month, and what refunds correct. Party names come by id.

    A line that delivered nothing is charged nothing.
    """
    borne = borne_by_use(bill.packages)

    def common(billed: BilledLine) -> Charge:
        return _common(billed, names, catalogue, utc_offset_seconds)

    return [
        *(
            charge
            for billed in bill.lines
            for charge in _charges(
                billed, common(billed), borne.get((billed.statement.id, billed.n), NOTHING)
            )
        ),
        *(
            charge
            for refund in bill.refunds
            for charge in _corrections(refund, common(refund.billed), utc_offset_seconds)
        ),
        *(
            charge
            for package in bill.packages
            for charge in _expiries(package, common(package.line), bill.period, utc_offset_seconds)
        ),
    ]


def _charges(billed: BilledLine, common: Charge, borne: Part) -> Iterator[Charge]:
    credits_net = _credits_net(billed)
    use, tax = _costs(billed, credits_net, borne)
    if billed.line.quantity > billed.line.lost:
        yield {**common, **use, **_use(billed), "ChargeCategory": _category(billed)}
    if any(tax.values()):
        yield {**common, **tax, **_NO_USE, "ChargeCategory": "Tax"}
    for reason, fen in (*credits_net, ("voucher", billed.line.figures.voucher_fen)):
        if fen:
            credit = {"ChargeCategory": "Credit", "x_CreditReason": reason}
            yield {**common, **_alike(-fen), **_NO_USE, **credit}


def _costs(billed: BilledLine, credits_net: Iterable[tuple[str, int]], borne: Part) -> tuple[Charge, Charge]:
    """The four costs of a line's price before credits, without VAT, and those of its VAT."""
    figures = billed.line.figures
    if _is_covered(billed):
        net, vat = split_vat(billed.line.before_loss, billed.vat_rate_bp)
        return _apart(0, borne.net, net), _apart(0, borne.vat, vat)
    if billed.line.meter is Meter.PACKAGES:
        return _apart(figures.net_fen, 0, figures.net_fen), _apart(figures.vat_fen, 0, figures.vat_fen)
    return _alike(figures.net_fen + sum(fen for _, fen in credits_net)), _alike(figures.vat_fen)


def _credits_net(billed: BilledLine) -> list[tuple[str, int]]:
    """By how much each credit lowers the price without VAT: together, from that before all of them to what is charged."""
    given = billed.line.credits
    grosses = accumulate(
        (-credit.fen for credit in given),
        initial=billed.line.figures.gross_fen + sum(credit.fen for credit in given),
    )
    nets = [split_vat(Fen(gross), billed.vat_rate_bp)[0] for gross in grosses]
    falls = (before - after for before, after in pairwise(nets))
    return [(str(credit.reason), fall) for credit, fall in zip(given, falls, strict=True)]


def _corrections(refunded: RefundedLine, common: Charge, utc_offset_seconds: int) -> Iterator[Charge]:
    """What a refund takes off each charge of its line. What was used stays as it is, so no quantity stands here."""
    corrected = {
        **common,
        **_bounds("Billing", refunded.period, utc_offset_seconds),
        **_NO_USE,
        "ChargeClass": "Correction",
        "ChargeDescription": f"Refund {refunded.refund}: {refunded.reason}",
        "x_RefundId": refunded.refund,
    }
    category, off = _category(refunded.billed), refunded.correction
    for corrects, fen in ((category, off.net_fen), ("Tax", off.vat_fen)):
        if fen:
            yield {**corrected, **_alike(fen), "ChargeCategory": corrects}
    if off.voucher_fen:
        credit = {"ChargeCategory": "Credit", "x_CreditReason": "voucher"}
        yield {**corrected, **_alike(-off.voucher_fen), **credit}


def _expiries(
    package: BoughtPackage, common: Charge, period: str, utc_offset_seconds: int
) -> Iterator[Charge]:
    """What of a package expires in a month, VAT included. Late use may take some of it later on: that is below zero."""
    month = period_named(period, utc_offset_seconds)
    assert month is not None, "a bill is of a whole month"
    part = expired(package, month)
    if part != NOTHING:
        yield {
            **common,
            **_bounds("Billing", period, utc_offset_seconds),
            **_bounds("Charge", period, utc_offset_seconds),
            **_apart(0, part.net + part.vat, 0),
            **_NO_USE,
            "ChargeCategory": "Adjustment",
            "ChargeDescription": f"Package {package.line.line.package} has ended, and what is left of it expires",
        }


def _category(billed: BilledLine) -> str:
    return "Purchase" if billed.line.meter is Meter.PACKAGES else "Usage"


def _alike(fen: int) -> Charge:
    return _apart(fen, fen, fen)


def _apart(billed: int, effective: int, priced: int) -> Charge:
    """Costs that differ. Without list prices and discounts on them what is contracted is what is listed: the price."""
    return {
        "BilledCost": yuan_cell(billed),
        "ContractedCost": yuan_cell(priced),
        "EffectiveCost": yuan_cell(effective),
        "ListCost": yuan_cell(priced),
    }


_UNITS: Mapping[Meter, tuple[str | None, str]] = {
    Meter.CARD_SECONDS: ("Card-Seconds", "Card-Hours"),
    Meter.INPUT_TOKENS: ("Tokens", "1000000 Tokens"),
    Meter.CACHED_INPUT_TOKENS: ("Tokens", "1000000 Tokens"),
    Meter.OUTPUT_TOKENS: ("Tokens", "1000000 Tokens"),
    Meter.PACKAGES: (None, "Packages"),
}
"""What of a meter is consumed, and what its price is for."""

_NO_USE: Charge = dict.fromkeys(
    (
        *("ConsumedQuantity", "ConsumedUnit", "PricingCategory", "PricingQuantity", "PricingUnit", "SkuId"),
        *("x_LostQuantity", "x_UnitPriceTaxIncluded"),
    )
)


def _use(billed: BilledLine) -> Charge:
    """What was used, in the meter's own unit and in the one that its price is for: a package is bought, and used later."""
    line, leased = billed.line, billed.leased
    used = line.quantity - line.lost
    priced = Decimal(used) / line.meter.priced_by
    consumed, unit = _UNITS[line.meter]
    if leased is None:
        sku = f"{billed.statement.subject}/{line.meter}"
    else:
        sku = f"{leased.chip}@{billed.statement.destination}/{leased.tier}"
    return {
        "ConsumedQuantity": None if consumed is None else Decimal(used),
        "ConsumedUnit": consumed,
        "PricingCategory": "Dynamic" if leased is not None and leased.tier is Tier.SPOT else "Standard",
        "PricingQuantity": priced.quantize(_SIX_PLACES, ROUND_HALF_UP),
        "PricingUnit": unit,
        "SkuId": sku,
        "x_LostQuantity": line.lost,
        "x_UnitPriceTaxIncluded": None if _is_covered(billed) else price_cell(line.price),
    }


def _common(
    billed: BilledLine, names: Mapping[str, str], catalogue: Catalogue, utc_offset_seconds: int
) -> Charge:
    """What all charges of a line share. The seller provides the service and issues its invoice; the venue offers it."""
    statement, line = billed.statement, billed.line
    region = catalogue.regions.get(statement.destination)
    return {
        "BillingAccountId": statement.buyer,
        "BillingAccountName": names[statement.buyer],
        "BillingCurrency": "CNY",
        **_bounds("Billing", statement.period, utc_offset_seconds),
        "ChargeClass": None,
        "ChargeDescription": _described(billed),
        "ChargeFrequency": "One-Time" if line.meter is Meter.PACKAGES else "Usage-Based",
        **_bounds("Charge", line.service_period, utc_offset_seconds),
        "InvoiceIssuerName": names[statement.seller],
        "ProviderName": VENUE_NAME,
        "PublisherName": names[statement.seller],
        "RegionId": statement.destination,
        "RegionName": None if region is None else region.name_en,
        "ResourceId": statement.subject,
        **_service(billed),
        "x_Agreement": line.agreement,
        "x_CreditReason": None,
        "x_PackageId": line.package,
        "x_RefundId": None,
        "x_StatementId": statement.id,
        "x_StatementLine": billed.n,
    }


def _service(billed: BilledLine) -> Charge:
    if billed.leased is None:
        service = ("Token contract", "AI and Machine Learning", "Model tokens", "Generative AI")
    else:
        name = _SERVICES.get(billed.leased.line, billed.leased.line)
        service = ("Lease", "Compute", name, "Other (Compute)")
    return dict(
        zip(("ResourceType", "ServiceCategory", "ServiceName", "ServiceSubcategory"), service, strict=True)
    )


def _described(billed: BilledLine) -> str:
    line = billed.line
    what = measured(line.quantity - line.lost, line.meter)
    if _is_covered(billed):
        return f"{what} of package {line.package}, paid for before"
    of = f" of {billed.leased.chip}" if billed.leased is not None else ""
    return f"{what}{of} at {agreed_price(line.price)} per {per(line.meter)}, VAT included"


def _is_covered(billed: BilledLine) -> bool:
    """Whether these tokens were taken from a package."""
    return billed.line.package is not None and billed.line.meter is not Meter.PACKAGES


def _bounds(kind: str, period: str, utc_offset_seconds: int) -> Charge:
    """A month's first instant and the first after it, in UTC."""
    month = period_named(period, utc_offset_seconds)
    assert month is not None, "statements are made of whole months"
    return {f"{kind}PeriodStart": machine_time(month.begins), f"{kind}PeriodEnd": machine_time(month.ends)}
