"""Bugs planted in the kernel on purpose, each of which breaks the law that is there to find it.

A row is what a market might do wrong, the law that must notice, and how the bug is planted. The laws are played on one
fixed set of worlds; a control run without a bug keeps them all.
"""

import sys
from collections.abc import Callable, Iterator
from copy import copy
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from matching import acceptance, displacement, market, ranking, reach, rules, search
from matching.capacity import FreeCards
from matching.commands import Command, Reclaim
from matching.events import Closed, Displaced, Event, Leased, Opened, Rested
from matching.ladder import Rung, rank_at, rung_of
from matching.live import LiveLease, LiveListing, LiveOrder
from matching.market import Market
from matching.terms import (
    Listing,
    OrderEnd,
    OwnerGroup,
    Price,
    Seq,
    Slot,
    Tier,
)
from tests.matching import laws
from tests.matching.audit import BreachError
from tests.matching.laws import Law
from tests.matching.strategies import World, worlds_of
from tests.matching.test_sabotage_takers import CONTESTED

Plant = Callable[[pytest.MonkeyPatch], None]
Rewrite = Callable[[Market, Seq, Event], Event]

SEED, WORLDS = 1, 1500


def everywhere(patch: pytest.MonkeyPatch, name: str, bug: object) -> None:
    """Plant a bug in every module of the kernel that knows a function by this name."""
    for module in [known for title, known in sys.modules.items() if title.startswith("matching.")]:
        if hasattr(module, name):
            patch.setattr(module, name, bug)


def events_are(rewrite: Rewrite, patch: pytest.MonkeyPatch) -> None:
    """Every event that the rules make is another one."""
    sound = rules.decide

    def decide(state: Market, seq: Seq, command: Command) -> Iterator[Event]:
        for event in sound(state, seq, command):
            yield rewrite(state, seq, event)

    patch.setattr(rules, "decide", decide)


def orders_are_searched_as(bent: Callable[[Market, LiveOrder], None], patch: pytest.MonkeyPatch) -> None:
    """Every search takes the order for another one."""
    find, fits = search.find, search.fits

    def other(state: Market, live: LiveOrder) -> LiveOrder:
        twin = copy(live)
        bent(state, twin)
        return twin

    def bent_fits(state: Market, live: LiveOrder, listing: LiveListing) -> bool:
        twin = other(state, live)
        return listing.terms.chip in twin.terms.chips and fits(state, twin, listing)

    patch.setattr(rules, "find", lambda state, live: find(state, other(state, live)))
    patch.setattr(rules, "fits", bent_fits)


def terms_are(change: dict[str, Any], name: str, patch: pytest.MonkeyPatch) -> None:
    """One rule reads other terms of the market."""
    sound = getattr(rules, name)

    def bug(state: Market, *asked: Any) -> Any:  # Any: passed on as it is
        terms, state.terms = state.terms, replace(state.terms, **change)
        try:
            return sound(state, *asked)
        finally:
            state.terms = terms

    patch.setattr(rules, name, bug)


def as_if(**terms: Any) -> Callable[[Market, LiveOrder], None]:
    """An order with other terms."""

    def bent(_: Market, live: LiveOrder) -> None:
        live.agree(replace(live.terms, **terms), live.seq)

    return bent


# Who is searched for what


def limit_is(change: Callable[[Market, int], int]) -> Callable[[Market, LiveOrder], None]:
    def bent(state: Market, live: LiveOrder) -> None:
        live.agree(replace(live.terms, limit=Price(change(state, live.terms.limit))), live.seq)

    return bent


def rate_forgotten(_: Market, live: LiveOrder) -> None:
    live.pace = {}


def pin_forgotten(_: Market, live: LiveOrder) -> None:
    live.join(None)


def first_chip_only(_: Market, live: LiveOrder) -> None:
    live.agree(replace(live.terms, chips=dict([*live.terms.chips.items()][:1])), live.seq)


def least_forgotten(_: Market, live: LiveOrder) -> None:
    live.least = 1


def more_than_the_most(_: Market, live: LiveOrder) -> None:
    live.left *= 2


