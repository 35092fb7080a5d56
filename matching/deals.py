"""What an order would get now, as plain values: asking for it books nothing."""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from matching.curves import Run
from matching.legs import Leg, Plan
from matching.live import MILLI, LiveOrder
from matching.market import Market
from matching.search import find
from matching.terms import Block, ChipCode, ListingId, Milli, Order, RegionCode, Seq, Slot, Window

UNPLACED = Seq(0)  # the age of an order that is only asked about: no search depends on it


class DealLeg(NamedTuple):
    """What one listing would give: `cards` rented, of which `working` are needed; `runs` price one card."""

    listing: ListingId
    chip: ChipCode
    region: RegionCode
    cards: int
    working: int
    window: Window
    runs: tuple[Run, ...]
    cost: int


@dataclass(frozen=True, slots=True)
class Deal:
    """Legs in the order in which they would be leased, and what they come to.

    `filled` is what the order gets of what it asked for, in thousandths of its reference card (of work, card-slots);
    `card_slots` is the same over all slots. Cards that only fill up a lot are paid, and count in neither.
    """

    legs: tuple[DealLeg, ...]
    cost: int
    filled: Milli
    card_slots: Milli

    @property
    def average(self) -> Fraction:
        """Money for one reference card in one slot, exactly. It may pass the limit where lots are rounded up."""
        return Fraction(self.cost * MILLI, self.card_slots)

    @property
    def start(self) -> Slot:
        """The first slot of any leg."""
        return min(leg.window.start for leg in self.legs)

    @property
    def end(self) -> Slot:
        """The slot after the last of any leg."""
        return max(leg.window.end for leg in self.legs)


def searched(market: Market, order: Order) -> Plan:
    """The plan that a search finds for a sound order that is only asked about."""
    return find(market, LiveOrder(order, UNPLACED))


def from_free(market: Market, order: Order) -> Deal | None:
    """What a sound order would get from free capacity, or None where that is less than its least."""
    return deal_of(order, searched(market, order))


def filled_by(order: Order, plan: Plan) -> int:
    """What a plan gives an order of what it asks for, in thousandths of a reference card; of work, card-slots."""
    shape = order.shape
    if isinstance(shape, Block):
        return min(shape.most * MILLI, sum([leg.working * leg.weight for leg in plan]))
    return min(shape.amount * MILLI, sum([leg.working * leg.weight * len(leg.window) for leg in plan]))


def deal_of(order: Order, plan: Plan) -> Deal | None:
    """A plan for an order that has got nothing yet, as a deal. No plan is no deal."""
    if not plan:
        return None
    filled = filled_by(order, plan)
    return Deal(
        legs=tuple([_leg(leg) for leg in plan]),
        cost=sum([leg.cost for leg in plan]),
        filled=Milli(filled),
        card_slots=Milli(filled * order.slots),
    )


def _leg(leg: Leg) -> DealLeg:
    listing = leg.listing
    return DealLeg(
        listing.id, listing.chip, listing.region, leg.cards, leg.working, leg.window, leg.runs, leg.cost
    )
