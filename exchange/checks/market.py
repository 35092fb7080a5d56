"""What is open in the market, as the log tells it; and what its last command has made happen so far."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from exchange.checks.levels import Levels
from exchange.commands import Command, Envelope
from exchange.state import PricedRun, VenueTerms
from matching.terms import Block, Listing, Order, Split, Window

MILLI = 1000  # quantities are counted in thousandths of an order's reference card


@dataclass(slots=True)
class OnOffer:
    """A listing on offer, its age, and how many of its cards are leased in each slot."""

    terms: Listing
    age: int
    party: str
    line: str
    leased: Levels = field(default_factory=Levels)


class Place(NamedTuple):
    """Where and when a gang has begun: all of it has to join there."""

    chip: str
    region: str
    start: int


@dataclass(slots=True)
class Wanted:
    """An open order, its age, whose it is and where its demand comes from.

    `left` is what it still asks for, in thousandths of a card (of work, card-slots), and `pace` what of its work is
    done in each slot. `begun` is where its first lease is.
    """

    terms: Order
    age: int
    party: str
    source: str
    held: int
    left: int
    rests: bool = False
    begun: Place | None = None
    pace: Counter[int] = field(default_factory=Counter)

    @property
    def latest_start(self) -> int:
        """The last slot in which it can begin, or in which the rest of a gang can join."""
        latest = self.terms.window.end - self.terms.slots
        if self.begun is None or not isinstance(self.terms.shape, Block):
            return latest
        return min(latest, self.begun.start)

    @property
    def is_done(self) -> bool:
        """Whether it can get no more: it has all, or was to be served by one listing."""
        shape = self.terms.shape
        served = self.begun is not None and isinstance(shape, Block) and shape.split is Split.ONE
        return served or not self.left


@dataclass(slots=True)
class SpotLease:
    """A lease that can be taken back, with its order's terms and age as they were when it was granted.

    `settled` counts the slots of each price that statements have settled.
    """

    id: str
    number: int
    order: Order
    age: int
    buyer: str
    source: str
    listing: str
    region: str
    cards: int
    working: int
    weight: int
    window: Window
    runs: tuple[PricedRun, ...]
    settled: Counter[int] = field(default_factory=Counter)

    @property
    def bid(self) -> int:
        """What its buyer would pay for a card and slot at most."""
        return self.order.limit * self.weight // MILLI


@dataclass(slots=True)
class Kept:
    """What a closed order keeps of its buyer's money."""

    party: str
    held: int


@dataclass(slots=True)
class Link:
    """The bandwidth between two regions, and how much of it is taken in each slot."""

    mbps: int = 0
    taken: Levels = field(default_factory=Levels)


