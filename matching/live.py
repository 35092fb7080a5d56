"""What is in the market now: listings with what is free of them, orders with what they still want, spot leases."""

from typing import NamedTuple

from matching.capacity import FreeCards
from matching.curves import Run
from matching.ladder import Rung
from matching.prices import Prices
from matching.terms import (
    Block,
    ChipCode,
    LeaseNumber,
    Listing,
    ListingId,
    Order,
    RegionCode,
    Seq,
    Slot,
    Tier,
    Window,
)

MILLI = 1000  # quantities are counted in thousandths of the order's reference card


class LiveLease:
    """A spot lease that can still be taken back.

    `hold` is what its buyer would pay for one card and slot at most: what a taker has to outbid.
    """

    __slots__ = (
        "cards",
        "hold",
        "listing",
        "number",
        "order",
        "region",
        "runs",
        "seq",
        "weight",
        "window",
        "working",
    )

    def __init__(
        self,
        number: LeaseNumber,
        order: Order,
        seq: Seq,
        listing: ListingId,
        region: RegionCode,
        cards: int,
        working: int,
        weight: int,
        window: Window,
        runs: tuple[Run, ...],
    ) -> None:
        self.number = number
        self.order = order
        self.seq = seq
        self.listing = listing
        self.region = region
        self.cards = cards
        self.working = working
        self.weight = weight
        self.window = window
        self.runs = runs
        self.hold = order.limit * weight // MILLI

    @property
    def turn(self) -> tuple[int, int, int]:
        """Its turn among the leases of its listing, if some have to go: the cheapest first, then the youngest."""
        return self.hold, -self.seq, -self.number


class LiveListing:
    """A listing in the books, its age, what of it is free, and its leases that can be taken back, as their turn comes.

    `usable` is the most whole lots' cards that are free in any slot, and `open` the slots in which a lot is free, as
    a mask: what a search asks first.
    """

    __slots__ = ("free", "lot", "min_slots", "open", "prices", "seq", "spot", "terms", "usable")

    def __init__(self, terms: Listing, seq: Seq) -> None:
        self.terms = terms
        self.lot = terms.lot
        self.min_slots = terms.min_slots
        self.seq = seq
        self.free = FreeCards(terms.window.start, terms.window.end, terms.cards)
        self.spot: list[LiveLease] = []
        self.prices = {tier: Prices(curve) for tier, curve in terms.asks.items()}
        self.usable = 0
        self.open = 0

    def rung(self, tier: Tier) -> Rung:
        """Its place in the book of a tier."""
        return self.prices[tier].lowest, self.seq, self.terms.id


class Pin(NamedTuple):
    """Where the rest of a gang has to join: `region` is None where it may spread over all of them."""

    chip: ChipCode
    region: RegionCode | None
    start: Slot


class LiveOrder:
    """An open order, its age, and how far it has got.

    `left` is what it still wants and `least` the least that it takes at once, in thousandths of a reference card; of
    work, both count card-slots. `pace` is what is at work already, slot by slot.
    """

    __slots__ = ("least", "left", "pace", "pin", "rests", "seq", "terms")

    def __init__(self, terms: Order, seq: Seq) -> None:
        shape = terms.shape
        self.terms = terms
        self.seq = seq
        if isinstance(shape, Block):
            self.left, self.least = shape.most * MILLI, shape.least * MILLI
        else:
            self.left = shape.amount * MILLI
            self.least = self.left if shape.whole else 1
        self.pin: Pin | None = None
        self.pace: dict[int, int] = {}
        self.rests = False

    @property
    def first(self) -> Slot:
        """The first slot that it may start in."""
        return self.terms.window.start if self.pin is None else self.pin.start

    @property
    def latest_start(self) -> Slot:
        """The last slot that it may start in."""
        latest = self.terms.latest_start
        return latest if self.pin is None else min(latest, self.pin.start)
