"""Vouchers for token contracts by hand: what one holds of them, what its statements use, and what comes back."""

from dataclasses import replace
from typing import Any

import pytest

from exchange.closing.events import StatementPosted
from exchange.contracts.commands import AddPackage
from exchange.names import ContractId, Instant, PartyId, VoucherId
from exchange.refunds.commands import RefundLine
from exchange.rejections import Rejected
from exchange.state import Role
from exchange.vouchers.commands import DeclareFacts
from exchange.vouchers.events import VoucherExpired, VoucherHeld
from exchange.vouchers.judging import ANY
from settlement.ledger.chart import AccountKind
from settlement.meters import Meter
from settlement.money import BasisPoints, Fen
from settlement.terms import VoucherMode
from settlement.vouchers.programme import ChipOrigin, Coverage, ProductLine
from tests.exchange.desk import Desk
from tests.exchange.house import BUYER, CLERK, EAST, NEW_YEAR, SELLER, House, only, party
from tests.exchange.settled import settled_lines
from tests.exchange.test_contracts import open_contract, terms
from tests.exchange.test_vouchers import JANUARY, SMALL, city, give, stands

TOKENS = (Coverage(ProductLine.MODEL_SERVICE, None, BasisPoints(3000)),)
MILLION = 1_000_000


def venue(**changes: Any) -> House:
    """One at which a region pays 30 % of tokens."""
    return city(**{"coverage": TOKENS, **changes})


def used(house: House, contract: ContractId, *uses: tuple[int, int]) -> StatementPosted:
    """The statement of January, in which millions of tokens were read, at 2 yuan, and written, at 8."""
    desk = Desk(house)
    for slot, (read, written) in enumerate(uses):
        desk.use(contract, slot, read * MILLION, written * MILLION)
    house.tick(JANUARY)
    (statement,) = desk.close("2026-01")
    return statement


def test_a_contract_holds_what_its_vouchers_can_cover_of_its_budget() -> None:
    house = venue()
    voucher = give(house)
    contract = open_contract(house, vouchers=(voucher,))
    assert stands(house, voucher) == (1_000_00 - 30_00, 30_00, 0)
    assert (house.held(), house.available()) == (100_00, 1_000_000_00 - 100_00)
    assert [pledge.amount for pledge in house.state.pledges[contract]] == [30_00]


def test_what_is_covered_is_free_again_and_the_rest_of_the_budget_stays_held() -> None:
    house = venue()
    voucher = give(house)
    contract = open_contract(house, days=40, vouchers=(voucher,))
    statement = used(house, contract, (4, 4))
    assert [line.vouchers[0].covered for line in statement.lines] == [2_40, 9_60]
    assert (statement.charged, statement.released, statement.held_left) == (28_00, 12_00, 60_00)
    assert (house.held(), house.available()) == (60_00, 1_000_000_00 - 60_00 - 28_00)
    assert house.balance(EAST, AccountKind.SUBSIDY_CLAIM) == -12_00
    assert house.balance(SELLER, AccountKind.SUBSIDY_DUE) == 12_00
    assert stands(house, voucher) == (970_00, 18_00, 12_00)


def test_a_buyer_that_is_reimbursed_pays_all_of_it_first() -> None:
    house = venue(mode=VoucherMode.REIMBURSE_BUYER)
    contract = open_contract(house, days=40, vouchers=(give(house),))
    statement = used(house, contract, (4, 4))
    assert (statement.charged, statement.released, statement.held_left) == (40_00, 0, 60_00)
    assert house.balance(BUYER, AccountKind.SUBSIDY_DUE) == 12_00


def test_each_line_is_covered_by_what_those_before_it_left() -> None:
    house = venue()
    voucher = give(house, 5_00)
    contract = open_contract(house, days=40, vouchers=(voucher,))
    statement = used(house, contract, (10, 5))
    assert [[part.covered for part in line.vouchers] for line in statement.lines] == [[5_00], []]
    assert statement.charged == 60_00 - 5_00
    assert stands(house, voucher) == (0, 0, 5_00)


def test_what_is_beyond_the_budget_is_covered_no_more_than_it_is_charged() -> None:
    house = venue()
    voucher = give(house)
    contract = open_contract(house, days=40, vouchers=(voucher,))
    statement = used(house, contract, (60, 5))
    assert [(line.line.gross_fen, line.over_budget) for line in statement.lines] == [
        (100_00, 20_00),
        (0, 40_00),
    ]
    assert (statement.charged, statement.released, statement.held_left) == (70_00, 30_00, 0)
    assert stands(house, voucher) == (970_00, 0, 30_00)


