"""Which orders could be filled at all: a gang needs one listing large enough, near enough and cheap enough."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, auto

from exchange.replay.assumptions import WHOLE
from exchange.replay.orders import Weights
from exchange.replay.planned import Fit, PlannedListing, PlannedOrder
from exchange.replay.pricing import lowest_ask
from matching.terms import RegionCode, Tier
from settlement.money import ceil_div

Needs = tuple[Tier, Weights, tuple[RegionCode, ...], int]


class Obstacle(Enum):
    """Why an order can't be filled, whoever else is there."""

    TOO_LARGE = auto()
    OUT_OF_REACH = auto()
    TOO_DEAR = auto()


def fit_of(orders: Iterable[PlannedOrder], listings: Sequence[PlannedListing]) -> Fit:
    """How many of the orders could be filled by some listing, and why the others could not."""
    found = Counter(obstacles(orders, listings))
    return Fit(
        orders=found.total(),
        too_large=found[Obstacle.TOO_LARGE],
        out_of_reach=found[Obstacle.OUT_OF_REACH],
        too_dear=found[Obstacle.TOO_DEAR],
    )


def obstacles(
    orders: Iterable[PlannedOrder], listings: Sequence[PlannedListing]
) -> Iterator[Obstacle | None]:
    """What stands in each order's way whatever the hour, or None."""
    known: dict[Needs, int | Obstacle] = {}
    for order in orders:
        needs = (order.tier, order.chips, order.regions, order.least)
        if needs not in known:
            known[needs] = _least_limit(needs, listings)
        yield _obstacle(order.limit, known[needs])


def _obstacle(limit: int, least_limit: int | Obstacle) -> Obstacle | None:
    if isinstance(least_limit, Obstacle):
        return least_limit
    return Obstacle.TOO_DEAR if limit < least_limit else None


def _least_limit(needs: Needs, listings: Sequence[PlannedListing]) -> int | Obstacle:
    """The lowest limit at which some listing would serve these needs, or why none would at any."""
    tier, chips, regions, least = needs
    weights = dict(chips)
    large = [
        (listing, weights[listing.chip])
        for listing in listings
        if listing.chip in weights and _cards(least, weights[listing.chip], listing.lot) <= listing.cards
    ]
    near = [(listing, weight) for listing, weight in large if listing.region in regions]
    if not near:
        return Obstacle.OUT_OF_REACH if large else Obstacle.TOO_LARGE
    return min(ceil_div(lowest_ask(listing.asks[tier]) * WHOLE, weight) for listing, weight in near)


def _cards(least: int, weight: int, lot: int) -> int:
    """Cards to rent for `least` reference cards: enough to do the work, in whole lots."""
    return ceil_div(ceil_div(least * WHOLE, weight), lot) * lot
