"""The statement: one gross amount taken apart into every figure that buyer, seller, treasury and regions see.

The steps follow the formulas F3 to F7 in order, and nothing else in settlement rounds these figures. The figures by
region are accounting under the agreement: not a tax filing, and not official statistics.
"""

from dataclasses import dataclass

from settlement.agreements import PairAgreement
from settlement.income_tax import split_income_tax
from settlement.money import (
    NOTHING,
    WHOLE,
    BasisPoints,
    Fen,
    Tie,
    chain,
    largest_remainder,
    round_half_away,
    two_way,
)
from settlement.terms import FeeBase, FeeTerms, SplitMethod, TaxTerms, Terms, VoucherMode, VoucherTerms

RegionShares = tuple[tuple[str, Fen], ...]
"""What each region may count as its own, in the order of the agreement's parties; empty without an agreement."""


@dataclass(frozen=True, slots=True)
class Line:
    """One settled line, every figure in fen.

    Without vouchers, input VAT and income tax a credit is the charge with signs turned. The difference of two lines is
    a line too: what a refund takes back.
    """

    gross_fen: Fen
    """The price with VAT."""
    net_fen: Fen
    """The price without VAT: the seller's sales."""
    vat_fen: Fen
    """The VAT within the price, which the seller remits."""

    fee_fen: Fen
    """The venue's fee, its own VAT included."""
    fee_net_fen: Fen
    fee_vat_fen: Fen
    seller_net_fen: Fen
    """The seller's sales less the fee."""
    seller_payout_fen: Fen
    """The cash the seller receives: its sales less the fee, and the VAT."""

    voucher_fen: Fen
    """The part of the price that government vouchers cover."""
    buyer_pays_fen: Fen
    """What the buyer pays in the end, after any reimbursement."""
    government_pays_fen: Fen
    payout_on_charge_fen: Fen
    """What the seller receives when the buyer is charged; negative where the buyer's part does not cover the fee."""
    payout_on_voucher_fen: Fen
    """What the seller receives when a voucher is redeemed or claimed."""

    vat_payable_fen: Fen
    """VAT after input VAT. Tax is assessed by period, so this figure and those that follow from it are estimates."""
    vat_central_fen: Fen
    vat_local_fen: Fen
    surcharge_urban_fen: Fen
    surcharge_education_fen: Fen
    surcharge_local_education_fen: Fen
    local_retained_fen: Fen
    """What stays with local government, and is therefore there to be shared between regions."""

    revenue_by_region_fen: RegionShares
    tax_by_region_fen: RegionShares
    gdp_base_fen: Fen
    """The value added by this line, as the agreement reckons it."""
    gdp_by_region_fen: RegionShares

    @property
    def buyer_pays_now_fen(self) -> Fen:
        """What the buyer is charged: all that no voucher pays to the seller."""
        return Fen(self.gross_fen - self.payout_on_voucher_fen)

    @property
    def government_to_buyer_later_fen(self) -> Fen:
        """What the government pays back to the buyer (先付后补)."""
        return Fen(self.government_pays_fen - self.payout_on_voucher_fen)


@dataclass(frozen=True, slots=True)
class Attribution:
    """What the parties of an agreement count as theirs: memo figures that change nobody's payment or invoice (F7)."""

    revenue: RegionShares
    tax: RegionShares
    gdp_base: Fen
    gdp: RegionShares


