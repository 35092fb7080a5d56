"""Adversarial loads, all in one book: each is made so that a careless index has to look at everything in it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from exchange.benches.loads import CHIPS, PRICE, REGIONS, WEEKS_4, WEIGHTS
from exchange.benches.measure import Measured, Play, measure
from exchange.collector import collector_resting
from matching.commands import Command, Place, Publish
from matching.curves import flat
from matching.events import Closed, Leased, Opened
from matching.market import Market, evolve
from matching.terms import (
    Block,
    LeaseNumber,
    Listing,
    ListingId,
    MarketTerms,
    Order,
    OrderEnd,
    OrderId,
    OwnerGroup,
    Price,
    Seq,
    Slot,
    Split,
    Tier,
    TimeInForce,
    Window,
)

CHIP, REGION = CHIPS[0], REGIONS[0]
FOUR_WEEKS = Window(Slot(0), Slot(WEEKS_4))
CHEAP, DEAR, RICH = PRICE // 2, 2 * PRICE, 4 * PRICE
CARDS = 8  # of a listing
DAYTIMES = (Window(Slot(8), Slot(20)), Window(Slot(32), Slot(44)))
TWO_DAYS = Window(Slot(0), Slot(48))
COMB = Window(Slot(0), Slot(6))
TEETH = tuple(Window(Slot(slot), Slot(slot + 1)) for slot in (1, 3, 5))
BUDGET_S = 10.0


class Trap(StrEnum):
    """What is laid out, and what it is meant to catch."""

    ONE_PRICE = "A1 one price level"
    SOLD_OUT = "A2 sold-out daytime"
    TAKEN_BACK = "A2 sold-out daytime, with displacement"
    COMB = "A3 comb of single slots"
    TOO_SMALL = "A4 every listing too small"
    WRONG_WINDOW = "A5 every order in another window"
    TOO_LARGE = "A6 every order too large"
    MIXED = "A7 half too large, half in another window"
    HUGE_GANG = "A8 a gang larger than the book"
    TOO_RICH = "A9 every lease worth too much to take back"
    NO_WORSE = "A10 every lease as bad to take back"
    FIRM_CARD = "A11 a card of every listing leased firmly"
    SMALL_LEASES = "A12 every listing leased card by card"
    HALVES = "A13 every listing leased in halves"
    RELAY = "A14 every listing leased to one after the other, all as bad to take back"


DISPLACING = frozenset(
    {
        Trap.TAKEN_BACK,
        Trap.TOO_RICH,
        Trap.NO_WORSE,
        Trap.FIRM_CARD,
        Trap.SMALL_LEASES,
        Trap.HALVES,
        Trap.RELAY,
    }
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A market that is laid out, and the commands that it then meets."""

    play: Play
    commands: list[Command]


def lay_out(trap: Trap, scale: int, count: int, seed: int) -> Scene:
    """A trap with `scale` listings or orders in it, and `count` commands."""
    chance = Random(f"{seed} {trap} {scale}")  # noqa: S311 — a made-up load, not a secret
    play = Play(Market(terms=MarketTerms(displacement=trap in DISPLACING)))
    with collector_resting():
        return Scene(play, TRAPS[trap](play, chance, scale, count))


def run(trap: Trap, scale: int, count: int, seed: int) -> Measured:
    """Measure a trap."""
    scene = lay_out(trap, scale, count, seed)
    return measure(scene.play, scene.commands, BUDGET_S)


