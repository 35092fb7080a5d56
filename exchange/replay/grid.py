"""Instants and prices of a plan on the grid of slots, as the market counts them."""

from itertools import accumulate

from exchange.replay.assumptions import HOUR_S, SLOT_S
from exchange.replay.planned import PlannedListing, PlannedOrder, Steps
from matching.curves import PriceCurve
from matching.terms import Slot, Tier, Window


def window_of(planned: PlannedListing | PlannedOrder) -> Window:
    """The slots in which a listing is open, or an order may run."""
    match planned:
        case PlannedListing():
            since, until = planned.start_s, planned.end_s
        case PlannedOrder():
            since, until = planned.earliest_s, planned.deadline_s
    return Window(Slot(since // SLOT_S), Slot(until // SLOT_S))


def curve_of(steps: Steps) -> PriceCurve:
    """A price over time, per card-slot."""
    return PriceCurve(tuple((instant // SLOT_S, per_slot(price)) for instant, price in steps))


def per_slot(price: int) -> int:
    """A price per card-hour as one per card-slot: whole, because prices are whole fen per hour."""
    return price * SLOT_S // HOUR_S


def asks_until(listing: PlannedListing, tier: Tier) -> list[int]:
    """What one card costs at the ask from the listing's first slot until each other: micro-yuan, none at first."""
    curve = curve_of(listing.asks[tier])
    window = window_of(listing)
    return list(accumulate(map(curve.at, range(window.start, window.end)), initial=0))
