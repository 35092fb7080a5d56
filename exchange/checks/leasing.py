"""Was everything leased that was offered, and nothing else?

Read from the log alone, event by event.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from exchange.checks.findings import Findings
from exchange.events import Event
from exchange.listings.events import ListingPublished
from exchange.orders.events import LeaseGranted, OrderAccepted, OrderClosed, OrderReworked
from exchange.parties.events import PartyRegistered
from exchange.state import LeaseTerms, PricedRun, VenueTerms
from exchange.venue.events import TermsAdopted
from matching.curves import PriceCurve
from matching.events import ListingAmended, ListingClosed, Ticked
from matching.terms import Block, Listing, Order

MICRO_PER_FEN = 10_000


@dataclass(slots=True)
class _Offer:
    """A listing on offer: its cards count from the slot `since`; `leased` is (start, end, cards)."""

    terms: Listing
    party: str
    line: str
    since: int
    leased: list[tuple[int, int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Wanted:
    """An open order, whose it is, and where its demand comes from."""

    terms: Order
    party: str
    source: str


@dataclass(slots=True)
class Leasing:
    """Follows what is offered, wanted and leased. It remembers what is open, and nothing else."""

    capacity: Findings = field(
        default_factory=lambda: Findings("capacity", "no listing is oversold in any slot")
    )
    leases: Findings = field(
        default_factory=lambda: Findings(
            "leases", "every lease keeps its order's terms and its listing's asks"
        )
    )
    rules: VenueTerms | None = None
    _now: int = 0
    _groups: dict[str, str] = field(default_factory=dict)
    _offers: dict[str, _Offer] = field(default_factory=dict)
    _wanted: dict[str, _Wanted] = field(default_factory=dict)

    def see(self, event: Event) -> None:
        """The next event."""
        match event:
            case TermsAdopted(rules):
                self.rules = rules
            case Ticked(now):
                self._now = now
            case PartyRegistered(party):
                self._groups[party.id] = party.group
            case ListingPublished(listed, party_id, line):
                listing = listed.listing
                self._offers[listing.id] = _Offer(listing, party_id, line, listing.window.start)
            case ListingAmended(listing, _):
                self._amend(listing)
            case ListingClosed(listing_id, _):
                self._sweep(self._offers.pop(listing_id, None))
            case OrderAccepted(opened, party_id, source, _):
                self._wanted[opened.order.id] = _Wanted(opened.order, party_id, source)
            case OrderReworked(amended, _, _, _) if amended.order.id in self._wanted:
                self._wanted[amended.order.id].terms = amended.order
            case OrderClosed(closed, _, _):
                self._wanted.pop(closed.order, None)
            case LeaseGranted():
                self._grant(event)
            case _:
                pass

    def end(self) -> None:
        """The log ends here."""
        for offer in self._offers.values():
            self._sweep(offer)

    def _amend(self, listing: Listing) -> None:
        """Other cards count from now on; what was leased before may have had more."""
        offer = self._offers.get(listing.id)
        if offer is None:
            self.capacity.tell(f"listing {listing.id}: amended, but it is not on offer")
            return
        if listing.cards != offer.terms.cards:
            self._sweep(offer)
            offer.since = max(self._now, listing.window.start)
            offer.leased = [lease for lease in offer.leased if lease[1] > offer.since]
        offer.terms = listing

    def _sweep(self, offer: _Offer | None) -> None:
        """Is there a slot in which more is leased than the listing has?"""
        if offer is None:
            return
        self.capacity.examined += 1
        changes: Counter[int] = Counter()
        for start, end, cards in offer.leased:
            changes[max(start, offer.since)] += cards
            changes[end] -= cards
        leased = 0
        for slot in sorted(changes):
            leased += changes[slot]
            if leased > offer.terms.cards:
                self.capacity.tell(
                    f"listing {offer.terms.id}: {leased} cards leased in slot {slot} of {offer.terms.cards}"
                )
                return

    def _grant(self, event: LeaseGranted) -> None:
        self.leases.examined += 1
        lease, window = event.lease, event.leased.window
        offer, wanted = self._offers.get(lease.listing), self._wanted.get(lease.order)
        if offer is None or wanted is None:
            self.leases.tell(f"lease {lease.id}: {lease.listing} or {lease.order} is not open")
            return
        offer.leased.append((window.start, window.end, lease.cards))
        faults = [*self._party_faults(lease, offer, wanted), *self._fit_faults(event, offer, wanted)]
        faults += _price_faults(event, offer, wanted)
        for fault in faults:
            self.leases.tell(f"lease {lease.id}: {fault}")

    def _party_faults(self, lease: LeaseTerms, offer: _Offer, wanted: _Wanted) -> Iterator[str]:
        """Who leases from whom, and under which rates."""
        listing, rules = offer.terms, self.rules
        yield from _unequal("buyer", wanted.party, lease.buyer)
        yield from _unequal("seller", offer.party, lease.seller)
        yield from _unequal("source", wanted.source, lease.source)
        yield from _unequal("destination", listing.region, lease.destination)
        yield from _unequal("the buyer's group", self._groups.get(lease.buyer), wanted.terms.buyer)
        yield from _unequal("the seller's group", self._groups.get(lease.seller), listing.seller)
        if wanted.terms.buyer == listing.seller:
            yield f"buyer and seller are both of the group {listing.seller}"
        if rules is not None:
            yield from _unequal("fee", rules.fee, lease.fee)
            yield from _unequal("VAT rate", rules.vat_rates_bp.get(offer.line), lease.vat_rate_bp)

    def _fit_faults(self, event: LeaseGranted, offer: _Offer, wanted: _Wanted) -> Iterator[str]:
        """What was leased, and when."""
        order, listing, window = wanted.terms, offer.terms, event.leased.window
        cards, shape = event.leased.cards, wanted.terms.shape
        assert isinstance(shape, Block), "the venue takes blocks only"
        yield from _unequal("order", event.leased.order, event.lease.order)
        yield from _unequal("listing", event.leased.listing, event.lease.listing)
        yield from _unequal("cards", cards, event.lease.cards)
        yield from _unequal("slots", shape.slots, len(window))
        earliest = max(order.window.start, listing.window.start, self._now)
        latest = min(order.window.end, listing.window.end)
        if not earliest <= window.start < window.end <= latest:
            yield f"slots {window.start} to {window.end} are not within {earliest} to {latest}"
        if len(window) < listing.min_slots:
            yield f"{len(window)} slots are fewer than the listing's {listing.min_slots}"
        if cards % listing.lot:
            yield f"{cards} cards are no whole lots of {listing.lot}"
        if listing.region not in order.regions:
            yield f"region {listing.region} was not asked for"
        weight = order.chips.get(listing.chip)
        if weight is None:
            yield f"chip {listing.chip} was not asked for"
        elif (
            not 1000 * shape.least <= cards * weight or not (cards - listing.lot) * weight < 1000 * shape.most
        ):
            yield f"{cards} cards of {weight} thousandths are not {shape.least} to {shape.most}"


def _price_faults(event: LeaseGranted, offer: _Offer, wanted: _Wanted) -> Iterator[str]:
    """What it costs: the listing's asks, within the order's limit, and held rounded up slot by slot."""
    lease, window, order = event.lease, event.leased.window, wanted.terms
    asks = offer.terms.asks.get(order.tier)
    if asks is None:
        yield f"tier {order.tier} is not on offer"
        return
    priced = [(slot, run.price) for run in lease.runs for slot in _slots(run)]
    expected = [(slot, _ask(asks, slot)) for slot in range(window.start, window.end)]
    if priced != expected:
        yield f"prices: expected {_shortened(expected)}, got {_shortened(priced)}"
    yield from _unequal("cost", lease.cards * sum(price for _, price in priced), event.leased.cost)
    held = sum(-(-lease.cards * price // MICRO_PER_FEN) for _, price in priced)
    yield from _unequal("held", held, event.held)
    weight = order.chips.get(offer.terms.chip, 0)
    if event.leased.cost * 1000 > order.limit * len(window) * lease.cards * weight:
        yield f"it costs {event.leased.cost}, more than the limit of {order.limit}"


def _unequal(what: str, expected: object, got: object) -> Iterator[str]:
    if expected != got:
        yield f"{what}: expected {expected}, got {got}"


def _slots(run: PricedRun) -> range:
    return range(run.window.start, run.window.end)


def _ask(curve: PriceCurve, slot: int) -> int:
    """The price that holds in a slot: the last step that began by then."""
    index = bisect_right([since for since, _ in curve.steps], slot) - 1
    return curve.steps[max(index, 0)][1]


def _shortened(priced: list[tuple[int, int]]) -> str:
    return ", ".join(f"{slot}: {price}" for slot, price in priced[:4]) + (" …" if len(priced) > 4 else "")
