"""The audit of leases that are taken back, and of what is held for them: each event that is doctored is told."""

from collections.abc import Callable
from typing import Any

import pytest

from exchange.events import Event
from exchange.listings.events import ListingPublished
from exchange.names import PartyId
from exchange.orders.events import (
    LeaseDisplaced,
    LeaseGranted,
    OrderAccepted,
    OrderClosed,
    OrderNotContinued,
    OrderReworked,
    ReserveReleased,
)
from exchange.parties.events import Deposited
from exchange.state import Role
from exchange.venue.events import TermsAdopted
from matching.commands import AmendOrder, Reclaim
from matching.curves import PriceCurve, flat
from matching.events import LinkSet, ListingAmended, ListingClosed
from matching.terms import Block, LeaseNumber, OnPreempt, OrderId, Price, Seq, Slot, Split, Tier
from settlement.money import Fen
from tests.exchange.doctored import Log, doctored, dropped, figures, log_of, replace, told_of
from tests.exchange.house import BUYER, NORTH, SELLER, YUAN, House, party
from tests.exchange.story import told

ANN = PartyId("ann")
Doctor = Callable[[Any], Any]
SPOT = {"tier": Tier.SPOT}


def house_with_a_takeover(tier: Tier = Tier.SPOT) -> House:
    """A buyer runs on four spot cards for six hours; in the third, ann pays more for six cards and three hours.

    Another lease of two cards can stay. What was taken back waits until more is offered.
    """
    house = House()
    house.admit(party(ANN, Role.BUYER, region=NORTH), money=1_000_000_00)
    house.offer(asks=dict.fromkeys(Tier, house.listing(price=5 * YUAN).asks[Tier.ON_DEMAND]))
    house.place(**SPOT, cards=(4, 4), slots=6, window=(0, 12), limit=6 * YUAN)
    house.place(**SPOT, cards=(2, 2), slots=6, window=(0, 6), limit=7 * YUAN)
    house.tick(2)
    house.place(ANN, tier=tier, cards=(6, 6), slots=3, window=(3, 6), limit=20 * YUAN)
    house.offer(asks={Tier.SPOT: house.listing(price=4 * YUAN).asks[Tier.ON_DEMAND]}, window=(3, 20))
    return house


def house_with_a_reclaim(*, early: bool = False) -> House:
    """A spot gang over two listings and a lease on demand; one listing is reclaimed, before it begins or later."""
    house = House()
    asks = dict.fromkeys(Tier, house.listing(price=5 * YUAN).asks[Tier.ON_DEMAND])
    house.offer(asks=asks, window=(2, 24), cards=8)
    house.offer(asks={Tier.SPOT: asks[Tier.SPOT]}, window=(2, 24), cards=2)
    house.place(cards=(1, 1), slots=8, window=(2, 10))
    house.place(**SPOT, shape=Block(9, 9, 8, Split.SELLERS), window=(2, 16), limit=6 * YUAN)
    first = next(iter(house.state.listings))
    if not early:
        house.tick(3)
    house.ask(SELLER, Reclaim(first, Slot(house.first + (0 if early else 5))))
    return house


def test_what_is_rightly_taken_back_is_sound() -> None:
    for house in (
        *(house_with_a_takeover(tier) for tier in Tier),
        house_with_a_reclaim(),
        house_with_a_reclaim(early=True),
    ):
        log = log_of(house)
        assert any(isinstance(event, LeaseDisplaced) for _, events in log for event in events)
        assert told_of(log) == []


def cut(**changes: Any) -> Doctor:
    return lambda event: replace(event, displaced=replace(event.displaced, **changes))


def back(**changes: Any) -> Doctor:
    """Changes the order that comes back."""
    return lambda event: replace(
        event, opened=replace(event.opened, order=replace(event.opened.order, **changes))
    )


def terms(**changes: Any) -> Doctor:
    return lambda event: replace(
        event, terms=replace(event.terms, market=replace(event.terms.market, **changes))
    )


def tell_of(house: House, kind: type[Event], doctor: Doctor, nth: int | None, difference: str) -> None:
    told = told_of(doctored(log_of(house), kind, doctor, nth))
    assert any(line.startswith(difference) for line in told), told


