"""Spot leases by the day in which they begin and by what their buyers would pay at most, for takers to look through.

To take cards over is to end some leases, and it does at least the damage that the end of any one of them does: its own, and
in each slot that of the other leases which have to go with it. So what a stretch of leases could lose at least tells
whether a taker has any use for it.
"""

from typing import Final

from matching.ladder import AGE_BITS, Sketch, rung_of
from matching.live import LiveLease, LiveListing
from matching.masks import EVERYWHERE, FAR, span
from matching.terms import Tier

DAY: Final = 24  # slots
HOLD_BITS: Final = 64
NEVER: Final = 1 << 60  # a slot after all others
DEAREST: Final = 1 << 60  # damage of what can't be had, and a worth beyond all others
LEVELS: Final = 5  # a sketch knows what 1, 2, 4, 8 and 16 cards cost
UNTAKEN = DEAREST, 0, 0, 0

Loss = tuple[int, int, int, int]
"""How bad a takeover is: its damage, then its price per performance, its start and the age of the listing."""


class Taking:
    """What a taker looks for among the leases of one chip and region, `firm` if it orders on demand.

    The run of `slots` may start from `first` to `last`, each `origin` slots after the masks' own, and needs `cards`
    that work. Listings that ask more than `price` of a slot are too dear, and leases worth more than `hold` are safe.
    `worth` is what the taker would pay for one card, which has to be more than the damage, and `scale` makes prices
    comparable. `best` is the best takeover so far, which what is still to be met has to beat.
    """

    __slots__ = (
        "best",
        "cards",
        "firm",
        "first",
        "hold",
        "last",
        "level",
        "origin",
        "price",
        "scale",
        "slots",
        "window",
        "worth",
    )

    def __init__(
        self,
        firm: bool,
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
        self.firm = firm
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
        self.level = min(cards.bit_length(), LEVELS) - 1
        self.window = span(first - origin, last + slots - 1 - origin)


class Held:
    """A lease that can be taken back. It has `changed` if what is beside it has."""

    __slots__ = ("changed", "lease", "listing", "rung", "sketch")

    def __init__(self, lease: LiveLease, listing: LiveListing, origin: int) -> None:
        self.lease = lease
        self.listing = listing
        day = lease.start // DAY
        self.rung = rung_of((((day << HOLD_BITS) + lease.hold) << AGE_BITS) + listing.seq, lease.number)
        self.draw(origin)

    def draw(self, origin: int) -> None:
        """Count its slots from `origin` on."""
        self.changed = False
        self.sketch = sketch_of(self.lease, self.listing, origin)

    def drawn(self) -> "HoldSketch":
        """What there is to say of it now."""
        if self.changed:
            self.changed = False
            self.sketch.weigh(self.lease, self.listing)
        return self.sketch


class HoldSketch(Sketch[Held, Taking]):
    """What the leases of a stretch have at least, their listings at most, and the slots that they hold or leave open.

    Every lease is seen beside those of its listing that are not cheaper: `room` is the most cards that could be had in a
    slot of it, `one`, `two` … the least damage that so many of them do there, and no run with a slot of it begins before
    `since` or ends after `until`. `spot_ask` and `firm_ask` are the least that a listing asks of each tier for a slot; with
    `begins` leases begin, and before `ends` they end. (A list of what cards cost would be slow to look up: it lies
    elsewhere in memory.)
    """

    __slots__ = (
        "begins",
        "cards",
        "eight",
        "ends",
        "firm_ask",
        "four",
        "hold",
        "lot",
        "min_slots",
        "one",
        "open",
        "room",
        "seq",
        "since",
        "sixteen",
        "slots",
        "spot_ask",
        "two",
        "until",
        "window",
    )

    def __init__(self) -> None:
        self.since, self.until = NEVER, 0
        self.hold = self.cards = self.slots = self.seq = self.min_slots = DEAREST
        self.spot_ask = self.firm_ask = DEAREST
        self.lot = self.room = self.window = self.begins = self.ends = self.open = 0
        self.one = self.two = self.four = self.eight = self.sixteen = DEAREST

    def promise(self, query: Taking) -> int:
        """Whether a takeover that ends a lease of the stretch, and none that is cheaper, might be the best."""
        return 1 if self.might_do(query, self.open) else 0

    def serves(self, item: Held, query: Taking) -> bool:
        """Whether a takeover that ends a lease, and none that is cheaper, might be the best."""
        return item.drawn().might_do(query, item.listing.open)

    def order(self, query: Taking) -> int:
        """The least damage that the cards of a slot do."""
        return self.cost(query.level)

    def order_of(self, item: Held, query: Taking) -> int:
        """The same of a lease."""
        return item.drawn().order(query)

    def cost(self, level: int) -> int:
        """The least damage that 2^level cards do in a slot."""
        if level == 3:
            return self.eight
        if level == 2:
            return self.four
        if level == 1:
            return self.two
        return self.sixteen if level else self.one

    def might_do(self, query: Taking, opened: int) -> bool:
        """The same, where listings have no lots free but in some slots."""
        price = self.firm_ask if query.firm else self.spot_ask
        if (
            self.hold > query.hold
            or price > query.price
            or self.room < query.cards
            or self.min_slots > query.slots
            or not self.window & query.window
        ):
            return False
        slots, origin = query.slots, query.origin
        first, last = max(query.first, self.since), min(query.last, self.until - slots)
        ends = self.ends >> (first + 1 - origin)
        if first > last or not ends:
            return False
        # The first end after the first start, how much any of the leases is cut, and how much all that go are.
        end = first + (ends & -ends).bit_length()
        met = opened & query.window  # of slots far ahead nothing is known
        whole = query.cards * (slots - met.bit_count()) if met >= 0 else 0
        cut = max(whole, self.cards * min(self.slots, max(1, end - last)))
        damage, best = self.hold * cut, query.best
        if damage <= best[0]:
            rate = self.cost(query.level) * query.cards >> query.level
            damage = max(damage, rate * self._shared(first, last, slots, end, origin))
        if damage != best[0]:
            return damage < best[0] and damage < query.worth * (query.cards + self.lot - 1)
        # No lease is cut by more than all of the damage, so a run can't start long before the end of one.
        most = damage // (self.hold * self.cards) if self.hold else self.slots
        start = first if most >= self.slots else max(first, end - most)
        if damage and damage == self.hold * whole:
            # All that go are worth as much and nothing is cut in vain, so one of them ends where the run does, or that
            # ends where a lot is free.
            stops = (self.ends | opened << 1) >> (first + slots - origin)
            if not stops:
                return False
            start = max(start, first + (stops & -stops).bit_length() - 1)
            if start > last:
                return False
        return (price * slots * query.scale, start, self.seq) < best[1:]

    def _shared(self, first: int, last: int, slots: int, end: int, origin: int) -> int:
        """The slots that a run has in common with a lease at least: with the last to begin, were it the first to end.

        The further a run is from the middle of a lease, the fewer they are, so they are fewest at the first start or the last.
        """
        ahead = last + slots - origin
        if ahead > FAR:
            return 1  # nothing is known of slots so far ahead
        begun = self.begins & ((1 << ahead) - 1)
        begin = origin + begun.bit_length() - 1
        early = min(first + slots, end) - max(first, begin)
        late = min(last + slots, end) - max(last, begin)
        return max(1, min(early, late))

    def take_in(self, item: Held) -> None:
        """Promise what a lease does, too."""
        self.join(item.drawn())
        self.open |= item.listing.open

    def join(self, other: "HoldSketch") -> None:
        """Promise what another stretch does, too."""
        self.hold = min(self.hold, other.hold)
        self.cards = min(self.cards, other.cards)
        self.slots = min(self.slots, other.slots)
        self.spot_ask = min(self.spot_ask, other.spot_ask)
        self.firm_ask = min(self.firm_ask, other.firm_ask)
        self.seq = min(self.seq, other.seq)
        self.min_slots = min(self.min_slots, other.min_slots)
        self.lot = max(self.lot, other.lot)
        self.room = max(self.room, other.room)
        self.since = min(self.since, other.since)
        self.until = max(self.until, other.until)
        self.window |= other.window
        self.begins |= other.begins
        self.ends |= other.ends
        self.open |= other.open
        self.one = min(self.one, other.one)
        self.two = min(self.two, other.two)
        self.four = min(self.four, other.four)
        self.eight = min(self.eight, other.eight)
        self.sixteen = min(self.sixteen, other.sixteen)

    def weigh(self, lease: LiveLease, listing: LiveListing) -> None:
        """See what could be had in the slots of a lease: free cards, and those of leases that are not cheaper."""
        start, end, hold = lease.start, lease.end, lease.hold
        beside = [other for other in listing.spot if other.hold >= hold and touches(other, start, end)]
        room, costs = 0, [DEAREST] * LEVELS
        self.since, self.until = start, end
        for at, _, free in listing.free.steps(start - 1, end + 1):
            if start <= at < end:
                room = max(room, _weigh_slot(costs, at, free, beside))
            elif free or any(other.start <= at < other.end for other in beside):
                if at < start:
                    self.since = 0
                else:
                    self.until = NEVER
        self.room = room
        self.one, self.two, self.four, self.eight, self.sixteen = costs


def _weigh_slot(costs: list[int], at: int, free: int, beside: list[LiveLease]) -> int:
    """Lower what cards cost to what they do in a slot, the free ones first. Answers with how many could be had."""
    cost, cards, level = 0, free, 0
    while level < LEVELS and 1 << level <= free:
        costs[level] = 0
        level += 1
    for other in beside:
        if other.start <= at < other.end:
            while level < LEVELS and 1 << level <= cards + other.cards:
                costs[level] = min(costs[level], cost + ((1 << level) - cards) * other.hold)
                level += 1
            cost += other.cards * other.hold
            cards += other.cards
    return cards


def touches(lease: LiveLease, start: int, end: int) -> bool:
    """Whether a lease has a slot of [start, end), or the one before it or behind it."""
    return lease.start <= end and lease.end >= start


def sketch_of(lease: LiveLease, listing: LiveListing, origin: int) -> HoldSketch:
    """What there is to say of one lease, but for the slots that its listing leaves open, which change."""
    sketch, start, end = HoldSketch(), lease.start, lease.end
    sketch.hold = lease.hold
    sketch.cards = lease.cards
    sketch.slots = end - start
    sketch.spot_ask = _lowest_ask(listing, Tier.SPOT)
    sketch.firm_ask = _lowest_ask(listing, Tier.ON_DEMAND)
    sketch.seq = listing.seq
    sketch.min_slots = listing.min_slots
    sketch.lot = listing.lot
    sketch.window = span(start - origin, end - 1 - origin)
    sketch.begins = _bit(start - origin)
    sketch.ends = _bit(end - origin)
    sketch.weigh(lease, listing)
    return sketch


def _lowest_ask(listing: LiveListing, tier: Tier) -> int:
    """The least that a listing asks for a slot: more than nearly everybody would pay, where it offers nothing."""
    prices = listing.prices.get(tier)
    return DEAREST if prices is None else prices.lowest


def _bit(slot: int) -> int:
    """The bit of a slot; of the first one for any before it, and all for one that is too far ahead."""
    return 1 << max(0, slot) if slot < FAR else EVERYWHERE
