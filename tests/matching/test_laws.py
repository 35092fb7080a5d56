"""The laws of the market hold in random worlds, and the kernel is a function: same input, same output, no surprise."""

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import rules
from matching.commands import AmendListing, AmendOrder, Command, Place, Publish, Tick
from matching.market import Market
from matching.prices import PriceCurve
from matching.terms import (
    Block,
    ChipCode,
    Listing,
    ListingId,
    Order,
    OrderId,
    Price,
    RegionCode,
    Seq,
    Slot,
    Tier,
    Window,
)
from tests.matching import laws
from tests.matching.fingerprint import fingerprint
from tests.matching.strategies import (
    CHIPS,
    REGIONS,
    SEED,
    WORLDS,
    World,
    lawful,
    listing_references,
    listings,
    mostly,
    numbered,
    order_references,
    orders,
    short_worlds,
    worlds_of,
)

T = TypeVar("T", Listing, Order)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("law", laws.LAWS)
def test_in_random_worlds(law: laws.Law) -> None:
    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    for world in worlds_of(SEED, WORLDS)[: WORLDS // 3]:
        laws.hold(law, world)


# A decision is a function of the market and the command


@lawful(30)
@given(short_worlds)
def test_same_commands_same_events(world: World) -> None:
    assert laws.log_of(world) == laws.log_of(world)


@lawful(30)
@given(short_worlds)
def test_asking_for_a_decision_changes_nothing(world: World) -> None:
    market = laws.new_market()
    for number, command in enumerate(world, 1):
        before = laws.photograph(market)
        undone = next(rules.decide(market, Seq(number), command))
        assert laws.photograph(market) == before
        assert rules.apply(market, Seq(number), command)[0] == undone


def test_the_order_of_python_s_hashes_does_not_matter() -> None:
    drawn = worlds_of(SEED, WORLDS)[: WORLDS // 3]
    here = fingerprint(CHIPS, REGIONS, drawn)
    for hash_seed in ("0", "1", "7"):
        elsewhere = subprocess.run(
            [sys.executable, "-m", "tests.matching.fingerprint"],
            input=pickle.dumps((CHIPS, REGIONS, drawn)),
            capture_output=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        assert elsewhere.stdout.decode().strip() == here, f"PYTHONHASHSEED={hash_seed}"


# No command of the typed domain makes the kernel raise


@lawful(30)
@given(short_worlds)
def test_a_command_may_come_twice(world: World) -> None:
    """Ids of orders and listings are given once, by whoever calls; all else may be said again."""
    market = laws.new_market()
    for number, command in enumerate(world, 1):
        rules.apply(market, Seq(2 * number), command)
        rules.apply(market, Seq(2 * number + 1), again(command))


def again(command: Command) -> Command:
    match command:
        case Place(order):
            return Place(replace(order, id=OrderId(f"{order.id}.again")))
        case Publish(listing):
            return Publish(replace(listing, id=ListingId(f"{listing.id}.again")))
        case _:
            return command


# Sound terms, of which some are then as wild as their types allow

counts = st.sampled_from((-(10**30), -1, 0, 1, 1, 2, 3, 8, 1000, 10**30))
slots = st.sampled_from((-50, -1, 0, 0, 1, 2, 5, 9, 20, 60)).map(Slot)
far_slots = slots | st.sampled_from((-(10**15), 10**15)).map(Slot)
chip_codes = st.sampled_from("AAAZ").map(ChipCode)
region_codes = st.sampled_from(("east", "east", "west", "mars")).map(RegionCode)
wild_curves = st.lists(st.tuples(slots, counts), max_size=3).map(lambda steps: PriceCurve(tuple(steps)))
wild_asks = st.dictionaries(st.sampled_from(Tier), wild_curves, max_size=2)
wild_sizes = st.tuples(counts, counts)
listing_terms: dict[str, st.SearchStrategy[object]] = {
    "window": st.builds(Window, slots, slots),
    "cards": counts,
    "lot": counts,
    "min_slots": counts,
    "asks": wild_asks,
}
order_terms: dict[str, st.SearchStrategy[object]] = {
    "chips": st.dictionaries(chip_codes, counts, max_size=2),
    "regions": st.lists(region_codes, max_size=4).map(tuple),
    "window": st.builds(Window, far_slots, far_slots),
    "limit": counts.map(Price),
    "shape": st.builds(Block, counts, counts, counts),
}


@st.composite
def bent(draw: st.DrawFn, sound: st.SearchStrategy[T], terms: dict[str, st.SearchStrategy[object]]) -> T:
    """Terms of which up to two are wild."""
    names = draw(st.lists(st.sampled_from(sorted(terms)), max_size=2, unique=True))
    changes: dict[str, Any] = {name: draw(terms[name]) for name in names}
    return replace(draw(sound), **changes)


wild_drafts = mostly(
    (5, bent(orders, order_terms).map(Place)),
    (4, bent(listings, listing_terms).map(Publish)),
    (1, st.builds(AmendListing, listing_references, st.none() | counts, st.none() | wild_asks)),
    (1, st.builds(AmendOrder, order_references, cards=wild_sizes)),
    (1, st.builds(AmendOrder, order_references, limit=counts.map(Price), deadline=far_slots)),
    (1, st.sampled_from((-1, 0, 1, 4, 10**15)).map(Slot).map(Tick)),
)


@lawful(100)
@given(st.lists(wild_drafts, min_size=5, max_size=25).map(numbered), st.booleans())
def test_nothing_makes_the_kernel_raise(world: World, anything_goes: bool) -> None:
    def answers_always(world: World) -> None:
        market = Market() if anything_goes else laws.new_market()
        for number, command in enumerate(world, 1):
            assert rules.apply(market, Seq(number), command), "every command is answered"

    laws.hold(answers_always, world)
