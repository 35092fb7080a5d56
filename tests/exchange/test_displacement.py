"""Spot leases by hand: what they keep, who may take them back, what is paid then, and what goes on."""

from dataclasses import replace
from typing import Any

import pytest

from exchange.events import Event
from exchange.orders.events import (
    LeaseDisplaced,
    LeaseGranted,
    OrderAccepted,
    OrderClosed,
    OrderNotContinued,
    ReserveReleased,
)
from exchange.state import Role
from exchange.venue.commands import AdoptTerms
from exchange.venue.events import TermsAdopted
from matching.commands import AmendOrder, Reclaim, SetLink
from matching.curves import PriceCurve, flat
from matching.events import LinkSet, ListingAmended, ListingClosed, Rested
from matching.terms import (
    Block,
    ListingEnd,
    MarketTerms,
    OnPreempt,
    OrderEnd,
    OrderId,
    Price,
    PriceRule,
    Slot,
    Split,
    Tier,
    Work,
)
from tests.exchange.desk import Desk
from tests.exchange.doctored import log_of, told_of
from tests.exchange.house import BUYER, CLERK, EAST, FAST, HOURS, SELLER, WEST, YUAN, House, only, party

BOTH = {Tier.SPOT: flat(4 * YUAN), Tier.ON_DEMAND: flat(10 * YUAN)}


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def crowded(cards: int = 8, **changes: Any) -> House:
    """A day of eight cards, all of them leased as spot from the first hour to the fourth, at a limit of six yuan."""
    house = House()
    house.admit(party("rich", Role.BUYER), 1_000_000_00)
    house.offer(asks=BOTH, cards=8)
    terms = {"tier": Tier.SPOT, "limit": 6 * YUAN, "slots": 4, "cards": (cards, cards), **changes}
    house.place(**terms)
    return house


def firm(house: House, **changes: Any) -> list[Event]:
    """Somebody needs all cards for certain."""
    return house.place("rich", **{"slots": 3, "cards": (8, 8), "window": (0, 4), **changes})


def test_a_spot_lease_keeps_what_looking_anew_can_cost_until_it_ends() -> None:
    house = crowded(window=(0, 4))
    # Fifteen cards with lots rounded up, four hours at six yuan; the lease itself holds eight at four.
    # Who outbids a limit that is odd on its chip may pay a fraction of a fen in each hour, and the first is counted.
    assert house.held() == 15 * 4 * 6_00 + 3
    house.tick(3)
    assert house.held() == 15 * 4 * 6_00 + 3
    released = only(ReserveReleased, house.tick(4))
    assert released.released == (15 * 6 - 8 * 4) * 4 * 100 + 3
    assert house.held() == 8 * 4 * 4_00, "what was delivered is to be paid"


@pytest.mark.parametrize("changes", [{"tier": Tier.ON_DEMAND}, {"on_preempt": OnPreempt.CANCEL}])
def test_what_would_not_go_on_keeps_nothing(changes: dict[str, Any]) -> None:
    house = House()
    house.offer(asks=BOTH)
    closed = only(OrderClosed, house.place(**{"tier": Tier.SPOT, **changes}))
    assert (closed.kept, closed.closed.end) == (0, OrderEnd.FILLED)
    assert not house.state.reserves


def test_firm_demand_takes_spot_back_and_the_rest_looks_anew() -> None:
    house = crowded(window=(0, 12))
    events = firm(house)
    assert kinds(events) == [
        "OrderAccepted",
        "LeaseDisplaced",
        "ReserveReleased",
        "LeaseGranted",
        "OrderClosed",
        "OrderAccepted",
        "Rested",
        "LeaseGranted",
        "OrderClosed",
    ]
    gone = only(LeaseDisplaced, events)
    assert gone.displaced.at == house.first + 1, "it runs on for the notice"
    assert (gone.runs, gone.slots_left, gone.held_left) == ((), 0, 0), "one hour is within the grace"
    assert gone.released == 8 * 4 * 4_00
    again = [event for event in events if isinstance(event, OrderAccepted)][1]
    assert again.opened.order.id.endswith(".r1")
    assert (again.party, again.opened.order.slots, again.held) == (BUYER, 3, 15 * 3 * 6_00 + 2)
    assert house.held() == 15 * 3 * 6_00 + 2, "its new lease and the reserve for it"