def statement_line(gross: Fen, terms: Terms) -> Line:
    """Settle one line from its gross, VAT included; a negative gross is a credit."""
    net, vat = split_vat(gross, terms.vat_rate_bp)
    fee = fee_of(gross, net, terms.fee)
    fee_net, fee_vat = split_vat(fee, terms.fee.vat_rate_bp)
    payout = Fen(gross - fee)

    covered = vouchers_of(gross, terms.vouchers)
    voucher = Fen(sum(covered))
    on_voucher = paid_to_seller(covered, terms.vouchers)

    payable = vat_payable_of(gross, vat, terms.tax)
    central, local = split_with_centre(payable)
    urban, education, local_education = surcharges_of(payable, terms.tax)
    _, local_income_tax = split_income_tax(terms.tax.cit_payable)
    local_retained = Fen(local + urban + education + local_education + local_income_tax)

    regions = attribution_of(net, local_retained, terms.agreement, terms.split)
    return Line(
        gross_fen=gross,
        net_fen=net,
        vat_fen=vat,
        fee_fen=fee,
        fee_net_fen=fee_net,
        fee_vat_fen=fee_vat,
        seller_net_fen=Fen(net - fee),
        seller_payout_fen=payout,
        voucher_fen=voucher,
        buyer_pays_fen=Fen(gross - voucher),
        government_pays_fen=voucher,
        payout_on_charge_fen=Fen(payout - on_voucher),
        payout_on_voucher_fen=on_voucher,
        vat_payable_fen=payable,
        vat_central_fen=central,
        vat_local_fen=local,
        surcharge_urban_fen=urban,
        surcharge_education_fen=education,
        surcharge_local_education_fen=local_education,
        local_retained_fen=local_retained,
        revenue_by_region_fen=regions.revenue,
        tax_by_region_fen=regions.tax,
        gdp_base_fen=regions.gdp_base,
        gdp_by_region_fen=regions.gdp,
    )


def split_vat(gross: Fen, rate_bp: BasisPoints) -> tuple[Fen, Fen]:
    """Take the VAT out of a price that includes it: net, VAT (F3; VAT Law art. 7: the price is exclusive of tax)."""
    # At the lawful rates no gross falls between two integers, so the tie decides nothing.
    net, vat = two_way(gross, WHOLE, WHOLE + rate_bp, Tie.SECOND)
    return Fen(net), Fen(vat)


def fee_of(gross: Fen, net: Fen, terms: FeeTerms) -> Fen:
    """Reckon the venue's fee, its own VAT included (F4)."""
    base = net if terms.base is FeeBase.NET else gross
    return percentage(base, terms.rate_bp)


def vouchers_of(gross: Fen, vouchers: tuple[VoucherTerms, ...]) -> tuple[Fen, ...]:
    """Say what each voucher covers of a price, each of what those before it left: a chain of two-way splits."""
    left, covered = gross, list[Fen]()
    for voucher in vouchers:
        covered.append(voucher_of(left, voucher))
        left = Fen(left - covered[-1])
    return tuple(covered)


