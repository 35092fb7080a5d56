"""Statement lines, worked by hand."""

from dataclasses import replace

from settlement.money import BasisPoints, Fen
from settlement.statement import Line, imbalances, statement_line
from settlement.terms import FeeBase, TaxTerms
from tests.settlement.worlds import ORDINARY


def line_of(gross: int) -> Line:
    return statement_line(Fen(gross), ORDINARY)


def test_a_hundred_and_six_yuan_in_full() -> None:
    assert line_of(106_00) == Line(
        gross_fen=Fen(106_00),
        net_fen=Fen(100_00),
        vat_fen=Fen(6_00),
        fee_fen=Fen(3_00),
        fee_net_fen=Fen(2_83),
        fee_vat_fen=Fen(17),
        seller_net_fen=Fen(97_00),
        seller_payout_fen=Fen(103_00),
        voucher_fen=Fen(0),
        buyer_pays_fen=Fen(106_00),
        government_pays_fen=Fen(0),
        payout_on_charge_fen=Fen(103_00),
        payout_on_voucher_fen=Fen(0),
        vat_payable_fen=Fen(6_00),
        vat_central_fen=Fen(3_00),
        vat_local_fen=Fen(3_00),
        surcharge_urban_fen=Fen(42),
        surcharge_education_fen=Fen(18),
        surcharge_local_education_fen=Fen(12),
        local_retained_fen=Fen(3_72),
        revenue_by_region_fen=(("shanghai", Fen(40_00)), ("qingyang", Fen(60_00))),
        tax_by_region_fen=(("shanghai", Fen(1_12)), ("qingyang", Fen(2_60))),
        gdp_base_fen=Fen(60_00),
        gdp_by_region_fen=(("shanghai", Fen(21_00)), ("qingyang", Fen(39_00))),
    )


def test_vat_is_taken_out_of_the_price_and_not_put_on_top() -> None:
    line = line_of(100_00)
    assert (line.net_fen, line.vat_fen) == (94_34, 5_66)


def test_an_odd_fen_of_vat_goes_to_the_centre() -> None:
    line = line_of(100_17)
    assert (line.vat_fen, line.vat_central_fen, line.vat_local_fen) == (5_67, 2_84, 2_83)


def test_a_fee_of_half_a_fen_is_a_fen() -> None:
    one_percent = replace(ORDINARY, fee=replace(ORDINARY.fee, rate_bp=BasisPoints(100)))
    assert statement_line(Fen(53), one_percent).fee_fen == 1
    assert statement_line(Fen(-53), one_percent).fee_fen == -1


def test_a_fee_may_be_taken_on_gross() -> None:
    on_gross = replace(ORDINARY, fee=replace(ORDINARY.fee, base=FeeBase.GROSS))
    line = statement_line(Fen(106_00), on_gross)
    assert (line.fee_fen, line.fee_net_fen, line.fee_vat_fen, line.seller_net_fen) == (3_18, 3_00, 18, 96_82)


def test_surcharges_follow_the_vat_that_is_left_to_pay() -> None:
    line = statement_line(Fen(10_600_00), replace(ORDINARY, tax=TaxTerms(input_vat=Fen(456_78))))
    assert line.vat_fen == 600_00
    assert line.vat_payable_fen == 143_22
    assert line.surcharge_urban_fen == 10_03


def test_surplus_input_vat_is_not_paid_out_on_a_charge() -> None:
    surplus = replace(ORDINARY, tax=TaxTerms(input_vat=Fen(10_00)))
    assert statement_line(Fen(106_00), surplus).vat_payable_fen == 0
    assert statement_line(Fen(-106_00), surplus).vat_payable_fen == -16_00


def test_without_an_agreement_nothing_is_shared() -> None:
    line = statement_line(Fen(106_00), replace(ORDINARY, agreement=None))
    assert line.revenue_by_region_fen == line.tax_by_region_fen == line.gdp_by_region_fen == ()
    assert line.gdp_base_fen == 0
    assert line.local_retained_fen == 3_72
    assert imbalances(line) == []


def test_an_agreement_changes_nobodys_payment_or_tax() -> None:
    alone = statement_line(Fen(100_17), replace(ORDINARY, agreement=None))
    shared = line_of(100_17)
    without_memo = replace(
        shared, revenue_by_region_fen=(), tax_by_region_fen=(), gdp_base_fen=Fen(0), gdp_by_region_fen=()
    )
    assert without_memo == alone


def test_a_line_that_does_not_add_up_is_told_where() -> None:
    line = line_of(106_00)
    assert imbalances(line) == []
    assert imbalances(replace(line, vat_central_fen=Fen(2_99))) == [
        "central + local = VAT payable: 599 is not 600"
    ]
    assert imbalances(replace(line, tax_by_region_fen=(("shanghai", Fen(372)), ("qingyang", Fen(1))))) == [
        "tax by region = retained: 373 is not 372"
    ]
    assert imbalances(replace(line, gross_fen=Fen(106_01))) == [
        "net + VAT = gross: 10600 is not 10601",
        "buyer + government = gross: 10600 is not 10601",
    ]
