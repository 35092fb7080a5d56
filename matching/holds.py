"""Spot leases in the order of what their buyers would pay at most, so that a taker meets the cheapest first.

To take cards over is to end some leases, and it does at least the damage that the end of any one of them does. So what
a stretch of leases could lose at least tells whether a taker has any use for it.
"""

from matching.ladder import AGE_BITS, NOBODY, Rung, Sketch, rung_of
from matching.live import LiveLease, LiveListing
from matching.masks import EVERYWHERE, FAR, span
from matching.terms import Tier

UNTAKEN = NOBODY, 0, 0, 0

Loss = tuple[int, int, int, int]
"""How bad a takeover is: its damage, then its price per performance, its start and the age of the listing."""


class Taking:
    """What a taker looks for among the leases of one book.

    The run of `slots` may start from `first` to `last`, each `origin` slots after the masks' own, and needs `cards`
    that work. Listings that ask more than `price` of a slot are too dear, and leases worth more than `hold` are safe.
    `worth` is what the taker would pay for one card, which has to be more than the damage, and `scale` makes prices
    comparable. `best` is the best takeover so far, which what is still to be met has to beat.
    """

    __slots__ = (
        "best",
        "cards",
        "first",
        "hold",
        "last",
        "origin",
        "price",
        "scale",
        "slots",
        "window",
        "worth",
    )

    def __init__(
        self,
        first: int,
        last: int,
        origin: int,
        slots: int,
        cards: int,
        price: int,
        hold: int,
        worth: int,
        scale: int,
        best: Loss,
    ) -> None:
        self.first = first
        self.last = last
        self.origin = origin
        self.slots = slots
        self.cards = cards
        self.price = price
        self.hold = hold
        self.worth = worth
        self.scale = scale
        self.best = best
        self.window = span(first - origin, last + slots - 1 - origin)


class Held:
    """A lease that can be taken back, as it stands in one book."""

    __slots__ = ("lease", "listing", "sketch", "tier")

    def __init__(self, lease: LiveLease, listing: LiveListing, tier: Tier, origin: int) -> None:
        self.lease = lease
        self.listing = listing
        self.tier = tier
        self.sketch = sketch_of(lease, listing, tier, origin)


def place_of(lease: LiveLease, listing: LiveListing) -> Rung:
    """The place of a lease: the cheapest come first, then those of the oldest listing."""
    return rung_of((lease.hold << AGE_BITS) + listing.seq, lease.number)


class HoldSketch(Sketch[Held, Taking]):
    """What the leases of a stretch have at least, their listings at most, and the slots that they hold or leave open.

    `price` is the least that a listing asks for a slot, `room` the most cards that could be had in a slot of a lease, and
    `ends` are the slots with which leases end.
    """

    __slots__ = (
        "cards",
        "ends",
        "hold",
        "lot",
        "min_slots",
        "open",
        "price",
        "room",
        "seq",
        "slots",
        "window",
    )

    def __init__(self) -> None:
        self.hold = self.cards = self.slots = self.price = self.seq = self.min_slots = NOBODY
        self.lot = self.room = self.window = self.ends = self.open = 0

    def promise(self, query: Taking) -> int:
        """Whether a takeover that ends a lease of the stretch, and none that is cheaper, might be the best."""
        return 1 if self.might_do(query, self.open) else 0

    def serves(self, item: Held, query: Taking) -> bool:
        """Whether a takeover that ends a lease, and none that is cheaper, might be the best."""
        return item.sketch.might_do(query, item.listing.open)

    def might_do(self, query: Taking, opened: int) -> bool:
        """The same, where listings have no lots free but in some slots."""
        if (
            self.hold > query.hold
            or self.price > query.price
            or self.room < query.cards
            or self.min_slots > query.slots
            or not self.window & query.window
        ):
            return False
        ends = self.ends >> (query.first + 1 - query.origin)
        if not ends:
            return False
        # The first end after the first start, how much any of the leases is cut, and how much all that go are.
        end = query.first + (ends & -ends).bit_length()
        cut = self.cards * min(self.slots, max(1, end - query.last))
        met = opened & query.window  # of slots far ahead nothing is known
        cut = max(cut, query.cards * (query.slots - met.bit_count() if met >= 0 else 0))
        damage, best = self.hold * cut, query.best
        if damage != best[0]:
            return damage < best[0] and damage < query.worth * (query.cards + self.lot - 1)
        most = cut // self.cards
        start = query.first if most >= self.slots or not damage else max(query.first, end - most)
        return (self.price * query.slots * query.scale, start, self.seq) < best[1:]

    def take_in(self, item: Held) -> None:
        """Promise what a lease does, too."""
        self.join(item.sketch)
        self.open |= item.listing.open

    def join(self, other: "HoldSketch") -> None:
        """Promise what another stretch does, too."""
        self.hold = min(self.hold, other.hold)
        self.cards = min(self.cards, other.cards)
        self.slots = min(self.slots, other.slots)
        self.price = min(self.price, other.price)
        self.seq = min(self.seq, other.seq)
        self.min_slots = min(self.min_slots, other.min_slots)
        self.lot = max(self.lot, other.lot)
        self.room = max(self.room, other.room)
        self.window |= other.window
        self.ends |= other.ends
        self.open |= other.open


def sketch_of(lease: LiveLease, listing: LiveListing, tier: Tier, origin: int) -> HoldSketch:
    """What there is to say of one lease, but for the slots that its listing leaves open, which change."""
    sketch, window = HoldSketch(), lease.window
    sketch.hold = lease.hold
    sketch.cards = lease.cards
    sketch.slots = len(window)
    sketch.price = listing.prices[tier].lowest
    sketch.seq = listing.seq
    sketch.min_slots = listing.min_slots
    sketch.lot = listing.lot
    sketch.room = _room(lease, listing)
    sketch.window = span(window.start - origin, window.end - 1 - origin)
    sketch.ends = 1 << (window.end - origin) if window.end - origin < FAR else EVERYWHERE
    return sketch


def _room(lease: LiveLease, listing: LiveListing) -> int:
    """The most cards that could be had in any slot of a lease: free ones and those that can be taken back."""
    start, end = lease.window.start, lease.window.end
    near = [other for other in listing.spot if other.window.start < end and other.window.end > start]
    most = 0
    for since, _, free in listing.free.steps(start, end):
        leased = 0
        for other in near:
            if other.window.start <= since < other.window.end:
                leased += other.cards
        most = max(most, free + leased)
    return most
