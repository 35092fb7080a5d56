"""The two sides of one instrument, and what others lease in it: each on a ladder that a search steps over in strides."""

from collections.abc import Iterator
from typing import Final

from mypy_extensions import mypyc_attr

from matching.holds import Held, HoldSketch, Taking, touches
from matching.ladder import Ladder, Rung, Sketch, merged
from matching.live import LiveLease, LiveListing, LiveOrder
from matching.masks import eroded, span
from matching.terms import ChipCode, LeaseNumber, RegionCode, Tier

RUNS: Final = [1, 2, 4, 8, 24]  # slots: a sketch knows where runs of these lengths could start
UNBOUNDED: Final = (1 << 62) - 1  # the largest number that is compared without an object, once compiled


BookKey = tuple[ChipCode, RegionCode, Tier]
"""An instrument: what a book is for. Time is not part of it, but a dimension of each listing."""


@mypyc_attr(acyclic=True, free_list_len=1)
class Need:
    """What an order needs of a listing: so many cards that work, in lots no larger than `lot`, for a run of slots.

    The run may start in the slots from `first` to `last`, and ends no sooner than `end`. `starts` are the bits of
    those, less what a search has struck out. While it is a single one, `run` has the bits of the whole run.
    """

    __slots__ = (
        "_origin",
        "cards",
        "edge",
        "end",
        "last",
        "level",
        "lot",
        "rest",
        "run",
        "slots",
        "starts",
    )

    def __init__(
        self, cards: int, slots: int, first: int, last: int, origin: int, lot: int = UNBOUNDED
    ) -> None:
        self.cards = cards
        self.slots = slots
        self.last = last
        self.end = first + slots
        self.starts = span(first - origin, last - origin)
        self.lot = lot
        self._origin = origin
        self.level = 0
        while self.level + 1 < len(RUNS) and RUNS[self.level + 1] <= slots:
            self.level += 1
        self.rest = slots - RUNS[self.level] + 1
        self.run = self.edge = 0

    def only_at(self, slot: int) -> None:
        """Let the run start in one slot only."""
        self.last = slot
        self.end = slot + self.slots
        bit = slot - self._origin
        self.starts = 1 << bit
        self.run = ((1 << self.slots) - 1) << bit
        self.edge = ((1 << self.rest) - 1) << bit

    def close(self) -> None:
        """Let the run start nowhere, until it is told where again."""
        self.starts = self.run = 0


class OfferSketch(Sketch[LiveListing, Need]):
    """What the listings of a stretch can do at best. `starts[i]` says where a run of `RUNS[i]` slots could start."""

    __slots__ = ("lot", "min_slots", "starts", "usable")

    def __init__(self) -> None:
        self.usable = 0
        self.min_slots = self.lot = UNBOUNDED
        self.starts = [0] * len(RUNS)

    def promise(self, query: Need) -> int:
        """The slots in which a listing of the stretch might serve."""
        if self.usable < query.cards or self.min_slots > query.slots or self.lot > query.lot:
            return 0
        starts = self.starts[query.level]
        if query.run:
            return query.starts if starts & query.edge == query.edge else 0
        return eroded(starts, query.rest) & query.starts

    def serves(self, item: LiveListing, query: Need) -> bool:
        """Whether a listing might serve. Most are there at another time, which costs the least to see."""
        if item.start > query.last or item.end < query.end:
            return False
        if query.run and item.open & query.run != query.run:
            return False
        if item.usable < query.cards or item.min_slots > query.slots or item.lot > query.lot:
            return False
        if query.run:
            return True
        return eroded(item.open, query.slots) & query.starts != 0

    def take_in(self, item: LiveListing) -> None:
        """Promise what a listing can do, too."""
        self.usable = max(self.usable, item.usable)
        self.min_slots = min(self.min_slots, item.min_slots)
        self.lot = min(self.lot, item.lot)
        starts, mask, run = self.starts, item.open, 1
        for level, longer in enumerate(RUNS):
            mask = eroded(mask, longer - run + 1)
            if not mask:
                break
            starts[level] |= mask
            run = longer

    def join(self, other: "OfferSketch") -> None:
        """Promise what another stretch does, too."""
        self.usable = max(self.usable, other.usable)
        self.min_slots = min(self.min_slots, other.min_slots)
        self.lot = min(self.lot, other.lot)
        for level, starts in enumerate(other.starts):
            self.starts[level] |= starts


@mypyc_attr(acyclic=True)
class Waiting:
    """An order in one book: the least cards of its chip that serve it, its run, and where that may start."""

    __slots__ = ("cards", "live", "slots", "starts")

    def __init__(self, live: LiveOrder, weight: int, origin: int) -> None:
        self.live = live
        self.slots = live.slots
        self.cards = least_cards(live, weight)
        self.starts = 0
        self.begin(origin)

    def begin(self, origin: int) -> None:
        """Count its slots from `origin` on."""
        live = self.live
        self.starts = span(live.first - origin, live.latest_start - origin) & ~live.full(origin)


