"""Spot leases in the order of what their buyers would pay at most, so that a taker meets the cheapest first.

To take cards over is to end some leases, and it does at least the damage that the end of any one of them does. So what
a stretch of leases could lose at least tells whether a taker has any use for it.
"""

from matching.ladder import NOBODY, Rung, Sketch
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
    """A lease in one book, where `price` is the least that its listing asks for a slot. `sketch` says all of it."""

    __slots__ = ("lease", "listing", "sketch", "tier")

    def __init__(self, lease: LiveLease, listing: LiveListing, tier: Tier, origin: int) -> None:
        self.lease = lease
        self.listing = listing
        self.tier = tier
        self.sketch = HoldSketch()
        self.begin(origin)

    def begin(self, origin: int) -> None:
        """Count its slots from `origin` on."""
        self.sketch = HoldSketch()
        self.sketch.of(self.lease, self.listing, self.tier, origin)


def rung_of(lease: LiveLease, listing: LiveListing) -> Rung:
    """The place of a lease among those of a book."""
    return lease.hold, listing.seq, str(lease.number)


class HoldSketch(Sketch[Held, Taking]):
    """What the leases of a stretch have at least, or their listings at most, and the slots that they hold.

    `ends` are the slots with which they end.
    """

    __slots__ = ("cards", "ends", "hold", "lot", "min_slots", "price", "room", "seq", "slots", "window")

    def __init__(self) -> None:
        self.hold = self.cards = self.slots = self.price = self.seq = self.min_slots = NOBODY
        self.lot = self.room = self.window = self.ends = 0

    def of(self, lease: LiveLease, listing: LiveListing, tier: Tier, origin: int) -> None:
        """Say all that there is of one lease."""
        terms, window = listing.terms, lease.window
        self.hold = lease.hold
        self.cards = lease.cards
        self.slots = len(window)
        self.price = listing.prices[tier].lowest
        self.seq = listing.seq
        self.min_slots = terms.min_slots
        self.lot = terms.lot
        self.room = terms.cards
        self.window = span(window.start - origin, window.end - 1 - origin)
        self.ends = 1 << (window.end - origin) if window.end - origin < FAR else EVERYWHERE

    def promise(self, query: Taking) -> int:
        """Whether a takeover that ends a lease of the stretch might be the best."""
        if (
            self.hold > query.hold
            or self.price > query.price
            or self.room < query.cards
            or self.min_slots > query.slots
            or not self.window & query.window
        ):
            return 0
        passed = query.first + 1 - query.origin
        ends = self.ends >> passed
        if not ends:
            return 0
        # The soonest end behind the first start, and the fewest slots that are cut off before any.
        end = query.first + (ends & -ends).bit_length()
        cut = min(self.slots, max(1, end - query.last))
        damage = self.hold * self.cards * cut
        if damage >= query.worth * (query.cards + self.lot - 1):
            return 0
        best = query.best
        if damage != best[0]:
            return 1 if damage < best[0] else 0
        start = query.first if cut == self.slots or not damage else max(query.first, end - cut)
        price = self.price * query.slots * query.scale
        return 1 if (price, start, self.seq) < best[1:] else 0

    def serves(self, item: Held, query: Taking) -> bool:
        """Whether a takeover that ends a lease might be the best."""
        return item.sketch.promise(query) != 0

    def take_in(self, item: Held) -> None:
        """Promise what a lease does, too."""
        self.join(item.sketch)

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
