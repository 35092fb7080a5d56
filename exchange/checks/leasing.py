"""Was nothing leased but what was offered and asked for, and was it rightly taken back?

Read from the log alone, command by command. It knows what was asked and what was answered, and nothing of how: whether
an order got the best that there was is for whoever decides anew.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from exchange.bookkeeping import entries
from exchange.checks.asking import (
    accepted_faults,
    amended_faults,
    link_faults,
    listing_end_faults,
    open_faults,
    order_end_faults,
    published_faults,
    reworked_faults,
)
from exchange.checks.displacing import (
    absence_faults,
    cut_faults,
    lost_faults,
    note_cut,
    return_faults,
    takeover_faults,
)
from exchange.checks.findings import Findings, telling, unequal
from exchange.checks.fitting import fit_faults, party_faults, same_faults, served_faults
from exchange.checks.levels import FOR_EVER
from exchange.checks.market import Heard, Kept, Market, OnOffer, Place, Served, SpotLease, Wanted
from exchange.checks.pricing import price_faults
from exchange.checks.reserving import lease_needs, order_needs, return_needs, slots_by_price
from exchange.closing.events import StatementPosted, SubjectKind
from exchange.commands import Envelope
from exchange.events import Event
from exchange.listings.events import ListingPublished
from exchange.orders.events import (
    LeaseDisplaced,
    LeaseGranted,
    OrderAccepted,
    OrderClosed,
    OrderNotContinued,
    OrderReworked,
    ReserveReleased,
)
from exchange.parties.events import PartyRegistered
from exchange.rejections import Rejected
from exchange.venue.events import TermsAdopted
from matching.events import LinkSet, ListingAmended, ListingClosed, Rested, Ticked
from matching.terms import Block, ListingEnd, Order, Tier
from settlement.ledger.chart import AccountKind


@dataclass(slots=True)
class Leasing:
    """Follows what is offered, wanted, leased and taken back. It remembers what is open, and nothing else."""

    capacity: Findings = field(
        default_factory=lambda: Findings("capacity", "no listing and no link is oversold in any slot")
    )
    leases: Findings = field(
        default_factory=lambda: Findings(
            "leases", "every lease keeps its order's terms, and costs what its listing asks"
        )
    )
    displaced: Findings = field(
        default_factory=lambda: Findings(
            "displacement", "leases are taken back with cause, notice and due, and their orders come back"
        )
    )
    reserves: Findings = field(
        default_factory=lambda: Findings(
            "reserves", "orders and leases hold the most that they can cost, and their buyers have it"
        )
    )
    market: Market = field(default_factory=Market)
    _heard: Heard = field(default_factory=Heard)

    def all_findings(self) -> Iterator[Findings]:
        """What was found, in the order in which it is told."""
        yield from (self.capacity, self.leases, self.displaced, self.reserves)

    def see(self, seq: int, asked: Envelope | None, events: Sequence[Event]) -> None:
        """The next command, by its place in the log, and what it made happen."""
        self._heard = Heard(seq, asked)
        for event in events:
            with telling(self.leases):
                self._see(event)
        with telling(self.leases):
            self._end_command()

    def held(self) -> dict[str, Kept]:
        """What each order holds, or keeps after its end, as the log has it."""
        held = {name: Kept(wanted.party, wanted.held) for name, wanted in self.market.wanted.items()}
        return held | self.market.kept

    def _see(self, event: Event) -> None:
        match event:
            case TermsAdopted(rules):
                self.market.rules = rules
            case PartyRegistered(party):
                self.market.groups[party.id] = party.group
            case Ticked(now):
                self._tick(now)
            case Rejected():
                self._heard.refused = True
            case ListingPublished() | ListingAmended() | ListingClosed() | LinkSet():
                self._see_supply(event)
            case OrderAccepted() | OrderReworked() | Rested() | OrderClosed() | ReserveReleased():
                self._see_order(event)
            case LeaseGranted():
                self._grant(event)
            case LeaseDisplaced():
                self._take_back(event)
            case OrderNotContinued():
                self._stay_away(event)
            case StatementPosted() if event.kind is SubjectKind.LEASE:
                lease = self.market.spot.get(event.subject)
                if lease is not None:
                    lease.settled.update(dict(event.settled))
            case _:
                pass
        for entry in entries(event):
            for posting in entry.postings:
                if posting.account.kind is AccountKind.AVAILABLE:
                    self.market.available[posting.account.owner] += posting.amount

    def _tick(self, now: int) -> None:
        self._heard.time_passed = True
        self.market.now = now
        self._heard.ended.update(lease.order.id for lease in self.market.forget_ended())
        self._heard.late_orders, self._heard.late_listings = self.market.late()

    # Listings and links

    def _see_supply(self, event: ListingPublished | ListingAmended | ListingClosed | LinkSet) -> None:
        self._heard.answered = True
        match event:
            case ListingPublished():
                self._publish(event)
            case ListingAmended(listing, _):
                self._tell(self.leases, f"listing {listing.id}", self._amend_listing(event))
            case ListingClosed(name, _):
                self._tell(self.leases, f"listing {name}", self._close_listing(event))
            case LinkSet():
                self._set_link(event)

    def _publish(self, event: ListingPublished) -> None:
        listing, age, heard = event.listed.listing, event.listed.seq, self._heard
        faults = [*unequal("age", heard.seq, age), *unequal("id", f"lst-{heard.seq}", listing.id)]
        if heard.asked is not None:
            faults += published_faults(heard.asked, event)
        self._tell(self.leases, f"listing {listing.id}", faults)
        self.market.offers[listing.id] = OnOffer(listing, age, event.party, event.line)
        self.market.watch_listing(listing.id)
        heard.listing = listing.id

    def _amend_listing(self, event: ListingAmended) -> Iterator[str]:
        """Other cards count from now on; what was leased before may have had more."""
        listing, age, heard = event.listing, event.seq, self._heard
        offer, rules = self.market.offers.get(listing.id), self.market.rules
        if offer is None or rules is None:
            yield "amended, but it is not on offer"
            return
        if heard.asked is not None:
            yield from amended_faults(heard, heard.asked, offer, event, self.market.now, rules)
        if offer.terms.window != listing.window:
            heard.reclaimed = listing.id, listing.window.end
        elif age == heard.seq:
            heard.listing = listing.id
        offer.terms, offer.age = listing, age
        self.market.watch_listing(listing.id)
        self._sweep(offer, max(self.market.now, listing.window.start), listing.window.end)

    def _close_listing(self, event: ListingClosed) -> Iterator[str]:
        offer, rules = self.market.offers.pop(event.listing, None), self.market.rules
        if offer is None or rules is None:
            yield "closed, but it is not on offer"
            return
        yield from listing_end_faults(self._heard.command, offer, event, rules, self.market.now)
        if event.end is ListingEnd.RECLAIMED:
            self._heard.reclaimed = event.listing, offer.terms.window.start

    def _sweep(self, offer: OnOffer, start: int, end: int) -> None:
        """Is there a slot in which more is leased than the listing has?"""
        self.capacity.examined += 1
        over = offer.leased.over(start, end, offer.terms.cards)
        if over is not None:
            slot, cards = over
            self.capacity.tell(
                f"listing {offer.terms.id}: {cards} cards leased in slot {slot} of {offer.terms.cards}"
            )

    def _set_link(self, event: LinkSet) -> None:
        name = f"link {event.home}/{event.region}"
        if self._heard.asked is not None:
            self._tell(self.leases, name, link_faults(self._heard.asked, event))
        link = self.market.link_of(event.home, event.region)
        link.mbps = event.mbps
        self.capacity.examined += 1
        over = link.taken.over(self.market.now, FOR_EVER, link.mbps)
        if over is not None:
            slot, taken = over
            self.capacity.tell(f"{name}: {taken} Mbit/s taken in slot {slot} of {link.mbps}")

    # Orders

    def _see_order(
        self, event: OrderAccepted | OrderReworked | Rested | OrderClosed | ReserveReleased
    ) -> None:
        wanted = self.market.wanted
        match event:
            case OrderAccepted():
                self._accept(event)
            case OrderReworked():
                self._rework(event)
            case Rested(name) if name in wanted:
                wanted[name].rests = True
                self.market.watch_order(name)
            case OrderClosed():
                self._close(event)
            case ReserveReleased(name, party, released):
                kept = self.market.kept.pop(name, Kept(party, 0))
                faults = [*unequal("released", kept.held, released), *unequal("party", kept.party, party)]
                faults += [f"{mate.id} can still be taken back" for mate in self.market.mates(name)]
                self._tell(self.reserves, f"order {name}", faults)
            case _:
                pass

    def _accept(self, event: OrderAccepted) -> None:
        order, heard = event.opened.order, self._heard
        if order.id == f"ord-{heard.seq}":
            heard.order, heard.answered = order.id, True
            asked_of = [] if heard.asked is None else accepted_faults(heard.asked, event)
            faults = [*unequal("age", heard.seq, event.opened.seq), *asked_of]
            self._tell(self.leases, f"order {order.id}", faults)
        else:
            self._pass_over(order.id)
            self._tell(self.displaced, f"order {order.id}", return_faults(heard, event))
            heard.due.pop(order.id, None)
        heard.looking.add(order.id)
        if self.market.rules is not None:
            needed = order_needs(order, self.market.rules, order.size)
            available = self.market.available[event.party]
            faults = [*unequal("held", needed, event.held)]
            if event.held > available:
                faults.append(f"it holds {event.held}, and its buyer has {available}")
            self._tell(self.reserves, f"order {order.id}", faults)
        self.market.wanted[order.id] = Wanted(
            order, event.opened.seq, event.party, event.source, event.held, order.size
        )

    def _rework(self, event: OrderReworked) -> None:
        """New terms. What it has got counts towards its new size; who asks for more loses its age."""
        order, age = event.amended.order, event.amended.seq
        wanted = self.market.wanted.get(order.id)
        if wanted is None:
            self.leases.tell(f"order {order.id}: amended, but it is not open")
            return
        heard = self._heard
        heard.answered = True
        heard.looking.add(order.id)
        if heard.asked is not None:
            self._tell(self.leases, f"order {order.id}", reworked_faults(heard, heard.asked, wanted, event))
        if age == heard.seq:
            heard.order = order.id
        left = order.size - (wanted.terms.size - wanted.left)
        faults = [*unequal("held before", wanted.held, event.held_before)]
        if self.market.rules is not None:
            faults += unequal("held", order_needs(order, self.market.rules, left), event.held)
        self._tell(self.reserves, f"order {order.id}", faults)
        wanted.terms, wanted.age, wanted.held = order, age, event.held
        wanted.left, wanted.rests = max(0, left), False

    def _close(self, event: OrderClosed) -> None:
        """What it held goes back to its buyer, but for what it needs to come back."""
        name = event.closed.order
        wanted, rules = self.market.wanted.pop(name, None), self.market.rules
        if wanted is None:
            self.leases.tell(f"order {name}: closed, but it is not open")
            return
        faults = [
            *unequal("party", wanted.party, event.party),
            *unequal("held", wanted.held, event.released + event.kept),
        ]
        if rules is not None:
            ends = order_end_faults(self._heard.command, wanted, event.closed.end, rules, self.market.now)
            self._tell(self.leases, f"order {name}", ends)
            kept = min(wanted.held, return_needs(wanted.terms, self.market.mates(name), rules))
            faults += unequal("kept", kept, event.kept)
        self._tell(self.reserves, f"order {name}", faults)
        if event.kept:
            self.market.kept[name] = Kept(event.party, event.kept)

    # Leases

    def _grant(self, event: LeaseGranted) -> None:
        self.leases.examined += 1
        lease, leased, market = event.lease, event.leased, self.market
        if lease.order != self._heard.order:
            self._pass_over()
        faults = [*unequal("number", market.granted + 1, leased.lease)]
        faults += unequal("number", f"lse-{leased.lease}", lease.id)
        market.granted = leased.lease
        offer, wanted = market.offers.get(lease.listing), market.wanted.get(lease.order)
        if offer is None or wanted is None or market.rules is None:
            faults.append(f"{lease.listing} or {lease.order} is not open")
            self._tell(self.leases, f"lease {lease.id}", faults)
            return
        if self._heard.time_passed:
            faults.append("time alone makes no lease")
        faults += party_faults(market, market.rules, lease, offer, wanted)
        faults += same_faults(lease, leased)
        takes_over = self._heard.takes_over(lease.order)
        faults += fit_faults(market, offer, wanted, leased, takes_over=takes_over)
        faults += price_faults(self._heard, offer, wanted, event)
        self._tell(self.leases, f"lease {lease.id}", faults)
        if takes_over:
            worth = takeover_faults(market, market.rules, self._heard, offer, wanted, leased)
            self._tell(self.displaced, f"lease {lease.id}", worth)
        self._hold(event, wanted)
        self._count(event, offer, wanted)

    def _hold(self, event: LeaseGranted, wanted: Wanted) -> None:
        """What it can cost passes from the order to the lease."""
        needed = lease_needs(event.lease.cards, slots_by_price(event.lease.runs))
        faults = [*unequal("held", needed, event.held)]
        wanted.held -= event.held
        faults += unequal("held by the order", wanted.held, event.order_held)
        if wanted.held < 0:
            faults.append(f"it holds {-wanted.held} more than its order did")
        self._tell(self.reserves, f"lease {event.lease.id}", faults)

    def _count(self, event: LeaseGranted, offer: OnOffer, wanted: Wanted) -> None:
        """Cards and bandwidth are taken, and the order has come so much further."""
        leased, order, listing = event.leased, wanted.terms, offer.terms
        start, end = leased.window.start, leased.window.end
        weight = order.chips.get(listing.chip, 0)
        served = self._heard.served.setdefault(order.id, Served(order, wanted.left, wanted.begun is None))
        done = leased.working * weight * (1 if isinstance(order.shape, Block) else len(leased.window))
        served.done += done
        served.cost += leased.cost
        served.largest_lot = max(served.largest_lot, listing.lot * weight)
        wanted.left = max(0, wanted.left - done)
        if wanted.begun is None:
            wanted.begun = Place(listing.chip, listing.region, start)
            self.market.watch_order(order.id)
        if not isinstance(order.shape, Block):
            wanted.pace.update(dict.fromkeys(range(start, end), leased.working * weight))
        offer.leased.forget_before(self.market.now)
        offer.leased.add(start, end, event.lease.cards)
        self._sweep(offer, start, end)
        self._load(order, listing.region, start, end, leased.working)
        if order.tier is Tier.SPOT:
            self.market.keep(_spot_lease(event, wanted, listing.region, weight))

    def _load(self, order: Order, region: str, start: int, end: int, working: int) -> None:
        """Let so many cards take bandwidth, or with a negative number give it back."""
        link = self.market.link(order, region)
        if link is not None:
            link.taken.forget_before(self.market.now)
            link.taken.add(start, end, working * order.mbps_per_card)

    def _take_back(self, event: LeaseDisplaced) -> None:
        self.displaced.examined += 1
        market, rules, lease = self.market, self.market.rules, self.market.spot.get(event.lease)
        if lease is None or rules is None:
            self.displaced.tell(f"lease {event.lease}: taken back, but it is over, on demand, or was never")
            return
        faults = cut_faults(market, rules, self._heard, lease, event)
        self._tell(self.displaced, f"lease {lease.id}", faults)
        market.forget(lease)
        at, end = max(event.displaced.at, lease.window.start), lease.window.end
        offer = market.offers.get(lease.listing)
        if at < end:
            if offer is not None:
                offer.leased.add(at, end, -lease.cards)
            self._load(lease.order, lease.region, at, end, -lease.working)
        note_cut(market, self._heard, lease, at)
        self._heard.ended.add(lease.order.id)

    def _stay_away(self, event: OrderNotContinued) -> None:
        """An order that can't come back, in its turn."""
        name, rules = event.rest.id, self.market.rules
        self._pass_over(name)
        if rules is not None:
            faults = absence_faults(self._heard, event, rules, self.market.available[event.party])
            self._tell(self.displaced, f"order {name}", faults)
        self._heard.due.pop(name, None)

    # Between commands

    def _pass_over(self, until: str | None = None) -> None:
        """Whoever ought to have come back by now, or before the order named, did not, and nobody said why."""
        due = self._heard.due
        for name in list(takewhile(lambda name: name != until, due)):
            del due[name]
            self.displaced.tell(f"order {name}: it does not come back, and nothing says why")

    def _end_command(self) -> None:
        """What must hold once a command is carried out."""
        heard, market = self._heard, self.market
        self._pass_over()
        for name, served in heard.served.items():
            self._tell(self.leases, f"order {name}", served_faults(served))
        for fault in open_faults(market, heard):
            self.leases.tell(fault)
        if heard.lost or heard.reclaimed:
            for fault in lost_faults(market, heard):
                self.displaced.tell(fault)
        for name in sorted(heard.ended):
            if name in market.kept and name not in market.by_order:
                kept = market.kept[name].held
                self.reserves.tell(f"order {name}: it keeps {kept}, and no lease can be taken back")

    def _tell(self, findings: Findings, thing: str, faults: Iterable[str]) -> None:
        if findings is self.reserves:
            findings.examined += 1
        for fault in faults:
            findings.tell(f"{thing}: {fault}")


def _spot_lease(event: LeaseGranted, wanted: Wanted, region: str, weight: int) -> SpotLease:
    lease, leased = event.lease, event.leased
    return SpotLease(
        id=lease.id,
        number=leased.lease,
        order=wanted.terms,
        age=wanted.age,
        buyer=lease.buyer,
        source=lease.source,
        listing=lease.listing,
        region=region,
        cards=lease.cards,
        working=leased.working,
        weight=weight,
        window=leased.window,
        runs=lease.runs,
    )