def least_cards(live: LiveOrder, weight: int) -> int:
    """The fewest cards of one listing that help an order at all: a block on one listing needs its least of it."""
    return -(-live.least // weight) if live.alone else 1


@mypyc_attr(acyclic=True, free_list_len=1)
class Room:
    """What a listing offers to the orders that wait: so many cards, and the slots in which a lot is free."""

    __slots__ = ("_starts", "cards")

    def __init__(self, listing: LiveListing) -> None:
        self.cards = listing.usable
        self._starts = {1: listing.open}

    def starts(self, slots: int) -> int:
        """Where a run of `slots` can start."""
        mask = self._starts.get(slots)
        if mask is None:
            mask = self._starts[slots] = eroded(self._starts[1], slots)
        return mask


class BidSketch(Sketch[Waiting, Room]):
    """What the orders of a stretch ask at least: cards, slots, and where any of them may start."""

    __slots__ = ("cards", "slots", "starts")

    def __init__(self) -> None:
        self.cards = self.slots = UNBOUNDED
        self.starts = 0

    def promise(self, query: Room) -> int:
        """The slots in which an order of the stretch might start."""
        return query.starts(self.slots) & self.starts if self.cards <= query.cards else 0

    def serves(self, item: Waiting, query: Room) -> bool:
        """Whether an order might be served."""
        return item.cards <= query.cards and query.starts(item.slots) & item.starts != 0

    def take_in(self, item: Waiting) -> None:
        """Ask no more than an order does."""
        self.cards = min(self.cards, item.cards)
        self.slots = min(self.slots, item.slots)
        self.starts |= item.starts

    def join(self, other: "BidSketch") -> None:
        """Ask no more than another stretch does."""
        self.cards = min(self.cards, other.cards)
        self.slots = min(self.slots, other.slots)
        self.starts |= other.starts


Bids = Ladder[Waiting, Room]
SMALL: Final = 16  # cards: up to so many each size has a ladder of its own
WIDE: Final = 64  # items of a node on a ladder, for searches that look at the first that serve
NARROW: Final = 16  # the same for those that look for the best, and so at all of a node


def size_of(cards: int) -> int:
    """The size by which orders are kept: their cards, or for large ones the power of two above them."""
    return cards if cards <= SMALL else SMALL + cards.bit_length()


class Book:
    """Listings by lowest price and age, and orders by limit and age. Orders are kept by size, so that large ones hide no small ones.

    `leased`, in the book of the spot tier, are the spot leases of all listings of its chip and region, by what their buyers
    would pay, for whoever may take them back.
    """

    __slots__ = ("_held", "bids", "chip", "leased", "offers", "region", "usable")

    def __init__(self, chip: ChipCode, region: RegionCode) -> None:
        self.chip = chip
        self.region = region
        self.offers: Ladder[LiveListing, Need] = Ladder(OfferSketch, WIDE)
        self.bids: dict[int, Bids] = {}
        self.leased: Ladder[Held, Taking] = Ladder(HoldSketch, NARROW)
        self._held: dict[LeaseNumber, Held] = {}
        self.usable = 0

    def add_bid(self, rung: Rung, waiting: Waiting) -> None:
        """Let an order wait."""
        size = size_of(waiting.cards)
        bids = self.bids.get(size)
        if bids is None:
            bids = self.bids[size] = Ladder(BidSketch, WIDE)
        bids.add(rung, waiting)

    def remove_bid(self, rung: Rung, live: LiveOrder, weight: int) -> None:
        """Take an order out."""
        self.bids[size_of(least_cards(live, weight))].remove(rung)

    def expose(self, held: Held) -> None:
        """Let takers find a lease."""
        self._held[held.lease.number] = held
        self.leased.add(held.rung, held)

    def shield(self, number: LeaseNumber) -> None:
        """Let takers find a lease no more."""
        self.leased.remove(self._held.pop(number).rung)

    def tell_takers(self, told: list[LiveLease], start: int, end: int, *, grows: bool) -> None:
        """More of the listing of these leases can be had in [start, end), or less, and perhaps it is open in other slots."""
        for lease in told:
            held = self._held[lease.number]
            if grows:
                self.leased.grew(held.rung, held)
            elif not held.changed:
                self.leased.shrank(held.rung)
            held.changed = held.changed or touches(lease, start, end)

    def weigh(self, told: list[LiveLease]) -> None:
        """See now what is beside these leases, not when a taker asks."""
        for lease in told:
            self._held[lease.number].drawn()

    def redraw(self, origin: int) -> None:
        """Count all slots from `origin` on."""
        self.offers.redraw()
        for _, held in self.leased:
            held.draw(origin)
        self.leased.redraw()
        for bids in self.bids.values():
            for _, waiting in bids:
                waiting.begin(origin)
            bids.redraw()

    def dearest(self) -> int:
        """The most that anybody who waits would pay for a card and slot, in thousandths; less than nothing for nobody."""
        lowest = 1
        for bids in self.bids.values():
            lowest = min(lowest, bids.lowest())
        return -lowest

    def waiting(self, room: Room, after: Rung | None) -> Iterator[tuple[Rung, Waiting]]:
        """Orders behind a rung that a listing might serve, dearest first, then oldest."""
        return merged([bids.admitted(room, after) for bids in self.bids.values() if bids.promise(room)])
