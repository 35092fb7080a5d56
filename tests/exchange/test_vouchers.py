"""Vouchers by hand: who may have one, what an order holds of it, what a statement uses, and what comes back."""

from dataclasses import replace
from typing import Any

import pytest

from exchange.catalogue.catalogue import load_catalogue
from exchange.closing.events import StatementPosted
from exchange.names import VENUE, Instant, PartyId, ProgrammeId, VoucherId
from exchange.orders.events import LeaseGranted, OrderAccepted
from exchange.promises import Claim, Facts
from exchange.quoting.quote import QuotedVoucher, quoted
from exchange.rejections import Rejected
from exchange.state import Role
from exchange.vouchers.commands import AdoptProgramme, ClaimVoucher, DeclareFacts, IssueVoucher
from exchange.vouchers.events import (
    VoucherExpired,
    VoucherHeld,
    VoucherIssued,
    VoucherPassed,
    VoucherReturned,
)
from exchange.vouchers.judging import ANY
from matching.commands import CancelOrder
from matching.curves import flat
from matching.terms import Seq, Tier
from settlement.ledger.chart import AccountKind
from settlement.money import BasisPoints, Fen
from settlement.terms import VoucherMode
from settlement.vouchers.parties import BuyerSize
from settlement.vouchers.programme import BudgetSpan, Buyers, ChipOrigin, Coverage, ProductLine, Programme
from tests.exchange.desk import Desk
from tests.exchange.house import (
    BUYER,
    CLERK,
    EAST,
    FAST,
    NEW_YEAR,
    SELLER,
    SLOW,
    WEST,
    YUAN,
    House,
    only,
    party,
)

JANUARY = 31 * 24
CITY, OFFICE = ProgrammeId("city"), PartyId("office")
PLAIN = Programme(
    id=CITY,
    version=1,
    issuer=EAST,
    buyers=Buyers(),
    coverage=(Coverage(ProductLine.COMPUTE, None, BasisPoints(3000)),),
    mode=VoucherMode.DEDUCT_AT_CHECKOUT,
    valid_from=NEW_YEAR,
    valid_to=None,
)
SMALL = Facts(BuyerSize.SMALL, "software", frozenset())


def city(claim: Claim | None = None, **terms: Any) -> House:
    """A venue at which a region has adopted a programme: 30 % of any lease, deducted from what the buyer pays."""
    house = House()
    house.admit(party(OFFICE, Role.REGION))
    house.ask(CLERK, DeclareFacts(BUYER, SMALL))
    house.ask(OFFICE, AdoptProgramme(replace(PLAIN, **terms), claim))
    return house


def give(house: House, amount: int = 1_000_00, hours: int = 2000, programme: str = CITY) -> VoucherId:
    ends = Instant(house.state.now + hours * 3600)
    issued = house.ask(OFFICE, IssueVoucher(ProgrammeId(programme), BUYER, Fen(amount), ends))
    return only(VoucherIssued, issued).voucher.id


def stands(house: House, voucher: str) -> tuple[int, int, int]:
    """What is left, held and used of a voucher."""
    kinds = (AccountKind.VOUCHER_LEFT, AccountKind.VOUCHER_HELD, AccountKind.VOUCHER_USED)
    left, held, used = (house.balance(voucher, kind) for kind in kinds)
    return left, held, used


def lease_and_close(house: House, *vouchers: VoucherId, lost: int = 0) -> StatementPosted:
    """Eight cards for ten hours at 10 yuan, 800 yuan in all, delivered but for `lost` card-seconds, and settled."""
    house.offer(price=10 * YUAN)
    granted = house.place(slots=10, cards=(8, 8), window=(0, 10), vouchers=vouchers)
    desk, lease = Desk(house), only(LeaseGranted, granted).lease
    house.tick(10)
    desk.deliver(lease, range(9))
    desk.deliver(lease, range(9, 10), lost)
    house.tick(JANUARY)
    (statement,) = desk.close("2026-01")
    return statement


