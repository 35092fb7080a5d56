"""Payouts by hand: what is due after the hold-back, what is set aside, and every end that a payout can have."""

import pytest

from exchange.names import VENUE, PartyId, PayoutId
from exchange.payouts.commands import (
    BeginPayouts,
    ConfirmPayout,
    FailPayout,
    NamePayoutAccount,
    PayoutAsked,
    ReturnPayout,
    SetPayoutTerms,
)
from exchange.payouts.events import (
    PayoutAccountNamed,
    PayoutBegun,
    PayoutFailed,
    PayoutPaid,
    PayoutReturned,
    PayoutTermsSet,
)
from exchange.payouts.rules import due
from exchange.refunds.commands import RefundLine
from exchange.refunds.events import LineRefunded
from exchange.state import PayoutTerms
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from tests.exchange.desk import Desk
from tests.exchange.house import BUYER, CLERK, SELLER, House, only
from tests.exchange.settled import settled_lines
from tests.exchange.test_closing import FEBRUARY, JANUARY, lease

OWED = 97_17  # of 100 yuan: VAT of 5.66 inside, and 3 % of the rest as the fee
WEEK = 7 * 24


@pytest.fixture
def house() -> House:
    """Ten hours in January, closed at its end, and the seller has named its account."""
    return closed(House())


def closed(house: House) -> House:
    desk = Desk(house)
    leased = lease(house, slots=10)
    house.tick(10)
    desk.deliver(leased, range(10))
    house.tick(JANUARY)
    desk.close("2026-01")
    only(PayoutAccountNamed, house.ask(SELLER, NamePayoutAccount(SELLER, "acct_sun")))
    only(PayoutTermsSet, house.ask(CLERK, SetPayoutTerms(PayoutTerms(7, Fen(50_00)))))
    return house


def pay(amount: int, seller: PartyId = SELLER) -> BeginPayouts:
    return BeginPayouts((PayoutAsked(seller, Fen(amount)),))


def begun(house: House, amount: int = OWED) -> PayoutId:
    house.tick(JANUARY + WEEK)
    return only(PayoutBegun, house.ask(CLERK, pay(amount))).payout


def test_a_week_after_its_close_a_run_is_due(house: House) -> None:
    assert house.balance(SELLER, AccountKind.PAYABLE) == OWED
    assert due(house.state, SELLER) == 0
    assert house.refusal(CLERK, pay(OWED)) == "payout_not_due"
    house.tick(JANUARY + WEEK - 1)
    assert due(house.state, SELLER) == 0
    house.tick(JANUARY + WEEK)
    assert due(house.state, SELLER) == OWED
    assert house.refusal(CLERK, pay(OWED + 1)) == "payout_not_due"
    assert house.refusal(CLERK, pay(49_99)) == "payout_too_small"
    event = only(PayoutBegun, house.ask(CLERK, pay(OWED)))
    assert (event.account, event.amount) == ("acct_sun", OWED)
    assert due(house.state, SELLER) == 0
    assert house.balance(SELLER, AccountKind.PAYABLE) == 0
    assert house.balance(SELLER, AccountKind.IN_TRANSIT) == OWED


def test_what_a_later_run_settles_is_held_back_by_itself(house: House) -> None:
    desk = Desk(house)
    desk.before = house.state.last_run
    leased = lease(house, slots=10, start=JANUARY)
    house.tick(JANUARY + 10)
    desk.deliver(leased, range(JANUARY, JANUARY + 10))
    begun(house)
    house.tick(FEBRUARY)
    desk.close("2026-02")
    assert (house.balance(SELLER, AccountKind.PAYABLE), due(house.state, SELLER)) == (OWED, 0)
    first, second = settled_lines(house)
    only(LineRefunded, house.ask(CLERK, RefundLine(first, Fen(10_00), "slow", "r", False)))
    house.tick(FEBRUARY + WEEK)
    assert due(house.state, SELLER) == house.balance(SELLER, AccountKind.PAYABLE) < OWED
    assert second.run == "run-2"


def test_a_refund_within_the_hold_back_takes_from_what_is_held_back(house: House) -> None:
    (line,) = settled_lines(house)
    house.ask(SELLER, RefundLine(line, Fen(100_00), "nothing ran", "r", False))
    house.tick(JANUARY + WEEK)
    assert (house.balance(SELLER, AccountKind.PAYABLE), due(house.state, SELLER)) == (0, 0)