def lots_round_down(patch: pytest.MonkeyPatch) -> None:
    everywhere(patch, "round_up", lambda cards, lot: max(lot, cards // lot * lot))


def gangs_reach(change: Callable[[int], int], patch: pytest.MonkeyPatch) -> None:
    """What a gang could have from each start is summed up wrongly."""
    sound = reach.cards_from
    everywhere(patch, "cards_from", lambda *asked: [change(cards) for cards in sound(*asked)])


def links_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Market, "link", lambda *_: None)


def links_wait_for_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "_needs", lambda *_: False)


def dearest_wins(patch: pytest.MonkeyPatch) -> None:
    sound = ranking._by_preference
    patch.setattr(
        ranking,
        "_by_preference",
        lambda wanted, price, seq, slot: sound(wanted, -price, seq, slot),
    )


def youngest_wins(patch: pytest.MonkeyPatch) -> None:
    sound = ranking._by_preference
    patch.setattr(
        ranking,
        "_by_preference",
        lambda wanted, price, seq, slot: sound(wanted, price, -seq, slot),
    )


# Who comes first, and when


def places_are(change: Callable[[int, int], Rung]) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        sound = market._places
        patch.setattr(
            market,
            "_places",
            lambda state, live: [
                (book, change(rank_at(rung), live.seq), weight) for book, rung, weight in sound(state, live)
            ],
        )

    return plant


def shortest_run_lost(patch: pytest.MonkeyPatch) -> None:
    sound = market._list

    def lists(state: Market, listing: Listing, seq: Seq) -> None:
        sound(state, replace(listing, min_slots=1), seq)

    patch.setattr(market, "_list", lists)


def nothing_is_booked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(FreeCards, "take", lambda *_: None)


def booked_one_slot_short(patch: pytest.MonkeyPatch) -> None:
    sound = FreeCards.take
    patch.setattr(FreeCards, "take", lambda self, start, end, cards: sound(self, start, end - 1, cards))


def expired_rests(_: Market, __: Seq, event: Event) -> Event:
    return Rested(event.order) if isinstance(event, Closed) and event.end is OrderEnd.EXPIRED else event


def killed_rests(_: Market, __: Seq, event: Event) -> Event:
    return Rested(event.order) if isinstance(event, Closed) and event.end is OrderEnd.KILLED else event


def partial_is_filled(_: Market, __: Seq, event: Event) -> Event:
    partial_end = isinstance(event, Closed) and event.end is OrderEnd.PARTIAL
    return replace(event, end=OrderEnd.FILLED) if isinstance(event, Closed) and partial_end else event


def a_unit_is_lost(_: Market, __: Seq, event: Event) -> Event:
    return replace(event, cost=event.cost - 1) if isinstance(event, Leased) else event


def listings_find_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "_rematch", lambda *_, **__: iter(()))


def commitments_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(acceptance, "_least_free", lambda live, _: live.terms.cards)


def age_is_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "_only_shrinks", lambda *_: True)


def rules_change_the_market(patch: pytest.MonkeyPatch) -> None:
    """They note down something that no event says."""
    sound = rules.decide

    def decide(state: Market, seq: Seq, command: Command) -> Iterator[Event]:
        yield from sound(state, seq, command)
        state.granted += 1

    patch.setattr(rules, "decide", decide)


# Whose price


def maker_pays_the_ask(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "_at_limit", lambda leg, _: leg)


def all_who_waited_pay_their_limit(patch: pytest.MonkeyPatch) -> None:
    sound = rules._offer_in
    patch.setattr(
        rules,
        "_offer_in",
        lambda state, book, listing, tier, _: sound(state, book, listing, tier, listing),
    )


# Taking leases back


def on_demand_can_be_taken(patch: pytest.MonkeyPatch) -> None:
    sound = market._lease

    def lease(state: Market, event: Leased) -> None:
        live, listing = state.orders[event.order], state.listings[event.listing]
        weight = live.terms.chips[listing.terms.chip]
        sound(state, event)
        if live.terms.tier is Tier.ON_DEMAND:
            market._keep(state, listing, market._live_lease(event, live, listing, weight))

    patch.setattr(market, "_lease", lease)


def half_a_gang(patch: pytest.MonkeyPatch) -> None:
    def alone(_: Market, victims: list[LiveLease]) -> tuple[LiveLease, ...]:
        return tuple(sorted(victims, key=lambda lease: lease.number))

    everywhere(patch, "gangs_of", alone)


