"""Bugs planted in how takers meet leases, in worlds where buyers want what others have."""

from collections.abc import Callable
from copy import copy
from functools import partial

import pytest

from matching import book, displacement, market
from matching.commands import Command, Place, Publish
from matching.curves import flat
from matching.events import Leased
from matching.holds import Held, HoldSketch, Taking
from matching.live import LiveLease
from matching.market import Market
from matching.rules import apply
from matching.terms import (
    Block,
    ChipCode,
    Listing,
    ListingId,
    MarketTerms,
    Order,
    OrderId,
    OwnerGroup,
    Price,
    RegionCode,
    Seq,
    Slot,
    Split,
    Tier,
    Window,
)
from tests.matching import laws
from tests.matching.audit import BreachError
from tests.matching.laws import Law
from tests.matching.strategies import contested_worlds_of

Plant = Callable[[pytest.MonkeyPatch], None]

SEED, WORLDS = 1, 300
CHIP, PLACE = ChipCode("A"), RegionCode("east")


def leases_are_met_as(bent: Callable[[HoldSketch, Taking], None], patch: pytest.MonkeyPatch) -> None:
    """Every taker takes the leases of a stretch, or what it has found so far, for others."""
    sound = HoldSketch.might_do

    def might_do(self: HoldSketch, query: Taking, opened: int) -> bool:
        sketch, taking = copy(self), copy(query)
        bent(sketch, taking)
        return sound(sketch, taking, opened)

    patch.setattr(HoldSketch, "might_do", might_do)


def larger_than_they_are(sketch: HoldSketch, _: Taking) -> None:
    sketch.cards += 1


def with_less_room(sketch: HoldSketch, _: Taking) -> None:
    sketch.room -= 1


def dearer_than_they_are(sketch: HoldSketch, _: Taking) -> None:
    sketch.one += 1
    sketch.two += 1
    sketch.four += 1


def with_firm_cards_before_them(sketch: HoldSketch, _: Taking) -> None:
    sketch.since += 1


def with_firm_cards_behind_them(sketch: HoldSketch, _: Taking) -> None:
    sketch.until -= 1


def never_better_at_the_same_damage(_: HoldSketch, taking: Taking) -> None:
    taking.best = taking.best[0], -1, 0, 0


def always_ending_later(sketch: HoldSketch, _: Taking) -> None:
    sketch.ends <<= 1


def sold_out_for_ever(patch: pytest.MonkeyPatch) -> None:
    sound = HoldSketch.might_do
    patch.setattr(HoldSketch, "might_do", lambda self, query, _: sound(self, query, 0))


def nothing_changes_beside_a_lease(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Held, "drawn", lambda self: self.sketch)


def neighbours_in_time_are_no_matter(patch: pytest.MonkeyPatch) -> None:
    def overlaps(lease: LiveLease, start: int, end: int) -> bool:
        return lease.start < end and lease.end > start

    patch.setattr(book, "touches", overlaps)
    patch.setattr(market, "touches", overlaps)


def takers_hear_of_no_room(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(market, "_tell_takers", lambda *_, **__: None)


def starts_are_all_alike(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(displacement, "_alike", lambda _, first, last, __: iter([(first, last)]))


def later_is_always_better(patch: pytest.MonkeyPatch) -> None:
    sound = displacement._best_start
    patch.setattr(
        displacement,
        "_best_start",
        lambda wanted, offer, evicted, _, last: sound(wanted, offer, evicted, last, last),
    )


def met(bent: Callable[[HoldSketch, Taking], None]) -> Plant:
    return partial(leases_are_met_as, bent)


CONTESTED: list[tuple[str, Law, Plant]] = [
    ("leases are thought larger than they are", laws.agrees_with_the_oracle, met(larger_than_they_are)),
    ("listings are thought to have a firm lease", laws.agrees_with_the_oracle, met(with_less_room)),
    ("cards are thought dearer than they are", laws.agrees_with_the_oracle, met(dearer_than_they_are)),
    (
        "runs are thought to begin later than they can",
        laws.agrees_with_the_oracle,
        met(with_firm_cards_before_them),
    ),
    (
        "runs are thought to end earlier than they can",
        laws.agrees_with_the_oracle,
        met(with_firm_cards_behind_them),
    ),
    (
        "nothing is thought to change beside a lease",
        laws.agrees_with_the_oracle,
        nothing_changes_beside_a_lease,
    ),
    ("leases are thought to end later than they do", laws.agrees_with_the_oracle, met(always_ending_later)),
    (
        "of as much damage the first one met is done",
        laws.agrees_with_the_oracle,
        met(never_better_at_the_same_damage),
    ),
    ("listings are thought sold out", laws.agrees_with_the_oracle, sold_out_for_ever),
    ("takers do not hear that a listing has room again", laws.promises_enough, takers_hear_of_no_room),
    ("the same leases go, whatever the start", laws.agrees_with_the_oracle, starts_are_all_alike),
    ("a takeover starts as late as it can", laws.agrees_with_the_oracle, later_is_always_better),
]


@pytest.mark.parametrize(("law", "plant"), [pytest.param(*row[1:], id=row[0]) for row in CONTESTED])
def test_a_planted_bug_is_found_where_leases_are_contested(
    law: Law, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    worlds = contested_worlds_of(SEED, WORLDS)
    plant(monkeypatch)
    assert any(isinstance(laws.fault(law, world), BreachError) for world in worlds)


def test_leases_that_takers_still_meet_when_their_listing_is_gone_are_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    worlds = contested_worlds_of(SEED, WORLDS)
    monkeypatch.setattr(market, "_shield", lambda *_: None)
    assert any(isinstance(laws.fault(laws.agrees_with_the_oracle, world), KeyError) for world in worlds)


def served_behind_what_was_given_back() -> bool:
    """Whether a run gets the last slots of a lease that was taken back, and those of a dearer lease behind it."""
    scene = Market(terms=MarketTerms(displacement=True))
    asks = {Tier.ON_DEMAND: flat(1), Tier.SPOT: flat(1)}
    window = Window(Slot(0), Slot(12))
    commands: list[Command] = [
        Publish(Listing(ListingId("l"), OwnerGroup("s"), CHIP, PLACE, window, 2, 1, 1, asks)),
        Place(an_order("cheap", Tier.SPOT, 2, 5, (1, 6))),
        Place(an_order("dear", Tier.SPOT, 3, 6, (6, 12))),
        Place(an_order("short", Tier.ON_DEMAND, 9, 1, (2, 3))),
        Place(an_order("long", Tier.ON_DEMAND, 9, 7, (5, 12))),
    ]
    events = [e for seq, command in enumerate(commands, 1) for e in apply(scene, Seq(seq), command)]
    return any(isinstance(event, Leased) and event.order == "long" for event in events)


def an_order(name: str, tier: Tier, limit: int, slots: int, window: tuple[int, int]) -> Order:
    return Order(
        id=OrderId(name),
        buyer=OwnerGroup(name),
        tier=tier,
        chips={CHIP: 1000},
        regions=(PLACE,),
        window=Window(Slot(window[0]), Slot(window[1])),
        limit=Price(limit),
        shape=Block(2, 2, slots, Split.ONE),
    )


def test_what_is_given_back_beside_a_lease_in_time_has_to_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert served_behind_what_was_given_back()
    neighbours_in_time_are_no_matter(monkeypatch)
    assert not served_behind_what_was_given_back()