CUT: list[tuple[type[Event], int | None, Doctor, str]] = [
    (LeaseDisplaced, None, lambda _: None, "listing lst-9: 12 cards leased in slot 490891 of 8"),
    (LeaseDisplaced, None, cut(lease=LeaseNumber(2)), "lease lse-1: number: expected 1, got 2"),
    (LeaseDisplaced, None, cut(at=Slot(490890)), "lease lse-1: it is taken back in slot 490890, without a notice"),
    (LeaseDisplaced, None, cut(at=Slot(490894)), "lease lse-1: it is taken back in slot 490894, and runs from"),
    (LeaseDisplaced, None, cut(at=Slot(490892)), "lease lse-3: lse-1 ends in slot 490892, and not when"),
    (LeaseDisplaced, None, cut(charged=0), "lease lse-1: charged: expected 60000000, got 0"),
    (LeaseDisplaced, None, lambda event: replace(event, runs=()), "lease lse-1: slots to pay: expected "),
    (LeaseDisplaced, None, lambda event: replace(event, buyer=ANN), "lease lse-1: buyer: expected bay, got ann"),
    (LeaseDisplaced, None, lambda event: replace(event, released=Fen(1)), "lease lse-1: released: expected 6000"),
    (LeaseDisplaced, None, lambda event: replace(event, slots_left=2), "lease lse-1: slots left: expected 3, got 2"),
    (LeaseDisplaced, None, lambda event: replace(event, held_left=Fen(1)), "lease lse-1: held: expected 6000, got 1"),
    (LeaseDisplaced, None, lambda event: replace(event, lease="lse-2"), "lease lse-2: number: expected 2, got 1"),
    (LeaseDisplaced, None, lambda event: replace(event, lease="lse-9"), "lease lse-9: taken back, but it is over"),
    (TermsAdopted, None, terms(displacement=False), "lease lse-1: it is taken back for nobody"),
    (TermsAdopted, None, terms(notice=2), "lease lse-3: it begins in slot 490891, without a notice of 2 slots"),
    (TermsAdopted, None, terms(grace=3), "lease lse-1: charged: expected 0, got 60000000"),
    (TermsAdopted, None, terms(outbid_bp=30_000), "lease lse-3: order ord-10 is not outbid by 20000000"),
    (ListingPublished, 0, lambda event: _with_cards(event, 12), "lease lse-3: lse-1 could have stayed"),
    (OrderAccepted, 0, back(limit=Price(40 * YUAN)), "lease lse-3: order ord-10 is not outbid by 20000000"),
    (OrderAccepted, 2, back(shape=Block(6, 6, 3, Split.SELLERS)), "lease lse-3: only a block on one listing"),
    (OrderAccepted, 2, back(shape=Block(5, 6, 3)), "lease lse-3: 6 cards of 1000 thousandths are at work, but 5"),
    (OrderAccepted, 2, back(tier=Tier.ON_DEMAND), "lease lse-3: prices: expected 490891: 5000000"),
    (LeaseGranted, 2, lambda _: None, "order ord-13: leases were taken back for it, and it got none"),
]  # fmt: skip


def _with_cards(event: ListingPublished, cards: int) -> ListingPublished:
    return replace(event, listed=replace(event.listed, listing=replace(event.listed.listing, cards=cards)))


@pytest.mark.parametrize(
    ("kind", "nth", "doctor", "difference"), CUT, ids=[difference for *_, difference in CUT]
)
def test_what_is_wrongly_taken_back_is_told(
    kind: type[Event], nth: int | None, doctor: Doctor, difference: str
) -> None:
    tell_of(house_with_a_takeover(), kind, doctor, nth, difference)


def test_a_taker_on_demand_pays_the_ask() -> None:
    house = house_with_a_takeover(Tier.ON_DEMAND)
    tell_of(house, OrderAccepted, back(tier=Tier.SPOT), 2, "lease lse-3: prices: expected 490891: 6000000")


def test_taking_more_than_it_is_worth_is_told() -> None:
    """Twelve hours of four cards at six yuan are worth more than three hours of six at twelve."""
    log = log_of(house_with_a_takeover())
    longer = doctored(log, LeaseGranted, lambda event: _as_long(event, 30), 0)
    assert any(line.startswith("lease lse-3: what it takes is worth ") for line in told_of(longer))


def _as_long(event: LeaseGranted, slots: int) -> LeaseGranted:
    window = event.leased.window
    longer = replace(window, end=Slot(window.start + slots))
    return replace(event, leased=replace(event.leased, window=longer))


def test_what_is_taken_back_for_nobody_is_told() -> None:
    """The taker's order is one that had come before."""
    log = log_of(house_with_a_takeover())
    seq = next(n for n, (_, events) in enumerate(log) if any(isinstance(e, LeaseDisplaced) for e in events))
    asked, events = log[seq]
    apart: Log = [*log[:seq], (asked, events[:1]), (asked, events[1:]), *log[seq + 1 :]]
    assert "lease lse-1: it is taken back for nobody" in told_of(apart)


