"""What a way of dealing out capacity came to: whom it served, and how much more that was worth than was asked for it.

All of it follows from a plan and its uses alone, so that the market and the plain policy are judged by one measure.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from exchange.replay.assumptions import HOUR_S, SLOT_S, WHOLE
from exchange.replay.grid import asks_until, per_slot
from exchange.replay.planned import MarketPlan, PlannedListing, PlannedOrder, Steps
from exchange.replay.pricing import Valleys
from exchange.replay.uses import Use, served
from matching.curves import PriceCurve
from matching.terms import Preference, RegionCode, Split, Tier, Work
from settlement.money import ceil_div


class Kind(StrEnum):
    """What an order is in the market; the plain policy takes all of them as blocks."""

    FIRM = "block on demand"
    SPOT = "block on spot"
    GANG = "gang"
    WORK = "malleable work"


class Outcome(StrEnum):
    """How much of what it asked for an order got in the end."""

    FILLED = "filled"
    PARTLY = "partly filled"
    UNFILLED = "unfilled"


@dataclass(frozen=True, slots=True)
class Score:
    """Orders by outcome, and what they were served, in thousandths of a reference card-slot.

    `surplus` is in micro-yuan: what was served at the orders' limits, less the asks for all the cards used. Who paid
    how much to whom doesn't change it. `surplus_of_filled` leaves out orders that got less than they asked for.
    """

    outcomes: Counter[Outcome]
    asked: int
    served: int
    surplus: int
    surplus_of_filled: int

    def __add__(self, other: "Score") -> "Score":
        """Both together."""
        return Score(
            outcomes=self.outcomes + other.outcomes,
            asked=self.asked + other.asked,
            served=self.served + other.served,
            surplus=self.surplus + other.surplus,
            surplus_of_filled=self.surplus_of_filled + other.surplus_of_filled,
        )


NOTHING = Score(Counter(), 0, 0, 0, 0)


def kind_of(order: PlannedOrder) -> Kind:
    """What a planned order is in the market."""
    if isinstance(order.shape, Work):
        return Kind.WORK
    if order.split is not Split.ONE:
        return Kind.GANG
    match order.tier:
        case Tier.ON_DEMAND:
            return Kind.FIRM
        case Tier.SPOT:
            return Kind.SPOT


def outcome_of(order: PlannedOrder, got: int) -> Outcome:
    """What became of an order that got so many thousandths of a card-slot."""
    if got == order.cards * order.slots * WHOLE:
        return Outcome.FILLED
    return Outcome.PARTLY if got else Outcome.UNFILLED


def scores(plan: MarketPlan, uses: Sequence[Use]) -> dict[Kind, Score]:
    """What came of the orders of each kind."""
    got, asks = served(plan, uses), _asks_by_order(plan, uses)
    found = dict.fromkeys(Kind, NOTHING)
    for place, order in enumerate(plan.orders):
        kind, outcome = kind_of(order), outcome_of(order, got[place])
        surplus = per_slot(order.limit) * got[place] // WHOLE - asks[place]
        one = Score(
            outcomes=Counter([outcome]),
            asked=order.cards * order.slots * WHOLE,
            served=got[place],
            surplus=surplus,
            surplus_of_filled=surplus if outcome is Outcome.FILLED else 0,
        )
        found[kind] = found[kind] + one
    return found


def _asks_by_order(plan: MarketPlan, uses: Sequence[Use]) -> Counter[int]:
    """What the listings ask for all that each order used, in micro-yuan."""
    asks = [{tier: asks_until(listing, tier) for tier in listing.asks} for listing in plan.listings]
    starts = [listing.start_s // SLOT_S for listing in plan.listings]
    found = Counter[int]()
    for use in uses:
        until, start = asks[use.listing][plan.orders[use.order].tier], starts[use.listing]
        found[use.order] += use.cards * (until[use.end - start] - until[use.start - start])
    return found


def most_surplus(plan: MarketPlan) -> int:
    """What no market could exceed, in micro-yuan: each order alone on earth, all of it in its cheapest slot."""
    return sum(_alone(order, plan.listings) for order in plan.orders)


def _alone(order: PlannedOrder, listings: Sequence[PlannedListing]) -> int:
    weights, amount = dict(order.chips), order.cards * order.slots
    gains = [0]
    for listing in listings:
        if listing.chip in weights and listing.region in order.regions and order.tier in listing.asks:
            ask = lowest_between(listing.asks[order.tier], order.earliest_s, order.deadline_s)
            weight = weights[listing.chip]
            hourly = order.limit * weight - ask * WHOLE
            gains.append(ceil_div(hourly * amount * SLOT_S, weight * HOUR_S))
    return max(gains)


def lowest_between(steps: Steps, since: int, until: int) -> int:
    """The lowest price in force at some instant of [since, until)."""
    first = max(0, bisect_right(steps, since, key=lambda step: step[0]) - 1)
    later = (price for instant, price in steps[first + 1 :] if instant < until)
    return min([steps[first][1], *later])


@dataclass(frozen=True, slots=True)
class Deferred:
    """Card-slots of the load that could wait, and how many of them ran in the valley hours of where they ran."""

    card_slots: int
    off_peak: int


def deferred(plan: MarketPlan, uses: Iterable[Use], valleys: Mapping[RegionCode, Valleys]) -> Deferred:
    """How far the load that could wait went where power is cheap. It is that of orders that prefer the cheapest."""
    first, until = plan.start_s // SLOT_S, plan.closes_s // SLOT_S
    cheap = {region: _valley_slots(each, first, until) for region, each in valleys.items()}
    found = Counter[bool]()
    for use in uses:
        if plan.orders[use.order].prefer is Preference.CHEAPEST:
            region = plan.listings[use.listing].region
            off_peak = cheap[region][use.end - first] - cheap[region][use.start - first]
            found[True] += use.cards * off_peak
            found[False] += use.cards * (use.slots - off_peak)
    return Deferred(found.total(), found[True])


def _valley_slots(valleys: Valleys, first: int, until: int) -> list[int]:
    """How many slots from `first` until each other are in the valley."""
    curve = PriceCurve(tuple((instant // SLOT_S, int(valley)) for instant, valley in valleys.turns))
    return list(accumulate(map(curve.at, range(first, until)), initial=0))