def _one_price(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """Every listing costs the same, and every order can pay it."""
    play.stock(Publish(_listing(f"l{n}")) for n in range(scale))
    return [Place(_bid(f"o{n}", chance.randint(1, 8), chance.randint(1, 24))) for n in range(count)]


def _sold_out(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """All but one in a hundred are sold out by day. Jobs for the day arrive, and have to find the dear ones."""
    for n in range(scale):
        cheap = n % 100 != 0
        listing = _listing(f"l{n}", window=TWO_DAYS, price=CHEAP if cheap else DEAR)
        play.carry_out(Publish(listing))
        if cheap:
            _sell(play, listing, DAYTIMES, Tier.SPOT, f"s{n}", CHEAP)
    windows = [chance.choice(DAYTIMES) for _ in range(count)]
    return [Place(_bid(f"o{n}", 1, chance.randint(4, 12), each)) for n, each in enumerate(windows)]


def _taken_back(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """Everything is leased as spot by day, and jobs on demand find nothing unless they take it back."""
    _lease_by_day(play, scale, lambda: chance.randint(CHEAP, PRICE))
    return _day_jobs(chance, count, Tier.ON_DEMAND, RICH)


def _too_rich(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """The same, and spot jobs offer more than anybody who has a lease, but not enough more."""
    _lease_by_day(play, scale, lambda: PRICE)
    return _day_jobs(chance, count, Tier.SPOT, PRICE * 104 // 100)


def _no_worse(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """The same, and wherever a job on demand takes something back it does as much damage."""
    _lease_by_day(play, scale, lambda: PRICE)
    return _day_jobs(chance, count, Tier.ON_DEMAND, RICH)


def _firm_card(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """One card of every listing is leased on demand by day, the others as spot, and jobs want all of them."""
    for n in range(scale):
        listing = _for_both_tiers(play, n)
        for day, daytime in enumerate(DAYTIMES):
            name, limit = f"s{n}-{day}", chance.randint(CHEAP, PRICE)
            _sell(play, listing, (daytime,), Tier.SPOT, name, limit, cards=CARDS - 1)
            _sell(play, listing, (daytime,), Tier.ON_DEMAND, f"{name}-firm", PRICE, cards=1)
    return _day_jobs(chance, count, Tier.ON_DEMAND, RICH)


def _small_leases(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """Every card of a listing is leased to somebody else by day, for what that is worth to each, and jobs want them all."""
    _lease_in_parts(play, chance, scale, cards=1)
    return _day_jobs(chance, count, Tier.ON_DEMAND, RICH)


def _halves(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """The same, where two share the cards of a listing."""
    _lease_in_parts(play, chance, scale, cards=CARDS // 2)
    return _day_jobs(chance, count, Tier.ON_DEMAND, RICH)


def _relay(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """Somebody has all cards until some hour of the day, and somebody else from then on, which is worth as much."""
    for n in range(scale):
        listing = _for_both_tiers(play, n)
        for day, daytime in enumerate(DAYTIMES):
            handover = Slot(chance.randrange(daytime.start + 1, daytime.end))
            for part, window in enumerate((Window(daytime.start, handover), Window(handover, daytime.end))):
                _sell(play, listing, (window,), Tier.SPOT, f"s{n}-{day}-{part}", PRICE)
    return _day_jobs(chance, count, Tier.ON_DEMAND, RICH)


def _lease_in_parts(play: Play, chance: Random, scale: int, cards: int) -> None:
    for n in range(scale):
        listing = _for_both_tiers(play, n)
        for day, daytime in enumerate(DAYTIMES):
            for part in range(CARDS // cards):
                limit = chance.randint(CHEAP, PRICE)
                _sell(play, listing, (daytime,), Tier.SPOT, f"s{n}-{day}-{part}", limit, cards)


def _lease_by_day(play: Play, scale: int, limit: Callable[[], int]) -> None:
    for n in range(scale):
        listing = _for_both_tiers(play, n)
        for day, daytime in enumerate(DAYTIMES):
            _sell(play, listing, (daytime,), Tier.SPOT, f"s{n}-{day}", limit())


def _for_both_tiers(play: Play, n: int) -> Listing:
    listing = _listing(f"l{n}", window=TWO_DAYS, price=CHEAP, tiers=tuple(Tier))
    play.carry_out(Publish(listing))
    return listing


def _day_jobs(chance: Random, count: int, tier: Tier, limit: int) -> list[Command]:
    windows = [chance.choice(DAYTIMES) for _ in range(count)]
    return [
        Place(_bid(f"o{n}", CARDS, chance.randint(4, 12), each, tier, limit=limit))
        for n, each in enumerate(windows)
    ]


def _comb(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """Every second slot of every listing is leased, and no order is short enough for what lies between."""
    for n in range(scale):
        listing = _listing(f"l{n}", window=COMB)
        play.carry_out(Publish(listing))
        _sell(play, listing, TEETH, Tier.SPOT, f"s{n}", PRICE)
    return [Place(_bid(f"o{n}", 1, chance.randint(2, 4), COMB)) for n in range(count)]


def _too_small(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """No listing has as many cards as any order needs."""
    play.stock(Publish(_listing(f"l{n}", cards=chance.randint(1, CARDS - 1))) for n in range(scale))
    return [Place(_bid(f"o{n}", chance.randint(8, 16), chance.randint(1, 24))) for n in range(count)]


def _wrong_window(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """Rich orders wait for the first or the last week, and listings have the weeks between."""
    play.stock(Place(_elsewhere(chance, f"o{n}")) for n in range(scale))
    return _mid_month(count)


def _too_large(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """Rich orders wait, and every one needs more cards than a listing has."""
    play.stock(Place(_large(chance, f"o{n}")) for n in range(scale))
    return _mid_month(count)


def _mixed(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """Rich orders wait, and every second one fails for the other reason."""
    play.stock(Place(_large(chance, f"o{n}") if n % 2 else _elsewhere(chance, f"o{n}")) for n in range(scale))
    return _mid_month(count)


def _huge_gang(play: Play, chance: Random, scale: int, count: int) -> list[Command]:
    """Gangs need a card more than all listings have together."""
    play.stock(Publish(_listing(f"l{n}")) for n in range(scale))
    splits, cards = (Split.SELLERS, Split.REGIONS), scale * CARDS + 1
    return [Place(_bid(f"o{n}", cards, chance.randint(1, 24), split=splits[n % 2])) for n in range(count)]


Lay = Callable[[Play, Random, int, int], list[Command]]
TRAPS: dict[Trap, Lay] = {
    Trap.ONE_PRICE: _one_price,
    Trap.SOLD_OUT: _sold_out,
    Trap.TAKEN_BACK: _taken_back,
    Trap.COMB: _comb,
    Trap.TOO_SMALL: _too_small,
    Trap.WRONG_WINDOW: _wrong_window,
    Trap.TOO_LARGE: _too_large,
    Trap.MIXED: _mixed,
    Trap.HUGE_GANG: _huge_gang,
    Trap.TOO_RICH: _too_rich,
    Trap.NO_WORSE: _no_worse,
    Trap.FIRM_CARD: _firm_card,
    Trap.SMALL_LEASES: _small_leases,
    Trap.HALVES: _halves,
    Trap.RELAY: _relay,
}


def _elsewhere(chance: Random, name: str) -> Order:
    week = chance.choice((Window(Slot(0), Slot(168)), Window(Slot(504), Slot(672))))
    return _bid(name, chance.randint(1, 8), chance.randint(1, 24), window=week, tif=TimeInForce.GTC)


def _large(chance: Random, name: str) -> Order:
    return _bid(name, chance.randint(9, 64), chance.randint(1, 24), tif=TimeInForce.GTC)


def _mid_month(count: int) -> list[Command]:
    """New listings in the two weeks in the middle, cheaper than any order that waits would mind."""
    window = Window(Slot(168), Slot(504))
    return [Publish(_listing(f"l{n}", window, price=CHEAP)) for n in range(count)]


def _listing(
    name: str,
    window: Window = FOUR_WEEKS,
    cards: int = CARDS,
    price: int = PRICE,
    tiers: tuple[Tier, ...] = (Tier.SPOT,),
) -> Listing:
    return Listing(
        id=ListingId(name),
        seller=OwnerGroup("seller"),
        chip=CHIP,
        region=REGION,
        window=window,
        cards=cards,
        lot=1,
        min_slots=1,
        asks={tier: flat(price) for tier in tiers},
    )


def _bid(
    name: str,
    cards: int,
    slots: int,
    window: Window = FOUR_WEEKS,
    tier: Tier = Tier.SPOT,
    split: Split = Split.ONE,
    limit: int = RICH,
    tif: TimeInForce = TimeInForce.IOC,
) -> Order:
    """An order of all or nothing that price alone never stops."""
    return Order(
        id=OrderId(name),
        buyer=OwnerGroup("buyer"),
        tier=tier,
        chips={CHIP: WEIGHTS[CHIP]},
        regions=(REGION,),
        window=window,
        limit=Price(limit),
        shape=Block(cards, cards, slots, split),
        tif=tif,
    )


def _sell(
    play: Play,
    listing: Listing,
    windows: tuple[Window, ...],
    tier: Tier,
    name: str,
    limit: int,
    cards: int = CARDS,
) -> None:
    """Let cards of a listing be leased in some windows, without a search for each."""
    market, price = play.market, listing.asks[tier].lowest
    play.seq += 1
    order = _bid(name, cards, len(windows[0]), windows[0], tier, limit=limit, tif=TimeInForce.GTC)
    evolve(market, Opened(order, Seq(play.seq)))
    for window in windows:
        evolve(
            market,
            Leased(
                lease=LeaseNumber(market.granted + 1),
                order=order.id,
                listing=listing.id,
                cards=cards,
                working=cards,
                window=window,
                runs=((window.start, window.end, price),),
                cost=price * len(window) * cards,
            ),
        )
    evolve(market, Closed(order.id, OrderEnd.FILLED))
