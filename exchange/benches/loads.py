"""Made-up loads for the matcher: four weeks of hourly slots, six chips, eight regions, two tiers.

Every load follows from its seed. Prices spread around one market price, so that about half of what is asked can be had.
"""

from collections.abc import Iterator
from random import Random

from msgspec.structs import replace

from matching.curves import PriceCurve, flat
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
    Shape,
    Slot,
    Split,
    Tier,
    TimeInForce,
    Window,
    Work,
)

WEEKS_4 = 672  # hourly slots
CHIPS = tuple(ChipCode(f"chip-{number}") for number in range(6))
REGIONS = tuple(RegionCode(f"region-{number}") for number in range(8))
WEIGHTS = dict(zip(CHIPS, (1000, 1000, 800, 600, 500, 400), strict=True))
PRICE = 1000  # of one card of weight 1000 in one slot
CURVED = 0.3  # of the listings


def listings(chance: Random, count: int, name: str = "l") -> Iterator[Listing]:
    """Nodes of eight cards, some whole and some by the card, for a day or up to four weeks."""
    for number in range(count):
        chip = chance.choice(CHIPS)
        start = chance.randrange(WEEKS_4 - 24)
        end = min(WEEKS_4, start + chance.randrange(24, WEEKS_4))
        tiers = chance.choice(((Tier.SPOT,), (Tier.ON_DEMAND,), tuple(Tier)))
        yield Listing(
            id=ListingId(f"{name}{number}"),
            seller=OwnerGroup(f"seller-{number % 997}"),
            chip=chip,
            region=chance.choice(REGIONS),
            window=Window(Slot(start), Slot(end)),
            cards=8 * chance.choice((1, 1, 1, 2, 4)),
            lot=chance.choice((1, 1, 8)),
            min_slots=chance.choice((1, 1, 1, 4)),
            asks={tier: _curve(chance, chip, tier, start, end) for tier in tiers},
        )


def singles(chance: Random, count: int, name: str = "o") -> Iterator[Order]:
    """Jobs of one to eight cards for up to a day, within a week, on the cards of one listing."""
    for number in range(count):
        most = chance.choice((1, 1, 2, 4, 8))
        shape = Block(chance.randrange(1, most + 1), most, chance.randrange(1, 25))
        yield _order(chance, f"{name}{number}", shape, slack=chance.randrange(168))


def gangs(chance: Random, count: int, name: str = "g") -> Iterator[Order]:
    """Jobs of 64 to 512 cards at once, over the sellers of one region or over several regions."""
    for number in range(count):
        most = chance.choice((64, 128, 256, 512))
        split = chance.choice((Split.SELLERS, Split.REGIONS))
        shape = Block(most // 2, most, chance.randrange(1, 25), split)
        yield _order(chance, f"{name}{number}", shape, slack=chance.randrange(168))


def malleable(chance: Random, count: int, name: str = "w") -> Iterator[Order]:
    """Work of 64 to 4,096 card-slots that may be done at any time of a week or more."""
    for number in range(count):
        amount = chance.choice((64, 256, 1024, 4096))
        shape = Work(amount, rate=max(8, amount // chance.choice((16, 64))))
        yield _order(chance, f"{name}{number}", shape, slack=chance.randrange(100, 400))


def _order(chance: Random, name: str, shape: Shape, slack: int) -> Order:
    chips = chance.sample(CHIPS, chance.choice((1, 1, 2, 3)))
    slots = shape.slots if isinstance(shape, Block) else 1
    start = chance.randrange(WEEKS_4 - slots)
    return Order(
        id=OrderId(name),
        buyer=OwnerGroup(f"buyer-{chance.randrange(1000)}"),
        tier=chance.choice(tuple(Tier)),
        chips={chip: WEIGHTS[chip] for chip in chips},
        regions=tuple(chance.sample(REGIONS, chance.choice((1, 2, 4)))),
        window=Window(Slot(start), Slot(min(WEEKS_4, start + slots + slack))),
        limit=Price(int(PRICE * chance.lognormvariate(0, 0.25))),
        shape=shape,
        prefer=chance.choice((Preference.CHEAPEST, Preference.CHEAPEST, Preference.EARLIEST)),
    )


def immediate(order: Order) -> Order:
    """The same order, that never rests."""
    return replace(order, tif=TimeInForce.IOC)


def _curve(chance: Random, chip: ChipCode, tier: Tier, start: int, end: int) -> PriceCurve:
    level = PRICE * WEIGHTS[chip] // 1000 * (6 if tier is Tier.SPOT else 10) / 8
    price = int(level * chance.lognormvariate(0, 0.25))
    if chance.random() >= CURVED:
        return flat(price)
    at = [start, *sorted(chance.sample(range(start + 1, end), min(7, end - start - 1)))]
    return PriceCurve(tuple((slot, price * chance.choice((70, 100, 130)) // 100) for slot in at))
