"""Small worlds for Hypothesis: a few chips, regions and owners, and commands that get in each other's way.

Prices, limits, sizes and windows come from narrow ranges on purpose: ties, exact limits and collisions are where a
market goes wrong. About one new listing or order in sixteen is unsound.

Strategies here are made once and take no arguments, which is what makes them fast. A world is therefore drawn as
drafts, whose ids are back-references and whose ticks are steps; `numbered` turns them into commands.

A failed test prints its SUANLI_SEED, and takes it back from the environment; SUANLI_WORLDS asks for more worlds.
"""

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from matching.commands import (
    AmendListing,
    AmendOrder,
    CancelOrder,
    Command,
    Place,
    Publish,
    Tick,
    WithdrawListing,
)
from matching.prices import PriceCurve, flat
from matching.terms import (
    Block,
    ChipCode,
    Listing,
    ListingId,
    Order,
    OrderId,
    OwnerGroup,
    Preference,
    Price,
    RegionCode,
    Slot,
    Tier,
    TimeInForce,
    Window,
)

Id = TypeVar("Id", bound=str)
World = tuple[Command, ...]  # the first command has seq 1
Faults = Sequence[Mapping[str, Any]]  # Any: a fault replaces fields of different types

WORLDS = int(os.environ.get("SUANLI_WORLDS", "300"))  # more of them find more
SEED = int(os.environ.get("SUANLI_SEED") or random.randrange(10**6))

CHIPS = tuple(ChipCode(chip) for chip in ("A", "B", "C"))
REGIONS = tuple(RegionCode(region) for region in ("east", "north", "west"))
SELLERS = tuple(OwnerGroup(owner) for owner in ("ana", "bo", "bo", "cy"))
BUYERS = tuple(OwnerGroup(owner) for owner in ("cy", "di", "ed", "ed"))  # cy is on both sides
WEIGHTS = (1000, 1000, 1000, 1000, 250, 333, 500, 700, 1500, 2000)
LAST_SLOT = 38