RECLAIMED: list[tuple[type[Event], int | None, Doctor, str]] = [
    (LeaseDisplaced, 0, lambda _: None, "lease lse-2: its gang was taken back without it"),
    (LeaseDisplaced, 0, lambda _: None, "lease lse-2: its listing was reclaimed, and it runs on"),
    (LeaseDisplaced, None, lambda _: None, "lease lse-2: its listing was reclaimed, and it runs on"),
    (LeaseDisplaced, 1, lambda _: None, "lease lse-3: its gang was taken back without it"),
    (LeaseDisplaced, None, cut(at=Slot(490894)), "lease lse-2: taken back in slot: expected 490893, got 490894"),
    (LeaseDisplaced, 0, lambda event: replace(event, lease="lse-1"), "lease lse-1: taken back, but it is over, on"),
    (ListingAmended, None, lambda _: None, "command 12: it was not refused, and nothing came of it"),
    (ListingAmended, None, lambda _: None, "lease lse-2: it is taken back for nobody"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "nth", "doctor", "difference"), RECLAIMED, ids=[difference for *_, difference in RECLAIMED]
)
def test_what_is_wrongly_reclaimed_is_told(
    kind: type[Event], nth: int | None, doctor: Doctor, difference: str
) -> None:
    tell_of(house_with_a_reclaim(), kind, doctor, nth, difference)


def test_a_reclaim_before_a_listing_begins_costs_nothing() -> None:
    house = house_with_a_reclaim(early=True)
    log = log_of(house)
    assert all(
        event.displaced.charged == 0
        for _, events in log
        for event in events
        if isinstance(event, LeaseDisplaced)
    )
    tell_of(house, ListingClosed, lambda _: None, None, "lease lse-2: it is taken back for nobody")
    tell_of(house, LeaseDisplaced, cut(charged=1), 0, "lease lse-2: charged: expected 0, got 1")


# What comes back


RETURNED: list[tuple[type[Event], int | None, Doctor, str]] = [
    (OrderAccepted, 3, lambda _: None, "order ord-10.r1: it does not come back, and nothing says why"),
    (OrderAccepted, 3, back(id="ord-10.r2"), "order ord-10.r2: nothing was taken back for which it could come back"),
    (OrderAccepted, 3, back(limit=Price(7 * YUAN)), "order ord-10.r1: limit: expected 6000000, got 7000000"),
    (OrderAccepted, 3, back(shape=Block(4, 5, 3)), "order ord-10.r1: shape: expected "),
    (OrderAccepted, 3, back(shape=Block(4, 4, 4)), "order ord-10.r1: shape: expected "),
    (OrderAccepted, 3, lambda event: replace(event, party=ANN), "order ord-10.r1: party: expected bay, got ann"),
    (OrderAccepted, 3, lambda event: replace(event, source=NORTH), "order ord-10.r1: source: expected 310000"),
    (OrderAccepted, 3, lambda event: replace(event, opened=replace(event.opened, seq=Seq(13))),
     "order ord-10.r1: age: expected 10, got 13"),
    (OrderAccepted, 0, back(on_preempt=OnPreempt.CANCEL), "order ord-10.r1: nothing was taken back for which"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "nth", "doctor", "difference"), RETURNED, ids=[difference for *_, difference in RETURNED]
)
def test_an_order_that_does_not_come_back_as_it_was_is_told(
    kind: type[Event], nth: int | None, doctor: Doctor, difference: str
) -> None:
    tell_of(house_with_a_takeover(), kind, doctor, nth, difference)


def house_with_too_little_money() -> House:
    """Two of four hours cost all that a buyer's order could hold; then it is taken back, and nothing is left to go on with."""
    house = House(money=8 * 4 * 9_00 + 3)
    house.admit(party(ANN, Role.BUYER, region=NORTH), money=1_000_000_00)
    dear = PriceCurve(((house.first, 18 * YUAN), (house.first + 2, 0)))
    house.offer(asks={Tier.SPOT: dear, Tier.ON_DEMAND: flat(10 * YUAN)}, lot=8, window=(0, 4))
    house.place(**SPOT, slots=4, window=(0, 4), limit=9 * YUAN)
    house.tick(1)
    house.place(ANN, cards=(8, 8), slots=2, window=(1, 4))
    return house


AWAY: list[tuple[Doctor, str]] = [
    (lambda _: None, "it does not come back, and nothing says why"),
    (lambda event: replace(event, needed=Fen(14_00)), "needed: expected 14401, got 1400"),
    (lambda event: replace(event, available=Fen(1)), "available: expected 3, got 1"),
    (lambda event: replace(event, party=ANN), "party: expected bay, got ann"),
    (lambda event: replace(event, order=OrderId("ord-1")), "order: expected ord-"),
    (
        lambda event: replace(event, rest=replace(event.rest, limit=Price(7 * YUAN))),
        "limit: expected 9000000",
    ),
]