@dataclass(slots=True)
class Market:
    """Everything that is open, and nothing else: what has ended is forgotten."""

    rules: VenueTerms | None = None
    now: int = 0
    granted: int = 0
    groups: dict[str, str] = field(default_factory=dict)
    available: Counter[str] = field(default_factory=Counter)
    offers: dict[str, OnOffer] = field(default_factory=dict)
    wanted: dict[str, Wanted] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    links: dict[tuple[str, str], Link] = field(default_factory=dict)
    spot: dict[str, SpotLease] = field(default_factory=dict)
    by_order: dict[str, dict[str, SpotLease]] = field(default_factory=dict)
    by_listing: dict[str, dict[str, SpotLease]] = field(default_factory=dict)
    _lease_ends: list[tuple[int, str]] = field(default_factory=list)
    _listing_ends: list[tuple[int, str]] = field(default_factory=list)
    _latest_starts: list[tuple[int, str]] = field(default_factory=list)

    def link(self, order: Order, region: str) -> Link | None:
        """The link whose bandwidth an order takes in a region; None where it needs none."""
        if order.home is None or order.home == region or not order.mbps_per_card:
            return None
        return self.link_of(order.home, region)

    def link_of(self, home: str, region: str) -> Link:
        """A link, which has no bandwidth until it is given some."""
        return self.links.setdefault((home, region), Link())

    def mates(self, order: str) -> Iterable[SpotLease]:
        """The leases of an order that can be taken back."""
        return self.by_order.get(order, {}).values()

    def keep(self, lease: SpotLease) -> None:
        """Remember a lease for as long as it can be taken back."""
        self.spot[lease.id] = lease
        self.by_order.setdefault(lease.order.id, {})[lease.id] = lease
        self.by_listing.setdefault(lease.listing, {})[lease.id] = lease
        heappush(self._lease_ends, (lease.window.end, lease.id))

    def forget(self, lease: SpotLease) -> None:
        """A lease can't be taken back any more."""
        del self.spot[lease.id]
        for index, name in ((self.by_order, str(lease.order.id)), (self.by_listing, lease.listing)):
            del index[name][lease.id]
            if not index[name]:
                del index[name]

    def forget_ended(self) -> list[SpotLease]:
        """Forget the leases that are over by now."""
        over = [self.spot[name] for name in _due(self._lease_ends, self.now) if name in self.spot]
        for lease in over:
            self.forget(lease)
        return over

    def watch_order(self, order: str) -> None:
        """An order has to end when it is too late for it."""
        heappush(self._latest_starts, (self.wanted[order].latest_start, order))

    def watch_listing(self, listing: str) -> None:
        """A listing has to end with its window."""
        heappush(self._listing_ends, (self.offers[listing].terms.window.end, listing))

    def late(self) -> tuple[list[str], list[str]]:
        """Orders and listings whose time is over, or was before they were changed."""
        return _due(self._latest_starts, self.now - 1), _due(self._listing_ends, self.now)


def _due(ends: list[tuple[int, str]], now: int) -> list[str]:
    """Take out what ends in slot `now` or before."""
    due = []
    while ends and ends[0][0] <= now:
        due.append(heappop(ends)[1])
    return due


class Cut(NamedTuple):
    """A lease that was taken back, and the slot from which it was."""

    lease: SpotLease
    at: int


@dataclass(slots=True)
class Lost:
    """What an order lost in one command. `open_as` is how it stood, if it was still open: its terms and its age."""

    open_as: tuple[Order, int] | None
    cuts: list[Cut] = field(default_factory=list)

    @property
    def terms(self) -> Order:
        """The order's terms: as it stood, or as they were when it got its last lease."""
        return self.cuts[-1].lease.order if self.open_as is None else self.open_as[0]

    @property
    def is_block(self) -> bool:
        """Whether the order is served as a whole, and lost as one."""
        return isinstance(self.terms.shape, Block)


@dataclass(slots=True)
class Served:
    """What an order got in one command: `done` thousandths of the `left` that it asked for, and what that costs."""

    order: Order
    left: int
    is_first: bool
    done: int = 0
    cost: int = 0
    largest_lot: int = 0


@dataclass(slots=True)
class Heard:
    """What one command has made happen so far. `asked` is None where the log has no such command.

    `order` arrived, or asks for more than before; `listing` arrived, or is offered anew; `reclaimed` is a listing and
    the slot from which its seller takes it back. `due` are the orders that have to come back, by the id they get. Orders in `ended`
    have lost a lease or its last slot, and those in `looking` must rest or be closed.
    """

    seq: int = 0
    asked: Envelope | None = None
    refused: bool = False
    answered: bool = False
    order: str | None = None
    listing: str | None = None
    reclaimed: tuple[str, int] | None = None
    time_passed: bool = False
    lost: dict[str, Lost] = field(default_factory=dict)
    due: dict[str, Lost] = field(default_factory=dict)
    served: dict[str, Served] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    looking: set[str] = field(default_factory=set)
    late_orders: list[str] = field(default_factory=list)
    late_listings: list[str] = field(default_factory=list)

    @property
    def command(self) -> Command | None:
        """What was asked for."""
        return None if self.asked is None else self.asked.command

    @property
    def cuts(self) -> list[Cut]:
        """Every lease that was taken back."""
        return [cut for lost in self.lost.values() for cut in lost.cuts]

    def takes_over(self, order: str | None) -> bool:
        """Whether leases were taken back for this order."""
        arrived = order is not None and order == self.order
        return arrived and bool(self.lost) and self.reclaimed is None