def test_a_deducted_voucher_is_held_at_the_order_and_used_at_the_statement() -> None:
    house = city()
    voucher = give(house)
    house.offer(price=9 * YUAN)
    happened = house.place(limit=10 * YUAN, slots=10, cards=(8, 8), window=(0, 10), vouchers=(voucher,))
    held, passed, back = (only(kind, happened) for kind in (VoucherHeld, VoucherPassed, VoucherReturned))
    assert isinstance(held, VoucherHeld)
    assert isinstance(passed, VoucherPassed)
    assert isinstance(back, VoucherReturned)
    assert held.pledge.amount == only(OrderAccepted, happened).held * 3 // 10, (
        "lots may make the order dearer"
    )
    assert passed.pledge.amount == 720_00 * 3 // 10
    assert back.amount == held.pledge.amount - passed.pledge.amount
    assert stands(house, voucher) == (1_000_00 - 216_00, 216_00, 0)


def test_what_the_buyer_pays_what_the_region_owes_and_what_the_seller_gets() -> None:
    house = city()
    voucher = give(house)
    statement = lease_and_close(house, voucher, lost=3600)
    gross, fee = 790_00, 22_36
    assert (statement.charged, statement.released) == (gross - 237_00, 800_00 - gross + 237_00)
    assert house.available() == 1_000_000_00 - (gross - 237_00)
    assert house.balance(EAST, AccountKind.SUBSIDY_CLAIM) == -237_00
    assert house.balance(SELLER, AccountKind.SUBSIDY_DUE) == 237_00
    assert house.balance(SELLER, AccountKind.PAYABLE) == gross - fee - 237_00
    assert stands(house, voucher) == (1_000_00 - 237_00, 0, 237_00), "what a lost hour held came back"


def test_a_buyer_that_is_reimbursed_pays_all_of_it_first() -> None:
    house = city(mode=VoucherMode.REIMBURSE_BUYER)
    statement = lease_and_close(house, give(house))
    assert (statement.charged, house.available()) == (800_00, 1_000_000_00 - 800_00)
    assert house.balance(BUYER, AccountKind.SUBSIDY_DUE) == 240_00
    assert house.balance(SELLER, AccountKind.PAYABLE) == 800_00 - 22_64
    assert house.balance(EAST, AccountKind.SUBSIDY_CLAIM) == -240_00


def test_where_the_buyer_pays_less_than_the_fee_the_rest_comes_off_the_sellers_subsidy() -> None:
    house = city(
        mode=VoucherMode.CLAIMED_BY_SUPPLIER,
        coverage=(Coverage(ProductLine.COMPUTE, None, BasisPoints(9900)),),
    )
    statement = lease_and_close(house, give(house))
    assert statement.charged == 8_00
    assert statement.lines[0].line.payout_on_charge_fen == 8_00 - 22_64
    assert house.balance(SELLER, AccountKind.PAYABLE) == 0
    assert house.balance(SELLER, AccountKind.SUBSIDY_DUE) == 792_00 - (22_64 - 8_00)
    assert house.balance(VENUE, AccountKind.FEE_INCOME) + house.balance(VENUE, AccountKind.FEE_VAT) == 22_64


def test_a_voucher_covers_no_more_than_is_left_of_it() -> None:
    house = city()
    voucher = give(house, 100_00)
    assert lease_and_close(house, voucher).charged == 800_00 - 100_00
    assert stands(house, voucher) == (0, 0, 100_00)
    assert "used up" in refused_order(house, voucher, 31)


def refused_order(house: House, voucher: str, day: int = 0) -> str:
    """Why an order under a voucher is refused."""
    window = (day * 24, day * 24 + 24)
    return only(Rejected, house.place(window=window, vouchers=(VoucherId(voucher),))).explain


def test_what_a_cancelled_order_held_comes_back() -> None:
    house = city()
    voucher = give(house)
    house.place(vouchers=(voucher,))
    assert stands(house, voucher)[1]
    house.ask(BUYER, CancelOrder(house.last_order))
    assert stands(house, voucher) == (1_000_00, 0, 0)


