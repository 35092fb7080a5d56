"""The laws of the market in random worlds; and that the kernel is a function, which no command surprises."""

import dataclasses
import os
import pickle
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from matching import rules
from matching.commands import AmendListing, AmendOrder, Command, Place, Publish, Reclaim, SetLink, Tick
from matching.curves import PriceCurve
from matching.market import Market
from matching.terms import (
    Block,
    ChipCode,
    Price,
    RegionCode,
    Seq,
    Slot,
    Split,
    Tier,
    Window,
    Work,
)
from tests.matching import laws
from tests.matching.fingerprint import fingerprint
from tests.matching.strategies import (
    CHIPS,
    EAST,
    REGIONS,
    SEED,
    TIERS,
    WEST,
    WORLDS,
    A,
    B,
    Choose,
    World,
    a_world,
    lawful,
    short_worlds,
    worlds_of,
)

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("law", laws.LAWS)
def test_in_random_worlds(law: laws.Law) -> None:
    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    for world in worlds_of(SEED, WORLDS)[: WORLDS // 10]:
        laws.hold(law, world)


# A decision is a function of the market and the command


@lawful(30)
@given(short_worlds)
def test_same_commands_same_events(world: World) -> None:
    assert laws.log_of(world) == laws.log_of(world)


@lawful(30)
@given(short_worlds)
def test_asking_for_a_decision_changes_nothing(world: World) -> None:
    market = laws.new_market(world)
    for number, command in enumerate(world.commands, 1):
        before = laws.photograph(market)
        undone = next(rules.decide(market, Seq(number), command))
        assert laws.photograph(market) == before
        assert rules.apply(market, Seq(number), command)[0] == undone


def test_the_order_of_python_s_hashes_does_not_matter() -> None:
    drawn = worlds_of(SEED, WORLDS)[: WORLDS // 10]
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
    market = laws.new_market(world)
    for number, command in enumerate(world.commands, 1):
        rules.apply(market, Seq(2 * number), command)
        rules.apply(market, Seq(2 * number + 1), laws.said_again(command))


# Commands of which some terms are as wild as their types allow

COUNTS = (-(10**30), -1, 0, 1, 1, 2, 3, 8, 1000, 10**30)
SLOTS = tuple(Slot(slot) for slot in (-50, -1, 0, 0, 1, 2, 5, 9, 20, 60))
FAR_SLOTS = (*SLOTS, Slot(-(10**15)), Slot(10**15))


def a_wild_world(choose: Choose) -> World:
    world = a_world(choose, range(8, 31))
    return dataclasses.replace(world, commands=tuple(wilder(choose, command) for command in world.commands))


def wilder(choose: Choose, command: Command) -> Command:
    """The same command, with one term or two changed; every third as it is."""
    if not choose(range(3)):
        return command
    match command:
        case Place(order):
            return Place(replace(order, **wild_order_terms(choose)))
        case Publish(listing):
            return Publish(replace(listing, **wild_listing_terms(choose)))
        case AmendOrder(order=name):
            cards = choose((None, (choose(COUNTS), choose(COUNTS))))
            limit = choose((None, Price(choose(COUNTS))))
            return AmendOrder(name, limit, cards, choose((None, *FAR_SLOTS)))
        case AmendListing(listing=name):
            return AmendListing(name, choose((None, *COUNTS)), choose((None, wild_asks(choose))))
        case Reclaim(listing=name):
            return Reclaim(name, choose(FAR_SLOTS))
        case SetLink(home, region):
            return SetLink(home, region, choose(COUNTS))
        case Tick(now):
            return Tick(choose((now, Slot(-1), Slot(10**15))))
        case _:
            return command


def wild_order_terms(choose: Choose) -> dict[str, Any]:
    chips = {chip: choose(COUNTS) for chip in choose(((), (A,), (A, B), (B, ChipCode("Z"))))}
    return choose(
        (
            {"chips": chips},
            {"regions": choose(((), (EAST, EAST), (EAST, EAST, WEST), (RegionCode("mars"), EAST)))},
            {"window": Window(choose(FAR_SLOTS), choose(FAR_SLOTS))},
            {"limit": Price(choose(COUNTS))},
            {"shape": Block(choose(COUNTS), choose(COUNTS), choose(COUNTS), choose(tuple(Split)))},
            {"shape": Work(choose(COUNTS), choose(COUNTS), choose((False, True)))},
            {"home": choose((None, EAST, WEST, RegionCode("mars"))), "mbps_per_card": choose(COUNTS)},
            {"shape": Block(1, 10**30, 1), "limit": Price(10**30)},
        )
    )


def wild_listing_terms(choose: Choose) -> dict[str, Any]:
    cards = choose(COUNTS)
    return choose(
        (
            {"window": Window(choose(SLOTS), choose(SLOTS))},
            {"cards": cards},
            {"cards": cards, "lot": cards},
            {"lot": choose(COUNTS)},
            {"min_slots": choose(COUNTS)},
            {"asks": wild_asks(choose)},
        )
    )


def wild_asks(choose: Choose) -> dict[Tier, PriceCurve]:
    return {
        tier: PriceCurve(tuple((choose(SLOTS), choose(COUNTS)) for _ in range(choose(range(4)))))
        for tier in choose(((), *TIERS))
    }


@pytest.mark.parametrize("known", [(None, None), (frozenset(CHIPS), frozenset(REGIONS))])
def test_nothing_makes_the_kernel_raise(
    known: tuple[frozenset[ChipCode] | None, frozenset[RegionCode] | None],
) -> None:
    def answers_always(world: World) -> None:
        market = Market(*known, world.terms)
        for number, command in enumerate(world.commands, 1):
            assert rules.apply(market, Seq(number), command), "every command is answered"

    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    chance = Random(SEED)
    for _ in range(WORLDS // 3):
        laws.hold(answers_always, a_wild_world(chance.choice))