def damage_ignored(patch: pytest.MonkeyPatch) -> None:
    sound = displacement.gangs_of

    def worthless(state: Market, victims: list[LiveLease]) -> tuple[LiveLease, ...]:
        gone = [copy(lease) for lease in sound(state, victims)]
        for lease in gone:
            lease.hold = 0
        return tuple(gone)

    patch.setattr(displacement, "gangs_of", worthless)


def dear_leases_go_first(patch: pytest.MonkeyPatch) -> None:
    sound = displacement._victims

    def victims(leases: list[LiveLease], steps: Any, cards: int) -> list[LiveLease]:
        """Whoever overlaps goes, needed or not."""
        start, end = steps[0][0], steps[-1][1]
        return sound(leases, steps, cards) and [
            lease for lease in leases if lease.start < end and lease.end > start
        ]

    patch.setattr(displacement, "_victims", victims)


def always_taken_back(patch: pytest.MonkeyPatch) -> None:
    sound = laws.new_market

    def new_market(world: World) -> Market:
        state = sound(world)
        state.terms = replace(state.terms, displacement=True)
        return state

    patch.setattr(laws, "new_market", new_market)


def grace_ignored(patch: pytest.MonkeyPatch) -> None:
    sound = displacement.charged
    patch.setattr(rules, "charged", lambda lease, at, _: sound(lease, at, -1))


def all_is_charged(patch: pytest.MonkeyPatch) -> None:
    sound = displacement.charged
    patch.setattr(rules, "charged", lambda lease, _, grace: sound(lease, lease.end, grace))


def cut_at_now(state: Market, _: Seq, event: Event) -> Event:
    if not isinstance(event, Displaced):
        return event
    soonest = max(state.now + state.terms.notice, state.leases[event.lease].start)
    return replace(event, at=Slot(soonest))


def comes_back_new(_: Market, seq: Seq, event: Event) -> Event:
    return replace(event, seq=seq) if isinstance(event, Opened) and ".r" in event.order.id else event


def comes_back_larger(_: Market, __: Seq, event: Event) -> Event:
    if not isinstance(event, Opened) or ".r" not in event.order.id:
        return event
    return replace(event, order=replace(event.order, limit=Price(event.order.limit + 1)))


def nobody_comes_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "requeued", lambda *_: None)


def reclaim_at_once(patch: pytest.MonkeyPatch) -> None:
    sound = rules._reclaim

    def reclaim(state: Market, command: Reclaim) -> Iterator[Event]:
        terms, state.terms = state.terms, replace(state.terms, notice=0)
        yield from sound(state, command)
        state.terms = terms

    patch.setattr(rules, "_reclaim", reclaim)


def taker_is_exaggerated(patch: pytest.MonkeyPatch) -> None:
    sound = displacement.takeover

    def takeover(state: Market, live: LiveOrder) -> Any:
        rich = copy(live)
        rich.agree(replace(live.terms, limit=Price(live.terms.limit * 2)), live.seq)
        return sound(state, rich)

    patch.setattr(rules, "takeover", takeover)


def taker_pays_the_ask(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        displacement, "_runs", lambda offer, _, window, __: offer.prices.runs(window.start, window.end)
    )


def searched(bent: Callable[[Market, LiveOrder], None]) -> Plant:
    return partial(orders_are_searched_as, bent)


def said(rewrite: Rewrite) -> Plant:
    return partial(events_are, rewrite)


def terms(rule: str, **change: Any) -> Plant:
    return partial(terms_are, change, rule)


AUDIT, ORACLE, CROSSED = laws.passes_the_audit, laws.agrees_with_the_oracle, laws.is_never_crossed