def test_what_a_lost_lease_held_comes_back_and_goes_to_the_order_that_goes_on() -> None:
    house = city()
    house.admit(party("rich", Role.BUYER), 1_000_000_00)
    voucher = give(house)
    house.offer(asks={Tier.SPOT: flat(4 * YUAN), Tier.ON_DEMAND: flat(10 * YUAN)})
    house.place(tier=Tier.SPOT, limit=6 * YUAN, slots=4, cards=(8, 8), vouchers=(voucher,))
    assert stands(house, voucher)[1] == 4 * 8 * 4_00 * 3 // 10
    happened = house.place("rich", slots=3, cards=(8, 8), window=(0, 4))
    again = only(VoucherHeld, happened)
    assert again.order.endswith(".r1")
    freed = next(event.amount for event in happened if isinstance(event, VoucherReturned))
    assert again.pledge.amount == freed, "it covers no more than came back"
    assert sum(stands(house, voucher)) == 1_000_00


def test_a_lease_from_ones_own_sister_is_not_covered() -> None:
    house = city()
    voucher = give(house)
    for who in (BUYER, SELLER):
        house.ask(CLERK, DeclareFacts(who, replace(SMALL, controllers=frozenset({"wang"}))))
    assert lease_and_close(house, voucher).charged == 800_00
    assert stands(house, voucher) == (1_000_00, 0, 0)


def test_the_chip_that_is_leased_decides_the_rate() -> None:
    rates = {ChipOrigin.DOMESTIC: 3000, ChipOrigin.FOREIGN: 2000}
    house = city(
        coverage=tuple(
            Coverage(ProductLine.COMPUTE, origin, BasisPoints(rate)) for origin, rate in rates.items()
        )
    )
    house.offer(chip=FAST)
    happened = house.place(chips={FAST: 1000, SLOW: 1000}, vouchers=(give(house),))
    assert only(VoucherHeld, happened).pledge.terms.rate_bp == 3000
    assert only(VoucherPassed, happened).pledge.terms.rate_bp == 2000


def test_the_venue_picks_the_voucher_that_ends_first() -> None:
    house = city()
    late, early = give(house, hours=900), give(house, hours=90)
    tiny = give(house, 1, hours=90)
    for expected in (tiny, early, late):
        assert only(VoucherHeld, house.place(vouchers=(ANY,), cards=(400, 400))).pledge.voucher == expected
    assert not [event for event in house.place(vouchers=(ANY,)) if isinstance(event, VoucherHeld | Rejected)]


def test_two_vouchers_share_an_order_only_where_both_programmes_agree() -> None:
    house = city(stacks_with=("park",))
    park = replace(PLAIN, id="park", stacks_with=())
    house.ask(OFFICE, AdoptProgramme(park, None))
    both = (give(house), give(house, programme="park"))
    house.offer()
    assert "one subsidy" in only(Rejected, house.place(vouchers=both)).explain
    house.ask(OFFICE, AdoptProgramme(replace(park, version=2, stacks_with=(CITY,)), None))
    passed = [event.pledge for event in house.place(vouchers=both) if isinstance(event, VoucherPassed)]
    assert [pledge.amount for pledge in passed] == [3_00, 2_10]