def lawful(examples: int) -> settings:
    """How laws are run: no database, no deadline, and a failure prints what reproduces it.

    Worlds are too large for Hypothesis to shrink in a minute; `laws.hold` leaves commands out instead.
    """
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        print_blob=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def mostly(*ways: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """One of several strategies, each as often as its number says. (`one_of` would count twins once.)"""
    tickets = [way for often, way in ways for _ in range(often)]
    return st.integers(0, len(tickets) - 1).flatmap(tickets.__getitem__)


# What a draw is made of

prices = st.integers(0, 9)
limits = st.integers(2, 14).map(Price)
starts = st.integers(0, 12)
lengths = st.integers(0, 16)
chip = st.sampled_from("AAAAABBC").map(ChipCode)
region = st.sampled_from(("east", "east", "east", "east", "north", "west")).map(RegionCode)
sellers = st.sampled_from(SELLERS)
buyers = st.sampled_from(BUYERS)
weights = st.sampled_from(WEIGHTS)
some_chips = st.dictionaries(chip, weights, min_size=1, max_size=3)
some_regions = st.lists(region, min_size=1, max_size=3).map(tuple)  # one may be named twice
tiers = st.sampled_from(((Tier.SPOT,), (Tier.ON_DEMAND,), tuple(Tier), tuple(Tier)))
sizes = st.tuples(st.integers(1, 5), st.sampled_from((0, 0, 0, 1, 2, 5))).map(lambda at: (at[0], sum(at)))
gaps = st.lists(st.integers(1, 6), max_size=3)


@st.composite
def _curves(draw: st.DrawFn) -> PriceCurve:
    """A curve whose first step is at slot 0 or before: flat, or with up to three more steps."""
    steps = [-draw(st.integers(0, 2)), *draw(gaps)]
    return PriceCurve(tuple((slot, draw(prices)) for slot in accumulate(steps)))


curves = mostly((1, prices.map(flat)), (1, _curves()))


def moved(curve: PriceCurve, slots: int) -> PriceCurve:
    """The same curve, later."""
    return curve if curve.flat else PriceCurve(tuple((slot + slots, price) for slot, price in curve.steps))


@st.composite
def _listings(draw: st.DrawFn) -> Listing:
    start, lot = draw(starts), draw(st.sampled_from((1, 1, 1, 2, 3, 4)))
    min_slots = draw(st.sampled_from((1, 1, 1, 2, 4)))
    return Listing(
        id=ListingId(""),
        seller=draw(sellers),
        chip=draw(chip),
        region=draw(region),
        window=Window(Slot(start), Slot(start + draw(lengths) + min_slots)),
        cards=lot * draw(st.integers(1, 8)),
        lot=lot,
        min_slots=min_slots,
        asks={tier: moved(draw(curves), start) for tier in draw(tiers)},
    )


@st.composite
def _orders(draw: st.DrawFn) -> Order:
    start, slots = draw(starts), draw(st.integers(1, 6))
    return Order(
        id=OrderId(""),
        buyer=draw(buyers),
        tier=draw(st.sampled_from((Tier.SPOT, Tier.SPOT, Tier.ON_DEMAND))),
        chips=draw(some_chips),
        regions=draw(some_regions),
        window=Window(Slot(start), Slot(start + draw(lengths) + slots)),
        limit=draw(limits),
        shape=Block(*draw(sizes), slots),
        prefer=draw(st.sampled_from(Preference)),
        tif=draw(st.sampled_from((TimeInForce.GTC,) * 5 + (TimeInForce.IOC,))),
    )


listings = _listings()
orders = _orders()

EMPTY = Window(Slot(9), Slot(9))
UPSIDE_DOWN = Window(Slot(9), Slot(5))
LISTING_FAULTS: Faults = (
    {"chip": ChipCode("Z")},
    {"region": RegionCode("mars")},
    {"cards": 0},
    {"lot": 0},
    {"min_slots": 0},
    {"asks": {}},
    {"asks": {Tier.SPOT: PriceCurve(())}},
    {"asks": {Tier.SPOT: PriceCurve(((0, 5), (4, -1)))}},
    {"asks": {Tier.SPOT: PriceCurve(((40, 5),))}},
    {"asks": {Tier.SPOT: PriceCurve(((0, 5), (6, 3), (2, 4)))}},
    {"cards": 7, "lot": 2},
    {"window": EMPTY},
    {"window": UPSIDE_DOWN},
    {"min_slots": 50},
)
ORDER_FAULTS: Faults = (
    {"chips": {}},
    {"chips": {ChipCode("A"): 1000, ChipCode("Z"): 1000}},
    {"chips": {ChipCode("A"): 0}},
    {"regions": ()},
    {"regions": (RegionCode("east"), RegionCode("mars"))},
    {"shape": Block(0, 4, 2)},
    {"shape": Block(4, 3, 2)},
    {"shape": Block(1, 1, 0)},
    {"shape": Block(1, 1, 50)},
    {"limit": Price(-1)},
    {"window": EMPTY},
    {"window": UPSIDE_DOWN},
)


def faults(known: Faults) -> st.SearchStrategy[dict[str, Any]]:
    """Fields that make terms unsound in one way or in two; mostly none."""
    some = st.lists(st.sampled_from(known), min_size=1, max_size=2)
    merged = some.map(lambda chosen: {name: value for fault in chosen for name, value in fault.items()})
    return mostly((15, st.just({})), (1, merged))


# Drafts of commands: ids count backwards, ticks count forwards

backwards = st.sampled_from("1112234570")
order_references = backwards.map(OrderId)
listing_references = backwards.map(ListingId)
amended_asks = st.dictionaries(st.sampled_from(Tier), curves, min_size=1, max_size=2)
order_amendments = st.builds(
    AmendOrder,
    order_references,
    limit=mostly((2, st.none()), (1, limits)),
    cards=mostly((3, st.none()), (4, sizes), (1, st.just((5, 4)))),
    deadline=mostly((2, st.none()), (1, st.integers(4, LAST_SLOT).map(Slot))),
)
listing_amendments = st.builds(
    AmendListing,
    listing_references,
    cards=mostly((1, st.none()), (1, st.integers(0, 12))),
    asks=mostly((4, st.none()), (4, amended_asks), (1, st.just({}))),
)
publishing = st.builds(
    lambda sound, unsound: Publish(replace(sound, **unsound)), listings, faults(LISTING_FAULTS)
)
placing = st.builds(lambda sound, unsound: Place(replace(sound, **unsound)), orders, faults(ORDER_FAULTS))
cancelling = order_references.map(CancelOrder)
withdrawing = listing_references.map(WithdrawListing)
ticking = st.sampled_from((1, 2, 3, 5, 8, 0, -1)).map(Slot).map(Tick)
drafts: st.SearchStrategy[Command] = mostly(
    (14, placing),
    (9, publishing),
    (6, order_amendments),
    (4, listing_amendments),
    (3, ticking),
    (1, cancelling),
    (1, withdrawing),
)


def numbered(run: Sequence[Command]) -> World:
    """Commands out of drafts: the n-th command makes listing `ln` or order `on`; ticks add up.

    A back-reference 1 means the youngest order or listing, 2 the one before; 0 means one that never was.
    """
    placed, published = [OrderId("nobody")], [ListingId("nothing")]
    commands: list[Command] = []
    now = 0
    for number, draft in enumerate(run, 1):
        match draft:
            case Place(order):
                placed.append(OrderId(f"o{number}"))
                commands.append(Place(replace(order, id=placed[-1])))
            case Publish(listing):
                published.append(ListingId(f"l{number}"))
                commands.append(Publish(replace(listing, id=published[-1])))
            case AmendOrder(order=back):
                commands.append(replace(draft, order=_back(placed, back)))
            case CancelOrder(back):
                commands.append(CancelOrder(_back(placed, back)))
            case AmendListing(listing=back):
                commands.append(replace(draft, listing=_back(published, back)))
            case WithdrawListing(back):
                commands.append(WithdrawListing(_back(published, back)))
            case Tick(step):
                commands.append(Tick(Slot(now + step)))
                now = max(now, now + step)
    return tuple(commands)


def _back(known: Sequence[Id], steps: str) -> Id:
    back = int(steps)
    return known[-1 - (back - 1) % (len(known) - 1)] if back and len(known) > 1 else known[0]


worlds = st.lists(drafts, min_size=30, max_size=40).map(numbered)
short_worlds = st.lists(drafts, min_size=8, max_size=20).map(numbered)


@cache
def worlds_of(number: int, count: int) -> tuple[World, ...]:
    """The `count` worlds of a seed: the same in every run with one version of Hypothesis."""
    drawn: list[World] = []

    @seed(number)
    @lawful(count)
    @given(worlds)
    def draw(world: World) -> None:
        drawn.append(world)

    draw()
    return tuple(drawn)
