"""Orders by hand: what is held to the fen, who gets what, and what comes back."""

from typing import Any

import pytest

from exchange.orders.events import LeaseGranted, OrderAccepted, OrderClosed, OrderReworked
from exchange.state import Role
from matching.commands import AmendOrder, CancelOrder
from matching.events import Rested
from matching.terms import Block, ChipCode, OrderEnd, OrderId, Price, RegionCode, TimeInForce
from tests.exchange.house import BUYER, EAST, FAST, QUARTERS, SELLER, SLOW, WEST, YUAN, House, only, party


def test_an_order_holds_the_most_it_can_cost_and_no_fen_more() -> None:
    house = House()
    accepted = only(OrderAccepted, house.place(limit=12_500_000, cards=(2, 4), slots=6))
    # Four cards, seven more if lots round them up, six hours at 12.50 yuan.
    assert accepted.held == 11 * 6 * 12_50
    assert (house.held(), house.available()) == (accepted.held, 1_000_000_00 - accepted.held)


def test_the_dearest_acceptable_chip_decides_what_is_held() -> None:
    house = House()
    accepted = only(OrderAccepted, house.place(chips={FAST: 2000, SLOW: 500}, cards=(4, 4)))
    # On fast chips: 2 + 7 cards at 20 yuan; on slow ones: 8 + 7 cards at 5 yuan.
    assert accepted.held == 9 * 20_00


def test_exactly_enough_money_is_enough_and_a_fen_less_is_not() -> None:
    needed = 8 * 10_00
    assert isinstance(House(money=needed).place()[0], OrderAccepted)
    poor = House(money=needed - 1)
    assert poor.refusal(BUYER, poor.order()) == "insufficient_funds"
    assert poor.held() == 0


def test_a_lease_costs_the_listings_ask_and_the_rest_comes_back() -> None:
    house = House()
    house.offer(price=7 * YUAN)
    _, lease, closed = house.place(cards=(2, 2), slots=3)
    assert isinstance(lease, LeaseGranted)
    assert isinstance(closed, OrderClosed)
    assert (lease.held, lease.leased.cost) == (2 * 3 * 7_00, 2 * 3 * 7 * YUAN)
    assert closed.released == 9 * 3 * 10_00 - lease.held
    assert house.held() == lease.held


def test_lots_round_up_and_the_buyer_pays_whole_lots() -> None:
    house = House()
    house.offer(lot=4)
    lease = only(LeaseGranted, house.place(cards=(3, 3)))
    assert (lease.leased.cards, lease.held) == (4, 40_00)


def test_a_price_curve_makes_runs_of_one_price() -> None:
    house = House()
    house.offer(steps={0: 10 * YUAN, 8: 6 * YUAN})
    lease = only(LeaseGranted, house.place(slots=4, window=(6, 10)))
    runs = [
        (run.window.start - house.first, run.window.end - house.first, run.price) for run in lease.lease.runs
    ]
    assert runs == [(6, 8, 10 * YUAN), (8, 10, 6 * YUAN)]
    assert lease.held == 2 * 10_00 + 2 * 6_00


def test_a_lease_keeps_where_demand_and_supply_come_from() -> None:
    house = House()
    house.offer()
    lease = only(LeaseGranted, house.place()).lease
    assert (lease.id, lease.source, lease.destination) == ("lse-1", EAST, WEST)


def test_an_owner_group_never_trades_with_itself() -> None:
    house = House()
    house.admit(party("sun-labs", Role.BUYER, group=SELLER), money=1_000_00)
    house.offer()
    assert isinstance(house.place("sun-labs")[-1], Rested)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chips": {}}, "unknown_chip"),
        ({"chips": {ChipCode("none"): 1000}}, "unknown_chip"),
        ({"regions": ()}, "unknown_region"),
        ({"regions": (RegionCode("000000"),)}, "unknown_region"),
        ({"shape": Block(0, 1, 1)}, "bad_quantity"),
        ({"shape": Block(1, 1, 0)}, "bad_quantity"),
        ({"cards": (2, 1)}, "bad_quantity"),
        ({"chips": {FAST: 0}}, "bad_quantity"),
        ({"limit": -10_000}, "bad_price"),
        ({"window": (3, 3)}, "empty_window"),
        ({"slots": 25}, "window_too_short"),
        ({"limit": 10 * YUAN + 1}, "price_off_tick"),
        ({"window": (-3, 0)}, "window_in_the_past"),
        ({"window": (0, 90 * 24 + 1)}, "window_too_far"),
        ({"limit": 10**15}, "insufficient_funds"),
        ({"limit": 10**19}, "amount_out_of_range"),
    ],
)
def test_what_cannot_be_ordered(changes: dict[str, Any], code: str) -> None:
    house = House()
    assert house.refusal(BUYER, house.order(**changes)) == code
    assert house.held() == 0