def test_a_paid_payout_leaves_the_bank_and_may_come_back_in_parts(house: House) -> None:
    bank = house.balance(VENUE, AccountKind.BANK)
    payout = begun(house)
    paid = only(PayoutPaid, house.ask(VENUE, ConfirmPayout(payout, "tr_1")))
    assert paid.amount == OWED
    assert house.balance(VENUE, AccountKind.BANK) == bank + OWED
    assert house.balance(SELLER, AccountKind.IN_TRANSIT) == 0
    assert house.refusal(VENUE, ConfirmPayout(payout, "tr_1")) == "payout_out_of_turn"
    assert house.refusal(VENUE, FailPayout(payout, "late")) == "payout_out_of_turn"
    assert house.refusal(VENUE, ReturnPayout(payout, Fen(OWED + 1), "m")) == "amount_out_of_range"
    assert only(PayoutReturned, house.ask(VENUE, ReturnPayout(payout, Fen(17), "m"))).left == OWED - 17
    assert house.refusal(VENUE, ReturnPayout(payout, Fen(OWED), "n")) == "amount_out_of_range"
    house.ask(VENUE, ReturnPayout(payout, Fen(OWED - 17), "n"))
    assert house.balance(SELLER, AccountKind.PAYABLE) == OWED
    assert house.balance(VENUE, AccountKind.BANK) == bank
    assert house.refusal(VENUE, ReturnPayout(payout, Fen(1), "o")) == "payout_out_of_turn"
    assert house.state.paid_out == 0


def test_a_failed_payout_is_payable_again_and_due_at_once(house: House) -> None:
    payout = begun(house)
    assert only(PayoutFailed, house.ask(VENUE, FailPayout(payout, "account_closed"))).amount == OWED
    assert due(house.state, SELLER) == OWED
    assert house.refusal(VENUE, ConfirmPayout(payout, "tr_1")) == "payout_out_of_turn"
    assert only(PayoutBegun, house.ask(CLERK, pay(OWED))).payout != payout


def test_what_was_paid_out_cannot_be_refunded_until_it_is_taken_back(house: House) -> None:
    payout = begun(house)
    house.ask(VENUE, ConfirmPayout(payout, "tr_1"))
    (line,) = settled_lines(house)
    refund = RefundLine(line, Fen(100_00), "nothing ran", "r", False)
    assert house.refusal(CLERK, refund) == "payable_too_small"
    house.ask(VENUE, ReturnPayout(payout, Fen(OWED), "m"))
    only(LineRefunded, house.ask(CLERK, refund))


def test_nothing_is_begun_if_any_part_cannot_be(house: House) -> None:
    house.tick(JANUARY + WEEK)
    one = PayoutAsked(SELLER, Fen(60_00))
    assert house.refusal(CLERK, BeginPayouts(())) == "amount_out_of_range"
    assert house.refusal(CLERK, BeginPayouts((one, one))) == "amount_out_of_range"
    stranger = PayoutAsked(PartyId("nobody"), Fen(60_00))
    assert house.refusal(CLERK, BeginPayouts((one, stranger))) == "unknown_party"
    assert house.refusal(CLERK, BeginPayouts((one, PayoutAsked(BUYER, Fen(60_00))))) == "no_payout_account"
    assert house.balance(SELLER, AccountKind.IN_TRANSIT) == 0


def test_terms_and_accounts_that_make_no_sense_are_refused(house: House) -> None:
    for terms in (PayoutTerms(-1, Fen(1)), PayoutTerms(367, Fen(1)), PayoutTerms(0, Fen(0))):
        assert house.refusal(CLERK, SetPayoutTerms(terms)) == "payout_terms_invalid"
    assert house.refusal(CLERK, NamePayoutAccount(SELLER, " ")) == "payout_account_invalid"
    assert house.refusal(CLERK, NamePayoutAccount(SELLER, "x" * 65)) == "payout_account_invalid"
    assert house.refusal(CLERK, NamePayoutAccount(BUYER, "x")) == "wrong_role"
    assert house.refusal(CLERK, NamePayoutAccount(PartyId("nobody"), "x")) == "unknown_party"
    assert house.refusal(BUYER, NamePayoutAccount(BUYER, "x")) == "not_allowed"
    assert house.refusal(SELLER, pay(60_00)) == "not_allowed"
    assert house.refusal(CLERK, ConfirmPayout(PayoutId("pay-1-0"), "tr_1")) == "not_allowed"


def test_the_books_take_no_more_in_than_they_hold_whatever_was_paid_out(house: House) -> None:
    payout = begun(house)
    before = house.state.paid_out - house.balance(VENUE, AccountKind.BANK)
    house.ask(VENUE, ConfirmPayout(payout, "tr_1"))
    assert house.state.paid_out - house.balance(VENUE, AccountKind.BANK) == before
