"""A market as naive as can be, which looks at every listing, every start and every slot.

The kernel is compared with it. It is written from the rules of the market alone, and shares with the kernel only the
words for what goes in and comes out: commands, events and their terms. Even prices are looked up slot by slot.

`record` lets any event have happened, so that the oracle can also follow another market's log and search in its place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from matching.commands import (
    AmendListing,
    AmendOrder,
    CancelOrder,
    Command,
    Place,
    Publish,
    Tick,
    WithdrawListing,
)
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
from matching.prices import PriceCurve
from matching.terms import (
    Block,
    ChipCode,
    Listing,
    ListingEnd,
    ListingId,
    Order,
    OrderEnd,
    OrderId,
    Preference,
    RegionCode,
    Rejection,
    Seq,
    Slot,
    Tier,
    TimeInForce,
    Window,
)


@dataclass(slots=True)
class Stock:
    """A listing that is still offered: `free[i]` cards in slot `window.start + i`."""

    terms: Listing
    seq: Seq
    free: list[int]


@dataclass(slots=True)
class Waiting:
    """An open order. It stands in the books once it `rests`."""

    terms: Order
    seq: Seq
    rests: bool = False


class Fit(NamedTuple):
    """One way to serve an order: from one listing, at one start."""

    price: Fraction  # of one card for the whole run, per weight
    stock: Stock
    start: int
    rented: int
    working: int
    cost: int


@dataclass(slots=True)
class Oracle:
    """The market. `step` takes a command and answers with what it makes happen."""

    chips: frozenset[ChipCode]
    regions: frozenset[RegionCode]
    now: int = 0
    stocks: dict[ListingId, Stock] = field(default_factory=dict)
    orders: dict[OrderId, Waiting] = field(default_factory=dict)
    said: list[Event] = field(default_factory=list)

    def step(self, seq: Seq, command: Command) -> Sequence[Event]:
        """Carry out the `seq`-th command."""
        self.said = []
        match command:
            case Publish(listing):
                self._publish(seq, listing)
            case Place(order):
                self._place(seq, order)
            case WithdrawListing(listing_id):
                if listing_id in self.stocks:
                    self._say(ListingClosed(listing_id, ListingEnd.WITHDRAWN))
                else:
                    self._say(Rejected(Rejection.UNKNOWN_ID))
            case CancelOrder(order_id):
                if order_id in self.orders:
                    self._say(Closed(order_id, OrderEnd.CANCELLED))
                else:
                    self._say(Rejected(Rejection.UNKNOWN_ID))
            case AmendListing():
                self._amend_listing(seq, command)
            case AmendOrder():
                self._amend_order(seq, command)
            case Tick(now):
                self._tick(now)
        return self.said

    def record(self, event: Event) -> None:
        """Let an event have happened."""
        match event:
            case Listed(listing, seq):
                width = listing.window.end - listing.window.start
                self.stocks[listing.id] = Stock(listing, seq, [listing.cards] * width)
            case ListingAmended(listing, seq):
                stock = self.stocks[listing.id]
                more = listing.cards - stock.terms.cards
                stock.free = [free + more for free in stock.free]
                stock.terms, stock.seq = listing, seq
            case ListingClosed(listing_id, _):
                del self.stocks[listing_id]
            case Opened(order, seq) | OrderAmended(order, seq):
                self.orders[order.id] = Waiting(order, seq)
            case Leased(_, listing_id, cards, window, _):
                stock = self.stocks[listing_id]
                for slot in range(window.start, window.end):
                    stock.free[slot - stock.terms.window.start] -= cards
            case Rested(order_id):
                self.orders[order_id].rests = True
            case Closed(order_id, _):
                del self.orders[order_id]
            case Ticked(now):
                self.now = now
            case Rejected():
                pass

    def fits(self, order: Order) -> Iterator[Fit]:
        """Every way to serve an order from what is free now."""
        slots = order.shape.slots
        for stock in self.stocks.values():
            terms = stock.terms
            if order.tier not in terms.asks or terms.seller == order.buyer or terms.min_slots > slots:
                continue
            if terms.chip not in order.chips or terms.region not in order.regions:
                continue
            first = max(order.window.start, self.now, terms.window.start)
            last = min(order.window.end, terms.window.end) - slots
            for start in range(first, last + 1):
                yield from _fit(stock, order, start)

    def best(self, order: Order) -> Fit | None:
        """The way that an order takes, if there is any."""

        def cheapest(fit: Fit) -> tuple[Fraction, int, int]:
            return fit.price, fit.stock.seq, fit.start

        def earliest(fit: Fit) -> tuple[int, Fraction, int]:
            return fit.start, fit.price, fit.stock.seq

        ways = list(self.fits(order))
        if order.prefer is Preference.CHEAPEST:
            return min(ways, key=cheapest, default=None)
        return min(ways, key=earliest, default=None)

    def crossed(self) -> list[OrderId]:
        """Resting orders that could be served: there must never be one after a command."""
        return [
            waiting.terms.id
            for waiting in self.orders.values()
            if waiting.rests and any(self.fits(waiting.terms))
        ]

    def _say(self, event: Event) -> None:
        self.record(event)
        self.said.append(event)

    def _publish(self, seq: Seq, listing: Listing) -> None:
        refused = self.listing_refused(listing)
        if refused:
            self._say(Rejected(refused))
            return
        self._say(Listed(listing, seq))
        if listing.window.end <= self.now:
            self._say(ListingClosed(listing.id, ListingEnd.EXPIRED))
        else:
            self._rematch(listing.id)

    def _place(self, seq: Seq, order: Order) -> None:
        refused = self.order_refused(order)
        if refused:
            self._say(Rejected(refused))
            return
        self._say(Opened(order, seq))
        self._arrive(order)

    def _arrive(self, order: Order) -> None:
        fit = self.best(order)
        if fit is not None:
            self._serve(order, fit)
        elif order.tif is TimeInForce.IOC:
            self._say(Closed(order.id, OrderEnd.KILLED))
        elif order.window.end - order.shape.slots < self.now:
            self._say(Closed(order.id, OrderEnd.EXPIRED))
        else:
            self._say(Rested(order.id))

    def _serve(self, order: Order, fit: Fit) -> None:
        window = Window(Slot(fit.start), Slot(fit.start + order.shape.slots))
        self._say(Leased(order.id, fit.stock.terms.id, fit.rented, window, fit.cost))
        enough = fit.working * order.chips[fit.stock.terms.chip] >= order.shape.most * 1000
        self._say(Closed(order.id, OrderEnd.FILLED if enough else OrderEnd.PARTIAL))

    def _rematch(self, changed: ListingId) -> None:
        """Every resting order of the listing's books searches everything, and takes what it finds on that listing."""
        terms = self.stocks[changed].terms

        def priority(waiting: Waiting) -> tuple[int, int, str]:
            return -waiting.terms.limit * waiting.terms.chips[terms.chip], waiting.seq, waiting.terms.id

        for tier in (Tier.ON_DEMAND, Tier.SPOT):
            book = [
                waiting
                for waiting in self.orders.values()
                if waiting.rests
                and waiting.terms.tier is tier
                and terms.chip in waiting.terms.chips
                and terms.region in waiting.terms.regions
            ]
            for waiting in sorted(book, key=priority):
                fit = self.best(waiting.terms)
                if fit is not None and fit.stock.terms.id == changed:
                    self._serve(waiting.terms, fit)

    def _amend_listing(self, seq: Seq, command: AmendListing) -> None:
        if command.listing not in self.stocks:
            self._say(Rejected(Rejection.UNKNOWN_ID))
            return
        stock = self.stocks[command.listing]
        old = stock.terms
        new = replace(
            old,
            cards=old.cards if command.cards is None else command.cards,
            asks=old.asks if command.asks is None else command.asks,
        )
        refused = self.listing_refused(new)
        coming = range(max(self.now, old.window.start), old.window.end)
        committed = max(old.cards - stock.free[slot - old.window.start] for slot in coming)
        if refused:
            self._say(Rejected(refused))
        elif new.cards < committed:
            self._say(Rejected(Rejection.BELOW_COMMITTED))
        elif command.asks is None and new.cards <= old.cards:
            self._say(ListingAmended(new, stock.seq))
        else:
            self._say(ListingAmended(new, seq))
            self._rematch(new.id)

    def _amend_order(self, seq: Seq, command: AmendOrder) -> None:
        if command.order not in self.orders:
            self._say(Rejected(Rejection.UNKNOWN_ID))
            return
        waiting = self.orders[command.order]
        old, new = waiting.terms, waiting.terms
        keeps_age = command.limit is None
        if command.limit is not None:
            new = replace(new, limit=command.limit)
        if command.cards is not None:
            least, most = command.cards
            new = replace(new, shape=Block(least, most, old.shape.slots))
            keeps_age &= least <= old.shape.least and most <= old.shape.most
        if command.deadline is not None:
            new = replace(new, window=Window(old.window.start, command.deadline))
            keeps_age &= command.deadline <= old.window.end
        refused = self.order_refused(new)
        if refused:
            self._say(Rejected(refused))
            return
        self._say(OrderAmended(new, waiting.seq if keeps_age else seq))
        self._arrive(new)

    def _tick(self, now: Slot) -> None:
        """Orders go first, then listings; each by the slot that ends them, then by id."""
        if now < self.now:
            self._say(Rejected(Rejection.CLOCK_GOES_BACK))
            return
        self._say(Ticked(now))
        starts = [(w.terms.window.end - w.terms.shape.slots, w.terms.id) for w in self.orders.values()]
        ends = [(stock.terms.window.end, stock.terms.id) for stock in self.stocks.values()]
        for start, order in sorted(starts):
            if start < now:
                self._say(Closed(order, OrderEnd.EXPIRED))
        for end, listing in sorted(ends):
            if end <= now:
                self._say(ListingClosed(listing, ListingEnd.EXPIRED))

    def listing_refused(self, listing: Listing) -> Rejection | None:
        """The first rule that a listing breaks."""
        start, end = listing.window.start, listing.window.end
        broken = {
            Rejection.UNKNOWN_CHIP: listing.chip not in self.chips,
            Rejection.UNKNOWN_REGION: listing.region not in self.regions,
            Rejection.BAD_QUANTITY: listing.cards < 1 or listing.lot < 1 or listing.min_slots < 1,
            Rejection.BAD_PRICE: not _priced(listing.asks, start),
            Rejection.BAD_LOT: listing.lot > 0 and listing.cards % listing.lot != 0,
            Rejection.EMPTY_WINDOW: end <= start,
            Rejection.WINDOW_TOO_SHORT: end - start < listing.min_slots,
        }
        return next((code for code, is_broken in broken.items() if is_broken), None)

    def order_refused(self, order: Order) -> Rejection | None:
        """The first rule that an order breaks."""
        start, end, shape = order.window.start, order.window.end, order.shape
        counts = (shape.least, shape.slots, *order.chips.values())
        broken = {
            Rejection.UNKNOWN_CHIP: not order.chips or not set(order.chips) <= self.chips,
            Rejection.UNKNOWN_REGION: not order.regions or not set(order.regions) <= self.regions,
            Rejection.BAD_QUANTITY: any(count < 1 for count in counts) or shape.least > shape.most,
            Rejection.BAD_PRICE: order.limit < 0,
            Rejection.EMPTY_WINDOW: end <= start,
            Rejection.WINDOW_TOO_SHORT: end - start < shape.slots,
        }
        return next((code for code, is_broken in broken.items() if is_broken), None)


