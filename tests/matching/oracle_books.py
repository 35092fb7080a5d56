"""What the oracle remembers: listings, orders, leases and links, each with a plain number for every slot.

`record` lets any event have happened, so that the oracle can also follow another market's log and search in its place.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from matching.events import (
    Closed,
    Displaced,
    Event,
    Leased,
    LinkSet,
    Listed,
    ListingAmended,
    ListingClosed,
    Opened,
    OrderAmended,
    Rejected,
    Rested,
    Ticked,
)
from matching.terms import (
    Block,
    ChipCode,
    LeaseNumber,
    Listing,
    ListingId,
    MarketTerms,
    Order,
    OrderId,
    RegionCode,
    Seq,
    Split,
    Tier,
)

Route = tuple[RegionCode, RegionCode]  # from an order's home to where it runs
MILLI = 1000
NO_LIMIT = 10**40  # more cards than anybody has


@dataclass(slots=True)
class Stock:
    """A listing that is still offered: `used[i]` of its cards are leased in slot `begins + i`."""

    terms: Listing
    seq: Seq
    begins: int
    used: list[int]

    def free(self, slot: int) -> int:
        return self.terms.cards - self.used[slot - self.begins]


class Pin(NamedTuple):
    """What the rest of a gang has to share with what the gang has got. No region: any."""

    chip: ChipCode
    region: RegionCode | None
    start: int


@dataclass(slots=True)
class Waiting:
    """An open order: what it has got, in thousandths of a reference card, and of work also slot by slot."""

    terms: Order
    seq: Seq
    got: int = 0
    got_at: Counter[int] = field(default_factory=Counter)
    pin: Pin | None = None
    rests: bool = False

    @property
    def left(self) -> int:
        """What it still wants, in thousandths: of cards for a block, of card-slots for work."""
        shape = self.terms.shape
        return (shape.most if isinstance(shape, Block) else shape.amount) * MILLI - self.got

    @property
    def least(self) -> int:
        """The least that it takes at once: the rest of a gang, and work, takes whatever there is."""
        shape = self.terms.shape
        if isinstance(shape, Block):
            return shape.least * MILLI if self.pin is None else 1
        return self.left if shape.whole else 1

    @property
    def latest_start(self) -> int:
        latest = self.terms.window.end - self.terms.slots
        return latest if self.pin is None else min(latest, self.pin.start)

    def accepts(self, stock: Stock) -> bool:
        """Whether the listing is what the order asks for, whatever it costs and whenever it is free."""
        order, offered = self.terms, stock.terms
        return (
            order.tier in offered.asks
            and offered.chip in order.chips
            and offered.region in order.regions
            and offered.seller != order.buyer
            and offered.min_slots <= order.slots
        )


@dataclass(slots=True)
class Grant:
    """A lease, the order as it was when it got it, and what that order declared one card and slot to be worth."""

    event: Leased
    order: Order
    seq: Seq
    region: RegionCode
    weight: int

    @property
    def hold(self) -> int:
        return self.order.limit * self.weight // MILLI

    @property
    def end(self) -> int:
        return self.event.window.end

    def cut(self, since: int) -> int:
        """Where it ends if it is taken back from slot `since` on."""
        return max(since, self.event.window.start)


@dataclass(slots=True)
class Books:
    """The market as it stands. Leases that were taken back are forgotten; others stay, also when they have ended."""

    chips: frozenset[ChipCode]
    regions: frozenset[RegionCode]
    terms: MarketTerms = field(default_factory=MarketTerms)
    now: int = 0
    stocks: dict[ListingId, Stock] = field(default_factory=dict)
    orders: dict[OrderId, Waiting] = field(default_factory=dict)
    grants: dict[LeaseNumber, Grant] = field(default_factory=dict)
    granted: int = 0
    links: dict[Route, int] = field(default_factory=dict)  # bandwidth
    loads: dict[Route, Counter[int]] = field(default_factory=dict)  # bandwidth in use, slot by slot

    def record(self, event: Event) -> None:
        """Let an event have happened."""
        match event:
            case Listed(listing, seq):
                width = listing.window.end - listing.window.start
                self.stocks[listing.id] = Stock(listing, seq, listing.window.start, [0] * width)
            case ListingAmended(listing, seq):
                stock = self.stocks[listing.id]
                stock.terms, stock.seq = listing, seq
            case ListingClosed(listing_id, _):
                del self.stocks[listing_id]
            case Opened(order, seq):
                self.orders[order.id] = Waiting(order, seq)
            case OrderAmended(order, seq):
                waiting = self.orders[order.id]
                waiting.terms, waiting.seq, waiting.rests = order, seq, False
            case Leased():
                self._lease(event)
            case Displaced(number, at, _):
                self._use(grant := self.grants.pop(number), range(at, grant.end), -1)
            case LinkSet(home, region, mbps):
                self.links[home, region] = mbps
            case Rested(order_id):
                self.orders[order_id].rests = True
            case Closed(order_id, _):
                del self.orders[order_id]
            case Ticked(now):
                self.now = now
            case Rejected():
                pass

    def _lease(self, event: Leased) -> None:
        """An order gets what it asked for, or a part of it: then the rest of a gang is pinned."""
        waiting, listing = self.orders[event.order], self.stocks[event.listing].terms
        order, shape, weight = waiting.terms, waiting.terms.shape, waiting.terms.chips[listing.chip]
        slots = range(event.window.start, event.window.end)
        grant = Grant(event, order, waiting.seq, listing.region, weight)
        self.granted = event.lease
        self.grants[event.lease] = grant
        self._use(grant, slots, 1)
        working = event.working * weight
        if isinstance(shape, Block):
            waiting.got += working
            if shape.split is not Split.ONE and waiting.pin is None:
                region = listing.region if shape.split is Split.SELLERS else None
                waiting.pin = Pin(listing.chip, region, event.window.start)
        else:
            waiting.got += working * len(slots)
            waiting.got_at.update(dict.fromkeys(slots, working))

    def _use(self, grant: Grant, slots: range, times: int) -> None:
        """Take a lease's cards and bandwidth in some slots, or give them back."""
        stock, route = self.stocks.get(grant.event.listing), self.route(grant.order, grant.region)
        for slot in slots:
            if stock is not None:
                stock.used[slot - stock.begins] += times * grant.event.cards
            if route is not None:
                load = self.loads.setdefault(route, Counter())
                load[slot] += times * grant.event.working * grant.order.mbps_per_card

    def route(self, order: Order, region: RegionCode) -> Route | None:
        """The link that an order needs in a region, if it needs one."""
        if order.home is None or order.home == region or order.mbps_per_card == 0:
            return None
        return order.home, region

    def room(self, order: Order, region: RegionCode, slot: int) -> int:
        """How many cards can work for an order in a region in a slot, as far as links go."""
        route = self.route(order, region)
        if route is None:
            return NO_LIMIT
        load = self.loads.get(route, Counter())
        return (self.links.get(route, 0) - load[slot]) // order.mbps_per_card

    def mates(self, order: OrderId) -> Iterator[Grant]:
        """The leases of an order that can still be taken back."""
        for grant in self.grants.values():
            if grant.order.id == order and grant.order.tier is Tier.SPOT and grant.end > self.now:
                yield grant
