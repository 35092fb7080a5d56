"""Small worlds: a few chips, regions and owners, and commands that get in each other's way.

Prices, limits, sizes and windows come from narrow ranges on purpose: ties, exact limits and collisions are where a
market goes wrong. About one new listing or order in twenty is unsound.

Whatever is made here is made by one kind of step, to choose from a sequence. Chance can do that, from a seed: those
worlds are made fast, and by the hundred. And Hypothesis can: those are the strategies at the end.

A failed test prints its SUANLI_SEED, and takes it back from the environment; SUANLI_WORLDS asks for more worlds.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple, Protocol, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from matching.commands import (
    AmendListing,
    AmendOrder,
    CancelOrder,
    Command,
    Place,
    Publish,
    Reclaim,
    SetLink,
    Tick,
    WithdrawListing,
)
from matching.curves import PriceCurve, flat
from matching.terms import (
    Block,
    ChipCode,
    Listing,
    ListingId,
    MarketTerms,
    OnPreempt,
    Order,
    OrderId,
    OwnerGroup,
    Preference,
    Price,
    PriceRule,
    RegionCode,
    Shape,
    Slot,
    Split,
    Tier,
    TimeInForce,
    Window,
    Work,
)

T = TypeVar("T")
Option = TypeVar("Option")
Terms = TypeVar("Terms", Listing, Order)
Faults = Sequence[Mapping[str, Any]]  # Any: a fault replaces fields of different types


@dataclass(frozen=True, slots=True)
class World:
    """Commands, of which the first has seq 1, and the terms of the market that they come to."""

    commands: tuple[Command, ...]
    terms: MarketTerms = field(default_factory=MarketTerms)


class Choose(Protocol):
    """Takes one of several options."""

    def __call__(self, options: Sequence[T], /) -> T: ...


WORLDS = int(os.environ.get("SUANLI_WORLDS", "2000"))
SEED = int(os.environ.get("SUANLI_SEED") or Random().randrange(10**6))

CHIPS = A, B, C = ChipCode("A"), ChipCode("B"), ChipCode("C")
REGIONS = EAST, NORTH, WEST = RegionCode("east"), RegionCode("north"), RegionCode("west")
SELLERS = tuple(OwnerGroup(owner) for owner in ("ana", "bo", "bo", "cy"))
BUYERS = tuple(OwnerGroup(owner) for owner in ("cy", "di", "ed", "ed"))  # cy is on both sides
PRICES = (0, 1, 2, 3, 4, 4, 4, 4, 5, 6, 9)
WEIGHTS = (1000, 1000, 1000, 1000, 1000, 1000, 250, 333, 500, 700, 1500, 2000)
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
TIERS = ((Tier.SPOT,), (Tier.ON_DEMAND,), tuple(Tier), tuple(Tier))
LINK_ENDS = (EAST, EAST, *REGIONS, RegionCode("mars"))
KINDS = (
    *("order",) * 10,
    *("rival",) * 9,
    *("listing",) * 10,
    *("amended order",) * 5,
    *("amended listing",) * 4,
    *("tick",) * 3,
    *("link",) * 2,
    *("cancel", "withdraw", "reclaim", "reclaim"),
)
CONTESTED_KINDS = (
    *("order",) * 5,
    *("rival",) * 25,
    *("listing",) * 10,
    *("tick", "amended listing", "cancel", "withdraw", "reclaim"),
)


class Venue(NamedTuple):
    """What all commands of one world have in common. The fewer starts, prices and places, the more commands meet."""

    chip_sets: Sequence[tuple[ChipCode, ...]]
    region_sets: Sequence[tuple[RegionCode, ...]]
    starts: Sequence[int]
    spare: Sequence[int]  # slots that a window has beyond what is needed
    prices: Sequence[int]
    lots: Sequence[int]  # that a listing has
    limits: Sequence[int] = range(2, 14)
    homes: Sequence[RegionCode | None] = (None, None, EAST, EAST, WEST)
    tiers: Sequence[tuple[Tier, ...]] = TIERS
    runs: Sequence[int] = range(1, 7)  # slots of a block
    longer: int = 0  # slots that each listing has beyond that
    weights: Sequence[int] = WEIGHTS
    kinds: Sequence[str] = KINDS  # of commands


PAIRED: Sequence[tuple[RegionCode, ...]] = ((EAST,), (EAST, WEST), (WEST, EAST))
BOTH = (tuple(Tier),)
WIDE = Venue(CHIP_SETS, REGION_SETS, range(13), range(17), PRICES, range(1, 9))
CROWDED = Venue(
    ((A,),),
    ((EAST,),),
    range(3),
    range(4),
    (1, 2, 3),
    range(1, 4),
    range(3, 12),
    (None,),
    BOTH,
    (1, 2, 2, 3),
    3,
)
PAIR = CROWDED._replace(region_sets=PAIRED[1:], homes=(None, EAST, EAST), chip_sets=((A,), (A, B)))
LONG = PAIR._replace(runs=(1, 4, 7, 8, 9, 16, 24, 25, 31), spare=range(0, 30, 3), longer=20)
TAKERS = CROWDED._replace(
    starts=(1, 1, 2),
    prices=(0, 1, 1),
    lots=(2, 3, 4),
    limits=(3, 4, 4, 5, 6),
    weights=(1000,),
    runs=(1, 2, 3, 4),
    kinds=CONTESTED_KINDS,
)
CONTESTED = (TAKERS, TAKERS._replace(region_sets=PAIRED[1:], limits=(3, 4, 4), spare=range(0, 9, 2)))
VENUES = (
    WIDE,
    Venue(CHIP_SETS, REGION_SETS, range(5), range(6), PRICES, range(1, 5)),
    Venue(((A,), (A, B)), PAIRED, range(-1, 4), range(9), PRICES, range(1, 5)),
    Venue(((A,),), ((EAST,),), range(-1, 3), range(2, 9), (3, 4, 4, 5), range(1, 4)),
    CROWDED,
    CROWDED,
    PAIR,
    PAIR,
    LONG,
    *CONTESTED,
)


@dataclass(slots=True)
class Scene:
    """What has been asked of a market so far: those that mean somebody else mean one of the youngest."""

    venue: Venue
    now: int = 0
    orders: list[Order] = field(default_factory=list)
    listings: list[ListingId] = field(default_factory=lambda: [ListingId("nothing")])

    def add(self, command: Command) -> None:
        match command:
            case Place(order):
                self.orders.append(order)
            case Publish(listing):
                self.listings.append(listing.id)
            case Tick(now):
                self.now = max(self.now, now)
            case _:
                pass

    def names(self) -> list[OrderId]:
        """Some orders, also one that may have been requeued."""
        names = [order.id for order in self.orders[-6:]] or [OrderId("nobody")]
        return [*names, OrderId(f"{names[-1]}.r1")]


def a_world(
    choose: Choose, lengths: Sequence[int] = range(10, 31), venues: Sequence[Venue] = VENUES
) -> World:
    """A run of commands, of which the n-th makes order `on` or listing `ln`."""
    scene, commands = Scene(choose(venues), choose(EPOCHS)), some_links(choose)
    for number in range(len(commands) + 1, choose(lengths) + 1):
        commands.append(a_command(choose, scene, number))
        scene.add(commands[-1])
    return World(tuple(commands), choose(MARKETS))


def some_links(choose: Choose) -> list[Command]:
    """Half of the worlds have links from the first command on."""
    pairs = choose(((), (), ((EAST, WEST),), ((EAST, WEST), (EAST, NORTH), (WEST, EAST))))
    return [SetLink(home, region, choose((7, 15, 60))) for home, region in pairs]


def a_long_world(choose: Choose) -> World:
    """Hundreds of commands on few books, so that these grow beyond one stretch of an index."""
    return a_world(choose, range(250, 400))


def a_contested_world(choose: Choose) -> World:
    """Buyers who want what others have, where what that does is often the same for several listings."""
    return a_world(choose, range(40, 80), CONTESTED)


def a_short_world(choose: Choose) -> World:
    return a_world(choose, range(8, 21))


def a_command(choose: Choose, scene: Scene, number: int) -> Command:
    venue, now, listings = scene.venue, scene.now, scene.listings[-4:]
    match choose(venue.kinds):
        case "order":
            order = an_order(choose, venue, now, f"o{number}")
            return Place(perhaps_unsound(choose, order, ORDER_FAULTS))
        case "rival":
            return Place(a_rival(choose, venue, scene, f"o{number}"))
        case "listing":
            listing = a_listing(choose, venue, now, f"l{number}")
            return Publish(perhaps_unsound(choose, listing, LISTING_FAULTS))
        case "amended order":
            return AmendOrder(
                choose(scene.names()),
                limit=choose((None, None, None, Price(choose(venue.limits)))),
                cards=choose((None, a_size(choose), a_size(choose), (5, 4))),
                deadline=choose((None, None, Slot(now + choose(range(1, 20))))),
            )
        case "amended listing":
            asks = {tier: a_curve(choose, venue) for tier in choose(venue.tiers)}
            return AmendListing(
                choose(listings),
                cards=choose((None, None, *range(13))),
                asks=choose((None, None, None, asks, asks, {})),
            )
        case "tick":
            return Tick(Slot(now + choose((1, 1, 1, 1, 2, 3, 5, 0, -1))))
        case "link":
            return SetLink(choose(LINK_ENDS), choose(LINK_ENDS), choose((0, 2, 4, 7, 10, 25, 60, 60, -1)))
        case "cancel":
            return CancelOrder(choose(scene.names()))
        case "reclaim":
            return Reclaim(choose(listings), Slot(now + choose((-1, 0, 0, 1, 2, 3, 5, 9))))
        case _:
            return WithdrawListing(choose(listings))


# Where a world begins: a kernel that counts slots from an origin has to move it.
EPOCHS = (*(0,) * 6, 1_020, 16_380)
MARKETS = (
    *(MarketTerms(),) * 4,
    MarketTerms(notice=0),
    MarketTerms(notice=2, grace=0),
    MarketTerms(grace=3, outbid_bp=0),
    MarketTerms(outbid_bp=5000),
    MarketTerms(displacement=False),
    MarketTerms(resting=False),
)


def a_listing(choose: Choose, venue: Venue, now: int, name: str) -> Listing:
    """A sound listing."""
    start = max(0, now + choose(venue.starts))
    lot, min_slots = choose((1, 1, 1, 2, 3, 4)), choose((1, 1, 1, 1, 2, 4))
    return Listing(
        id=ListingId(name),
        seller=choose(SELLERS),
        chip=choose((A, A, *choose(venue.chip_sets))),
        region=choose((EAST, EAST, *choose(venue.region_sets))),
        window=Window(Slot(start), Slot(start + min_slots + venue.longer + choose(venue.spare))),
        cards=lot * choose(venue.lots),
        lot=lot,
        min_slots=min_slots,
        asks={tier: moved(a_curve(choose, venue), start) for tier in choose(venue.tiers)},
        price_rule=choose((PriceRule.POSTED, PriceRule.POSTED, PriceRule.MAKER)),
    )


def an_order(choose: Choose, venue: Venue, now: int, name: str) -> Order:
    """A sound order."""
    start, shape = max(0, now + choose(venue.starts)), a_shape(choose, venue)
    slots = shape.slots if isinstance(shape, Block) else choose(range(1, 5))
    return Order(
        id=OrderId(name),
        buyer=choose(BUYERS),
        tier=choose((Tier.SPOT, Tier.SPOT, Tier.ON_DEMAND)),
        chips={chip: choose(venue.weights) for chip in choose(venue.chip_sets)},
        regions=choose(venue.region_sets),
        window=Window(Slot(start), Slot(start + slots + choose(venue.spare))),
        limit=Price(choose(venue.limits)),
        shape=shape,
        prefer=choose(tuple(Preference)),
        tif=choose((*(TimeInForce.GTC,) * 9, TimeInForce.IOC)),
        on_preempt=choose((*(OnPreempt.REQUEUE,) * 3, OnPreempt.CANCEL)),
        home=choose(venue.homes),
        mbps_per_card=choose((0, 1, 2, 3, 5)),
    )


def a_rival(choose: Choose, venue: Venue, scene: Scene, name: str) -> Order:
    """An order that wants what an earlier one wanted, and often offers more: it may displace it."""
    order = an_order(choose, venue, scene.now, name)
    earlier = choose(scene.orders[-6:] or [order])
    if not order.chips or not isinstance(earlier.shape, Block):
        return order
    size = choose((earlier.shape.least, earlier.shape.most, *range(1, 6)))
    return replace(
        earlier,
        id=OrderId(name),
        buyer=order.buyer,
        tier=choose((Tier.SPOT, Tier.SPOT, Tier.ON_DEMAND)),
        limit=Price(earlier.limit + choose((0, 1, 1, 2, 4, 8))),
        shape=Block(size, size + choose((0, 0, 2)), max(1, choose((earlier.shape.slots, 1, 2)))),
        tif=order.tif,
        on_preempt=order.on_preempt,
    )


def a_shape(choose: Choose, venue: Venue) -> Shape:
    """A block for one seller as often as a gang or work."""
    if not choose(range(4)):
        return Work(choose(range(1, 25)), choose(range(1, 9)), choose((False, False, False, False, True)))
    split = choose((Split.ONE, Split.ONE, Split.SELLERS, Split.REGIONS))
    least, most = a_size(choose)
    return Block(least, most if split is Split.ONE else most + choose((0, 0, 5)), choose(venue.runs), split)


def a_size(choose: Choose) -> tuple[int, int]:
    """(least, most) cards; all-or-none half of the time."""
    least = choose(range(1, 6))
    return least, least + choose((0, 0, 0, 1, 2, 5))


def a_curve(choose: Choose, venue: Venue = WIDE) -> PriceCurve:
    """A curve that begins at slot 0 or before: flat, or with up to three more steps."""
    later = choose((0, 0, 0, 1, 2, 3))
    if not later:
        return flat(choose(venue.prices))
    gaps = [-choose(range(3)), *(choose(range(1, 7)) for _ in range(later))]
    return PriceCurve(tuple((slot, choose(venue.prices)) for slot in accumulate(gaps)))


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
    {"shape": Work(0, 4)},
    {"shape": Work(4, 0)},
    {"mbps_per_card": -1},
    {"home": RegionCode("mars")},
    {"limit": Price(-1)},
    {"window": EMPTY},
    {"window": UPSIDE_DOWN},
)


def perhaps_unsound(choose: Choose, terms: Terms, faults: Faults) -> Terms:
    """The same terms, or once in twenty times with one fault or two."""
    if choose(range(20)):
        return terms
    return replace(terms, **{**choose(faults), **choose(({}, *faults))})


# Worlds from a seed


@cache
def worlds_of(seed: int, count: int) -> tuple[World, ...]:
    """The worlds of a seed: the same in every run."""
    chance = Random(seed)
    return tuple(a_world(chance.choice) for _ in range(count))


@cache
def contested_worlds_of(seed: int, count: int) -> tuple[World, ...]:
    """Worlds of a seed in which much is taken back."""
    chance = Random(seed)
    return tuple(a_contested_world(chance.choice) for _ in range(count))


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
