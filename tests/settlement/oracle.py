"""The naive settlement: the formulas F0 to F7 once more, in exact fractions, to hold the kernel's integers against.

Written from the formulas and not from the kernel; it shares no arithmetic with it.
"""

from fractions import Fraction
from math import floor

from settlement.terms import FeeBase, Terms

HALF = Fraction(1, 2)


def sign(number: Fraction | int) -> int:
    return -1 if number < 0 else 1


def nearest(exact: Fraction) -> int:
    """rha: the nearest integer, a half away from zero."""
    return sign(exact) * floor(abs(exact) + HALF)


def two(total: int, share: Fraction, *, tie_to_first: bool) -> tuple[int, int]:
    """F0, word for word."""
    exact = abs(total) * share
    first = floor(exact)
    fraction = exact - first
    if fraction > HALF or (fraction == HALF and tie_to_first):
        first += 1
    return sign(total) * first, total - sign(total) * first


def seq2(total: int, weights: tuple[int, ...]) -> tuple[int, ...]:
    """The first against the rest, a tie to the rest; then the rest in the same way."""
    if len(weights) == 1 or sum(weights) == 0:
        return (0,) * (len(weights) - 1) + (total,)
    first, rest = two(total, Fraction(weights[0], sum(weights)), tie_to_first=False)
    return (first, *seq2(rest, weights[1:]))


def line(gross: int, terms: Terms) -> dict[str, object]:
    """F3 to F7 of one gross, under the names of the case files."""
    net = nearest(Fraction(gross * 10_000, 10_000 + terms.vat_rate_bp))
    vat = gross - net
    fee_base = {FeeBase.NET: net, FeeBase.GROSS: gross}[terms.fee.base]
    fee = of(fee_base, terms.fee.rate_bp)
    fee_net = nearest(Fraction(fee * 10_000, 10_000 + terms.fee.vat_rate_bp))
    return {
        "gross_fen": gross,
        "net_fen": net,
        "vat_fen": vat,
        "fee_fen": fee,
        "fee_net_fen": fee_net,
        "fee_vat_fen": fee - fee_net,
        "seller_net_fen": net - fee,
        "seller_payout_fen": gross - fee,
        "voucher_fen": 0,
        "buyer_pays_fen": gross,
        "government_pays_fen": 0,
        "payout_on_charge_fen": gross - fee,
        "payout_on_voucher_fen": 0,
        **taxes_and_regions(gross, net, vat, terms),
    }


def taxes_and_regions(gross: int, net: int, vat: int, terms: Terms) -> dict[str, object]:
    payable = vat - terms.tax.input_vat
    if gross >= 0 and payable < 0:
        payable = 0
    central, local = two(payable, HALF, tie_to_first=True)
    surcharges = {
        "surcharge_urban_fen": of(payable, terms.tax.surcharge_urban_bp),
        "surcharge_education_fen": of(payable, terms.tax.surcharge_education_bp),
        "surcharge_local_education_fen": of(payable, terms.tax.surcharge_local_education_bp),
    }
    retained = local + sum(surcharges.values())
    tax = {"vat_payable_fen": payable, "vat_central_fen": central, "vat_local_fen": local, **surcharges}
    return {**tax, "local_retained_fen": retained, **regions(net, retained, terms)}


def regions(net: int, retained: int, terms: Terms) -> dict[str, object]:
    pair = terms.agreement
    if pair is None:
        nothing: tuple[object, ...] = ()
        return {
            "revenue_by_region_fen": nothing,
            "tax_by_region_fen": nothing,
            "gdp_base_fen": 0,
            "gdp_by_region_fen": nothing,
        }
    gdp_base = of(net, pair.value_added_bp)
    bases = {
        "revenue": (net, pair.shares.revenue),
        "tax": (retained, pair.shares.tax),
        "gdp": (gdp_base, pair.shares.gdp),
    }
    split = {
        f"{kind}_by_region_fen": tuple(zip(pair.parties, seq2(base, shares), strict=True))
        for kind, (base, shares) in bases.items()
    }
    return {**split, "gdp_base_fen": gdp_base}


def of(base: int, rate_bp: int) -> int:
    return nearest(Fraction(base * rate_bp, 10_000))
