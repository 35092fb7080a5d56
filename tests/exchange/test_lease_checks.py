"""The audit of leases without a database: each event that is doctored is told, and what is sound is not."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.checks.leasing import Leasing
from exchange.checks.levels import Levels
from exchange.events import Event
from exchange.listings.events import ListingPublished
from exchange.orders.commands import PlaceOrder, Quoted
from exchange.orders.events import LeaseGranted, OrderAccepted, OrderClosed, OrderReworked
from exchange.state import PricedRun
from matching.commands import AmendListing, AmendOrder, CancelOrder, SetLink, WithdrawListing
from matching.curves import flat
from matching.events import LinkSet, ListingAmended, ListingClosed, Rested
from matching.terms import Block, Milli, OrderEnd, PriceRule, Seq, Slot, Split, Tier, Window, Work
from settlement.money import BasisPoints, Fen
from tests.exchange.doctored import Log, doctored, dropped, house_with_a_lease, log_of, replace, told_of
from tests.exchange.house import (
    BUYER,
    CLERK,
    EAST,
    FAST,
    HOURS,
    NORTH,
    QUARTERS,
    SELLER,
    SLOW,
    WEST,
    YUAN,
    House,
    only,
)
from tests.exchange.machine import LAWFUL, Venue
from tests.exchange.story import told

BOTH = {FAST: 1000, SLOW: 1000}


@pytest.mark.parametrize("rules", [HOURS, QUARTERS])
def test_a_story_is_sound(rules: Any) -> None:
    assert told_of(log_of(told(4, 1500, rules))) == []


def leased(**changes: Any) -> Callable[[LeaseGranted], LeaseGranted]:
    return lambda event: replace(event, leased=replace(event.leased, **changes))


def lease(**changes: Any) -> Callable[[LeaseGranted], LeaseGranted]:
    return lambda event: replace(event, lease=replace(event.lease, **changes))


def shifted(slots: int, longer: int = 0) -> Callable[[LeaseGranted], LeaseGranted]:
    """The same lease in other slots."""

    def shift(event: LeaseGranted) -> LeaseGranted:
        window = event.leased.window
        moved = Window(Slot(window.start + slots), Slot(window.end + slots + longer))
        return replace(event, leased=replace(event.leased, window=moved))

    return shift


def repriced(more: int) -> Callable[[LeaseGranted], LeaseGranted]:
    """The same lease at other prices, added up rightly on both sides."""

    def reprice(event: LeaseGranted) -> LeaseGranted:
        runs = tuple(PricedRun(run.window, run.price + more) for run in event.lease.runs)
        cost = sum(len(run.window) * run.price for run in runs) * event.lease.cards
        priced = tuple((run.window.start, run.window.end, run.price) for run in runs)
        dearer = replace(event, leased=replace(event.leased, runs=priced, cost=cost))
        return replace(dearer, lease=replace(event.lease, runs=runs))

    return reprice


def ordered(**changes: Any) -> Callable[[OrderAccepted], OrderAccepted]:
    return lambda event: replace(
        event, opened=replace(event.opened, order=replace(event.opened.order, **changes))
    )


def listed(**changes: Any) -> Callable[[ListingPublished], ListingPublished]:
    return lambda event: replace(
        event, listed=replace(event.listed, listing=replace(event.listed.listing, **changes))
    )


DOCTORED: list[tuple[Callable[[LeaseGranted], LeaseGranted], str]] = [
    (lease(buyer=SELLER), "buyer: expected bay, got sun"),
    (lease(seller=BUYER), "seller: expected sun, got bay"),
    (lease(source=NORTH), "source: expected 310000, got 150900"),
    (lease(destination=EAST), "destination: expected 621000, got 310000"),
    (lease(vat_rate_bp=BasisPoints(900)), "VAT rate: expected 600, got 900"),
    (lease(fee=replace(HOURS.fee, rate_bp=BasisPoints(1))), "fee: expected "),
    (lease(id="lse-2"), "number: expected lse-1, got lse-2"),
    (leased(lease=2), "number: expected 1, got 2"),
    (lease(cards=4), "cards: expected 2, got 4"),
    (leased(cards=1, working=1), "1 cards are no whole lots of 2"),
    (leased(cards=4), "2 of 4 cards are at work, in lots of 2"),
    (leased(cards=4, working=4), "4 cards of 1000 thousandths are at work, but 2 are wanted"),
    (leased(working=0), "0 of 2 cards are at work"),
    (leased(working=1), "1 cards do no work, though 2 are wanted"),
    (leased(cost=1), "cost: expected 56000000, got 1"),
    (leased(runs=()), "runs: expected "),
    (leased(order="ord-1"), "order: expected ord-1, got ord-8"),
    (leased(listing="lst-1"), "listing: expected lst-1, got lst-7"),
    (lambda event: replace(event, held=Fen(event.held - 1)), "held: expected 5600, got 5599"),
    (lambda event: replace(event, order_held=Fen(event.order_held - 1)), "held by the order: expected "),
    (shifted(-4), "slots 490888 to 490892 are not within 490890 to 490896"),
    (shifted(1), "are not within 490890 to 490896"),
    (shifted(0, longer=1), "slots: expected 4, got 5"),
    (repriced(-1), "prices: expected "),
]


@pytest.mark.parametrize(("doctor", "difference"), DOCTORED, ids=[difference for _, difference in DOCTORED])
def test_a_doctored_lease_is_told(doctor: Callable[[LeaseGranted], LeaseGranted], difference: str) -> None:
    told = told_of(doctored(log_of(house_with_a_lease()), LeaseGranted, doctor))
    assert any(line.startswith("lease lse-") and difference in line for line in told), told


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"chips": {SLOW: 1000}}, "chip nvidia-h100-80g was not asked for"),
        ({"regions": (EAST,)}, "region 621000 was not asked for"),
        ({"tier": Tier.SPOT}, "tier spot is not on offer"),
        ({"limit": 6 * YUAN}, "it costs 56000000, more than the limit of 6000000"),
        ({"buyer": SELLER}, "buyer and seller are both of the group sun"),
        ({"shape": Block(1, 2, 3)}, "shape: expected Block(least=1, most=2, slots=4"),
        ({"shape": Block(3, 3, 4)}, "order ord-8: it got 2000 thousandths, and asks for 3000 at least"),
    ],
)
def test_a_lease_against_its_orders_terms_is_told(changes: dict[str, Any], difference: str) -> None:
    told = told_of(doctored(log_of(house_with_a_lease()), OrderAccepted, ordered(**changes)))
    assert any(difference in line for line in told), told


def test_a_lease_of_what_is_not_open_is_told() -> None:
    told = told_of(dropped(log_of(house_with_a_lease()), OrderAccepted))
    assert "lease lse-1: lst-7 or ord-8 is not open" in told


def test_a_lease_of_a_listing_with_longer_runs_is_told() -> None:
    told = told_of(doctored(log_of(house_with_a_lease()), ListingPublished, listed(min_slots=5)))
    assert "lease lse-1: runs of 4 slots are shorter than the listing's 5" in told


# Capacity


def test_a_listing_that_is_leased_twice_over_is_told_with_its_first_slot() -> None:
    house = House()
    house.offer(cards=3)
    for _ in range(3):
        house.place(slots=2, window=(0, 4))
    log = log_of(house)
    assert told_of(log) == []
    oversold = doctored(log, LeaseGranted, lambda event: lease(cards=2)(leased(cards=2)(event)), nth=2)
    assert f"listing lst-7: 4 cards leased in slot {house.first} of 3" in told_of(oversold)


def test_fewer_cards_bind_from_now_on_and_not_the_past() -> None:
    house = House()
    house.offer(cards=8)
    house.place(cards=(5, 5), slots=2, window=(0, 2))
    house.place(cards=(2, 2), slots=2, window=(3, 5))
    house.tick(2)
    house.ask(SELLER, AmendListing(house.last_listing, cards=2))
    log = log_of(house)
    assert told_of(log) == [], "five cards were leased while there were eight"
    too_few = doctored(
        log, ListingAmended, lambda event: replace(event, listing=replace(event.listing, cards=1))
    )
    assert f"listing lst-7: 2 cards leased in slot {house.first + 3} of 1" in told_of(too_few)


def house_with_a_link() -> House:
    """An order from the north for three cards in the west, over a link for two and a half."""
    house = House()
    house.ask(CLERK, SetLink(NORTH, WEST, 1000))
    house.offer(lot=8)
    house.place(cards=(1, 3), home=NORTH, mbps_per_card=400)
    return house


def test_a_link_may_let_fewer_cards_work_than_are_rented() -> None:
    house = house_with_a_link()
    granted = only(LeaseGranted, [event for event, _ in house.log[-1][2]])
    assert (granted.leased.working, granted.leased.cards) == (2, 8)
    assert told_of(log_of(house)) == []


@pytest.mark.parametrize(
    ("kind", "doctor", "difference"),
    [
        (
            LeaseGranted,
            leased(working=3),
            "lease lse-1: 3 cards are at work, but the link has bandwidth for 2",
        ),
        (LeaseGranted, leased(working=1), "lease lse-1: 7 cards do no work, though 3 are wanted"),
        (
            LinkSet,
            lambda event: replace(event, mbps=700),
            "lease lse-1: 2 cards are at work, but the link has bandwidth for 1",
        ),
        (LinkSet, lambda _: None, "lease lse-1: 2 cards are at work, but the link has bandwidth for 0"),
        (LinkSet, lambda event: replace(event, mbps=700), "link 150900/621000: bandwidth: expected "),
    ],
)
def test_bandwidth_that_is_not_there_is_told(
    kind: type[Event], doctor: Callable[[Any], Any], difference: str
) -> None:
    told = told_of(doctored(log_of(house_with_a_link()), kind, doctor))
    assert any(line.startswith(difference) for line in told), told


def test_a_link_that_loses_bandwidth_in_use_is_told() -> None:
    house = house_with_a_link()
    house.ask(CLERK, SetLink(NORTH, WEST, 800))
    log = log_of(house)
    assert told_of(log) == []
    narrow = doctored(log, LinkSet, lambda event: replace(event, mbps=799), nth=1)
    assert f"link 150900/621000: 800 Mbit/s taken in slot {house.first} of 799" in told_of(narrow)


# Gangs and work


def house_with_a_gang(split: Split = Split.SELLERS) -> House:
    """Ten cards for two hours from two listings in the west; the rest of twelve waits."""
    house = House()
    house.offer()
    house.offer(cards=2, price=9 * YUAN)
    house.place(shape=Block(10, 12, 2, split), regions=(WEST, EAST), chips=BOTH, window=(0, 6))
    return house


@pytest.mark.parametrize(
    ("split", "kind", "doctor", "difference"),
    [
        (
            Split.SELLERS,
            OrderAccepted,
            ordered(shape=Block(10, 12, 2)),
            "lease lse-2: its order asks for one listing, and has a lease already",
        ),
        (
            Split.SELLERS,
            OrderAccepted,
            ordered(shape=Block(11, 12, 2, Split.SELLERS)),
            "order ord-9: it got 10000 thousandths, and asks for 11000 at least",
        ),
        (Split.SELLERS, ListingPublished, listed(region=EAST), "lease lse-2: the gang's region: expected "),
        (Split.REGIONS, ListingPublished, listed(chip=SLOW), "lease lse-2: the gang's chip: expected "),
        (Split.SELLERS, LeaseGranted, shifted(1), "lease lse-2: the gang's start: expected "),
        (Split.SELLERS, LeaseGranted, leased(working=1), "lease lse-2: "),
    ],
)
def test_a_gang_that_falls_apart_is_told(
    split: Split, kind: type[Event], doctor: Callable[[Any], Any], difference: str
) -> None:
    """The first listing or the second lease is changed."""
    log = log_of(house_with_a_gang(split))
    assert told_of(log) == []
    nth = {ListingPublished: 0, LeaseGranted: 1}.get(kind)
    told = told_of(doctored(log, kind, doctor, nth))
    assert any(line.startswith(difference) for line in told), told


def test_the_rest_of_a_gang_joins_where_it_began() -> None:
    house = house_with_a_gang()
    house.offer(cards=1, price=8 * YUAN)
    house.offer(cards=1, price=8 * YUAN)
    log = log_of(house)
    assert told_of(log) == []
    assert any("the gang's start" in line for line in told_of(doctored(log, LeaseGranted, shifted(1), nth=3)))


def house_with_work() -> House:
    """Six card-hours, at most two cards at a time: some at once, and some when more is offered."""
    house = House()
    house.offer(window=(0, 2), cards=1)
    house.place(shape=Work(6, 2), window=(0, 6))
    house.offer(window=(0, 4), cards=2)
    return house


WORK: list[tuple[type[Any], Callable[[Any], Any], str]] = [
    (
        OrderAccepted,
        ordered(shape=Work(6, 1)),
        "2000 thousandths of a card are at work in slot 490888, at a rate",
    ),
    (OrderAccepted, ordered(shape=Work(5, 2)), "it got 4000 thousandths of the 3000 that it asks for"),
    (OrderAccepted, ordered(shape=Work(6, 2, whole=True)), "it got 2000 thousandths, and asks for 6000"),
    (OrderAccepted, ordered(limit=9 * YUAN), "a slot costs 10000000, more than the limit of 9000000"),
    (ListingPublished, listed(min_slots=2), "runs of 1 slots are shorter than the listing's 2"),
    (LeaseGranted, leased(working=0), "cards at work: expected "),
]


@pytest.mark.parametrize(("kind", "doctor", "difference"), WORK, ids=[difference for *_, difference in WORK])
def test_work_that_breaks_its_terms_is_told(
    kind: type[Event], doctor: Callable[[Any], Any], difference: str
) -> None:
    log = log_of(house_with_work())
    assert told_of(log) == []
    told = told_of(doctored(log, kind, doctor))
    assert any(difference in line for line in told), told


# Whose price


def house_with_a_maker(rule: PriceRule = PriceRule.MAKER) -> House:
    """Who waited for the listing, and who came later."""
    house = House()
    house.place(limit=12 * YUAN, chips={FAST: 777})
    house.offer(price=9 * YUAN, price_rule=rule)
    house.place(limit=12 * YUAN)
    return house


def test_a_maker_pays_its_own_limit_and_nobody_else_does() -> None:
    log = log_of(house_with_a_maker())
    assert told_of(log) == []
    for nth in (0, 1):
        told = told_of(doctored(log, LeaseGranted, repriced(1), nth))
        assert any(line.startswith(f"lease lse-{nth + 1}: prices: expected ") for line in told), told
    posted = told_of(doctored(log, ListingPublished, listed(price_rule=PriceRule.POSTED)))
    assert any(
        "lease lse-1: prices: expected 490888: 9000000, got 490888: 9324000" in line for line in posted
    )


def test_a_listing_at_new_asks_is_a_maker_again() -> None:
    house = House()
    house.offer(price=13 * YUAN, price_rule=PriceRule.MAKER)
    house.place(limit=12 * YUAN)
    house.ask(SELLER, AmendListing(house.last_listing, asks={Tier.ON_DEMAND: flat(9 * YUAN)}))
    log = log_of(house)
    assert told_of(log) == []
    as_old = doctored(log, ListingAmended, lambda event: replace(event, seq=Seq(7)))
    assert "listing lst-7: age: expected 9, got 7" in told_of(as_old)
    assert any("prices: expected 490888: 9000000" in line for line in told_of(as_old))


# What was asked


def house_with_changes() -> House:
    """An order that waits and is changed, one that is cancelled, and a listing that is withdrawn."""
    house = House()
    house.place(limit=5 * YUAN, cards=(1, 3))
    house.ask(BUYER, AmendOrder(house.last_order, cards=(1, 2)))
    house.place(limit=4 * YUAN, window=(0, 3))
    house.ask(BUYER, CancelOrder(house.last_order))
    house.offer(window=(1, 5))
    house.ask(SELLER, WithdrawListing(house.last_listing))
    house.offer(window=(1, 5))
    house.place(limit=4 * YUAN, window=(0, 3))
    house.tick(5)
    return house


CHANGED: list[tuple[type[Any], int, Callable[[Any], Any], str]] = [
    (OrderAccepted, 0, ordered(limit=6 * YUAN), "order ord-7: limit: expected 5000000, got 6000000"),
    (
        OrderAccepted,
        0,
        lambda event: replace(event, party=SELLER),
        "order ord-7: party: expected bay, got sun",
    ),
    (OrderAccepted, 0, lambda _: None, "command 7: it was not refused, and nothing came of it"),
    (
        OrderReworked,
        0,
        lambda event: replace(event, amended=replace(event.amended, seq=Seq(8))),
        "order ord-7: age: expected 7, got 8",
    ),
    (OrderReworked, 0, lambda _: None, "command 8: it was not refused, and nothing came of it"),
    (Rested, 0, lambda _: None, "order ord-7: it neither rests nor is closed"),
    (OrderClosed, 0, lambda _: None, "order ord-9: it was cancelled, and is open"),
    (OrderClosed, 1, lambda _: None, "order ord-14: it is too late for it, and it is open"),
    (ListingClosed, 0, lambda _: None, "listing lst-11: it was withdrawn, and is on offer"),
    (ListingClosed, 1, lambda _: None, "listing lst-13: it is over, and on offer"),
    (ListingPublished, 0, listed(cards=9), "listing lst-11: cards: expected 8, got 9"),
    (
        ListingPublished,
        0,
        lambda event: replace(event, line="x"),
        "listing lst-11: line: expected compute_service",
    ),
]


@pytest.mark.parametrize(
    ("kind", "nth", "doctor", "difference"), CHANGED, ids=[difference for *_, difference in CHANGED]
)
def test_what_nobody_asked_for_and_what_did_not_happen_is_told(
    kind: type[Event], nth: int, doctor: Callable[[Any], Any], difference: str
) -> None:
    log = log_of(house_with_changes())
    assert told_of(log) == []
    told = told_of(doctored(log, kind, doctor, nth))
    assert any(line.startswith(difference) for line in told), told


@pytest.mark.parametrize("cost", [20 * YUAN, 19 * YUAN])
def test_an_order_that_got_less_than_it_was_quoted_is_told(cost: int) -> None:
    house = House()
    house.offer()
    house.place(cards=(2, 2), quoted=Quoted(Seq(6), 20 * YUAN, Milli(2000)))
    log = log_of(house)
    assert told_of(log) == []
    asked = log[-1][0]
    assert isinstance(asked.command, PlaceOrder)
    other = replace(asked.command, quoted=Quoted(Seq(6), cost, Milli(2000)))
    told = told_of([*log[:-1], (replace(asked, command=other), log[-1][1])])
    passed = "order ord-8: 2000 thousandths were quoted at 19000000, and it got 2000 at 20000000"
    assert told == ([passed] if cost < 20 * YUAN else [])


@pytest.mark.parametrize("end", list(OrderEnd))
def test_an_order_that_ends_otherwise_than_it_says_is_told(end: OrderEnd) -> None:
    def ended(log: Log, nth: int) -> list[str]:
        return told_of(
            doctored(
                log, OrderClosed, lambda event: replace(event, closed=replace(event.closed, end=end)), nth
            )
        )

    filled, changed = log_of(house_with_a_lease()), log_of(house_with_changes())
    assert bool(ended(filled, 0)) == (end is not OrderEnd.FILLED)
    assert bool(ended(changed, 0)) == (end is not OrderEnd.CANCELLED)
    assert bool(ended(changed, 1)) == (end is not OrderEnd.EXPIRED)


def test_what_has_ended_is_forgotten() -> None:
    house = told(4, 600)
    house.tick(house.state.market.now - house.first + 200)
    leasing = Leasing()
    for seq, envelope, happened in house.log:
        leasing.see(seq, envelope, [event for event, _ in happened])
    market = leasing.market
    open_still = (market.offers, market.wanted, market.kept, market.spot, market.by_order, market.by_listing)
    assert not any(open_still)
    assert all(lease_end > market.now for lease_end, _ in market._lease_ends)
    assert leasing.held() == {}


class AuditedVenue(Venue):
    """Whatever several parties ask, in any order and under any terms, is sound."""

    def teardown(self) -> None:
        assert told_of(log_of(self.house)) == []


class AuditedVenueOfQuarters(AuditedVenue):
    terms = QUARTERS


TestAudited, TestAuditedQuarters = AuditedVenue.TestCase, AuditedVenueOfQuarters.TestCase
TestAudited.settings = TestAuditedQuarters.settings = settings(LAWFUL, max_examples=30)


def levels() -> st.SearchStrategy[list[tuple[int, int, int]]]:
    spans = st.tuples(st.integers(0, 12), st.integers(1, 6), st.integers(1, 3))
    return st.lists(spans.map(lambda span: (span[0], span[0] + span[1], span[2])), max_size=12)


@given(
    taken=levels(), given_back=st.sets(st.integers(0, 11)), since=st.integers(0, 12), bound=st.integers(0, 6)
)
def test_levels_are_what_adding_up_slot_by_slot_gives(
    taken: list[tuple[int, int, int]], given_back: set[int], since: int, bound: int
) -> None:
    known, plain = Levels(), dict.fromkeys(range(20), 0)
    back = [(start, end, -amount) for n, (start, end, amount) in enumerate(taken) if n in given_back]
    for start, end, amount in [*taken, *back]:
        known.add(start, end, amount)
        plain.update({slot: plain[slot] + amount for slot in range(start, end)})
    known.forget_before(since)
    coming = [(slot, plain[slot]) for slot in range(since, 20)]
    assert known.most(since, 20) == max(level for _, level in coming)
    assert known.over(since, 20, bound) == next(((s, n) for s, n in coming if n > bound), None)
    assert len(known._slots) <= 1 + len(coming)
