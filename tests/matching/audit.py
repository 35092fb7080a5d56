"""An audit of a market's log: it knows what was asked and what was answered, and nothing of how.

It checks no choice: whether an order got the *best* it could is the oracle's business. It checks that whatever was
leased was there, was allowed, was paid as posted, and that every order came to exactly one end.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from matching.commands import AmendListing, AmendOrder, Command, Place, Publish, Tick
from matching.events import (
    Closed,
    Event,
    Leased,
    Listed,
    ListingAmended,
    ListingClosed,
    Opened,
    OrderAmended,
    Rejected,
    Rested,
    Ticked,
)
from matching.terms import Block, Listing, ListingId, Order, OrderEnd, OrderId, Seq, TimeInForce, Window


class BreachError(AssertionError):
    """A law of the market is broken."""


def require(kept: bool, law: str) -> None:
    if not kept:
        raise BreachError(law)


@dataclass(slots=True)
class Audit:
    """What the log says so far."""

    now: int = 0
    listings: dict[ListingId, Listing] = field(default_factory=dict)
    withdrawn: set[ListingId] = field(default_factory=set)
    leased: Counter[tuple[ListingId, int]] = field(default_factory=Counter)  # cards by listing and slot
    orders: dict[OrderId, Order] = field(default_factory=dict)
    leases: dict[OrderId, Leased] = field(default_factory=dict)
    ended: dict[OrderId, OrderEnd] = field(default_factory=dict)
    settled: bool = True  # whether the last order that looked for capacity rests or is closed

    def read(self, seq: Seq, command: Command, events: Sequence[Event]) -> None:
        """Check the answer to the `seq`-th command."""
        require(len(events) > 0, "every command is answered")
        if any(isinstance(event, Rejected) for event in events):
            require(len(events) == 1, "a refused command does nothing else")
        for event in events:
            self._read(seq, command, event)
        require(self.settled, "an order that looks for capacity is leased to, rests or is closed")
        late = [order for order in self.open_orders() if self._latest_start(order) < self.now]
        require(not late, f"orders end when their latest start has passed: {late}")
        over = [name for name, terms in self.offered().items() if terms.window.end <= self.now]
        require(not over, f"listings end with their windows: {over}")

    def open_orders(self) -> list[OrderId]:
        return [order for order in self.orders if order not in self.ended]

    def offered(self) -> Mapping[ListingId, Listing]:
        """Listings that are still in the books."""
        return {name: terms for name, terms in self.listings.items() if name not in self.withdrawn}

    def left(self, listing: ListingId, slot: int) -> int:
        """Cards of a listing that nobody has leased in a slot."""
        return self.listings[listing].cards - self.leased[listing, slot]

    def _read(self, seq: Seq, command: Command, event: Event) -> None:
        match event:
            case Opened(order, age):
                asked = isinstance(command, Place) and order == command.order
                require(asked and age == seq, "an order opens as it was placed")
                require(order.id not in self.orders, "an order opens once")
                self.orders[order.id], self.settled = order, False
            case OrderAmended(order, age):
                self._amended_order(command, order)
                require(age <= seq, "nothing is older than its command")
                self.orders[order.id], self.settled = order, False
            case Listed(listing, age):
                asked = isinstance(command, Publish) and listing == command.listing
                require(asked and age == seq, "a listing stands as it was published")
                self.listings[listing.id] = listing
            case ListingAmended(listing, age):
                require(age <= seq, "nothing is older than its command")
                self._amended_listing(command, listing)
            case ListingClosed(listing_id, _):
                require(listing_id in self.offered(), "a listing closes once")
                self.withdrawn.add(listing_id)
            case Leased():
                require(not isinstance(command, Tick), "time alone makes no lease")
                self._leased(event)
            case Rested(order_id):
                require(order_id in self.open_orders(), "only open orders rest")
                require(self.orders[order_id].tif is TimeInForce.GTC, "an immediate order never rests")
                self.settled = True
            case Closed(order_id, end):
                self._closed(order_id, end)
                self.settled = True
            case Ticked(now):
                require(isinstance(command, Tick) and self.now <= now == command.now, "time only moves on")
                self.now = now
            case Rejected():
                pass

    def _amended_order(self, command: Command, order: Order) -> None:
        require(
            isinstance(command, AmendOrder) and order.id in self.open_orders(), "an open order is amended"
        )
        assert isinstance(command, AmendOrder)
        wanted = self.orders[order.id]
        if command.limit is not None:
            wanted = replace(wanted, limit=command.limit)
        if command.cards is not None:
            wanted = replace(wanted, shape=Block(*command.cards, wanted.shape.slots))
        if command.deadline is not None:
            wanted = replace(wanted, window=Window(wanted.window.start, command.deadline))
        require(order == wanted, "an order is amended as asked")

    def _amended_listing(self, command: Command, listing: Listing) -> None:
        require(
            isinstance(command, AmendListing) and listing.id in self.offered(),
            "an offered listing is amended",
        )
        assert isinstance(command, AmendListing)
        wanted = self.listings[listing.id]
        if command.cards is not None:
            wanted = replace(wanted, cards=command.cards)
        if command.asks is not None:
            wanted = replace(wanted, asks=command.asks)
        require(listing == wanted, "a listing is amended as asked")
        self.listings[listing.id] = listing
        coming = range(max(self.now, listing.window.start), listing.window.end)
        require(all(self.left(listing.id, slot) >= 0 for slot in coming), "what is leased stays on offer")

    def _leased(self, lease: Leased) -> None:
        require(lease.order in self.open_orders(), "only open orders are leased to")
        require(lease.order not in self.leases, "one seller serves an order, once")
        require(lease.listing in self.offered(), "only listings in the books are leased")
        order, listing = self.orders[lease.order], self.listings[lease.listing]
        self._allowed(lease, order, listing)
        self._paid(lease, order, listing)
        for slot in range(lease.window.start, lease.window.end):
            self.leased[lease.listing, slot] += lease.cards
            require(self.left(lease.listing, slot) >= 0, "no card is leased twice")
        self.leases[lease.order] = lease

    def _allowed(self, lease: Leased, order: Order, listing: Listing) -> None:
        start, end = lease.window.start, lease.window.end
        require(order.window.start <= start and end <= order.window.end, "a lease lies in the order's window")
        require(
            listing.window.start <= start and end <= listing.window.end,
            "a lease lies in the listing's window",
        )
        require(start >= self.now, "no lease starts in the past")
        require(end - start == order.shape.slots, "a lease lasts as long as the order asks")
        require(end - start >= listing.min_slots, "a lease is no shorter than the listing's shortest run")
        require(listing.chip in order.chips, "the chip is one that the order accepts")
        require(listing.region in order.regions, "the region is one that the order accepts")
        require(order.tier in listing.asks, "the listing is offered in the order's tier")
        require(order.buyer != listing.seller, "nobody sells to himself")
        require(lease.cards % listing.lot == 0, "whole lots are leased")
        weight = order.chips[listing.chip]
        require(lease.cards * weight >= order.shape.least * 1000, "an order gets its least, or nothing")
        fewer = lease.cards - listing.lot
        require(fewer * weight < order.shape.most * 1000, "no lot is leased that is not needed")

    def _paid(self, lease: Leased, order: Order, listing: Listing) -> None:
        steps = listing.asks[order.tier].steps
        run = range(lease.window.start, lease.window.end)
        posted = sum([price for since, price in steps if since <= slot][-1] for slot in run)
        require(lease.cost == posted * lease.cards, "a buyer pays the posted price")
        weight = order.chips[listing.chip]
        affordable = order.limit * len(run) * lease.cards * weight
        require(lease.cost * 1000 <= affordable, "no buyer pays more than its limit")

    def _closed(self, order_id: OrderId, end: OrderEnd) -> None:
        require(order_id in self.open_orders(), "an order ends once")
        order, lease = self.orders[order_id], self.leases.get(order_id)
        served = end in {OrderEnd.FILLED, OrderEnd.PARTIAL}
        require(served == (lease is not None), "an order is filled by a lease, and only by one")
        if lease is not None:
            weight = order.chips[self.listings[lease.listing].chip]
            whole = lease.cards * weight >= order.shape.most * 1000
            require(whole == (end is OrderEnd.FILLED), "filled means all that was asked for")
        if end is OrderEnd.KILLED:
            require(order.tif is TimeInForce.IOC, "only immediate orders are killed")
        if end is OrderEnd.EXPIRED:
            require(self._latest_start(order_id) < self.now, "no order expires while it can still start")
        self.ended[order_id] = end

    def _latest_start(self, order_id: OrderId) -> int:
        order = self.orders[order_id]
        return order.window.end - order.shape.slots
