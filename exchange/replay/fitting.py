"""Which orders could be filled at all: each needs listings that are large enough together, near and cheap enough."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto

from exchange.replay.assumptions import WHOLE
from exchange.replay.orders import Weights
from exchange.replay.planned import Fit, PlannedListing, PlannedOrder
from exchange.replay.pricing import lowest_ask
from matching.terms import ChipCode, Milli, RegionCode, Split, Tier
from settlement.money import ceil_div

Needs = tuple[Tier, Weights, tuple[RegionCode, ...], int, Split]
Group = tuple[int] | tuple[ChipCode] | tuple[ChipCode, RegionCode]
"""What listings have in common that may serve one order together."""


class Obstacle(Enum):
    """Why an order can't be filled, whoever else is there."""

    TOO_LARGE = auto()
    OUT_OF_REACH = auto()
    TOO_DEAR = auto()


def fit_of(orders: Iterable[PlannedOrder], listings: Sequence[PlannedListing]) -> Fit:
    """How many of the orders could be filled by some listings, and why the others could not."""
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
        needs = (order.tier, order.chips, order.regions, order.least, order.split)
        if needs not in known:
            known[needs] = _least_limit(needs, listings)
        yield _obstacle(order.limit, known[needs])


def _obstacle(limit: int, least_limit: int | Obstacle) -> Obstacle | None:
    if isinstance(least_limit, Obstacle):
        return least_limit
    return Obstacle.TOO_DEAR if limit < least_limit else None


def _least_limit(needs: Needs, listings: Sequence[PlannedListing]) -> int | Obstacle:
    """The lowest limit at which some listings would serve these needs together, or why none would at any."""
    tier, chips, regions, least, split = needs
    weights = dict(chips)
    accepted = [listing for listing in listings if listing.chip in weights]
    near = [listing for listing in accepted if listing.region in regions]
    limits = _limits(near, weights, tier, least, split)
    if limits:
        return min(limits)
    return Obstacle.OUT_OF_REACH if _limits(accepted, weights, tier, least, split) else Obstacle.TOO_LARGE


def _limits(
    listings: Sequence[PlannedListing],
    weights: Mapping[ChipCode, Milli],
    tier: Tier,
    least: int,
    split: Split,
) -> list[int]:
    """The limits at which the groups of listings that an order may be spread over would serve it whole."""
    groups = defaultdict[Group, list[tuple[int, int]]](list)
    for place, listing in enumerate(listings):
        weight = weights[listing.chip]
        limit = ceil_div(lowest_ask(listing.asks[tier]) * WHOLE, weight)
        groups[_group(place, listing, split)].append((limit, listing.cards * weight))
    found = (_limit_of(group, least * WHOLE) for group in groups.values())
    return [limit for limit in found if limit is not None]


def _group(place: int, listing: PlannedListing, split: Split) -> Group:
    match split:
        case Split.ONE:
            return (place,)
        case Split.SELLERS:
            return listing.chip, listing.region
        case Split.REGIONS:
            return (listing.chip,)


def _limit_of(group: list[tuple[int, int]], wanted: int) -> int | None:
    """What the dearest listing asks for that a group needs to come to `wanted`, in thousandths of a card."""
    for limit, offered in sorted(group):
        wanted -= offered
        if wanted <= 0:
            return limit
    return None
