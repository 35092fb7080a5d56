"""A market as naive as can be, which looks at every listing, every start and every slot.

The kernel is compared with it. It is written from the rules of the market alone, and shares with the kernel only the
words for what goes in and comes out: commands, events and their terms. Even prices are looked up slot by slot.

Here are the lives of listings and orders; `oracle_books` remembers, `oracle_search` looks for free capacity, and
`oracle_eviction` takes leases back.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from msgspec.structs import replace

from matching.commands import (
    AmendListing,
    AmendOrder,
    CancelOrder,
    Command,
    Place,
    Publish,
    Reclaim,
    SetLink,
    Tick,
    WithdrawListing,
)
from matching.curves import PriceCurve, Run
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
    LeaseNumber,
    Listing,
    ListingEnd,
    ListingId,
    Order,
    OrderEnd,
    OrderId,
    PriceRule,
    Rejection,
    Seq,
    Slot,
    Split,
    Tier,
    TimeInForce,
    Window,
    Work,
)
from tests.matching.oracle_books import MILLI, Books, Grant, Route, Waiting
from tests.matching.oracle_eviction import (
    Takeover,
    best_takeover,
    charged,
    posted_runs,
    requeued,
    run_total,
    whole_gangs,
)
from tests.matching.oracle_search import Leg, Plan, Search, uses


@dataclass(slots=True)
class Oracle(Books):
    """The market. `step` takes a command and answers with what it makes happen."""

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
            case Reclaim(listing_id, since):
                self._reclaim(listing_id, since)
            case SetLink():
                self._set_link(command)
            case Tick(now):
                self._tick(now)
        return self.said

    def plan(self, waiting: Waiting) -> Plan:
        """What an order takes of what is free now, if anything."""
        return Search(self, waiting).plan()

    def crossed(self) -> list[OrderId]:
        """Resting orders that could be served: there must never be one after a command."""
        return [waiting.terms.id for waiting in self.orders.values() if waiting.rests and self.plan(waiting)]

    def _say(self, event: Event) -> None:
        self.record(event)
        self.said.append(event)

    # Orders that look for capacity

    def _place(self, seq: Seq, order: Order) -> None:
        refused = self.order_refused(order)
        if refused:
            self._say(Rejected(refused))
            return
        self._say(Opened(order, seq))
        self._arrive(self.orders[order.id], may_displace=True)

    def _arrive(self, waiting: Waiting, *, may_displace: bool) -> None:
        """It takes what is free, or takes leases back, or rests."""
        order, shape = waiting.terms, waiting.terms.shape
        plan = self.plan(waiting)
        if waiting.left <= 0:
            self._say(Closed(order.id, OrderEnd.FILLED))
            return
        if plan:
            self._serve(waiting, plan)
        elif (
            may_displace and self.terms.displacement and isinstance(shape, Block) and shape.split is Split.ONE
        ):
            takeover = best_takeover(self, waiting)
            if takeover is not None:
                self._take_over(waiting, takeover)
        if order.id in self.orders:
            self._wait(waiting)

    def _wait(self, waiting: Waiting) -> None:
        """What is left of it rests, if it may."""
        order = waiting.terms
        whole = isinstance(order.shape, Work) and order.shape.whole
        if order.tif is TimeInForce.IOC or whole or not self.terms.resting:
            self._say(Closed(order.id, OrderEnd.PARTIAL if waiting.got else OrderEnd.KILLED))
        elif waiting.latest_start < self.now:
            self._say(Closed(order.id, OrderEnd.EXPIRED))
        else:
            self._say(Rested(order.id))

    def _serve(self, waiting: Waiting, plan: Plan, arriving: ListingId | None = None) -> None:
        """Commit a plan. One that waited pays its own limit on an `arriving` listing which asks for that."""
        order, shape = waiting.terms, waiting.terms.shape
        for leg in plan:
            terms = leg.stock.terms
            runs = posted_runs(terms.asks[order.tier], leg.start, leg.end)
            if terms.id == arriving and terms.price_rule is PriceRule.MAKER:
                runs = ((leg.start, leg.end, order.limit * order.chips[terms.chip] // MILLI),)
            self._lease_out(waiting, leg, runs)
        if waiting.left <= 0:
            self._say(Closed(order.id, OrderEnd.FILLED))
        elif isinstance(shape, Block) and shape.split is Split.ONE:
            self._say(Closed(order.id, OrderEnd.PARTIAL))

    def _lease_out(self, waiting: Waiting, leg: Leg, runs: tuple[Run, ...]) -> None:
        self._say(
            Leased(
                lease=LeaseNumber(self.granted + 1),
                order=waiting.terms.id,
                listing=leg.stock.terms.id,
                cards=leg.rented,
                working=leg.working,
                window=Window(Slot(leg.start), Slot(leg.end)),
                runs=runs,
                cost=run_total(runs) * leg.rented,
            )
        )

    # Resting orders that look again

    def _rematch(self, changed: ListingId, *, arriving: bool) -> None:
        """Every resting order of a listing's books searches everything, and commits what uses that listing."""
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
                plan = self.plan(waiting)
                if uses(plan, changed):
                    self._serve(waiting, plan, changed if arriving else None)

    def _look_again(self, names: Iterable[OrderId]) -> None:
        """Some orders look for capacity anywhere, the dearest first."""
        found = [self.orders[name] for name in names if name in self.orders]
        for waiting in sorted(found, key=lambda w: (-w.terms.limit, w.seq, w.terms.id)):
            plan = self.plan(waiting)
            if plan:
                self._serve(waiting, plan)

    def _needing(self, routes: set[Route]) -> set[OrderId]:
        """Resting orders that may need one of these links."""
        return {
            name
            for name, waiting in self.orders.items()
            if waiting.rests
            and any(self.route(waiting.terms, region) in routes for region in waiting.terms.regions)
        }

    # Leases that are taken back

    def _take_over(self, taker: Waiting, takeover: Takeover) -> None:
        def serve() -> None:
            self._lease_out(taker, takeover.leg, takeover.runs)
            self._say(Closed(taker.terms.id, OrderEnd.FILLED if taker.left <= 0 else OrderEnd.PARTIAL))

        self._evict(takeover.evicted, takeover.leg.start, serve)

    def _evict(self, evicted: Sequence[Grant], since: int, serve: Callable[[], None]) -> None:
        """Take leases back, `serve` whom that is for, and let the evicted and others look again."""
        for grant in evicted:
            cut = grant.cut(since)
            self._say(Displaced(grant.event.lease, Slot(cut), charged(self, grant, cut)))
        anew = []
        for name in dict.fromkeys(grant.order.id for grant in evicted):
            lost = [grant for grant in evicted if grant.order.id == name]
            is_gang = isinstance(lost[0].order.shape, Block)
            rest = self.orders.get(name) if is_gang else None
            anew.append(requeued(lost, lost[0].cut(since), rest))
            if rest is not None:
                self._say(Closed(name, OrderEnd.PARTIAL))
        serve()
        again = [found for found in anew if found is not None]
        for order, seq in again:
            self._say(Opened(order, seq))
            self._say(Rested(order.id))
        changed = {grant.event.listing for grant in evicted} & self.stocks.keys()
        for listing in sorted(changed, key=lambda listing: self.stocks[listing].seq):
            self._rematch(listing, arriving=False)
        routes = {self.route(grant.order, grant.region) for grant in evicted} - {None}
        freed = {route for route in routes if route is not None}
        self._look_again({order.id for order, _ in again} | self._needing(freed))

    def _reclaim(self, listing: ListingId, since: int) -> None:
        if listing not in self.stocks:
            self._say(Rejected(Rejection.UNKNOWN_ID))
            return
        stock = self.stocks[listing]
        start, end = stock.terms.window.start, stock.terms.window.end
        at = max(since, self.now + self.terms.notice)
        if at >= end:
            self._say(Rejected(Rejection.EMPTY_WINDOW))
            return
        if at <= max(start, self.now):
            self._say(ListingClosed(listing, ListingEnd.RECLAIMED))
        else:
            self._say(ListingAmended(replace(stock.terms, window=Window(start, Slot(at))), stock.seq))
        taken = [
            grant
            for grant in self.grants.values()
            if grant.event.listing == listing and grant.order.tier is Tier.SPOT and grant.end > at
        ]
        self._evict(whole_gangs(self, taken), at, lambda: None)

    # Changed terms

    def _publish(self, seq: Seq, listing: Listing) -> None:
        refused = self.listing_refused(listing)
        if refused:
            self._say(Rejected(refused))
            return
        self._say(Listed(listing, seq))
        if listing.window.end <= self.now:
            self._say(ListingClosed(listing.id, ListingEnd.EXPIRED))
        else:
            self._rematch(listing.id, arriving=True)

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
        committed = max(old.cards - stock.free(slot) for slot in coming)
        if refused:
            self._say(Rejected(refused))
        elif new.cards < committed:
            self._say(Rejected(Rejection.BELOW_COMMITTED))
        elif command.asks is None and new.cards <= old.cards:
            self._say(ListingAmended(new, stock.seq))
        else:
            self._say(ListingAmended(new, seq))
            self._rematch(new.id, arriving=True)

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
            if not isinstance(old.shape, Block):
                self._say(Rejected(Rejection.BAD_QUANTITY))
                return
            least, most = command.cards
            new = replace(new, shape=replace(old.shape, least=least, most=most))
            keeps_age &= least <= old.shape.least and most <= old.shape.most
        if command.deadline is not None:
            new = replace(new, window=Window(old.window.start, command.deadline))
            keeps_age &= command.deadline <= old.window.end
        refused = self.order_refused(new)
        if refused:
            self._say(Rejected(refused))
            return
        self._say(OrderAmended(new, waiting.seq if keeps_age else seq))
        self._arrive(waiting, may_displace=not keeps_age)

    def _set_link(self, command: SetLink) -> None:
        route, mbps = (command.home, command.region), command.mbps
        coming = [load for slot, load in self.loads.get(route, {}).items() if slot >= self.now]
        if not {*route} <= self.regions:
            self._say(Rejected(Rejection.UNKNOWN_REGION))
        elif mbps < 0 or command.home == command.region:
            self._say(Rejected(Rejection.BAD_QUANTITY))
        elif mbps < max(coming, default=0):
            self._say(Rejected(Rejection.BELOW_COMMITTED))
        else:
            grows = mbps > self.links.get(route, 0)
            self._say(LinkSet(command.home, command.region, mbps))
            if grows:
                self._look_again(self._needing({route}))

    def _tick(self, now: Slot) -> None:
        """Orders go first, then listings; each by the slot that ends them, then by id."""
        if now < self.now:
            self._say(Rejected(Rejection.CLOCK_GOES_BACK))
            return
        self._say(Ticked(now))
        starts = [(waiting.latest_start, waiting.terms.id) for waiting in self.orders.values()]
        ends = [(stock.terms.window.end, stock.terms.id) for stock in self.stocks.values()]
        for start, order in sorted(starts):
            if start < now:
                self._say(Closed(order, OrderEnd.EXPIRED))
        for end, listing in sorted(ends):
            if end <= now:
                self._say(ListingClosed(listing, ListingEnd.EXPIRED))

    # Refusals

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
        asked = [shape.least, shape.slots] if isinstance(shape, Block) else [shape.amount, shape.rate]
        counts = (*asked, *order.chips.values())
        regions = {*order.regions, *([] if order.home is None else [order.home])}
        upside_down = isinstance(shape, Block) and shape.least > shape.most
        broken = {
            Rejection.UNKNOWN_CHIP: not order.chips or not set(order.chips) <= self.chips,
            Rejection.UNKNOWN_REGION: not order.regions or not regions <= self.regions,
            Rejection.BAD_QUANTITY: any(count < 1 for count in counts)
            or upside_down
            or order.mbps_per_card < 0,
            Rejection.BAD_PRICE: order.limit < 0,
            Rejection.EMPTY_WINDOW: end <= start,
            Rejection.WINDOW_TOO_SHORT: end - start < order.slots,
        }
        return next((code for code, is_broken in broken.items() if is_broken), None)


def _priced(asks: Mapping[Tier, PriceCurve], start: int) -> bool:
    curves = [curve.steps for curve in asks.values()]
    return bool(curves) and all(
        steps
        and steps[0][0] <= start
        and all(price >= 0 for _, price in steps)
        and all(before < after for (before, _), (after, _) in pairwise(steps))
        for steps in curves
    )