def voucher_of(price: Fen, voucher: VoucherTerms) -> Fen:
    """Cover a price up to the rate, rounded down so that it is never exceeded, and up to every cap (F5).

    A credit is not covered: what a refund gives back of a voucher is a difference of two prices.
    """
    ceiling = Fen(price * voucher.rate_bp // WHOLE)
    caps = (voucher.per_order_cap, voucher.yearly_left, voucher.balance)
    return max(NOTHING, min([ceiling, *(cap for cap in caps if cap is not None)]))


def paid_to_seller(covered: tuple[Fen, ...], vouchers: tuple[VoucherTerms, ...]) -> Fen:
    """Add up what reaches the seller as a voucher: a reimbursement goes to the buyer instead."""
    return Fen(
        sum(
            fen
            for fen, voucher in zip(covered, vouchers, strict=True)
            if voucher.mode is not VoucherMode.REIMBURSE_BUYER
        )
    )


def vat_payable_of(gross: Fen, vat: Fen, terms: TaxTerms) -> Fen:
    """Set input VAT against the VAT of the line (F6).

    A charge is never taxed below zero: surplus input VAT is carried forward, not paid out. A credit may be.
    """
    payable = Fen(vat - terms.input_vat)
    return payable if gross < 0 else max(NOTHING, payable)


def split_with_centre(vat_payable: Fen) -> tuple[Fen, Fen]:
    """Halve VAT between the central and the local treasury, an odd fen to the centre (F6; State Council 2016, no. 26)."""
    central, local = two_way(vat_payable, 1, 2, Tie.FIRST)
    return Fen(central), Fen(local)


def surcharges_of(vat_payable: Fen, terms: TaxTerms) -> tuple[Fen, Fen, Fen]:
    """Levy the urban, education and local education surcharges on VAT to be paid, not on sales (F6)."""
    return (
        percentage(vat_payable, terms.surcharge_urban_bp),
        percentage(vat_payable, terms.surcharge_education_bp),
        percentage(vat_payable, terms.surcharge_local_education_bp),
    )


def attribution_of(
    net: Fen, local_retained: Fen, agreement: PairAgreement | None, method: SplitMethod
) -> Attribution:
    """Share revenue, retained tax and GDP between the parties of the agreement, a tie to the destination (F7)."""
    if agreement is None:
        return Attribution(revenue=(), tax=(), gdp_base=NOTHING, gdp=())
    gdp_base = percentage(net, agreement.value_added_bp)
    return Attribution(
        revenue=by_region(net, agreement.parties, agreement.shares.revenue, method),
        tax=by_region(local_retained, agreement.parties, agreement.shares.tax, method),
        gdp_base=gdp_base,
        gdp=by_region(gdp_base, agreement.parties, agreement.shares.gdp, method),
    )


def by_region(
    base: Fen, parties: tuple[str, ...], shares: tuple[BasisPoints, ...], method: SplitMethod
) -> RegionShares:
    """Split a base among the parties by their shares."""
    match method:
        case SplitMethod.CHAIN:
            parts = chain(base, shares)
        case SplitMethod.LARGEST_REMAINDER:
            parts = largest_remainder(base, shares)
    return tuple((party, Fen(part)) for party, part in zip(parties, parts, strict=True))


def percentage(base: Fen, rate_bp: BasisPoints) -> Fen:
    """Take a rate of a base, half a fen away from zero."""
    return Fen(round_half_away(base * rate_bp, WHOLE))


def imbalances(line: Line, local_income_tax: Fen = NOTHING) -> list[str]:
    """Name every sum in a line that does not come out. A sound line gives an empty list.

    `local_income_tax` is the local part of what its terms attribute to it: the only part of a line that no figure has.
    """
    surcharges = line.surcharge_urban_fen + line.surcharge_education_fen + line.surcharge_local_education_fen
    equations = [
        ("net + VAT = gross", line.net_fen + line.vat_fen, line.gross_fen),
        ("fee + seller net = net", line.fee_fen + line.seller_net_fen, line.net_fen),
        ("fee net + fee VAT = fee", line.fee_net_fen + line.fee_vat_fen, line.fee_fen),
        ("seller net + VAT = payout", line.seller_net_fen + line.vat_fen, line.seller_payout_fen),
        ("buyer + government = gross", line.buyer_pays_fen + line.government_pays_fen, line.gross_fen),
        ("voucher = government", line.voucher_fen, line.government_pays_fen),
        ("payouts = payout", line.payout_on_charge_fen + line.payout_on_voucher_fen, line.seller_payout_fen),
        ("central + local = VAT payable", line.vat_central_fen + line.vat_local_fen, line.vat_payable_fen),
        (
            "local taxes = retained",
            line.vat_local_fen + surcharges + local_income_tax,
            line.local_retained_fen,
        ),
    ]
    shared = [
        ("revenue by region = net", line.revenue_by_region_fen, line.net_fen),
        ("tax by region = retained", line.tax_by_region_fen, line.local_retained_fen),
        ("GDP by region = GDP base", line.gdp_by_region_fen, line.gdp_base_fen),
    ]
    equations += [(name, sum(fen for _, fen in regions), base) for name, regions, base in shared if regions]
    return [f"{name}: {left} is not {right}" for name, left, right in equations if left != right]