@pytest.mark.parametrize(("doctor", "difference"), AWAY, ids=[difference for _, difference in AWAY])
def test_why_an_order_does_not_come_back_is_checked(doctor: Doctor, difference: str) -> None:
    log = log_of(house_with_too_little_money())
    assert told_of(log) == []
    assert any(difference in told for told in told_of(doctored(log, OrderNotContinued, doctor)))


def test_nobody_may_come_back_in_place_of_another() -> None:
    log = log_of(house_with_too_little_money())
    other = doctored(
        log, OrderNotContinued, lambda event: replace(event, rest=replace(event.rest, id=OrderId("ord-1.r1")))
    )
    assert "order ord-1.r1: nothing was taken back for which it could come back" in told_of(other)


@pytest.mark.parametrize("short", [0, 1])
def test_an_order_may_stay_away_only_if_its_buyer_cannot_pay(short: int) -> None:
    log = log_of(house_with_too_little_money())
    (needed,) = [
        event.needed for _, events in log for event in events if isinstance(event, OrderNotContinued)
    ]
    rich = Fen(needed - short)  # three fen are there already
    log = doctored(log, Deposited, lambda event: replace(event, amount=Fen(event.amount + rich - 3)), 0)
    log = doctored(log, OrderNotContinued, lambda event: replace(event, available=rich))
    missing = [told for told in told_of(log) if "though its buyer has the money" in told]
    assert (len(missing), len(told_of(log))) == ((0, 0) if short else (1, 1))


# What is held


HELD: list[tuple[type[Event], int | None, Doctor, str]] = [
    (OrderAccepted, 0, lambda event: replace(event, held=Fen(1)), "order ord-10: held: expected 39605, got 1"),
    (LeaseGranted, 0, lambda event: replace(event, held=Fen(1)), "lease lse-1: held: expected 12000, got 1"),
    (OrderClosed, 0, lambda event: replace(event, released=Fen(1)), "order ord-10: held: expected 27605, got "),
    (OrderClosed, 0, lambda event: replace(event, kept=Fen(event.kept + 5), released=Fen(event.released - 5)),
     "order ord-10: kept: expected 27605, got 27610"),
    (ReserveReleased, 0, lambda _: None, "order ord-10: it keeps 27605, and no lease can be taken back"),
    (ReserveReleased, 0, lambda event: replace(event, released=Fen(5)), "order ord-10: released: expected 27605"),
    (ReserveReleased, 0, lambda event: replace(event, party=ANN), "order ord-10: party: expected bay, got ann"),
    (ReserveReleased, 0, lambda event: replace(event, order="ord-11"), "order ord-11: lse-2 can still be taken back"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "nth", "doctor", "difference"), HELD, ids=[difference for *_, difference in HELD]
)
def test_what_is_not_held_as_it_must_be_is_told(
    kind: type[Event], nth: int | None, doctor: Doctor, difference: str
) -> None:
    tell_of(house_with_a_takeover(), kind, doctor, nth, difference)


def test_an_amended_order_holds_what_it_can_still_cost() -> None:
    house = House()
    house.place(limit=5 * YUAN, cards=(1, 3))
    house.ask(BUYER, AmendOrder(house.last_order, limit=Price(6 * YUAN)))
    assert told_of(log_of(house)) == []
    tell_of(
        house, OrderReworked, lambda event: replace(event, held=Fen(5)), 0, "order ord-7: held: expected 6000"
    )
    before = Fen(5)
    tell_of(
        house, OrderReworked, lambda event: replace(event, held_before=before), 0, "order ord-7: held before"
    )


def test_an_order_for_which_there_is_no_money_is_told() -> None:
    house = House(money=100_00)
    house.place(limit=5 * YUAN)
    assert told_of(log_of(house)) == []
    poor = [
        (asked, [event for event in events if type(event).__name__ != "Deposited"])
        for asked, events in log_of(house)
    ]
    assert "order ord-7: it holds 4000, and its buyer has 0" in told_of(poor)


# Any figure at all


@pytest.mark.parametrize(
    "kind", [LeaseGranted, LeaseDisplaced, ReserveReleased, OrderClosed, OrderAccepted, LinkSet]
)
def test_every_figure_of_a_story_matters(kind: type[Event]) -> None:
    """An event less, or any of its figures by one more: whatever it is, it is told."""
    log = log_of(told(28, 120))
    assert told_of(log) == []
    for nth, event in enumerate(event for _, events in log for event in events if isinstance(event, kind)):
        assert told_of(dropped(log, kind, nth)), f"{kind.__name__} {nth} was dropped"
        for path, other in figures(event):
            if other != event:
                doctor = lambda _, other=other: other  # noqa: E731
                assert told_of(doctored(log, kind, doctor, nth)), f"{kind.__name__} {nth}: {path}"