def test_a_quote_says_what_vouchers_would_hold_and_cover() -> None:
    house = city(mode=VoucherMode.REIMBURSE_BUYER)
    voucher = give(house)
    house.offer(price=9 * YUAN)
    order = house.order(slots=10, cards=(8, 8), window=(0, 10), vouchers=(voucher,))
    answer = quoted(house.state, Seq(0), load_catalogue(), BUYER, order)
    expected = QuotedVoucher(
        voucher, VoucherMode.REIMBURSE_BUYER, Fen(answer.order_held * 3 // 10), Fen(216_00)
    )
    assert answer.vouchers == (expected,)
    house.ask(CLERK, DeclareFacts(SELLER, replace(SMALL, controllers=frozenset({str(BUYER)}))))
    again = quoted(house.state, Seq(0), load_catalogue(), BUYER, order)
    assert again.vouchers == (replace(expected, covered=Fen(0)),), (
        "it would be leased from the buyer's own company"
    )
    refused = quoted(
        house.state, Seq(0), load_catalogue(), BUYER, replace(order, vouchers=(voucher, voucher))
    )
    assert refused.refusal is not None
    assert refused.refusal.code == "voucher_refused"


def test_a_voucher_that_is_over_goes_back_to_its_programme() -> None:
    house = city()
    voucher = give(house, hours=5)
    assert only(VoucherExpired, house.tick(5)).amount == 1_000_00
    assert house.balance(CITY, AccountKind.VOUCHER_BUDGET) == 0
    assert house.refusal(BUYER, house.order(window=(5, 24), vouchers=(voucher,))) == "unknown_voucher"


def test_a_voucher_that_is_over_is_still_used_for_what_was_ordered_in_time() -> None:
    house = city()
    voucher = give(house, hours=5)
    assert lease_and_close(house, voucher).charged == 560_00
    house.tick(JANUARY + 1)
    assert stands(house, voucher) == (0, 0, 240_00)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"buyers": Buyers(regions=(WEST,))}, "not_eligible"),
        ({"buyers": Buyers(sizes=(BuyerSize.LARGE,))}, "not_eligible"),
        ({"buyers": Buyers(industries=("mining",))}, "not_eligible"),
        ({"valid_from": NEW_YEAR + 3600}, "not_eligible"),
        ({"budget": Fen(999_99)}, "budget_spent"),
        ({"budget": Fen(999_99), "budget_span": BudgetSpan.CALENDAR_YEAR}, "budget_spent"),
    ],
)
def test_who_is_not_eligible_gets_no_voucher(terms: dict[str, Any], code: str) -> None:
    house = city(Claim(Fen(1_000_00), 3600), **terms)
    assert house.refusal(BUYER, ClaimVoucher(CITY)) == code
    assert house.refusal(OFFICE, IssueVoucher(CITY, BUYER, Fen(1_000_00), Instant(NEW_YEAR + 1))) == code


def test_a_buyer_claims_once_in_a_calendar_year() -> None:
    house = city(Claim(Fen(50_00), 3600))
    assert only(VoucherIssued, house.ask(BUYER, ClaimVoucher(CITY))).voucher.ends == NEW_YEAR + 3600
    assert house.refusal(BUYER, ClaimVoucher(CITY)) == "claimed_already"
    house.tick(365 * 24)
    assert only(VoucherIssued, house.ask(BUYER, ClaimVoucher(CITY))).claimed


def test_caps_hold_over_all_of_a_buyers_vouchers() -> None:
    house = city(yearly_cap=Fen(3_00), per_order_cap=Fen(2_00))
    first, second = give(house), give(house)
    assert only(VoucherHeld, house.place(vouchers=(first,))).pledge.amount == 2_00
    assert only(VoucherHeld, house.place(vouchers=(second,))).pledge.amount == 1_00
    assert "next calendar year" in refused_order(house, second)


def test_nobody_uses_what_is_not_theirs_or_gives_what_is_not_its_own() -> None:
    house = city()
    voucher = give(house)
    house.admit(party("rich", Role.BUYER), 1_000_00)
    house.admit(party("far", Role.REGION, region=WEST))
    ask = IssueVoucher(CITY, BUYER, Fen(1), Instant(NEW_YEAR + 1))
    assert house.refusal("rich", house.order(vouchers=(voucher,))) == "unknown_voucher"
    assert house.refusal(BUYER, house.order(vouchers=(voucher, voucher))) == "voucher_refused"
    assert house.refusal("far", ask) == house.refusal(BUYER, ClaimVoucher(CITY)) == "unknown_programme"
    assert house.refusal(CLERK, ask) == house.refusal("rich", AdoptProgramme(PLAIN, None)) == "not_allowed"
    assert house.refusal("far", AdoptProgramme(replace(PLAIN, version=2), None)) == "programme_invalid"
    assert house.refusal(OFFICE, AdoptProgramme(PLAIN, None)) == "programme_invalid", "versions follow"
    assert house.refusal(OFFICE, replace(ask, ends=Instant(NEW_YEAR))) == "programme_invalid"
    assert house.refusal(OFFICE, replace(ask, buyer=PartyId("rich"))) == "facts_missing"
    assert house.refusal(OFFICE, replace(ask, buyer=SELLER)) == "wrong_role"
    assert house.refusal(CLERK, DeclareFacts(PartyId("nobody"), SMALL)) == "unknown_party"
