"""Taking spot leases back: for an order that is worth more to the market, or for their seller.

A lease that is taken back runs on for the notice, costs nothing if it had delivered no more than the grace, and what
is left of its order looks for capacity anew.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from msgspec.structs import replace

from matching.book import BookKey
from matching.curves import Run
from matching.holds import DEAREST, UNTAKEN, Loss, Taking
from matching.legs import Leg, Offered, Wanted, offered, round_up, wanted_by
from matching.live import MILLI, LiveLease, LiveListing, LiveOrder
from matching.market import Market
from matching.terms import Block, LeaseNumber, ListingId, OnPreempt, Order, OrderId, Slot, Tier, Window

BP = 10_000

Step = tuple[int, int, int]
"""Slots in which as many cards are free: (start, end, cards)."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """A leg on cards that others lease now, and every lease that has to go for it, gangs as a whole."""

    leg: Leg
    evicted: tuple[LiveLease, ...]


class _Way:
    """A way to take cards over: its rank, what one card costs then, and who has to go."""

    __slots__ = ("evicted", "loss", "offer", "runs")

    def __init__(
        self, loss: Loss, offer: Offered, runs: tuple[Run, ...], evicted: tuple[LiveLease, ...]
    ) -> None:
        self.loss = loss
        self.offer = offer
        self.runs = runs
        self.evicted = evicted


def takeover(market: Market, live: LiveOrder) -> Takeover | None:
    """The takeover that does the least damage, for an arriving order that finds nothing free; or None.

    Only a block on one listing takes anything back, and only where the market lets it.
    """
    if not market.terms.displacement or not live.alone:
        return None
    wanted = wanted_by(market, live)
    best: _Way | None = None
    for key, weight in _spot_books(wanted.order):
        book = market.books.get(key)
        if book is None:
            continue
        taking = _taking(market, wanted, weight, UNTAKEN if best is None else best.loss)
        met = set[ListingId]()
        for held in book.leased.best_first(taking):
            listing = held.listing
            if listing.id not in met and listing.seller != wanted.order.buyer and live.tier in listing.prices:
                met.add(listing.id)
                offer = offered(market, wanted, listing)
                for way in _ways(market, wanted, offer, taking):
                    best, taking.best = way, way.loss
    return None if best is None else Takeover(_leg(wanted, best), best.evicted)


def _spot_books(order: Order) -> Iterator[tuple[BookKey, int]]:
    """The books of the spot leases that an order might take, and the weight of a card in each."""
    for chip, weight in order.chips.items():
        for region in order.regions:
            yield (chip, region, Tier.SPOT), weight


def _taking(market: Market, wanted: Wanted, weight: int, best: Loss) -> Taking:
    """What an order looks for among the leases of a book. On demand it may take any, whatever that is worth."""
    order, hold = wanted.order, wanted.order.limit * weight // MILLI
    spot = order.tier is Tier.SPOT
    return Taking(
        firm=not spot,
        first=max(wanted.first, market.now + market.terms.notice),
        last=wanted.end - wanted.slots,
        origin=market.origin,
        slots=wanted.slots,
        cards=-(-wanted.least // weight),
        price=hold,
        hold=min(hold - 1, hold * BP // (BP + market.terms.outbid_bp)) if spot else DEAREST,
        worth=hold * wanted.slots if spot else DEAREST,
        scale=wanted.common // weight,
        best=best,
    )


def _ways(market: Market, wanted: Wanted, offer: Offered, taking: Taking) -> Iterator[_Way]:
    """Ways to take cards of one listing over, each better than the one before."""
    listing, slots = offer.listing, wanted.slots
    cards = round_up(taking.cards, listing.lot)
    leases = _within_reach(listing, taking, wanted.end)
    lowest = offer.prices.lowest * slots * offer.scale
    for since, until in _stretches(wanted, offer, taking):
        for first, last in _alike(listing, since, until - slots, slots):
            steps = [*listing.free.steps(last, last + slots)]
            if (_least_damage(leases, steps, cards), lowest, first, listing.seq) > taking.best:
                continue
            victims = _victims(leases, steps, cards)
            if victims:
                way = _best_start(wanted, offer, gangs_of(market, victims), first, last)
                if way is not None and way.loss[0] < taking.worth * cards and way.loss < taking.best:
                    yield way


def _stretches(wanted: Wanted, offer: Offered, taking: Taking) -> Iterator[tuple[int, int]]:
    """Stretches in which a run may be taken over: the listing is there, and its link has bandwidth."""
    window, order = offer.listing.terms.window, wanted.order
    first, end = max(taking.first, window.start), min(wanted.end, window.end)
    whole = [(first, end)]
    link = offer.link
    for since, until in whole if link is None else link.runs(first, end, taking.cards * order.mbps_per_card):
        if until - since >= wanted.slots:
            yield since, until


def _alike(listing: LiveListing, first: int, last: int, slots: int) -> Iterator[tuple[int, int]]:
    """Groups of starts, as (first, last), from which a run meets the same leases and the same free cards.

    Leases begin and end on steps of what is free, so a group ends where a run comes to another step, or leaves one.
    """
    begins = {first}
    for since, _, _ in listing.free.steps(first, last + slots):
        begins.update(start for start in (since, since - slots + 1) if first < start <= last)
    for start, following in pairwise([*sorted(begins), last + 1]):
        yield start, following - 1


def _within_reach(listing: LiveListing, taking: Taking, end: int) -> list[LiveLease]:
    """The leases of a listing that a taker might end, as their turn comes."""
    return [
        lease
        for lease in listing.spot
        if lease.hold <= taking.hold and lease.start < end and lease.end > taking.first
    ]


def _least_damage(leases: list[LiveLease], steps: list[Step], cards: int) -> int:
    """No takeover of so many cards in these steps does less: in each of them the cheapest leases there have to go."""
    damage = 0
    for since, until, free in steps:
        short = cards - free
        for lease in leases:
            if short <= 0:
                break
            if lease.start <= since < lease.end:
                damage += (until - since) * min(short, lease.cards) * lease.hold
                short -= lease.cards
        if short > 0:
            return DEAREST + 1
    return damage


def _victims(leases: list[LiveLease], steps: list[Step], cards: int) -> list[LiveLease]:
    """The leases that have to go so that `cards` are free in all steps: the first that help, and none in vain.

    There are enough of them in each step.
    """
    short = [cards - free for _, _, free in steps]
    chosen: list[tuple[LiveLease, list[int]]] = []
    for lease in leases:
        if max(short) <= 0:
            break
        start, end = lease.start, lease.end
        covered = [at for at, (since, _, _) in enumerate(steps) if start <= since < end]
        if covered:
            chosen.append((lease, covered))
            for at in covered:
                short[at] -= lease.cards
    victims: list[LiveLease] = []
    for lease, covered in reversed(chosen):
        if all(short[at] + lease.cards <= 0 for at in covered):
            for at in covered:
                short[at] += lease.cards
        else:
            victims.append(lease)
    return victims


def _best_start(
    wanted: Wanted, offer: Offered, evicted: tuple[LiveLease, ...], first: int, last: int
) -> _Way | None:
    """The best of some starts from which the same leases have to go, if the taker can pay for any.

    A later start does less damage, or all do as much, and a price that never changes is the same at all of them.
    """
    listing, best = offer.listing, None
    top = max(lease.hold for lease in evicted if lease.listing == listing.terms.id)
    for start in (first, last) if offer.prices.flat else range(first, last + 1):
        runs = _runs(offer, wanted.order, Window(Slot(start), Slot(start + wanted.slots)), top)
        price = _total(runs)
        if price <= offer.limit:
            damage = 0
            for lease in evicted:
                damage += lease.hold * lease.cards * (lease.end - max(start, lease.start))
            loss = damage, price * offer.scale, start, int(listing.seq)
            if best is None or loss < best.loss:
                best = _Way(loss, offer, runs, evicted)
    return best


def _runs(offer: Offered, order: Order, window: Window, top: int) -> tuple[Run, ...]:
    """What one card costs: the ask on demand; for spot no less than the dearest displaced limit."""
    runs = offer.prices.runs(window.start, window.end)
    if order.tier is Tier.ON_DEMAND:
        return runs
    return tuple((since, until, max(price, top)) for since, until, price in runs)


def _total(runs: tuple[Run, ...]) -> int:
    """What one card costs for all of them."""
    return sum((until - since) * price for since, until, price in runs)


def _leg(wanted: Wanted, way: _Way) -> Leg:
    """What a taker gets."""
    offer, start = way.offer, way.loss[2]
    working = -(-wanted.least // offer.weight)
    cards = round_up(working, offer.listing.lot)
    window = Window(Slot(start), Slot(start + wanted.slots))
    return Leg(offer.listing, window, cards, working, offer.weight, _total(way.runs), way.runs)


def gangs_of(market: Market, victims: Iterable[LiveLease]) -> tuple[LiveLease, ...]:
    """Leases with all their mates: a gang is of no use in part."""
    numbers = {number for lease in victims for number in _mates(market, lease)}
    return tuple(market.leases[number] for number in sorted(numbers))


def _mates(market: Market, lease: LiveLease) -> list[LeaseNumber]:
    shape = lease.order.shape
    return [*market.gangs[lease.order.id]] if isinstance(shape, Block) else [lease.number]


def charged(lease: LiveLease, at: Slot, grace: int) -> int:
    """What a lease costs that ends at `at`: what it delivered, or nothing within the grace."""
    if at - lease.start <= grace:
        return 0
    per_card = sum((min(until, at) - since) * price for since, until, price in lease.runs if since < at)
    return per_card * lease.cards


def requeued(market: Market, gang: list[LiveLease], at: Slot) -> Order | None:
    """The order for what a gang (or a single lease) did not get any more, or None where nobody asks for it."""
    lease = gang[-1]
    live = market.orders.get(lease.order.id)
    order = lease.order if live is None else live.terms
    shape = order.shape
    if order.on_preempt is OnPreempt.CANCEL or not isinstance(shape, Block):
        return None
    slots = lease.end - at
    if order.window.end - at < slots:
        return None
    working = sum(mate.working * mate.weight for mate in gang)
    most = shape.most if live is not None else min(shape.most, -(-working // MILLI))
    anew = Block(min(shape.least, most), most, slots, shape.split)
    return replace(order, id=next_id(order.id), window=Window(at, order.window.end), shape=anew)


def next_id(order: OrderId) -> OrderId:
    """`id.r1` after the first time that an order is taken back from, then `id.r2` …"""
    name, mark, number = order.rpartition(".r")
    if mark and number.isdecimal():
        return OrderId(f"{name}.r{int(number) + 1}")
    return OrderId(f"{order}.r1")
