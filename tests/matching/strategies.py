"""Small worlds: a few chips, regions and owners, and commands that get in each other's way.

Prices, limits, sizes and windows come from narrow ranges on purpose: ties, exact limits and collisions are where a
market goes wrong. About one new listing or order in twelve is unsound.

Whatever is made here is made by one kind of step, to choose from a sequence. Chance can do that, from a seed: those
worlds are made fast, and by the hundred. And Hypothesis can: those are the strategies at the end.

A failed test prints its SUANLI_SEED, and takes it back from the environment; SUANLI_WORLDS asks for more worlds.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any, Protocol, TypeVar

from hypothesis import HealthCheck, Phase, settings
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

T = TypeVar("T")
Option = TypeVar("Option")
Terms = TypeVar("Terms", Listing, Order)
World = tuple[Command, ...]  # the first command has seq 1
Faults = Sequence[Mapping[str, Any]]  # Any: a fault replaces fields of different types


class Choose(Protocol):
    """Takes one of several options."""

    def __call__(self, options: Sequence[T], /) -> T: ...


WORLDS = int(os.environ.get("SUANLI_WORLDS", "600"))
SEED = int(os.environ.get("SUANLI_SEED") or Random().randrange(10**6))

CHIPS = A, B, C = ChipCode("A"), ChipCode("B"), ChipCode("C")
REGIONS = EAST, NORTH, WEST = RegionCode("east"), RegionCode("north"), RegionCode("west")
SELLERS = tuple(OwnerGroup(owner) for owner in ("ana", "bo", "bo", "cy"))
BUYERS = tuple(OwnerGroup(owner) for owner in ("cy", "di", "ed", "ed"))  # cy is on both sides
PRICES = (0, 1, 2, 3, 4, 4, 4, 4, 5, 6, 9)
WEIGHTS = (1000, 1000, 1000, 1000, 250, 333, 500, 700, 1500, 2000)
CHIP_SETS = ((A,), (A,), (A, B), (B, A), (C, A, B), (B,), (C,))
REGION_SETS = (
    (EAST,),
    (EAST,),
    (EAST, NORTH),
    (WEST, EAST),
    (NORTH, WEST, EAST),
    (EAST, EAST),  # naming a region twice is naming it once
    (WEST,),
)
KINDS = (
    *("order",) * 13,
    *("listing",) * 11,
    *("amended order",) * 5,
    *("amended listing",) * 5,
    *("tick",) * 3,
    *("cancel", "withdraw"),
)


def a_world(choose: Choose, lengths: Sequence[int] = range(30, 41)) -> World:
    """A run of commands: the n-th makes order `on` or listing `ln`. Those that mean another one prefer the youngest."""
    orders, listings = [OrderId("nobody")], [ListingId("nothing")]
    commands: list[Command] = []
    now = Slot(0)
    for number in range(1, choose(lengths) + 1):
        command = a_command(
            choose, number, orders[:1] + orders[-6:] * 2, listings[:1] + listings[-6:] * 2, now
        )
        match command:
            case Place(order):
                orders.append(order.id)
            case Publish(listing):
                listings.append(listing.id)
            case Tick(later):
                now = max(now, later)
        commands.append(command)
    return tuple(commands)


def a_short_world(choose: Choose) -> World:
    return a_world(choose, range(8, 21))


def a_command(
    choose: Choose, number: int, orders: Sequence[OrderId], listings: Sequence[ListingId], now: Slot
) -> Command:
    match choose(KINDS):
        case "order":
            return Place(perhaps_unsound(choose, an_order(choose, f"o{number}"), ORDER_FAULTS))
        case "listing":
            return Publish(perhaps_unsound(choose, a_listing(choose, f"l{number}"), LISTING_FAULTS))
        case "amended order":
            return AmendOrder(
                choose(orders),
                limit=choose((None, None, a_limit(choose))),
                cards=choose((None, None, a_size(choose), a_size(choose), (5, 4))),
                deadline=choose((None, None, Slot(choose(range(4, 30))))),
            )
        case "amended listing":
            asks = {tier: a_curve(choose) for tier in choose(TIERS)}
            return AmendListing(
                choose(listings),
                cards=choose((None, None, *range(13))),
                asks=choose((None, None, None, asks, asks, {})),
            )
        case "tick":
            return Tick(Slot(now + choose((1, 1, 2, 3, 5, 0, -1))))
        case "cancel":
            return CancelOrder(choose(orders))
        case _:
            return WithdrawListing(choose(listings))


TIERS = ((Tier.SPOT,), (Tier.ON_DEMAND,), tuple(Tier), tuple(Tier))


def a_listing(choose: Choose, name: str) -> Listing:
    """A sound listing."""
    start, lot, min_slots = choose(range(13)), choose((1, 1, 1, 2, 3, 4)), choose((1, 1, 1, 2, 4))
    return Listing(
        id=ListingId(name),
        seller=choose(SELLERS),
        chip=choose((A, A, A, *CHIPS)),
        region=choose((EAST, EAST, EAST, *REGIONS)),
        window=Window(Slot(start), Slot(start + min_slots + choose(range(17)))),
        cards=lot * choose(range(1, 9)),
        lot=lot,
        min_slots=min_slots,
        asks={tier: moved(a_curve(choose), start) for tier in choose(TIERS)},
    )


def an_order(choose: Choose, name: str) -> Order:
    """A sound order."""
    start, slots = choose(range(13)), choose(range(1, 7))
    return Order(
        id=OrderId(name),
        buyer=choose(BUYERS),
        tier=choose(tuple(Tier)),
        chips={chip: choose(WEIGHTS) for chip in choose(CHIP_SETS)},
        regions=choose(REGION_SETS),
        window=Window(Slot(start), Slot(start + slots + choose(range(17)))),
        limit=a_limit(choose),
        shape=Block(*a_size(choose), slots),
        prefer=choose(tuple(Preference)),
        tif=choose((*(TimeInForce.GTC,) * 5, TimeInForce.IOC)),
    )


def a_size(choose: Choose) -> tuple[int, int]:
    """(least, most) cards; all-or-none half of the time."""
    least = choose(range(1, 6))
    return least, least + choose((0, 0, 0, 1, 2, 5))


def a_limit(choose: Choose) -> Price:
    return Price(choose(range(2, 14)))


def a_curve(choose: Choose) -> PriceCurve:
    """A curve that begins at slot 0 or before: flat, or with up to three more steps."""
    later = choose((0, 0, 0, 1, 2, 3))
    if not later:
        return flat(choose(PRICES))
    gaps = [-choose(range(3)), *(choose(range(1, 7)) for _ in range(later))]
    return PriceCurve(tuple((slot, choose(PRICES)) for slot in accumulate(gaps)))


def moved(curve: PriceCurve, slots: int) -> PriceCurve:
    """The same curve, later."""
    return curve if curve.flat else PriceCurve(tuple((slot + slots, price) for slot, price in curve.steps))


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


def perhaps_unsound(choose: Choose, terms: Terms, faults: Faults) -> Terms:
    """The same terms, or once in twelve times with one fault or two."""
    if choose(range(12)):
        return terms
    return replace(terms, **{**choose(faults), **choose(({}, *faults))})


# Worlds from a seed


@cache
def worlds_of(seed: int, count: int) -> tuple[World, ...]:
    """The worlds of a seed: the same in every run."""
    chance = Random(seed)
    return tuple(a_world(chance.choice) for _ in range(count))


# Strategies for Hypothesis


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


@cache
def index(options: int) -> st.SearchStrategy[int]:
    return st.integers(0, options - 1)


@st.composite
def drawn(draw: st.DrawFn, make: Callable[[Choose], T]) -> T:
    """What `make` makes when Hypothesis chooses."""

    def choose(options: Sequence[Option], /) -> Option:
        return options[draw(index(len(options)))]

    return make(choose)


worlds = drawn(a_world)
short_worlds = drawn(a_short_world)
curves = drawn(a_curve)