def without_lots() -> House:
    """A venue in whose holds no card of a lot is to spare."""
    return House(replace(HOURS, lot_max=1))


def test_who_pays_a_limit_that_is_odd_on_the_chip_held_enough() -> None:
    """At 1.01 yuan a card of one and a half costs 1.515 an hour, and each of three hours is held rounded up."""
    house = without_lots()
    house.place(limit=101 * YUAN // 100, slots=3, chips={FAST: 1500})
    lease = only(LeaseGranted, house.offer(price=YUAN, cards=1, price_rule=PriceRule.MAKER))
    assert (lease.leased.cost, lease.held) == (3 * 1_515_000, 3 * 152)


def test_who_pays_for_another_limit_that_is_odd_on_the_chip_held_enough() -> None:
    """Four hours at the 1.515 that who loses them offered, and one at 2.94, are 1.80 on average."""
    house = without_lots()
    house.admit(party("rich", Role.BUYER), 1_000_000_00)
    curve = PriceCurve(((house.first, YUAN), (house.first + 5, 294 * YUAN // 100)))
    house.offer(asks={Tier.SPOT: curve}, cards=1)
    terms = {"tier": Tier.SPOT, "on_preempt": OnPreempt.CANCEL}
    house.place(limit=101 * YUAN // 100, slots=6, window=(0, 6), chips={FAST: 1500}, **terms)
    events = house.place("rich", limit=180 * YUAN // 100, slots=5, window=(1, 6), **terms)
    assert (only(LeaseGranted, events).leased.cost, house.held("rich")) == (9 * YUAN, 4 * 152 + 294)


def test_what_was_delivered_beyond_the_grace_is_paid_and_settled() -> None:
    house = crowded(window=(0, 12))
    house.tick(1)
    gone = only(LeaseDisplaced, firm(house, window=(1, 5)))
    assert gone.displaced.charged == 8 * 2 * 4 * YUAN
    assert (gone.slots_left, gone.held_left, gone.released) == (2, 8 * 2 * 4_00, 8 * 2 * 4_00)
    lease = house.state.leases[gone.lease].terms
    desk = Desk(house)
    house.tick(31 * 24)
    desk.deliver(lease, range(2))
    (first, *_) = desk.close("2026-01")
    assert (first.subject, first.slots_left, first.held_left) == (gone.lease, 0, 0)
    assert gone.lease not in house.state.leases


def test_nobody_pays_for_the_grace() -> None:
    house = crowded(window=(0, 4))
    firm(house)
    house.tick(31 * 24)
    assert [statement.buyer for statement in Desk(house).close("2026-01")] == ["rich"]
    assert house.held() == 0


def test_an_order_whose_buyer_can_not_pay_for_it_any_more_does_not_go_on() -> None:
    house = House(money=8 * 4 * 9_00 + 3)
    house.admit(party("rich", Role.BUYER), 1_000_000_00)
    curve = PriceCurve(((house.first, 18 * YUAN), (house.first + 2, 0)))
    house.offer(asks={Tier.SPOT: curve, Tier.ON_DEMAND: flat(10 * YUAN)}, lot=8, window=(0, 4))
    order = only(
        OrderClosed, house.place(tier=Tier.SPOT, limit=9 * YUAN, slots=4, window=(0, 4))
    ).closed.order
    house.tick(1)
    events = firm(house, slots=2, window=(1, 4))
    # The two hours that were delivered were the dear ones: they cost all that the order could hold.
    assert only(LeaseDisplaced, events).displaced.charged == 8 * 4 * 9 * YUAN
    assert [event.party for event in events if isinstance(event, OrderAccepted)] == ["rich"]
    told = only(OrderNotContinued, events)
    assert (told.order, told.party, told.rest.id) == (order, BUYER, f"{order}.r1")
    assert (told.rest.slots, told.needed, told.available) == (2, 8 * 2 * 9_00 + 1, 3)
    assert told_of(log_of(house)) == []


def test_a_gang_is_taken_back_as_a_whole_and_its_open_rest_with_it() -> None:
    house = House()
    house.admit(party("rich", Role.BUYER), 1_000_000_00)
    house.admit(party("ray", Role.SELLER, region=WEST))
    house.offer(asks=BOTH, cards=8)
    house.offer("ray", asks={Tier.SPOT: flat(5 * YUAN)}, cards=8)
    shape = Block(10, 20, 4, Split.SELLERS)
    house.place(tier=Tier.SPOT, limit=6 * YUAN, shape=shape, window=(0, 24))
    order = house.last_order
    assert house.state.orders[order].held == (27 * 6 - 8 * 4 - 8 * 5) * 4 * 100 + 4 * 20 - 1, (
        "four cards are still wanted"
    )
    events = firm(house)
    assert [event.displaced.lease for event in events if isinstance(event, LeaseDisplaced)] == [1, 2]
    closed = [event for event in events if isinstance(event, OrderClosed)]
    assert (closed[0].closed.order, closed[0].closed.end, closed[0].kept) == (order, OrderEnd.PARTIAL, 0)
    again = [event.opened.order for event in events if isinstance(event, OrderAccepted)][1]
    assert (again.id, again.shape) == (f"{order}.r1", Block(10, 20, 3, Split.SELLERS))


def test_a_partly_filled_gang_that_is_cancelled_keeps_enough_for_what_it_got() -> None:
    house = House()
    house.offer(asks=BOTH, cards=4)
    events = house.place(tier=Tier.SPOT, limit=6 * YUAN, shape=Block(1, 8, 1, Split.SELLERS), window=(0, 4))
    assert kinds(events) == ["OrderAccepted", "LeaseGranted", "Rested"]
    (order,) = house.state.orders
    house.ask(BUYER, AmendOrder(order, limit=Price(5 * YUAN)))
    assert house.state.orders[order].held == (4 + 7) * 5_00, "what it has got is held by its lease"


def test_amending_after_a_part_holds_what_can_still_be_charged() -> None:
    """Half of it was dear; the other half is held at the new limit, not at what the old one left over."""
    house = House()
    house.offer(price=10 * YUAN, cards=4)
    house.place(limit=10 * YUAN, shape=Block(1, 8, 2, Split.SELLERS))
    (order,) = house.state.orders
    house.ask(BUYER, AmendOrder(order, limit=Price(3 * YUAN)))
    assert house.state.orders[order].held == (4 + 7) * 2 * 3_00
    house.offer("sun", price=3 * YUAN, cards=8)
    assert house.held() == 4 * 2 * 10_00 + 4 * 2 * 3_00


def test_work_takes_what_it_needs_slot_by_slot_and_holds_the_rest() -> None:
    house = House()
    house.offer(steps={0: 10 * YUAN, 2: 5 * YUAN, 4: 20 * YUAN}, cards=8, window=(0, 6))
    events = house.place(limit=10 * YUAN, shape=Work(20, 4), window=(0, 6))
    leases = [event.leased for event in events if isinstance(event, LeaseGranted)]
    assert sum(lease.cards * len(lease.window) for lease in leases) == 16, "four cheap hours at its rate"
    assert house.held() == (20 + 8) * 10_00, "all of it, and a lot more in the last hour"
    (order,) = house.state.orders
    assert house.state.orders[order].held == (28 * 10 - 8 * 5 - 8 * 10) * 100


def test_a_maker_listing_is_paid_what_waited_for_it() -> None:
    house = House()
    house.place(limit=9 * YUAN)
    lease = only(LeaseGranted, house.offer(price=5 * YUAN, price_rule=PriceRule.MAKER))
    assert lease.leased.cost == 9 * YUAN
    assert only(LeaseGranted, house.place(limit=9 * YUAN)).leased.cost == 5 * YUAN, (
        "who comes later pays the ask"
    )


def test_a_seller_reclaims_its_own_cards_after_the_notice() -> None:
    house = crowded(window=(0, 12))
    house.offer("sun", asks={Tier.SPOT: flat(6 * YUAN)}, window=(0, 12))
    listing = next(iter(house.state.listings))
    assert house.refusal(BUYER, Reclaim(listing, Slot(house.first))) == "not_allowed"
    house.admit(party("ray", Role.SELLER))
    assert house.refusal("ray", Reclaim(listing, Slot(house.first))) == "unknown_id"
    events = house.ask(SELLER, Reclaim(listing, Slot(house.first + 2)))
    assert only(ListingAmended, events).listing.window.end == house.first + 2
    assert only(LeaseDisplaced, events).displaced.charged == 8 * 2 * 4 * YUAN
    assert only(LeaseGranted, events).leased.cost == 8 * 2 * 6 * YUAN, "the rest went on elsewhere"
    assert only(ListingClosed, house.tick(2)).end is ListingEnd.EXPIRED


def test_bandwidth_that_is_added_serves_who_waited_for_it() -> None:
    house = House()
    house.offer()
    far: dict[str, Any] = {"home": EAST, "mbps_per_card": 100, "cards": (2, 2)}
    assert isinstance(house.place(**far)[-1], Rested)
    assert house.refusal(BUYER, SetLink(EAST, WEST, 100)) == "not_allowed"
    assert house.refusal(CLERK, SetLink(EAST, WEST, -1)) == "bad_quantity"
    events = house.ask(CLERK, SetLink(EAST, WEST, 200))
    assert kinds(events) == ["LinkSet", "LeaseGranted", "OrderClosed"]
    assert only(LinkSet, events).mbps == 200
    assert house.refusal(CLERK, SetLink(EAST, WEST, 199)) == "below_committed"


def test_a_gang_behind_a_link_holds_a_whole_lot_for_each_card() -> None:
    house = House()
    shape = Block(1, 3, 1, Split.SELLERS)
    accepted = only(OrderAccepted, house.place(home=EAST, mbps_per_card=100, shape=shape))
    assert accepted.held == 3 * 8 * 10_00


def test_a_venue_may_switch_displacement_off() -> None:
    house = crowded()
    house.ask(CLERK, AdoptTerms(replace(HOURS, market=MarketTerms(displacement=False))))
    assert kinds(firm(house)) == ["OrderAccepted", "Rested"]


def test_leases_of_a_time_without_displacement_can_be_taken_back_once_it_is_on() -> None:
    house = House()
    house.admit(party("rich", Role.BUYER), 1_000_000_00)
    house.ask(CLERK, AdoptTerms(replace(HOURS, market=MarketTerms(displacement=False))))
    house.offer(asks=BOTH)
    house.place(tier=Tier.SPOT, limit=6 * YUAN, slots=4, cards=(8, 8))
    house.ask(CLERK, AdoptTerms(HOURS))
    assert "LeaseDisplaced" in kinds(firm(house))


def test_the_least_damage_is_found_far_ahead_too() -> None:
    """Further ahead than slots have bits nothing is known of them, and so nothing may be ruled out."""
    house = House(replace(HOURS, horizon_slots=40_000))
    house.admit(party("rich", Role.BUYER), 1_000_000_00)
    for limit, slots in ((5 * YUAN, 5), (6 * YUAN, 2)):
        house.offer(asks=BOTH, window=(20_000, 20_010))
        window = (20_000, 20_000 + slots)
        house.place(tier=Tier.SPOT, limit=limit, slots=slots, cards=(8, 8), window=window)
    events = firm(house, slots=10, window=(20_000, 20_010))
    assert only(LeaseDisplaced, events).displaced.lease == 2, "two hours at six are less than five at five"


def test_a_venue_may_let_nothing_rest() -> None:
    house = House()
    house.ask(CLERK, AdoptTerms(replace(HOURS, market=MarketTerms(resting=False))))
    assert only(OrderClosed, house.place()).closed.end is OrderEnd.KILLED


@pytest.mark.parametrize(
    "market",
    [
        MarketTerms(notice=0, grace=0),
        MarketTerms(notice=1, grace=2),
        MarketTerms(grace=-1),
        MarketTerms(outbid_bp=-1),
    ],
)
def test_terms_of_the_market_that_make_no_sense(market: MarketTerms) -> None:
    house = House()
    assert house.refusal(CLERK, AdoptTerms(replace(HOURS, market=market))) == "terms_invalid"
    assert isinstance(house.ask(CLERK, AdoptTerms(HOURS))[0], TermsAdopted)


def test_who_goes_on_may_be_taken_back_again() -> None:
    house = crowded(window=(0, 24))
    firm(house)
    firm(house, window=(4, 7))
    assert OrderId("ord-10.r2") in {event.opened.order.id for event in _accepted(house)}


def _accepted(house: House) -> list[OrderAccepted]:
    return [event for _, _, step in house.log for event, _ in step if isinstance(event, OrderAccepted)]
