"""Closing by hand: what delivered time costs to the fen, what comes late, and what nobody can settle twice."""

from dataclasses import replace

import pytest

from exchange.closing.commands import BeginClose, CutUsage, FinishClose, LeaseSum, PostStatements
from exchange.closing.events import CloseBegun, PeriodClosed, StatementPosted, UsageCut
from exchange.names import VENUE, LeaseId, RunId
from exchange.orders.events import LeaseGranted
from exchange.rejections import Rejected
from exchange.state import LeaseTerms
from settlement.ledger.chart import AccountKind
from tests.exchange.desk import Desk
from tests.exchange.house import (
    BUYER,
    CLERK,
    EAST,
    NEW_YEAR,
    QUARTERS,
    SELLER,
    WEST,
    YUAN,
    House,
    only,
    pair,
)

DAY = 24
JANUARY, FEBRUARY = 31 * DAY, (31 + 28) * DAY  # slots from new year to the end of each
RUN = RunId("run-1")


def lease(house: House, slots: int, start: int = 0, cards: int = 1, price: int = 10 * YUAN) -> LeaseTerms:
    """Capacity in the west, leased by a buyer in the east."""
    window = (start, start + slots)
    house.offer(price=price, window=window)
    granted = house.place(limit=price, slots=slots, cards=(cards, cards), window=window)
    return only(LeaseGranted, granted).lease


def test_three_cards_for_ten_hours_at_12_34_yuan() -> None:
    house = House()
    house.agree(pair(NEW_YEAR, None))
    desk = Desk(house)
    leased = lease(house, slots=10, cards=3, price=12_340_000)
    house.tick(JANUARY)
    desk.batches, desk.deliveries = 1, {(leased.id, house.first + n): (1, 3 * 3600) for n in range(10)}
    (statement,) = desk.close("2026-01")
    (part,) = statement.lines
    assert (part.quantity, part.lost, part.price, part.agreement) == (
        108_000,
        0,
        12_340_000,
        ("east-west", 1),
    )
    line = part.line
    assert (line.gross_fen, line.net_fen, line.vat_fen) == (370_20, 349_25, 20_95)
    assert (line.fee_fen, line.fee_net_fen, line.fee_vat_fen, line.seller_payout_fen) == (
        10_48,
        9_89,
        59,
        359_72,
    )
    assert (line.vat_central_fen, line.vat_local_fen) == (10_48, 10_47)
    assert (line.surcharge_urban_fen, line.surcharge_education_fen) == (1_47, 63)
    assert (line.surcharge_local_education_fen, line.local_retained_fen) == (42, 12_99)
    assert line.revenue_by_region_fen == ((EAST, 139_70), (WEST, 209_55))
    assert line.tax_by_region_fen == ((EAST, 6_49), (WEST, 6_50))
    assert line.gdp_by_region_fen == ((EAST, 73_34), (WEST, 136_21))

    assert (house.held(), house.available()) == (0, 1_000_000_00 - 370_20)
    assert house.balance(SELLER, AccountKind.PAYABLE) == 359_72
    assert house.balance(VENUE, AccountKind.FEE_INCOME) == 9_89
    assert house.balance(VENUE, AccountKind.FEE_VAT) == 59
    assert house.balance(WEST, AccountKind.TAX) == 6_50
    assert house.state.leases == {}


