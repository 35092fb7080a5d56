"""What is in the market now: listings with what is free of them, orders with what they still want, spot leases."""

from math import lcm
from typing import Final, NamedTuple

from mypy_extensions import mypyc_attr

from matching.capacity import FreeCards
from matching.curves import Run
from matching.ladder import Rung, rung_of
from matching.prices import Prices
from matching.terms import (
    Block,
    ChipCode,
    LeaseNumber,
    Listing,
    ListingId,
    Order,
    Preference,
    RegionCode,
    Seq,
    Slot,
    Split,
    Tier,
    Window,
)

ONE: Final = Split.ONE
SELLERS: Final = Split.SELLERS
EARLIEST: Final = Preference.EARLIEST
FIRMEST_FIRST: Final = (Tier.ON_DEMAND, Tier.SPOT)
MILLI: Final = 1000  # quantities are counted in thousandths of the order's reference card


@mypyc_attr(acyclic=True)
class LiveLease:
    """A spot lease that can still be taken back.

    `hold` is what its buyer would pay for one card and slot at most: what a taker has to outbid. It runs in [start, end).
    """

    __slots__ = (
        "cards",
        "end",
        "hold",
        "listing",
        "number",
        "order",
        "region",
        "runs",
        "seq",
        "start",
        "weight",
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
        self.start = window.start
        self.end = window.end
        self.runs = runs
        self.hold = order.limit * weight // MILLI

    def __lt__(self, other: "LiveLease") -> bool:
        """Whether it goes before another lease of its listing, if some have to go: the cheapest, then the youngest."""
        if self.hold != other.hold:
            return self.hold < other.hold
        return self.seq > other.seq if self.seq != other.seq else self.number > other.number


@mypyc_attr(acyclic=True)
class LiveListing:
    """A listing in the books, its age, what of it is free, and its leases that can be taken back, as their turn comes.

    `usable` is the most whole lots' cards that are free in any slot, and `open` the slots in which a lot is free, as
    a mask: what a search asks first. Terms that it asks often stand here, too, where a look costs less.
    """

    __slots__ = (
        "chip",
        "end",
        "free",
        "id",
        "lot",
        "min_slots",
        "open",
        "prices",
        "region",
        "seller",
        "seq",
        "spot",
        "start",
        "terms",
        "usable",
    )

    def __init__(self, terms: Listing, seq: Seq) -> None:
        self.agree(terms, seq)
        self.free = FreeCards(self.start, self.end, terms.cards)
        self.spot: list[LiveLease] = []
        self.usable = 0
        self.open = 0

    def agree(self, terms: Listing, seq: Seq) -> None:
        """Stand in the books under these terms from now on. `prices` has the firmest tier first."""
        self.terms = terms
        self.seq = seq
        self.id = terms.id
        self.seller = terms.seller
        self.chip = terms.chip
        self.region = terms.region
        window = terms.window
        self.start = window.start
        self.end = window.end
        self.lot = terms.lot
        self.min_slots = terms.min_slots
        asks = terms.asks
        self.prices = {tier: Prices(asks[tier]) for tier in FIRMEST_FIRST if tier in asks}

    def rung(self, tier: Tier) -> Rung:
        """Its place in the book of a tier."""
        return rung_of(self.prices[tier].lowest, self.seq)


class Pin(NamedTuple):
    """Where the rest of a gang has to join: `region` is None where it may spread over all of them."""

    chip: ChipCode
    region: RegionCode | None
    start: Slot


@mypyc_attr(acyclic=True)
class LiveOrder:
    """An open order, its age, and how far it has got.

    `left` is what it still wants and `least` the least that it takes at once, in thousandths of a reference card; of
    work, both count card-slots. `pace` is what is at work already, slot by slot: where that is more than `busiest`, not
    even a card of its lightest chip may join.

    Terms that a search asks often stand here, too, where a look costs less. It may start in the slots from `first` to
    `latest_start`. `alone` says that one listing has to give the least, `local` that it is a gang of one region,
    and `common` makes prices on its chips comparable: a price times `common` over the chip's weight.
    """

    __slots__ = (
        "alone",
        "busiest",
        "chips",
        "common",
        "earliest",
        "first",
        "id",
        "latest_start",
        "least",
        "left",
        "limit",
        "local",
        "pace",
        "pin",
        "regions",
        "rests",
        "seq",
        "slots",
        "terms",
        "tier",
    )

    def __init__(self, terms: Order, seq: Seq) -> None:
        shape = terms.shape
        if isinstance(shape, Block):
            self.left, self.least = shape.most * MILLI, shape.least * MILLI
        else:
            self.left = shape.amount * MILLI
            self.least = self.left if shape.whole else 1
        self.pin: Pin | None = None
        self.pace: dict[int, int] = {}
        self.rests = False
        self.agree(terms, seq)

    def agree(self, terms: Order, seq: Seq) -> None:
        """Ask for what these terms say from now on."""
        shape = terms.shape
        self.terms = terms
        self.seq = seq
        self.id = terms.id
        self.tier = terms.tier
        self.chips = terms.chips if isinstance(terms.chips, dict) else dict(terms.chips)
        self.regions = terms.regions
        self.limit = terms.limit
        self.slots = shape.slots if isinstance(shape, Block) else 1
        self.busiest = 0 if isinstance(shape, Block) else shape.rate * MILLI - min(terms.chips.values())
        split = shape.split if isinstance(shape, Block) else None
        self.alone = split is ONE
        self.local = split is SELLERS
        self.earliest = terms.prefer is EARLIEST
        self.common = lcm(*terms.chips.values())
        self.join(self.pin)

    def may_use(self, chip: ChipCode, region: RegionCode) -> bool:
        """Whether it may use the listings of a chip and a region that it accepts: the rest of a gang joins the others."""
        pin = self.pin
        return pin is None or (pin.chip == chip and (pin.region is None or pin.region == region))

    def full(self, origin: int) -> int:
        """The slots from `origin` on in which no more work may be done, as a mask."""
        mask = 0
        for slot, at_work in self.pace.items():
            if at_work > self.busiest and slot >= origin:
                mask |= 1 << (slot - origin)
        return mask

    def join(self, pin: Pin | None) -> None:
        """Start where a pin says, or in any slot of the window."""
        window = self.terms.window
        self.pin = pin
        self.first = window.start if pin is None else pin.start
        latest = Slot(window.end - self.slots)
        self.latest_start = latest if pin is None else min(latest, pin.start)