def _fit(stock: Stock, order: Order, start: int) -> Iterator[Fit]:
    """What a listing does for an order from one start: one way, or none."""
    terms, shape, weight = stock.terms, order.shape, order.chips[stock.terms.chip]
    run = range(start, start + shape.slots)
    price = sum(price_at(terms.asks[order.tier], slot) for slot in run)
    if price * 1000 > order.limit * shape.slots * weight:
        return
    free = min(stock.free[slot - terms.window.start] for slot in run)
    working = min(up(shape.most * 1000, weight), free // terms.lot * terms.lot)
    if working * weight >= shape.least * 1000:
        rented = up(working, terms.lot) * terms.lot
        yield Fit(Fraction(price, weight), stock, start, rented, working, price * rented)


def price_at(curve: PriceCurve, slot: int) -> int:
    """What one card costs in one slot: the price of the last step that has begun."""
    return [price for begins, price in curve.steps if begins <= slot][-1]


def up(amount: int, part: int) -> int:
    """How many parts cover an amount."""
    parts = amount // part
    return parts if parts * part == amount else parts + 1


def _priced(asks: Mapping[Tier, PriceCurve], start: int) -> bool:
    curves = [curve.steps for curve in asks.values()]
    return bool(curves) and all(
        steps
        and steps[0][0] <= start
        and all(price >= 0 for _, price in steps)
        and all(before < after for (before, _), (after, _) in pairwise(steps))
        for steps in curves
    )