def test_a_price_that_comes_again_is_one_line_which_is_rounded_once() -> None:
    """Dear days and cheap nights. The VAT of each night by itself would come to 4.40 + 5.28 + 5.28, a fen more."""
    house = House()
    desk = Desk(house)
    days, nights = 12_340_000, 7_770_000
    house.offer(steps={n: days if n // 12 % 2 else nights for n in range(0, 6 * 12, 12)}, window=(0, 6 * 12))
    placed = house.place(slots=6 * 12, cards=(1, 1), limit=20 * YUAN, window=(0, 6 * 12))
    leased = only(LeaseGranted, placed).lease
    house.tick(6 * 12)
    desk.deliver(leased, range(2, 6 * 12))
    house.tick(JANUARY)
    (statement,) = desk.close("2026-01")
    assert [(line.price, line.quantity // 3600, line.lost) for line in statement.lines] == [
        (nights, 36, 7200),
        (days, 36, 0),
    ]
    assert (statement.lines[0].line.gross_fen, statement.lines[0].line.vat_fen) == (34 * 7_77, 14_95)
    assert statement.charged + statement.released == 36 * (12_34 + 7_77)
    assert (house.held(), house.state.leases) == (0, {})


def test_what_was_lost_is_not_charged_and_its_hold_comes_back() -> None:
    house = House()
    desk = Desk(house)
    leased = lease(house, slots=10, cards=3, price=12_340_000)
    house.tick(10)
    desk.deliver(leased, range(9))
    desk.deliver(leased, range(9, 10), lost=3600)  # one of three cards failed for the last hour
    house.tick(JANUARY)
    (statement,) = desk.close("2026-01")
    assert (statement.lines[0].before_loss, statement.lines[0].lost) == (370_20, 3600)
    assert (statement.charged, statement.released) == (357_86, 12_34)


def test_delivery_nobody_reports_is_lost_once_its_late_window_has_closed() -> None:
    house = House()
    leased = lease(house, slots=10)
    house.tick(JANUARY)
    (statement,) = Desk(house).close("2026-01")
    assert (statement.subject, statement.charged, statement.released) == (leased.id, 0, 100_00)
    assert house.available() == 1_000_000_00


def test_late_usage_is_settled_in_the_next_period_under_the_one_it_was_for() -> None:
    house = House()
    desk = Desk(house)
    leased = lease(house, slots=4, start=JANUARY - 4)
    house.tick(JANUARY)
    assert desk.deliver(leased, range(JANUARY - 4, JANUARY - 2)) == "accepted"
    house.tick(JANUARY + 10)
    (january,) = desk.close("2026-01")
    assert (january.charged, january.slots_left, january.held_left) == (20_00, 2, 20_00)
    assert house.held() == 20_00, "what may still be reported is still held"

    house.tick(JANUARY + 70)
    assert desk.deliver(leased, range(JANUARY - 2, JANUARY - 1)) == "accepted", "71 hours after its end"
    house.tick(JANUARY + 72)
    assert desk.deliver(leased, range(JANUARY - 1, JANUARY)) == "too_late", "72 hours after its end"
    house.tick(FEBRUARY)
    (february,) = desk.close("2026-02")
    (part,) = february.lines
    assert (part.service_period, part.quantity, part.lost) == ("2026-01", 7200, 3600)
    assert (february.charged, february.released, february.slots_left) == (10_00, 10_00, 0)
    assert house.held() == 0


def test_a_lease_over_two_periods_is_settled_in_both() -> None:
    house = House()
    desk = Desk(house)
    leased = lease(house, slots=4, start=JANUARY - 2)
    house.tick(JANUARY + 2)
    desk.deliver(leased, range(JANUARY - 2, JANUARY + 2))
    assert [(one.charged, one.slots_left) for one in desk.close("2026-01")] == [(20_00, 2)]
    house.tick(FEBRUARY)
    (february,) = desk.close("2026-02")
    assert [(part.service_period, part.quantity) for part in february.lines] == [("2026-02", 7200)]
    assert house.held() == 0


def test_an_agreement_that_changes_within_a_period_makes_two_lines() -> None:
    house = House()
    desk = Desk(house)
    noon = NEW_YEAR + 12 * 3600
    house.agree(pair(NEW_YEAR, noon, tax=5000, version=1))
    house.agree(pair(noon, None, tax=3000, version=2))
    leased = lease(house, slots=6, start=10)
    house.tick(16)
    desk.deliver(leased, range(10, 16))
    house.tick(JANUARY)
    (statement,) = desk.close("2026-01")
    assert [(part.agreement, part.quantity) for part in statement.lines] == [
        (("east-west", 1), 7200),
        (("east-west", 2), 14_400),
    ]
    # Of 20 yuan the local treasury keeps 69 fen, of 40 yuan 1.41 yuan.
    assert [part.line.tax_by_region_fen for part in statement.lines] == [
        ((EAST, 34), (WEST, 35)),
        ((EAST, 42), (WEST, 99)),
    ]
    assert house.balance(EAST, AccountKind.TAX) == 34 + 42


def test_prices_make_a_line_each() -> None:
    house = House()
    desk = Desk(house)
    house.offer(steps={0: 10 * YUAN, 8: 6 * YUAN})
    leased = only(LeaseGranted, house.place(slots=4, window=(6, 10))).lease
    house.tick(10)
    desk.deliver(leased, range(6, 10))
    house.tick(JANUARY)
    (statement,) = desk.close("2026-01")
    assert [(part.price, part.line.gross_fen) for part in statement.lines] == [
        (10 * YUAN, 20_00),
        (6 * YUAN, 12_00),
    ]
    assert statement.settled == ((6 * YUAN, 2), (10 * YUAN, 2))


@pytest.mark.parametrize(
    ("quarters", "hourly", "charged"),
    [
        (1, 10_000, 0),  # a quarter of a fen
        (2, 10_000, 1),  # half a fen goes to the seller
        (3, 10_000, 1),
        (5, 30_000, 4),  # 3.75 fen
    ],
)
def test_quarters_are_rounded_once_and_held_one_by_one(quarters: int, hourly: int, charged: int) -> None:
    house = House(QUARTERS)
    desk = Desk(house)
    leased = lease(house, slots=quarters, price=hourly // 4)
    assert house.held() == quarters
    house.tick(quarters)
    desk.deliver(leased, range(quarters))
    house.tick(4 * JANUARY)
    (statement,) = desk.close("2026-01")
    assert (statement.lines[0].price, statement.lines[0].quantity) == (hourly, 900 * quarters)
    assert (statement.charged, statement.released) == (charged, quarters - charged)


def test_periods_close_in_order_and_one_at_a_time() -> None:
    house = House()
    for period in ("", "2026", "2026-13", "26-01", "2026-1", "1999-12", "\uff12026-01"):
        assert house.refusal(CLERK, BeginClose(period)) == "period_unknown"
    house.tick(JANUARY - 1)
    assert house.refusal(CLERK, BeginClose("2026-01")) == "period_not_over"
    house.tick(FEBRUARY + 31 * DAY)
    begun = only(CloseBegun, house.ask(CLERK, BeginClose("2026-01"))).run
    assert (begun.id, begun.begins, begun.usage_batch) == (RUN, NEW_YEAR, None)
    assert begun.late_until == begun.ends, "closed weeks later: the late window of all slots has passed"
    assert house.refusal(CLERK, BeginClose("2026-02")) == "run_open"
    only(UsageCut, house.ask(CLERK, CutUsage(RUN, 0)))
    assert only(PeriodClosed, house.ask(CLERK, FinishClose(RUN))).run.usage_batch == 0
    assert house.refusal(CLERK, BeginClose("2026-03")) == "period_out_of_order"
    assert house.refusal(CLERK, BeginClose("2026-01")) == "period_out_of_order"
    only(CloseBegun, house.ask(CLERK, BeginClose("2026-02")))


def test_each_step_of_a_run_has_its_time() -> None:
    house = House()
    house.tick(FEBRUARY)
    for command in (CutUsage(RUN, 0), PostStatements(RUN), FinishClose(RUN)):
        assert house.refusal(CLERK, command) == "no_such_run"
    house.ask(CLERK, BeginClose("2026-01"))
    for command in (PostStatements(RUN), FinishClose(RUN), CutUsage(RunId("run-2"), 0)):
        assert house.refusal(CLERK, command) == "no_such_run", "the run doesn't know its usage yet"
    house.ask(CLERK, CutUsage(RUN, 3))
    assert house.refusal(CLERK, CutUsage(RUN, 3)) == "no_such_run"
    assert house.ask(CLERK, PostStatements(RUN)) == []
    house.ask(CLERK, FinishClose(RUN))
    assert house.refusal(CLERK, FinishClose(RUN)) == "no_such_run"
    house.ask(CLERK, BeginClose("2026-02"))
    assert house.refusal(CLERK, CutUsage(RunId("run-2"), 2)) == "usage_goes_back"


ONE = LeaseSum(LeaseId("lse-1"), "2026-01", 10 * YUAN, None, slots=1, lost=0)


@pytest.fixture
def closing() -> House:
    """A run that knows its usage, and a lease of ten slots to settle."""
    house = House()
    lease(house, slots=10, cards=2)
    lease(house, slots=2, start=20)
    house.tick(JANUARY)
    house.ask(CLERK, BeginClose("2026-01"))
    house.ask(CLERK, CutUsage(RUN, 0))
    return house


@pytest.mark.parametrize(
    ("sums", "code"),
    [
        ([replace(ONE, slots=11)], "settled_twice"),
        ([replace(ONE, slots=6), replace(ONE, slots=5, service_period="2026-02")], "settled_twice"),
        ([replace(ONE, price=9 * YUAN)], "settled_twice"),
        ([replace(ONE, lease=LeaseId("lse-9"))], "settled_twice"),
        ([ONE, replace(ONE, lease=LeaseId("lse-2")), ONE], "settled_twice"),
        ([replace(ONE, slots=0)], "amount_out_of_range"),
        ([replace(ONE, slots=-1)], "amount_out_of_range"),
        ([replace(ONE, lost=-1)], "amount_out_of_range"),
        ([replace(ONE, lost=7201)], "amount_out_of_range"),
        ([replace(ONE, agreement=("east-west", 1))], "agreement_invalid"),
    ],
)
def test_sums_that_are_not_booked(closing: House, sums: list[LeaseSum], code: str) -> None:
    assert closing.refusal(CLERK, PostStatements(RUN, leases=tuple(sums))) == code
    assert closing.held() == 200_00 + 20_00


def test_a_lease_has_one_statement_in_a_run(closing: House) -> None:
    only(StatementPosted, closing.ask(CLERK, PostStatements(RUN, leases=(replace(ONE, slots=4),))))
    assert closing.refusal(CLERK, PostStatements(RUN, leases=(replace(ONE, slots=6),))) == "settled_twice"
    closing.ask(CLERK, FinishClose(RUN))
    closing.tick(FEBRUARY)
    later = RunId("run-2")
    closing.ask(CLERK, BeginClose("2026-02"))
    closing.ask(CLERK, CutUsage(later, 0))
    rest = only(StatementPosted, closing.ask(CLERK, PostStatements(later, leases=(replace(ONE, slots=6),))))
    assert rest.slots_left == 0
    assert closing.refusal(CLERK, PostStatements(later, leases=(ONE,))) == "settled_twice"


def test_the_first_period_is_the_one_of_the_first_tick() -> None:
    house = House()
    house.tick(FEBRUARY + DAY)
    for name in ("2025-12", "2000-01"):
        assert house.refusal(CLERK, BeginClose(name)) == "period_unknown"
    refused = only(Rejected, house.ask(CLERK, BeginClose("2026-02")))
    assert refused == Rejected(
        "period_out_of_order", "Periods are closed in order, each once: 2026-01 is the next to close."
    )
    assert only(CloseBegun, house.ask(CLERK, BeginClose("2026-01"))).run.period == "2026-01"


def test_only_clerks_close() -> None:
    house = House()
    house.tick(FEBRUARY)
    for command in (BeginClose("2026-01"), CutUsage(RUN, 0), PostStatements(RUN), FinishClose(RUN)):
        assert house.refusal(BUYER, command) == "not_allowed"
