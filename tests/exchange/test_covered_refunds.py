"""Refunds of lines that vouchers cover: each mode to the fen, in any order, back to nothing, and after a voucher's end."""

import copy
from dataclasses import replace
from itertools import permutations
from random import Random
from typing import Any

import pytest

from exchange.names import Instant, PartyId, ProgrammeId
from exchange.refunds.commands import RefundLine
from exchange.refunds.events import LineRefunded, PartReturned
from exchange.rejections import Rejected
from exchange.state import SettledLine
from exchange.vouchers.commands import AdoptProgramme
from exchange.vouchers.events import VoucherExpired
from settlement.ledger.chart import AccountKind
from settlement.money import BasisPoints, Fen
from settlement.terms import VoucherMode
from settlement.vouchers.programme import Coverage, ProductLine
from tests.exchange.house import BUYER, CLERK, EAST, NEW_YEAR, SELLER, House, only, pair
from tests.exchange.settled import require_what_remains, settled_lines
from tests.exchange.test_vouchers import CITY, OFFICE, PLAIN, city, give, lease_and_close, stands

GROSS, COVERED = 800_00, 240_00
MONEY = 1_000_000_00


def covering(rate_bp: int) -> dict[str, Any]:
    return {"coverage": (Coverage(ProductLine.COMPUTE, None, BasisPoints(rate_bp)),)}


def settled(amount: int = 1_000_00, **terms: Any) -> tuple[House, SettledLine, str]:
    """Eight cards for ten hours, 800 yuan, covered by a voucher as the programme says, and shared between two regions."""
    house = city(**terms)
    house.agree(pair(NEW_YEAR, None))
    voucher = give(house, amount)
    lease_and_close(house, voucher)
    (line,) = settled_lines(house)
    return house, line, voucher


def refund(house: House, line: SettledLine, amount: int, reference: str = "r-1") -> LineRefunded:
    asked = RefundLine(line, Fen(amount), "hours were slow", reference, False)
    refunded = only(LineRefunded, house.ask(CLERK, asked))
    require_what_remains(house, line)
    return refunded


def picture(house: House) -> tuple[object, ...]:
    """All that refunds move: balances, what counts against caps, and what runs have earned."""
    programmes = house.state.programmes.values()
    taken = [(buyer, dict(of)) for one in programmes for buyer, of in one.taken.items()]
    earned = [(run, dict(one.by_seller)) for run, one in house.state.earnings.items()]
    return tuple(house.state.balances.items()), tuple(map(str, taken)), tuple(map(str, earned))


@pytest.mark.parametrize("mode", [VoucherMode.DEDUCT_AT_CHECKOUT, VoucherMode.CLAIMED_BY_SUPPLIER])
def test_the_buyer_gets_its_own_part_and_the_voucher_its(mode: VoucherMode) -> None:
    house, line, voucher = settled(mode=mode)
    refunded = refund(house, line, 100_00)
    assert refunded.returned == (PartReturned(line.vouchers[0].voucher, Fen(30_00), over=False),)
    assert house.available() == MONEY - (GROSS - COVERED) + 70_00
    assert stands(house, voucher) == (1_000_00 - COVERED + 30_00, 0, COVERED - 30_00)
    assert house.balance(EAST, AccountKind.SUBSIDY_CLAIM) == -(COVERED - 30_00)
    assert house.balance(SELLER, AccountKind.SUBSIDY_DUE) == COVERED - 30_00
    # 700.00 remains: net 660.38, of which the fee takes 19.81.
    assert house.balance(SELLER, AccountKind.PAYABLE) == 700_00 - 19_81 - (COVERED - 30_00)


def test_a_buyer_that_is_reimbursed_has_its_money_back_and_is_owed_less() -> None:
    house, line, voucher = settled(mode=VoucherMode.REIMBURSE_BUYER)
    refund(house, line, 100_00)
    assert house.available() == MONEY - GROSS + 100_00
    assert house.balance(BUYER, AccountKind.SUBSIDY_DUE) == COVERED - 30_00
    assert house.balance(EAST, AccountKind.SUBSIDY_CLAIM) == -(COVERED - 30_00)
    assert house.balance(SELLER, AccountKind.PAYABLE) == 700_00 - 19_81
    assert stands(house, voucher) == (1_000_00 - COVERED + 30_00, 0, COVERED - 30_00)