SABOTAGE: list[tuple[str, Law, Plant]] = [
    (
        "the newest of equal orders goes first",
        laws.serves_twins_in_turn,
        places_are(lambda rank, age: rung_of(rank, 10**9 - age)),
    ),
    ("what an order offers gives it no priority", ORACLE, places_are(lambda _, age: rung_of(-(10**9), age))),
    ("lots are rounded down", AUDIT, lots_round_down),
    ("the limit is forgotten", AUDIT, searched(limit_is(lambda _, __: 10**6))),
    ("a price of exactly the limit is refused", CROSSED, searched(limit_is(lambda _, limit: limit - 1))),
    ("an owner sells to itself", AUDIT, searched(as_if(buyer=OwnerGroup("somebody else")))),
    ("the rate of work is forgotten", AUDIT, searched(rate_forgotten)),
    ("the pin of a gang is forgotten", AUDIT, searched(pin_forgotten)),
    ("the least is forgotten", AUDIT, searched(least_forgotten)),
    ("more than the most is leased", AUDIT, searched(more_than_the_most)),
    ("gangs are given up too soon", ORACLE, partial(gangs_reach, lambda cards: cards - 1)),
    ("a gang waits for more than there is", ORACLE, partial(gangs_reach, lambda cards: cards + 1)),
    ("links are ignored", AUDIT, links_ignored),
    ("who waits for a link is forgotten", CROSSED, links_wait_for_nobody),
    ("only the chip named first counts", laws.minds_no_order_of_names, searched(first_chip_only)),
    ("a listing's shortest run is lost", AUDIT, shortest_run_lost),
    ("leased cards stay free", AUDIT, nothing_is_booked),
    ("the last slot of a lease stays free", AUDIT, booked_one_slot_short),
    ("the dearest listing wins", laws.gains_by_new_listings, dearest_wins),
    ("the youngest of equal listings wins", ORACLE, youngest_wins),
    (
        "who offers too much is passed over",
        laws.serves_whoever_offers_more,
        searched(limit_is(lambda _, limit: limit % 9)),
    ),
    (
        "trade by others raises what an order may pay",
        laws.takes_new_capacity_to_serve,
        searched(limit_is(lambda state, limit: limit + state.granted)),
    ),
    ("what should expire rests", AUDIT, said(expired_rests)),
    ("an immediate order rests", AUDIT, said(killed_rests)),
    ("a part is said to be all", AUDIT, said(partial_is_filled)),
    ("a unit of money is lost", AUDIT, said(a_unit_is_lost)),
    ("where nothing may rest it rests", AUDIT, terms("_left_over", resting=True)),
    ("an amended order keeps its age", AUDIT, age_is_kept),
    ("a listing does not look for orders", CROSSED, listings_find_nobody),
    ("a listing gives up what it has leased", AUDIT, commitments_forgotten),
    ("a rule changes the market itself", laws.replays_by_evolving, rules_change_the_market),
    ("a maker pays the ask", AUDIT, maker_pays_the_ask),
    ("whoever waited pays its limit", AUDIT, all_who_waited_pay_their_limit),
    ("on-demand leases are taken back", AUDIT, on_demand_can_be_taken),
    ("half a gang is taken back", AUDIT, half_a_gang),
    ("the damage is ignored", AUDIT, damage_ignored),
    ("leases are taken back in vain", ORACLE, dear_leases_go_first),
    ("the outbid is ignored", AUDIT, terms("takeover", outbid_bp=0)),
    ("a taker is taken for worth twice its bid", AUDIT, taker_is_exaggerated),
    ("a taker pays the ask only", AUDIT, taker_pays_the_ask),
    ("orders take leases back without notice", AUDIT, terms("takeover", notice=0)),
    ("sellers take leases back without notice", AUDIT, reclaim_at_once),
    ("leases are taken back where that is off", AUDIT, always_taken_back),
    ("what was delivered within the grace is charged", AUDIT, grace_ignored),
    ("what was not delivered is charged", AUDIT, all_is_charged),
    ("a lease is cut at once", AUDIT, said(cut_at_now)),
    ("who comes back has a new age", AUDIT, said(comes_back_new)),
    ("who comes back offers more", AUDIT, said(comes_back_larger)),
    ("nobody comes back", AUDIT, nobody_comes_back),
]


@pytest.mark.parametrize(("law", "plant"), [pytest.param(*row[1:], id=row[0]) for row in SABOTAGE])
def test_a_planted_bug_is_found(law: Law, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = worlds_of(SEED, WORLDS)
    plant(monkeypatch)
    assert any(isinstance(laws.fault(law, world), BreachError) for world in worlds)


def test_every_law_has_a_bug_that_breaks_it() -> None:
    assert {law for _, law, _ in (*SABOTAGE, *CONTESTED)} == set(laws.LAWS)


@pytest.mark.parametrize("law", laws.LAWS)
def test_without_a_bug_every_law_holds(law: Law) -> None:
    for world in worlds_of(SEED, 60):
        laws.hold(law, world)