def test_only_buyers_order() -> None:
    house = House()
    assert house.refusal(SELLER, house.order()) == "not_allowed"


def test_an_amendment_holds_the_difference() -> None:
    house = House()
    house.place(cards=(1, 1))
    reworked = only(OrderReworked, house.ask(BUYER, AmendOrder(house.last_order, cards=(1, 3))))
    assert (reworked.held_before, reworked.held, house.held()) == (80_00, 100_00, 100_00)
    house.ask(BUYER, AmendOrder(house.last_order, limit=Price(5 * YUAN)))
    assert house.held() == 50_00


def test_an_amendment_needs_only_the_difference_in_money() -> None:
    house = House(money=100_00)
    house.place(cards=(1, 1))
    assert house.available() == 20_00
    assert house.refusal(BUYER, AmendOrder(house.last_order, cards=(1, 4))) == "insufficient_funds"
    assert house.held() == 80_00, "a refusal changes nothing"
    house.ask(BUYER, AmendOrder(house.last_order, cards=(1, 3)))
    assert house.available() == 0


def test_an_amendment_may_find_capacity() -> None:
    house = House()
    house.offer(price=12 * YUAN)
    house.place()
    events = house.ask(BUYER, AmendOrder(house.last_order, limit=Price(12 * YUAN)))
    assert [type(event) for event in events] == [OrderReworked, LeaseGranted, OrderClosed]


def test_cancelling_gives_everything_back() -> None:
    house = House()
    house.place()
    closed = only(OrderClosed, house.ask(BUYER, CancelOrder(house.last_order)))
    assert (closed.released, closed.closed.end) == (80_00, OrderEnd.CANCELLED)
    assert (house.held(), house.available()) == (0, 1_000_000_00)


def test_an_order_is_its_partys_alone() -> None:
    house = House()
    house.admit(party("ann", Role.BUYER), money=1)
    house.place()
    assert house.refusal("ann", CancelOrder(house.last_order)) == "unknown_id"
    assert house.refusal("ann", AmendOrder(house.last_order, limit=Price(0))) == "unknown_id"
    assert house.refusal(BUYER, CancelOrder(OrderId("ord-1"))) == "unknown_id"


def test_what_is_too_late_to_start_expires_and_its_money_is_free() -> None:
    house = House()
    house.place(slots=4, window=(0, 10))
    house.tick(6)
    assert house.held() > 0
    assert only(OrderClosed, house.tick(7)).closed.end is OrderEnd.EXPIRED
    assert house.held() == 0


def test_an_immediate_order_is_filled_or_killed() -> None:
    house = House()
    assert only(OrderClosed, house.place(tif=TimeInForce.IOC)).closed.end is OrderEnd.KILLED
    assert house.held() == 0


def test_less_than_the_most_is_a_part() -> None:
    house = House()
    house.offer(cards=3)
    assert only(OrderClosed, house.place(cards=(2, 5))).closed.end is OrderEnd.PARTIAL
    assert house.held() == 30_00


def test_quarters_that_cost_a_fraction_of_a_fen_are_held_rounded_up_and_a_fen_for_each_but_one() -> None:
    house = House(QUARTERS)
    house.offer(price=2_500)  # a quarter of a fen a card-slot: one fen a card-hour
    accepted, lease, _ = house.place(limit=2_500, slots=3, window=(0, 3))
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(lease, LeaseGranted)
    assert accepted.held == 6 + 2, "eight cards for three quarters come to six fen"
    assert lease.held == 3, "each quarter of one card, rounded up"


def test_a_hold_covers_a_limit_that_is_whole_only_over_the_whole_run() -> None:
    """On a chip of weight 1.999 the limit is 4,997.5 a slot: the run may cost the half that no slot may."""
    house = House(QUARTERS, money=10**14)
    house.offer(steps={0: 2_500, 1: 5_000}, cards=400_000, lot=8, window=(0, 1000))
    weight, cards = 1999, 399_793
    accepted, lease, _ = house.place(
        limit=2_500, chips={FAST: weight}, cards=(cards, cards), slots=1000, window=(0, 1000)
    )
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(lease, LeaseGranted)
    assert lease.leased.cost == 200_000 * 4_997_500
    assert lease.held <= accepted.held
    assert accepted.held == 200_004 * 4_997_500 // 10_000 + 999, "seven cards more, and a fen a slot but one"