def test_while_a_cap_binds_the_buyer_alone_is_refunded() -> None:
    house, line, voucher = settled(amount=100_00)
    assert refund(house, line, 400_00).returned[0].amount == 0
    assert house.available() == MONEY - 700_00 + 400_00
    # 400.00 would be covered with 120.00; the voucher had 100.00, which are 30 % of 333.33.
    assert refund(house, line, 100_00, "r-2").returned[0].amount == 10_00
    assert stands(house, voucher) == (10_00, 0, 90_00)


@pytest.mark.parametrize("mode", VoucherMode)
@pytest.mark.parametrize("rate_bp", [1, 3000, 9690, 9717, 9900, 9999, 10_000])
def test_a_full_refund_in_random_parts_leaves_nothing(mode: VoucherMode, rate_bp: int) -> None:
    """Also where the buyer's part does not cover the fee, or comes to do so by a refund."""
    house, line, voucher = settled(mode=mode, **covering(rate_bp))
    before = dict(house.state.balances.items())
    chance = Random(rate_bp)
    cuts = sorted(chance.sample(range(1, GROSS), 7))
    for n, (start, end) in enumerate(zip([0, *cuts], [*cuts, GROSS], strict=True)):
        refund(house, line, end - start, f"r-{n}")
    kept = {AccountKind.AVAILABLE, AccountKind.BANK, AccountKind.VOUCHER_LEFT, AccountKind.VOUCHER_BUDGET}
    for account in before.keys() | dict(house.state.balances.items()).keys():
        assert account.kind in kept or house.state.balances.of(account) == 0, account
    assert house.available() == MONEY
    assert stands(house, voucher) == (1_000_00, 0, 0)
    assert house.state.programmes[CITY].taken == {BUYER: {2026: 0}}


@pytest.mark.parametrize("mode", VoucherMode)
@pytest.mark.parametrize("rate_bp", [3000, 9717, 9999])
def test_any_order_of_parts_comes_to_the_same(mode: VoucherMode, rate_bp: int) -> None:
    house, line, _ = settled(mode=mode, **covering(rate_bp))
    pictures = set()
    for order in permutations([1, 33_33, 700_07, 5]):
        tried = copy.deepcopy(house)
        for n, amount in enumerate(order):
            refund(tried, line, amount, f"r-{n}")
        pictures.add(picture(tried))
    at_once = copy.deepcopy(house)
    refund(at_once, line, 1 + 33_33 + 700_07 + 5)
    assert pictures == {picture(at_once)}


def test_two_vouchers_have_back_what_each_of_them_covered() -> None:
    house = city(stacks_with=("plus",))
    plus = replace(PLAIN, id="plus", mode=VoucherMode.REIMBURSE_BUYER, stacks_with=(CITY,))
    house.ask(OFFICE, AdoptProgramme(plus, None))
    vouchers = give(house), give(house, programme="plus")
    lease_and_close(house, *vouchers)
    (line,) = settled_lines(house)
    assert [part.covered for part in line.vouchers] == [240_00, 168_00]
    refunded = refund(house, line, 100_00)
    assert [back.amount for back in refunded.returned] == [30_00, 21_00]
    assert house.available() == MONEY - 560_00 + 70_00
    assert house.balance(BUYER, AccountKind.SUBSIDY_DUE) == 147_00
    assert house.balance(SELLER, AccountKind.SUBSIDY_DUE) == 210_00
    refund(house, line, 700_00, "r-2")
    assert house.available() == MONEY
    assert [stands(house, voucher) for voucher in vouchers] == [(1_000_00, 0, 0)] * 2


