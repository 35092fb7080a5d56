"""An audit of a market's log: it knows what was asked and what was answered, and nothing of how.

It checks no choice: whether an order got the *best* it could is the oracle's business. It checks that whatever was
leased was there, was allowed and was paid as the rules say, that nobody lost a lease without cause, notice or due,
and that every order came to exactly one end.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from matching.commands import (
    AmendListing,
    AmendOrder,
    Command,
    Place,
    Publish,
    Reclaim,
    SetLink,
    Tick,
)
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
    MarketTerms,
    Order,
    OrderEnd,
    OrderId,
    PriceRule,
    RegionCode,
    Seq,
    Split,
    Tier,
    TimeInForce,
    Window,
    Work,
)
from tests.matching.asked import asked, is_whole, least, next_life


class BreachError(AssertionError):
    """A law of the market is broken."""


def require(kept: bool, law: str) -> None:
    if not kept:
        raise BreachError(law)


@dataclass(slots=True)
class Held:
    """A lease that was granted, with the terms on both sides as they were then."""

    event: Leased
    order: Order
    listing: Listing
    age: Seq

    @property
    def weight(self) -> int:
        return self.order.chips[self.listing.chip]

    @property
    def hold(self) -> int:
        return self.order.limit * self.weight // 1000


@dataclass(slots=True)
class Heard:
    """What one command has made happen so far."""

    displaced: dict[LeaseNumber, Displaced] = field(default_factory=dict)
    leased: list[Held] = field(default_factory=list)
    reopened: list[OrderId] = field(default_factory=list)
    had_nothing: set[OrderId] = field(default_factory=set)
    looking: set[OrderId] = field(default_factory=set)


@dataclass(slots=True)
class Audit:
    """What the log says so far."""

    terms: MarketTerms = field(default_factory=MarketTerms)
    now: int = 0
    listings: dict[ListingId, Listing] = field(default_factory=dict)
    withdrawn: set[ListingId] = field(default_factory=set)
    leased: Counter[tuple[ListingId, int]] = field(default_factory=Counter)  # cards by listing and slot
    links: dict[tuple[RegionCode, RegionCode], int] = field(default_factory=dict)
    loads: Counter[tuple[RegionCode, RegionCode, int]] = field(default_factory=Counter)
    orders: dict[OrderId, Order] = field(default_factory=dict)
    ages: dict[OrderId, Seq] = field(default_factory=dict)
    rested: set[OrderId] = field(default_factory=set)
    got: Counter[OrderId] = field(default_factory=Counter)  # thousandths of cards, of work card-slots
    paces: Counter[tuple[OrderId, int]] = field(default_factory=Counter)  # thousandths of cards by slot
    leases: dict[LeaseNumber, Held] = field(default_factory=dict)
    cut: set[LeaseNumber] = field(default_factory=set)
    ended: dict[OrderId, OrderEnd] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)

    def read(self, seq: Seq, command: Command, events: Sequence[Event]) -> None:
        """Check the answer to the `seq`-th command."""
        require(len(events) > 0, "every command is answered")
        if any(isinstance(event, Rejected) for event in events):
            require(len(events) == 1, "a refused command does nothing else")
        self.heard = Heard()
        for event in events:
            self._read(seq, command, event)
        self._in_all(command)

    def open_orders(self) -> list[OrderId]:
        return [order for order in self.orders if order not in self.ended]

    def offered(self) -> Mapping[ListingId, Listing]:
        """Listings that are still in the books."""
        return {name: terms for name, terms in self.listings.items() if name not in self.withdrawn}

    def left(self, listing: ListingId, slot: int) -> int:
        """Cards of a listing that nobody has leased in a slot."""
        return self.listings[listing].cards - self.leased[listing, slot]

    def wanted(self, order: OrderId) -> int:
        """What an order has asked for and not got, in thousandths."""
        return asked(self.orders[order]) - self.got[order]

    def _read(self, seq: Seq, command: Command, event: Event) -> None:
        match event:
            case Opened(order, age):
                self._opened(command, seq, order, age)
            case OrderAmended(order, age):
                self._amended_order(seq, command, order, age)
            case Listed(listing, age):
                as_published = isinstance(command, Publish) and listing == command.listing
                require(as_published and age == seq, "a listing stands as it was published")
                self.listings[listing.id] = listing
            case ListingAmended(listing, age):
                require(age <= seq, "nothing is older than its command")
                self._amended_listing(command, listing)
            case ListingClosed(listing_id, end):
                require(listing_id in self.offered(), "a listing closes once")
                reclaimed = isinstance(command, Reclaim) and command.listing == listing_id
                require(reclaimed == (end is ListingEnd.RECLAIMED), "only its seller reclaims a listing")
                self.withdrawn.add(listing_id)
            case Leased():
                require(not isinstance(command, Tick), "time alone makes no lease")
                self._leased(command, event)
            case Displaced():
                self._displaced(command, event)
            case LinkSet(home, region, mbps):
                require(command == SetLink(home, region, mbps), "a link is set as asked")
                self.links[home, region] = mbps
            case Rested(order_id):
                self._rested(order_id)
            case Closed(order_id, end):
                self._closed(order_id, end)
            case Ticked(now):
                require(isinstance(command, Tick) and self.now <= now == command.now, "time only moves on")
                self.now = now
            case Rejected():
                pass

    def _in_all(self, command: Command) -> None:
        """What must hold once a command is carried out."""
        require(not self.heard.looking, "an order that looks for capacity is leased to, rests or is closed")
        late = [order for order in self.open_orders() if self._latest_start(order) < self.now]
        require(not late, f"orders end when their latest start has passed: {late}")
        over = [name for name, terms in self.offered().items() if terms.window.end <= self.now]
        require(not over, f"listings end with their windows: {over}")
        for (home, region, slot), load in self.loads.items():
            enough = load <= self.links.get((home, region), 0)
            require(slot < self.now or enough, f"the link from {home} to {region} has its bandwidth")
        for order in self.heard.had_nothing:
            enough = self.got[order] >= least(self.orders[order])
            require(enough, "an order gets its least, or nothing")
        for name in {held.order.id for held in self.heard.leased}:
            lots = [held.listing.lot * held.weight for held in self.heard.leased if held.order.id == name]
            require(-self.wanted(name) < max(lots), "no lot is leased in vain")
        if self.heard.displaced:
            self._taken_rightly(command)
            self._asked_for_anew()

    # Orders and listings

    def _opened(self, command: Command, seq: Seq, order: Order, age: Seq) -> None:
        require(order.id not in self.orders, "an order opens once")
        if isinstance(command, Place) and command.order.id == order.id:
            require(order == command.order and age == seq, "an order opens as it was placed")
        else:
            self._reopened(order, age)
        self.orders[order.id], self.ages[order.id] = order, age
        self.heard.looking.add(order.id)

    def _amended_order(self, seq: Seq, command: Command, order: Order, age: Seq) -> None:
        known = isinstance(command, AmendOrder) and order.id in self.open_orders()
        require(known, "an open order is amended")
        assert isinstance(command, AmendOrder)
        before = self.orders[order.id]
        wanted, keeps_age = before, command.limit is None
        if command.limit is not None:
            wanted = replace(wanted, limit=command.limit)
        if command.cards is not None and isinstance(before.shape, Block):
            size = command.cards
            wanted = replace(wanted, shape=replace(before.shape, least=size[0], most=size[1]))
            keeps_age &= size[0] <= before.shape.least and size[1] <= before.shape.most
        if command.deadline is not None:
            wanted = replace(wanted, window=Window(wanted.window.start, command.deadline))
            keeps_age &= command.deadline <= before.window.end
        require(order == wanted, "an order is amended as asked")
        require(age == (self.ages[order.id] if keeps_age else seq), "only who asks for less keeps its age")
        self.orders[order.id], self.ages[order.id] = order, age
        self.heard.looking.add(order.id)

    def _amended_listing(self, command: Command, listing: Listing) -> None:
        require(listing.id in self.offered(), "an offered listing is amended")
        wanted = self.listings[listing.id]
        if isinstance(command, Reclaim):
            at = max(command.since, self.now + self.terms.notice)
            require(
                listing.window.end == at, "a reclaimed listing ends where it was asked, or after the notice"
            )
            wanted = replace(wanted, window=listing.window)
        else:
            require(isinstance(command, AmendListing), "a listing is amended when that is asked")
            assert isinstance(command, AmendListing)
            wanted = wanted if command.cards is None else replace(wanted, cards=command.cards)
            wanted = wanted if command.asks is None else replace(wanted, asks=command.asks)
        require(listing == wanted, "a listing is amended as asked")
        self.listings[listing.id] = listing
        coming = range(max(self.now, listing.window.start), listing.window.end)
        require(all(self.left(listing.id, slot) >= 0 for slot in coming), "what is leased stays on offer")

    def _rested(self, order_id: OrderId) -> None:
        require(order_id in self.open_orders(), "only open orders rest")
        order = self.orders[order_id]
        if order_id not in self.heard.reopened:
            require(order.tif is TimeInForce.GTC and self.terms.resting, "an immediate order never rests")
        require(not is_whole(order), "work that is asked for as a whole never rests")
        self.rested.add(order_id)
        self.heard.looking.discard(order_id)

    def _closed(self, order_id: OrderId, end: OrderEnd) -> None:
        require(order_id in self.open_orders(), "an order ends once")
        order, got = self.orders[order_id], self.got[order_id]
        require(
            (end is OrderEnd.FILLED) == (self.wanted(order_id) <= 0), "filled means all that was asked for"
        )
        if end is OrderEnd.PARTIAL:
            require(got > 0, "partly filled means that it got something")
        elif end is OrderEnd.KILLED:
            at_once = order.tif is TimeInForce.IOC or is_whole(order) or not self.terms.resting
            require(at_once and got == 0, "only immediate orders that got nothing are killed")
        elif end is OrderEnd.EXPIRED:
            require(self._latest_start(order_id) < self.now, "no order expires while it can still start")
        self.ended[order_id] = end
        self.heard.looking.discard(order_id)

    def _latest_start(self, order_id: OrderId) -> int:
        order = self.orders[order_id]
        mates = self._mates(order_id)
        latest = order.window.end - order.slots
        if isinstance(order.shape, Block) and mates:
            latest = min(latest, mates[0].event.window.start)
        return latest

    def _mates(self, order_id: OrderId) -> list[Held]:
        return [held for held in self.leases.values() if held.order.id == order_id]

    # Leases

    def _leased(self, command: Command, lease: Leased) -> None:
        require(lease.lease == len(self.leases) + 1, "leases are numbered as they are granted")
        require(lease.order in self.open_orders(), "only open orders are leased to")
        require(lease.listing in self.offered(), "only listings in the books are leased")
        order, listing = self.orders[lease.order], self.listings[lease.listing]
        held = Held(lease, order, listing, self.ages[order.id])
        planned = isinstance(order.shape, Work) and any(h.order.id == order.id for h in self.heard.leased)
        require(planned or self.wanted(order.id) > 0, "who has all gets no more")
        self._allowed(held)
        self._joins(held)
        self._paid(command, held)
        if not self.got[order.id]:
            self.heard.had_nothing.add(order.id)
        self._use(held, range(lease.window.start, lease.window.end), 1)
        for slot in range(lease.window.start, lease.window.end):
            require(self.left(lease.listing, slot) >= 0, "no card is leased twice")
            self.paces[order.id, slot] += lease.working * held.weight
            if isinstance(order.shape, Work):
                require(self.paces[order.id, slot] <= order.shape.rate * 1000, "work keeps to its rate")
        slots = 1 if isinstance(order.shape, Block) else len(lease.window)
        self.got[order.id] += lease.working * held.weight * slots
        self.leases[lease.lease] = held
        self.heard.leased.append(held)

    def _use(self, held: Held, slots: range, times: int) -> None:
        """Take a lease's cards and bandwidth, or give them back."""
        order, region = held.order, held.listing.region
        for slot in slots:
            self.leased[held.listing.id, slot] += times * held.event.cards
            if order.home is not None and order.home != region and order.mbps_per_card:
                mbps = held.event.working * order.mbps_per_card
                self.loads[order.home, region, slot] += times * mbps

    def _allowed(self, held: Held) -> None:
        lease, order, listing = held.event, held.order, held.listing
        start, end = lease.window.start, lease.window.end
        require(order.window.start <= start and end <= order.window.end, "a lease lies in the order's window")
        inside = listing.window.start <= start and end <= listing.window.end
        require(inside, "a lease lies in the listing's window")
        require(start >= self.now, "no lease starts in the past")
        require(listing.min_slots <= order.slots, "no run is shorter than the listing's shortest")
        require(listing.chip in order.chips, "the chip is one that the order accepts")
        require(listing.region in order.regions, "the region is one that the order accepts")
        require(order.tier in listing.asks, "the listing is offered in the order's tier")
        require(order.buyer != listing.seller, "nobody sells to himself")
        require(lease.cards % listing.lot == 0, "whole lots are leased")
        require(0 < lease.working <= lease.cards, "some of the cards work")
        if isinstance(order.shape, Block):
            require(end - start == order.shape.slots, "a lease lasts as long as the order asks")
            require(lease.cards - lease.working < listing.lot, "no lot is leased that does not work")
        else:
            require(lease.cards == lease.working, "all that is leased for work works")

    def _joins(self, held: Held) -> None:
        """A gang has one chip and one start, and one seller or region if it says so."""
        shape, mates = held.order.shape, self._mates(held.order.id)
        if isinstance(shape, Block) and mates:
            first = mates[0]
            require(shape.split is not Split.ONE, "one seller serves an order, once")
            require(first.listing.chip == held.listing.chip, "a gang has one chip")
            require(first.event.window.start == held.event.window.start, "a gang has one start")
            near = first.listing.region == held.listing.region
            require(near or shape.split is Split.REGIONS, "a gang over sellers has one region")

    def _paid(self, command: Command, held: Held) -> None:
        lease, order, weight = held.event, held.order, held.weight
        paid = [price for since, until, price in lease.runs for _ in range(since, until)]
        edges = [lease.window.start, *(until for _, until, _ in lease.runs)]
        meet = edges == [*(since for since, _, _ in lease.runs), lease.window.end]
        require(meet, "the runs of a price cover the lease")
        require(lease.cost == sum(paid) * lease.cards, "a lease costs what its cards do")
        require(sum(paid) * 1000 <= order.limit * len(paid) * weight, "no buyer pays more than its limit")
        if isinstance(order.shape, Work):
            worst = max(paid)
            require(worst * 1000 <= order.limit * weight, "no slot of work is dearer than the limit")
        asks = self._posted(held)
        if self._is_maker(command, held):
            require(set(paid) == {held.hold}, "who waited for a listing that wants it so pays its own limit")
        elif self._is_taker(command, held):
            here = [self.leases[number] for number in self.heard.displaced]
            top = max([gone.hold for gone in here if gone.listing.id == held.listing.id], default=0)
            dearest = [max(ask, top) for ask in asks]
            require(paid == (dearest if order.tier is Tier.SPOT else asks), "a taker pays what it displaces")
        else:
            require(paid == asks, "a buyer pays the posted price")

    def _posted(self, held: Held) -> list[int]:
        steps = held.listing.asks[held.order.tier].steps
        run = range(held.event.window.start, held.event.window.end)
        return [[price for since, price in steps if since <= slot][-1] for slot in run]

    def _is_maker(self, command: Command, held: Held) -> bool:
        arrives = (isinstance(command, Publish) and command.listing.id == held.listing.id) or (
            isinstance(command, AmendListing) and command.listing == held.listing.id
        )
        return arrives and held.listing.price_rule is PriceRule.MAKER

    def _is_taker(self, command: Command, held: Held) -> bool:
        asks = (isinstance(command, Place) and command.order.id == held.order.id) or (
            isinstance(command, AmendOrder) and command.order == held.order.id
        )
        return asks and bool(self.heard.displaced)

    # Leases that are taken back

    def _displaced(self, command: Command, event: Displaced) -> None:
        require(event.lease in self.leases and event.lease not in self.cut, "a lease is taken back once")
        held = self.leases[event.lease]
        start, end = held.event.window.start, held.event.window.end
        require(held.order.tier is Tier.SPOT, "on-demand leases are never taken back")
        require(event.at >= self.now + self.terms.notice, "a lease runs on for the notice")
        require(start <= event.at < end, "a lease is cut where it runs")
        if isinstance(command, Reclaim):
            since = max(command.since, self.now + self.terms.notice)
            require(event.at == max(since, start), "a reclaimed lease is cut where its seller asks")
        else:
            asks = isinstance(command, Place | AmendOrder) and self.terms.displacement
            require(asks, "only orders and sellers take leases back")
        delivered = [
            price
            for since, until, price in held.event.runs
            for slot in range(since, until)
            if slot < event.at
        ]
        due = sum(delivered) * held.event.cards if len(delivered) > self.terms.grace else 0
        require(event.charged == due, "only what was delivered is paid, and nothing within the grace")
        self._use(held, range(event.at, end), -1)
        self.cut.add(event.lease)
        self.heard.displaced[event.lease] = event

    def _taken_rightly(self, command: Command) -> None:
        """Whoever lost a lease lost it to its seller, or to somebody who is worth more."""
        gone = [self.leases[number] for number in self.heard.displaced]
        for number, held in self.leases.items():
            whole = isinstance(held.order.shape, Block) and held.order.tier is Tier.SPOT
            lost = held.order.id in {each.order.id for each in gone}
            runs = held.event.window.end > self.now and number not in self.cut
            require(not (whole and lost and runs), "a gang is taken back as a whole")
        if isinstance(command, Reclaim):
            here = {held.order.id for held in gone if held.listing.id == command.listing}
            require({held.order.id for held in gone} <= here, "only a listing's own leases are reclaimed")
            return
        name = command.order.id if isinstance(command, Place) else getattr(command, "order", None)
        takers = [held for held in self.heard.leased if held.order.id == name]
        require(len(takers) == 1, "leases are taken back for one lease")
        self._worth_it(takers[0], gone)

    def _worth_it(self, taker: Held, gone: Sequence[Held]) -> None:
        window, worth = taker.event.window, taker.hold
        require(isinstance(taker.order.shape, Block), "only blocks take leases back")
        for name in {held.order.id for held in gone}:
            met = [
                held.hold
                for held in gone
                if held.order.id == name
                and held.listing.id == taker.listing.id
                and held.event.window.start < window.end
                and held.event.window.end > window.start
            ]
            require(bool(met), "nobody is displaced who is not in the way")
            bar = min(met, default=0)
            outbid = worth > bar and worth * 10_000 >= bar * (10_000 + self.terms.outbid_bp)
            require(
                outbid or taker.order.tier is Tier.ON_DEMAND, "spot gives way to a clearly higher bid only"
            )
        lost = 0
        for held in gone:
            cut = self.heard.displaced[held.event.lease].at
            require(
                cut == max(window.start, held.event.window.start), "a lease runs on until it is in the way"
            )
            lost += held.hold * held.event.cards * (held.event.window.end - cut)
        gain = worth * taker.event.cards * len(window)
        require(
            gain > lost or taker.order.tier is Tier.ON_DEMAND, "spot that takes spot raises declared value"
        )

    def _reopened(self, order: Order, age: Seq) -> None:
        """An order comes back by itself only for what it lost in this command."""
        lost = [
            (held, self.heard.displaced[number].at)
            for number, held in self.leases.items()
            if number in self.heard.displaced and next_life(held.order.id) == order.id
        ]
        require(bool(lost), "only displaced orders come back")
        held, at = lost[-1]
        before = self.orders[held.order.id]
        shape, old = order.shape, before.shape
        require(isinstance(shape, Block) and isinstance(old, Block), "work does not come back")
        assert isinstance(shape, Block)
        assert isinstance(old, Block)
        want = Window(at, before.window.end)
        require(
            order.window.start == at and shape.slots == held.event.window.end - at, "it asks for the rest"
        )
        evicted_rest = self.ended.get(before.id) is OrderEnd.PARTIAL
        kept = [replace(terms, id=order.id, window=want, shape=shape) for terms in (before, held.order)]
        require(order in kept, "what comes back asks for what it asked for")
        require(held.age <= age <= self.ages[before.id], "who comes back has the age that it had")
        require(1 <= shape.least <= shape.most and shape.split is old.split, "its size is sound")
        require(not evicted_rest or shape.most <= old.most, "it asks for no more than it did")
        self.heard.reopened.append(order.id)

    def _asked_for_anew(self) -> None:
        """Nobody who wanted to come back, and could, is forgotten."""
        for number, event in self.heard.displaced.items():
            held = self.leases[number]
            order = self.orders[held.order.id]
            came = next_life(order.id) in self.heard.reopened
            back = order.on_preempt.value == "requeue" and isinstance(order.shape, Block)
            could = order.window.end - event.at >= held.event.window.end - event.at
            require(came == back if could else True, "displaced blocks come back unless they do not want to")
