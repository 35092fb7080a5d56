"""Refunds: worked by hand, and by the thousand."""

import os
from dataclasses import replace
from random import Random

import pytest

from settlement.money import BasisPoints, Fen
from settlement.refunds import Returned, negated, refund, returned, total
from settlement.statement import statement_line
from settlement.terms import VoucherMode, VoucherTerms
from tests.settlement.refund_laws import many_refunds
from tests.settlement.worlds import ORDINARY

SEED = int(os.environ.get("SUANLI_SEED", "2026"))

CITY = VoucherTerms("city", BasisPoints(3000), VoucherMode.DEDUCT_AT_CHECKOUT, per_order_cap=Fen(20_000_00))
DISTRICT = VoucherTerms("district", BasisPoints(5000), VoucherMode.REIMBURSE_BUYER)


def test_while_a_cap_binds_the_buyer_alone_is_refunded() -> None:
    assert returned(Fen(100_000_00), Fen(30_000_00), (CITY,)) == Returned(Fen(30_000_00), (Fen(0),))
    assert returned(Fen(70_000_00), Fen(20_000_00), (CITY,)) == Returned(Fen(15_000_00), (Fen(5_000_00),))


def test_stacked_vouchers_cover_what_those_before_them_left() -> None:
    line = statement_line(Fen(106_00), replace(ORDINARY, vouchers=(CITY, DISTRICT)))
    assert (line.voucher_fen, line.payout_on_voucher_fen) == (31_80 + 37_10, 31_80)
    assert (line.buyer_pays_now_fen, line.buyer_pays_fen) == (74_20, 37_10)
    assert line.government_to_buyer_later_fen == 37_10
    assert returned(Fen(106_00), Fen(106_00), (CITY, DISTRICT)) == Returned(
        Fen(74_20), (Fen(31_80), Fen(37_10))
    )


def test_what_was_to_be_reimbursed_is_the_buyers_own_money_and_owed_no_longer() -> None:
    assert returned(Fen(100_00), Fen(100_00), (DISTRICT,)) == Returned(Fen(100_00), (Fen(50_00),))


def test_a_credit_is_refunded_towards_zero() -> None:
    credit = statement_line(Fen(-10_00), ORDINARY)
    assert total([credit, refund(credit, Fen(-4_00), ORDINARY)]) == statement_line(Fen(-6_00), ORDINARY)


@pytest.mark.parametrize(("gross", "amount"), [(10_00, 10_01), (10_00, -1), (-10_00, 1), (-10_00, -10_01)])
def test_no_more_is_refunded_than_stands(gross: int, amount: int) -> None:
    with pytest.raises(AssertionError, match="can be refunded"):
        refund(statement_line(Fen(gross), ORDINARY), Fen(amount), ORDINARY)


def test_a_line_and_its_opposite_are_nothing() -> None:
    line = statement_line(Fen(100_17), ORDINARY)
    nothing = total([line, negated(line)])
    assert nothing == statement_line(Fen(0), ORDINARY)


def test_a_thousand_orders_are_refunded_without_losing_a_fen() -> None:
    many_refunds(1_000, Random(SEED))


@pytest.mark.soak
def test_twenty_thousand_orders_are_refunded_without_losing_a_fen() -> None:
    print(f"SUANLI_SEED={SEED}")
    many_refunds(20_000, Random(SEED))