def test_what_a_contract_leaves_comes_back_when_it_closes() -> None:
    house = venue()
    voucher = give(house)
    contract = open_contract(house, vouchers=(voucher,))
    assert used(house, contract, (1, 1)).charged == 7_00
    assert contract not in house.state.contracts
    assert stands(house, voucher) == (1_000_00 - 3_00, 0, 3_00)
    assert (house.held(), house.available()) == (0, 1_000_000_00 - 7_00)
    assert house.state.pledges == {}


def test_packages_are_paid_by_nobody_else() -> None:
    """Neither their price, which is held beside the budget, nor what is taken from them."""
    house = venue()
    voucher = give(house)
    contract = open_contract(house, days=40, vouchers=(voucher,))
    ends = house.state.contracts[contract].terms.ends
    house.ask(CLERK, AddPackage(contract, 3 * MILLION, Fen(20_00), NEW_YEAR, ends))
    statement = used(house, contract, (5, 0))
    told = [
        (line.meter, line.package is None, sum(part.covered for part in line.vouchers))
        for line in statement.lines
    ]
    assert told == [
        (Meter.PACKAGES, False, 0),
        (Meter.INPUT_TOKENS, False, 0),
        (Meter.INPUT_TOKENS, True, 1_20),
    ]
    assert statement.charged == 20_00 + 4_00 - 1_20
    assert house.held() == 96_00


def test_a_voucher_that_is_over_is_still_used_for_a_contract_that_was_opened_in_time() -> None:
    house = venue()
    voucher = give(house, hours=5)
    contract = open_contract(house, vouchers=(voucher,))
    house.tick(6)
    assert voucher in house.state.vouchers, "the contract holds a part of it"
    assert used(house, contract, (1, 1)).charged == 7_00
    assert only(VoucherExpired, house.tick(JANUARY + 1)).amount == 997_00


def test_a_refund_gives_the_voucher_its_part_back() -> None:
    house = venue()
    voucher = give(house)
    contract = open_contract(house, days=40, vouchers=(voucher,))
    used(house, contract, (4, 4))
    line = next(line for line in settled_lines(house) if line.gross == 32_00)
    house.ask(CLERK, RefundLine(line, Fen(10_00), "it was slow", "r-1", False))
    assert stands(house, voucher) == (973_00, 18_00, 9_00)
    assert house.balance(EAST, AccountKind.SUBSIDY_CLAIM) == -9_00


def test_the_venue_may_pick_and_a_cap_holds_for_the_contract() -> None:
    house = venue(per_order_cap=Fen(7_00))
    voucher = give(house)
    held = only(VoucherHeld, house.ask(CLERK, terms(house, vouchers=(ANY,))))
    assert (held.pledge.voucher, held.pledge.amount) == (voucher, 7_00)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"coverage": (Coverage(ProductLine.COMPUTE, None, BasisPoints(3000)),)}, "Only compute is covered"),
        (
            {"coverage": (Coverage(ProductLine.MODEL_SERVICE, ChipOrigin.DOMESTIC, BasisPoints(3000)),)},
            "Only domestic chips are covered",
        ),
        ({"sellers_unrelated": True}, "Buyer and seller belong together"),
    ],
)
def test_what_its_programme_does_not_pay_for_opens_no_contract(changes: dict[str, Any], why: str) -> None:
    house = venue(**changes)
    voucher = give(house)
    for who in (BUYER, SELLER):
        house.ask(CLERK, DeclareFacts(who, replace(SMALL, controllers=frozenset({"wang"}))))
    refused = only(Rejected, house.ask(CLERK, terms(house, vouchers=(voucher,))))
    assert refused.code == "voucher_refused"
    assert why in refused.explain
    assert (house.state.contracts, house.held(), stands(house, voucher)) == ({}, 0, (1_000_00, 0, 0))


def test_a_contract_names_vouchers_of_its_buyer_each_once() -> None:
    house = venue()
    voucher = give(house)
    house.admit(party("rich", Role.BUYER), 1_000_00)
    assert house.refusal(CLERK, terms(house, buyer=PartyId("rich"), vouchers=(voucher,))) == "unknown_voucher"
    assert house.refusal(CLERK, terms(house, vouchers=(VoucherId("vch-0"),))) == "unknown_voucher"
    assert house.refusal(CLERK, terms(house, vouchers=(voucher, voucher))) == "voucher_refused"
    over = give(house, hours=5)
    house.tick(5)
    late = terms(house, begins=Instant(house.state.now), vouchers=(over,))
    assert house.refusal(CLERK, late) == "unknown_voucher"