def test_what_a_refund_gives_back_can_be_used_again() -> None:
    house, line, voucher = settled(amount=COVERED, yearly_cap=Fen(COVERED))
    order = house.order(slots=10, window=(800, 820), vouchers=(line.vouchers[0].voucher,))
    assert house.refusal(BUYER, order) == "voucher_refused", "the voucher is used up, and so is the year"
    refund(house, line, 100_00)
    assert not any(isinstance(event, Rejected) for event in house.ask(BUYER, order))
    assert stands(house, voucher)[1] == 30_00


def test_what_comes_back_to_a_voucher_that_is_over_goes_to_its_programme() -> None:
    house, line, voucher = settled()
    over = house.tick(2000)
    left = only(VoucherExpired, over).amount
    assert refund(house, line, 100_00).returned[0].over
    assert stands(house, voucher) == (0, 0, COVERED - 30_00)
    assert house.balance(CITY, AccountKind.VOUCHER_BUDGET) == -(1_000_00 - left - 30_00)
    assert house.balance(EAST, AccountKind.SUBSIDY_CLAIM) == -(COVERED - 30_00)
    assert house.available() == MONEY - (GROSS - COVERED) + 70_00
    refund(house, line, 700_00, "r-2")
    assert stands(house, voucher) == (0, 0, 0)
    assert house.balance(CITY, AccountKind.VOUCHER_BUDGET) == 0


def test_what_comes_back_between_the_end_and_the_next_tick_expires_with_it() -> None:
    house, line, voucher = settled()
    house.tick(1999)
    refund(house, line, 100_00)
    assert only(VoucherExpired, house.tick(2000)).amount == 1_000_00 - COVERED + 30_00
    assert stands(house, voucher) == (0, 0, COVERED - 30_00)


def test_a_line_that_was_never_covered_so_is_refused() -> None:
    house, line, _ = settled()
    part = line.vouchers[0]
    for wrong in (
        replace(line, vouchers=(replace(part, covered=Fen(1)),)),
        replace(line, vouchers=(part, part)),
        replace(line, vouchers=(replace(part, programme=ProgrammeId("other")),)),
        replace(line, vouchers=(replace(part, terms=replace(part.terms, rate_bp=BasisPoints(10_001))),)),
        replace(line, vouchers=(replace(part, at=Instant(house.state.now + 1)),)),
        replace(line, vouchers=(replace(part, at=Instant(NEW_YEAR - 1)),)),
        replace(line, buyer=PartyId(OFFICE)),
        replace(line, gross=Fen(2 * GROSS), vouchers=(replace(part, covered=Fen(2 * COVERED)),)),
    ):
        asked = RefundLine(wrong, Fen(wrong.gross), "no", "r-1", False)
        assert house.refusal(CLERK, asked) == "refund_invalid"


def test_a_line_that_vouchers_cover_is_no_line_in_cash_alone() -> None:
    """Whoever forgets the vouchers of a line would pay the buyer what the region was to pay."""
    house, line, _ = settled()
    in_cash = RefundLine(replace(line, vouchers=()), Fen(100_00), "no", "r-1", False)
    assert house.refusal(CLERK, in_cash) == "refund_invalid"


def test_where_the_buyers_part_does_not_cover_the_fee_the_sellers_balance_stays_at_nothing() -> None:
    house, line, _ = settled(**covering(9900))
    assert refund(house, line, 300_00).payable == 0
    (earned,) = house.state.earnings.values()
    assert house.balance(SELLER, AccountKind.PAYABLE) == 0 == sum(earned.by_seller.values())
    # 500.00 remains: the region owes 495.00 of it, the buyer's 5.00 leave 9.15 of the fee of 14.15 to the seller.
    assert house.balance(SELLER, AccountKind.SUBSIDY_DUE) == 495_00 - 9_15


def test_the_programmes_next_version_changes_no_refund() -> None:
    house, line, _ = settled()
    house.ask(OFFICE, AdoptProgramme(replace(PLAIN, version=2, **covering(1)), None))
    assert refund(house, line, 100_00).returned[0].amount == 30_00
