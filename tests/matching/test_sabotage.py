"""Bugs planted in the kernel on purpose, each of which breaks the law that is there to find it.

A row is what a market might do wrong, the law that must notice, and how the bug is planted. The laws are played on one
fixed set of worlds; a control run without a bug keeps them all.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from matching import market, rules, search
from matching.capacity import FreeCards
from matching.commands import AmendOrder
from matching.events import Closed, Event, Leased, OrderAmended, Rejected, Rested, Ticked
from matching.market import Bid, Book, BookKey, LiveListing, LiveOrder, Market
from matching.prices import PriceCurve
from matching.search import Leg
from matching.terms import (
    Listing,
    Order,
    OrderEnd,
    OwnerGroup,
    Preference,
    Price,
    Rejection,
    Seq,
    Slot,
    Tier,
)
from tests.matching import laws
from tests.matching.audit import BreachError
from tests.matching.laws import Law
from tests.matching.strategies import worlds_of

Plant = Callable[[pytest.MonkeyPatch], None]

SEED, WORLDS = 1, 60


def newest_first(patch: pytest.MonkeyPatch) -> None:
    sound = market._bids

    def bids(state: Market, live: LiveOrder) -> list[tuple[Book, Bid]]:
        return [(book, bid._replace(seq=Seq(-bid.seq))) for book, bid in sound(state, live)]

    patch.setattr(market, "_bids", bids)


def any_bid_first(patch: pytest.MonkeyPatch) -> None:
    sound = market._bids

    def bids(state: Market, live: LiveOrder) -> list[tuple[Book, Bid]]:
        return [(book, bid._replace(rank=0)) for book, bid in sound(state, live)]

    patch.setattr(market, "_bids", bids)


def lots_round_down(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(search, "round_up", lambda cards, lot: max(lot, cards // lot * lot))


def orders_are_searched_as(patch: pytest.MonkeyPatch, bent: Callable[[Order], Order]) -> None:
    """Every search takes the order for another one."""
    sound_find, sound_leg_in = search.find, search.leg_in

    def leg_in(listing: LiveListing, order: Order, now: Slot, weight: int) -> Leg | None:
        return sound_leg_in(listing, bent(order), now, weight)

    patch.setattr(search, "leg_in", leg_in)
    patch.setattr(rules, "leg_in", leg_in)
    patch.setattr(rules, "find", lambda state, order: sound_find(state, bent(order)))


def limit_forgotten(patch: pytest.MonkeyPatch) -> None:
    orders_are_searched_as(patch, lambda order: replace(order, limit=Price(10**6)))


def limit_must_be_beaten(patch: pytest.MonkeyPatch) -> None:
    orders_are_searched_as(patch, lambda order: replace(order, limit=Price(order.limit - 1)))


def sells_to_self(patch: pytest.MonkeyPatch) -> None:
    orders_are_searched_as(patch, lambda order: replace(order, buyer=OwnerGroup("somebody else")))


def starts_in_the_past(patch: pytest.MonkeyPatch) -> None:
    sound = search.leg_in
    patch.setattr(
        search,
        "leg_in",
        lambda listing, order, now, weight: sound(listing, order, Slot(max(0, now - 1)), weight),
    )
    patch.setattr(FreeCards, "forget_before", lambda *_: None)


def on_demand_takes_spot(patch: pytest.MonkeyPatch) -> None:
    sound = search.find

    def find(state: Market, order: Order) -> Leg | None:
        return sound(state, order) or sound(state, replace(order, tier=Tier.SPOT))

    patch.setattr(rules, "find", find)


def shortest_run_lost(patch: pytest.MonkeyPatch) -> None:
    sound = market._list

    def lists(state: Market, listing: Listing, seq: Seq) -> None:
        sound(state, replace(listing, min_slots=1), seq)

    patch.setattr(market, "_list", lists)


def nothing_is_booked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(FreeCards, "take", lambda *_: None)


def older_leases_forgotten(patch: pytest.MonkeyPatch) -> None:
    def forget(cards: FreeCards, _: int) -> None:
        cards._free = [max(cards._free)] * len(cards._free)

    patch.setattr(FreeCards, "forget_before", forget)


def booked_one_slot_short(patch: pytest.MonkeyPatch) -> None:
    sound = FreeCards.take
    patch.setattr(FreeCards, "take", lambda self, start, end, cards: sound(self, start, end - 1, cards))


def start_before_age(patch: pytest.MonkeyPatch) -> None:
    def rank(order: Order, start: int, price: int, seq: int) -> tuple[int, int, int]:
        return (start, price, seq) if order.prefer is Preference.EARLIEST else (price, start, seq)

    patch.setattr(search, "_rank", rank)


def weights_do_not_compare(patch: pytest.MonkeyPatch) -> None:
    sound = search._book_offers

    def offers(state: Market, order: Order, key: BookKey, weight: int, _: int) -> Iterator[Any]:
        return sound(state, order, key, weight, 1)

    patch.setattr(search, "_book_offers", offers)


def youngest_listing_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(search, "_rank", lambda _, start, price, seq: (-seq, price, start))


def search_stops_too_early(patch: pytest.MonkeyPatch) -> None:
    """Every listing is thought a little worse than it may be."""
    sound = search._book_offers

    def offers(*asked: Any) -> Iterator[Any]:  # Any: passed on as it is
        for (first, *others), offered in sound(*asked):
            yield (first + 1, *others), offered

    patch.setattr(search, "_book_offers", offers)


def first_chip_only(patch: pytest.MonkeyPatch) -> None:
    orders_are_searched_as(patch, lambda order: replace(order, chips=dict([*order.chips.items()][:1])))


def dear_orders_are_passed_over(patch: pytest.MonkeyPatch) -> None:
    orders_are_searched_as(patch, lambda order: replace(order, limit=Price(order.limit % 9)))


def time_trades(patch: pytest.MonkeyPatch) -> None:
    """Whoever waits gets what there is at last, at any price."""
    sound = rules._tick

    def tick(state: Market, now: Slot) -> Iterator[Event]:
        for live in tuple(state.orders.values()) if now > state.now else ():
            leg = search.find(state, replace(live.terms, limit=Price(10**6)))
            if leg is not None:
                yield from rules._fill(live.terms, leg)
        yield from sound(state, now)

    patch.setattr(rules, "_tick", tick)


def time_ends_nothing(patch: pytest.MonkeyPatch) -> None:
    def tick(state: Market, now: Slot) -> Iterator[Event]:
        if now >= state.now:
            yield Ticked(now)
        else:
            yield Rejected(Rejection.CLOCK_GOES_BACK)

    patch.setattr(rules, "_tick", tick)


def orders_expire_a_slot_early(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Order, "latest_start", property(lambda order: order.window.end - order.shape.slots - 1))


def immediate_orders_rest(patch: pytest.MonkeyPatch) -> None:
    sound = rules._seek

    def seek(state: Market, order: Order) -> Iterator[Event]:
        for event in sound(state, order):
            yield Rested(order.id) if event == Closed(order.id, OrderEnd.KILLED) else event

    patch.setattr(rules, "_seek", seek)


def amended_orders_only_rest(patch: pytest.MonkeyPatch) -> None:
    def amend(state: Market, seq: Seq, command: AmendOrder) -> Iterator[Event]:
        amended = rules.amended_order(state, command)
        if isinstance(amended, Rejection):
            yield Rejected(amended)
        else:
            yield OrderAmended(amended, seq)
            yield Rested(amended.id)

    patch.setattr(rules, "_amend_order", amend)


def amended_orders_keep_their_age(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "_only_shrinks", lambda *_: True)


def listings_find_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "_rematch", lambda *_: iter(()))


def commitments_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "_least_free", lambda live, _: live.terms.cards)


def first_start_only(patch: pytest.MonkeyPatch) -> None:
    def first_start(curve: PriceCurve, first: int, _: int, slots: int) -> tuple[int, int]:
        return curve.total(first, first + slots), first

    patch.setattr(PriceCurve, "cheapest_start", first_start)


def money_is_lost(patch: pytest.MonkeyPatch) -> None:
    sound = rules._fill

    def fill(order: Order, leg: Leg) -> Iterator[Event]:
        for event in sound(order, leg):
            yield replace(event, cost=event.cost - 1) if isinstance(event, Leased) else event

    patch.setattr(rules, "_fill", fill)


def bids_stand_twice(patch: pytest.MonkeyPatch) -> None:
    sound = market._bids
    patch.setattr(market, "_bids", lambda state, live: sound(state, live) * 2)


def rules_change_the_market(patch: pytest.MonkeyPatch) -> None:
    """It notes down something that no event says."""
    sound = rules._seek

    def seek(state: Market, order: Order) -> Iterator[Event]:
        yield from sound(state, order)
        state.latest_starts.append((Slot(10**6), order.id))

    patch.setattr(rules, "_seek", seek)


SABOTAGE: list[tuple[str, Law, Plant]] = [
    ("the newest of equal orders goes first", laws.serves_twins_in_turn, newest_first),
    ("what an order offers gives it no priority", laws.agrees_with_the_oracle, any_bid_first),
    ("lots are rounded down", laws.passes_the_audit, lots_round_down),
    ("the limit is forgotten", laws.passes_the_audit, limit_forgotten),
    ("a price of exactly the limit is refused", laws.is_never_crossed, limit_must_be_beaten),
    ("an owner sells to itself", laws.passes_the_audit, sells_to_self),
    ("a lease starts before now", laws.passes_the_audit, starts_in_the_past),
    ("an on-demand order gets a spot-only listing", laws.passes_the_audit, on_demand_takes_spot),
    ("a listing's shortest run is lost", laws.passes_the_audit, shortest_run_lost),
    ("leased cards stay free", laws.passes_the_audit, nothing_is_booked),
    ("the last slot of a lease stays free", laws.passes_the_audit, booked_one_slot_short),
    ("ties go by start before age", laws.agrees_with_the_oracle, start_before_age),
    ("prices of unlike chips are compared as they are", laws.agrees_with_the_oracle, weights_do_not_compare),
    ("the search stops too early", laws.agrees_with_the_oracle, search_stops_too_early),
    ("only the chip named first counts", laws.minds_no_order_of_names, first_chip_only),
    ("the youngest listing wins at any price", laws.gains_by_new_listings, youngest_listing_wins),
    ("who offers too much is passed over", laws.serves_whoever_offers_more, dear_orders_are_passed_over),
    ("a new lease forgets the older ones", laws.takes_new_capacity_to_serve, older_leases_forgotten),
    ("the first start of a listing wins at any price", laws.agrees_with_the_oracle, first_start_only),
    ("time makes a lease", laws.passes_the_audit, time_trades),
    ("time ends nothing", laws.passes_the_audit, time_ends_nothing),
    ("orders expire a slot early", laws.passes_the_audit, orders_expire_a_slot_early),
    ("an immediate order rests", laws.passes_the_audit, immediate_orders_rest),
    ("an amended order does not look again", laws.is_never_crossed, amended_orders_only_rest),
    ("an amended order keeps its age", laws.agrees_with_the_oracle, amended_orders_keep_their_age),
    ("a listing does not look for orders", laws.is_never_crossed, listings_find_nobody),
    ("a listing gives up what it has leased", laws.passes_the_audit, commitments_forgotten),
    ("a unit of money is lost", laws.passes_the_audit, money_is_lost),
    ("an order stands twice in its books", laws.books_hold_each_thing_once, bids_stand_twice),
    ("a rule changes the market itself", laws.replays_by_evolving, rules_change_the_market),
]


@pytest.mark.parametrize(("law", "plant"), [pytest.param(*row[1:], id=row[0]) for row in SABOTAGE])
def test_a_planted_bug_is_found(law: Law, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = worlds_of(SEED, WORLDS)
    plant(monkeypatch)
    with pytest.raises(BreachError):
        for world in worlds:
            law(world)


def test_every_law_has_a_bug_that_breaks_it() -> None:
    assert {law for _, law, _ in SABOTAGE} == set(laws.LAWS)


@pytest.mark.parametrize("law", laws.LAWS)
def test_without_a_bug_every_law_holds(law: Law) -> None:
    for world in worlds_of(SEED, WORLDS):
        laws.hold(law, world)
