"""What a plan is made of: who takes part, what is offered, what is ordered when, and what could never fit.

Instants are UTC seconds, prices micro-yuan per card-hour in whole fen, weights thousandths of the order's best chip.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.replay.assumptions import Assumptions
from exchange.replay.offers import ChipMapping
from matching.terms import (
    Block,
    ChipCode,
    Milli,
    OnPreempt,
    Preference,
    RegionCode,
    Shape,
    Split,
    Tier,
    TimeInForce,
)
from settlement.agreements import Shares
from settlement.money import BasisPoints, Fen

Steps = tuple[tuple[int, int], ...]
"""A price over time: (instant, price) pairs, each in force until the next."""


@dataclass(frozen=True, slots=True)
class PlannedSeller:
    """Who offers capacity, in one region."""

    code: str
    name: str
    region: RegionCode


@dataclass(frozen=True, slots=True)
class PlannedBuyer:
    """Who orders. The deposit covers the most that all of its orders and contracts together can hold."""

    code: str
    name: str
    region: RegionCode
    deposit_fen: Fen


@dataclass(frozen=True, slots=True)
class PlannedListing:
    """Cards of one chip on offer from `start_s` until `end_s`, both on the grid of slots."""

    seller: str
    chip: ChipCode
    region: RegionCode
    start_s: int
    end_s: int
    cards: int
    lot: int
    min_slots: int
    asks: Mapping[Tier, Steps]


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """A job as an order, placed at `at_s`. Its window is on the grid; its limit is per hour of its best chip."""

    job: str
    at_s: int
    buyer: str
    tier: Tier
    chips: tuple[tuple[ChipCode, Milli], ...]
    regions: tuple[RegionCode, ...]
    earliest_s: int
    deadline_s: int
    shape: Shape
    limit: int
    prefer: Preference
    tif: TimeInForce
    on_preempt: OnPreempt

    @property
    def cards(self) -> int:
        """The most reference cards that it takes at a time."""
        return self.shape.most if isinstance(self.shape, Block) else self.shape.rate

    @property
    def least(self) -> int:
        """The fewest reference cards that are of use to it."""
        return self.shape.least if isinstance(self.shape, Block) else 1

    @property
    def slots(self) -> int:
        """How long it runs on all its cards."""
        return self.shape.slots if isinstance(self.shape, Block) else self.shape.amount // self.shape.rate

    @property
    def split(self) -> Split:
        """Over how much it may be spread. Work goes wherever there is room."""
        return self.shape.split if isinstance(self.shape, Block) else Split.REGIONS


@dataclass(frozen=True, slots=True)
class PlannedAgreement:
    """What a pair of regions shares, source first, from the beginning of the span."""

    source: RegionCode
    destination: RegionCode
    shares: Shares
    value_added_bp: BasisPoints


@dataclass(frozen=True, slots=True)
class PlannedTokenContract:
    """A prepaid budget for the tokens of one `stream`; prices in micro-yuan per million tokens."""

    stream: str
    buyer: str
    seller: str
    source: RegionCode
    destination: RegionCode
    input_price: int
    output_price: int
    budget_fen: Fen


@dataclass(frozen=True, slots=True)
class ChipRow:
    """A chip of the trace in this market: what it is taken to be, what it costs, what was demanded and is offered.

    `on_demand_offers` and `spot_offers` count the real offers behind the two reference prices; where one of them is
    none, that price is a stated share of the other. `demand_slots` are card-slots, jobs that accept several chips
    spread over them.
    """

    mapping: ChipMapping
    on_demand_offers: int
    spot_offers: int
    on_demand: int
    spot: int
    demand_slots: int
    cards: int


@dataclass(frozen=True, slots=True)
class Fit:
    """How many orders could be filled if nobody else were there, and why the others could not: whatever the hour.

    An order counts under the first reason that holds: `too_large` for all listings that could serve it together,
    wherever they are; `out_of_reach`, where none are large enough in its regions; `too_dear`, where all of these ask
    more than its limit, even at their cheapest.
    """

    orders: int
    too_large: int
    out_of_reach: int
    too_dear: int


@dataclass(frozen=True, slots=True)
class MarketPlan:
    """A market to be played, orders by time, with what was assumed and the facts that a report has to own up to.

    `fit` is of all orders, `fit_of_several` of those for more than one card. `spot_capped` counts listings whose drawn
    spot price exceeded their on-demand price and was lowered to it.
    """

    assumptions: Assumptions
    start_s: int
    end_s: int
    closes_s: int
    sellers: tuple[PlannedSeller, ...]
    buyers: tuple[PlannedBuyer, ...]
    listings: tuple[PlannedListing, ...]
    orders: tuple[PlannedOrder, ...]
    agreements: tuple[PlannedAgreement, ...]
    contracts: tuple[PlannedTokenContract, ...]
    chips: tuple[ChipRow, ...]
    fit: Fit
    fit_of_several: Fit
    spot_capped: int
