"""What is offered: as many cards of each chip as its demand allows, cut from real nodes and dealt to sellers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle
from random import Random

from exchange.catalogue.catalogue import Catalogue
from exchange.replay.assumptions import SLOT_S, WHOLE, Assumptions
from exchange.replay.chance import chance
from exchange.replay.offers import mapping_of
from exchange.replay.planned import PlannedListing, PlannedSeller
from exchange.replay.pricing import ChipPrices, Valleys, valleys_in
from exchange.replay.trace import Node
from matching.terms import RegionCode, Tier


@dataclass(frozen=True, slots=True)
class Supply:
    """The listings, and how many of them had a spot price drawn that was above their on-demand price."""

    listings: tuple[PlannedListing, ...]
    spot_capped: int


def cards_by_chip(demand: Mapping[str, Fraction], span_s: int, supply_milli: int) -> dict[str, int]:
    """Cards of each chip: its average demand over the span times the supply, to the nearest, at least one."""
    slots = span_s // SLOT_S
    return {chip: max(1, round(amount * supply_milli / (WHOLE * slots))) for chip, amount in demand.items()}


def sellers_of(assumptions: Assumptions, catalogue: Catalogue) -> tuple[PlannedSeller, ...]:
    """The sellers, named after their region and counted within it."""
    counted: Counter[str] = Counter()
    sellers = []
    for _, code in zip(range(assumptions.sellers), cycle(assumptions.seller_regions), strict=False):
        counted[code] += 1
        name = catalogue.regions[RegionCode(code)].name_en
        slug = "".join(letter for letter in name.lower() if letter.isalnum())
        seller = PlannedSeller(
            f"seller-{slug}-{counted[code]}", f"Seller {counted[code]}, {name}", RegionCode(code)
        )
        sellers.append(seller)
    return tuple(sellers)


def offered(
    nodes: Sequence[Node],
    cards: Mapping[str, int],
    prices: Mapping[str, ChipPrices],
    sellers: Sequence[PlannedSeller],
    opens: tuple[int, int],
    catalogue: Catalogue,
    assumptions: Assumptions,
) -> Supply:
    """Every listing, open from the first instant of `opens` to the second: chip by chip, nodes dealt to sellers."""
    cutting, asking = chance(assumptions.seed, "nodes"), chance(assumptions.seed, "asks")
    order = list(sellers)
    chance(assumptions.seed, "sellers").shuffle(order)
    valleys = valleys_in((seller.region for seller in sellers), opens, catalogue, assumptions)
    dealt = cycle(order)
    listings, capped = [], 0
    for chip, amount in cards.items():
        for size in cut([node.cards for node in nodes if node.chip == chip], amount, cutting):
            seller = next(dealt)
            firm, loose = prices[chip].draw(assumptions.ask_share_milli, asking)
            capped += loose > firm
            price = {Tier.ON_DEMAND: firm, Tier.SPOT: min(loose, firm)}
            listings.append(_listing(chip, size, seller, price, valleys[seller.region], opens, assumptions))
    return Supply(tuple(listings), capped)


def cut(sizes: Sequence[int], cards: int, rng: Random) -> list[int]:
    """Node sizes, drawn from the real ones until they hold `cards`; the last is cut to what is left.

    Nodes are drawn without replacement, over again when all are used up. None is larger than eight cards.
    """
    drawn: list[int] = []
    left, pile = cards, list[int]()
    while left:
        if not pile:
            pile = list(sizes)
            rng.shuffle(pile)
        drawn.append(min(pile.pop(), left, 8))
        left -= drawn[-1]
    return drawn


def _listing(
    chip: str,
    size: int,
    seller: PlannedSeller,
    price: Mapping[Tier, int],
    valleys: Valleys,
    opens: tuple[int, int],
    assumptions: Assumptions,
) -> PlannedListing:
    start, end = opens
    return PlannedListing(
        seller=seller.code,
        chip=mapping_of(chip).chip,
        region=seller.region,
        start_s=start,
        end_s=end,
        cards=size,
        lot=1 if size % assumptions.lot else assumptions.lot,
        min_slots=assumptions.min_slots,
        asks={
            Tier.SPOT: valleys.discounted(price[Tier.SPOT], assumptions.valley_discount_milli),
            Tier.ON_DEMAND: ((start, price[Tier.ON_DEMAND]),),
        },
    )
