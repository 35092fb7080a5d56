"""The naive settlement: the formulas F0 to F11 once more, in exact fractions, to hold the kernel's integers against.

Written from the formulas and not from the kernel; it shares no arithmetic with it.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from settlement.carbon import PowerUse
from settlement.income_tax import Branch
from settlement.rating.service_credits import Interruption, ServicePromise
from settlement.terms import FeeBase, SplitMethod, Terms, VoucherMode

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


def seq2(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """The first against the rest, a tie to the rest; then the rest in the same way."""
    if len(weights) == 1 or sum(weights) == 0:
        return (0,) * (len(weights) - 1) + (total,)
    first, rest = two(total, Fraction(weights[0], sum(weights)), tie_to_first=False)
    return (first, *seq2(rest, weights[1:]))


def lrm(total: int, weights: Sequence[Fraction | int]) -> tuple[int, ...]:
    """Everybody's whole units first; then one more to whoever is shortest of the exact share, the earlier first."""
    exact = [Fraction(abs(total)) * weight / sum(weights) for weight in weights]
    parts = [floor(share) for share in exact]
    while sum(parts) < abs(total):
        short = [share - part for share, part in zip(exact, parts, strict=True)]
        parts[short.index(max(short))] += 1
    return tuple(sign(total) * part for part in parts)


METHODS = {SplitMethod.CHAIN: seq2, SplitMethod.LARGEST_REMAINDER: lrm}


def vouchers_of(gross: int, terms: Terms) -> list[int]:
    """F5 for each voucher, on what those before it left."""
    found: list[int] = []
    for voucher in terms.vouchers:
        price = gross - sum(found)
        covered = floor(Fraction(price * voucher.rate_bp, 10_000))
        for cap in (voucher.per_order_cap, voucher.yearly_left, voucher.balance):
            covered = covered if cap is None else min(covered, cap)
        found.append(max(0, covered))
    return found


def line(gross: int, terms: Terms) -> dict[str, object]:
    """F3 to F7 of one gross, under the names of the case files."""
    net = nearest(Fraction(gross * 10_000, 10_000 + terms.vat_rate_bp))
    vat = gross - net
    fee_base = {FeeBase.NET: net, FeeBase.GROSS: gross}[terms.fee.base]
    fee = of(fee_base, terms.fee.rate_bp)
    fee_net = nearest(Fraction(fee * 10_000, 10_000 + terms.fee.vat_rate_bp))
    vouchers = vouchers_of(gross, terms)
    redeemed = sum(
        fen
        for fen, voucher in zip(vouchers, terms.vouchers, strict=True)
        if voucher.mode != VoucherMode.REIMBURSE_BUYER
    )
    return {
        "gross_fen": gross,
        "net_fen": net,
        "vat_fen": vat,
        "fee_fen": fee,
        "fee_net_fen": fee_net,
        "fee_vat_fen": fee - fee_net,
        "seller_net_fen": net - fee,
        "seller_payout_fen": gross - fee,
        "voucher_fen": sum(vouchers),
        "buyer_pays_fen": gross - sum(vouchers),
        "government_pays_fen": sum(vouchers),
        "payout_on_charge_fen": gross - redeemed - fee,
        "payout_on_voucher_fen": redeemed,
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
    retained = local + sum(surcharges.values()) + income_tax_of(terms.tax.cit_payable)[1]
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
    split = METHODS[terms.split]
    by_region = {
        f"{kind}_by_region_fen": tuple(zip(pair.parties, split(base, shares), strict=True))
        for kind, (base, shares) in bases.items()
    }
    return {**by_region, "gdp_base_fen": gdp_base}


def of(base: int, rate_bp: int) -> int:
    return nearest(Fraction(base * rate_bp, 10_000))


def taken_back(gross: int, amount: int, terms: Terms) -> dict[str, object]:
    """F11: each figure of what remains less the same figure of what stood."""
    after, before = line(gross - amount, terms), line(gross, terms)
    return {name: less(after[name], before[name]) for name in before}


def less(one: object, other: object) -> object:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return tuple((region, fen - dict(other)[region]) for region, fen in one)
    assert isinstance(one, int)
    assert isinstance(other, int)
    return one - other


def income_tax_of(payable: int) -> tuple[int, int]:
    """Sixty to forty, a tie to the centre."""
    return two(payable, Fraction(6, 10), tie_to_first=True)


def income_tax(payable: int, branches: Sequence[Branch]) -> dict[str, object]:
    """F8, with factors that every branch has something of."""
    central, local = income_tax_of(payable)
    head, together, pool = lrm(local, (25, 50, 25))
    weights = tuple(
        Fraction(35, 100) * Fraction(branch.revenue, sum(other.revenue for other in branches))
        + Fraction(35, 100) * Fraction(branch.wages, sum(other.wages for other in branches))
        + Fraction(30, 100) * Fraction(branch.assets, sum(other.assets for other in branches))
        for branch in branches
    )
    return {
        "central": central,
        "local": local,
        "head": head,
        "all_branches": together,
        "pool": pool,
        "weights": weights,
        "branches": lrm(together, weights),
    }


def emissions(use: PowerUse) -> dict[str, int]:
    """F9."""
    facility = nearest(Fraction(use.it_wh * use.pue_milli, 1000))
    certified = min(facility, use.certificates_wh)
    grams_per_wh = Fraction(use.grid_mg_per_kwh, 10**6)
    return {
        "facility_wh": facility,
        "certified_wh": certified,
        "location_based_g": nearest(facility * grams_per_wh),
        "market_based_g": nearest((facility - certified) * grams_per_wh),
    }


def breaches(
    promise: ServicePromise, due: int, down: int, interruption: Interruption | None
) -> list[tuple[str, int]]:
    """Which promises were not kept, and what each costs: of a ladder the dearest step that was missed."""
    up = Fraction(due - down, due)
    missed = [credit for promised, credit in promise.ladder if up < Fraction(promised, 10_000)]
    found = [("not_available", max(missed, default=0))]
    if interruption is not None:
        short = interruption.notice < promise.notice
        found.insert(0, ("notice_too_short", promise.notice_credit_bp if short else 0))
        short = interruption.run < promise.minimum_run
        found.insert(0, ("run_too_short", promise.minimum_run_credit_bp if short else 0))
    return [(reason, rate_bp) for reason, rate_bp in found if rate_bp]


def credited(charge: int, broken: Sequence[tuple[str, int]]) -> tuple[int, list[tuple[str, int, int]]]:
    """What is charged, and each credit of a fen or more: of what those before it left, rounded in the seller's favour."""
    found: list[tuple[str, int, int]] = []
    for reason, rate_bp in broken:
        charged = nearest(charge * (1 - Fraction(rate_bp, 10_000)))
        if charged != charge:
            found.append((reason, rate_bp, charge - charged))
        charge = charged
    return charge, found
