"""Were leases taken back with cause, notice and due, and do their orders come back as they were?"""

from collections.abc import Iterator

from msgspec.structs import fields, replace

from exchange.checks.findings import unequal
from exchange.checks.market import MILLI, Cut, Heard, Lost, Market, OnOffer, SpotLease, Wanted
from exchange.checks.pricing import slot_prices
from exchange.checks.reserving import lease_needs, order_needs, slots_by_price
from exchange.orders.events import LeaseDisplaced, OrderAccepted, OrderNotContinued
from exchange.state import VenueTerms
from matching.events import Leased
from matching.terms import Block, OnPreempt, Order, OrderId, Split, Tier, Window

NOTHING_LOST = "nothing was taken back for which it could come back"


def cut_faults(
    market: Market, rules: VenueTerms, heard: Heard, lease: SpotLease, event: LeaseDisplaced
) -> Iterator[str]:
    """What is wrong with the end of a lease: its cause, its slot, and the money."""
    at, window = event.displaced.at, lease.window
    yield from unequal("number", lease.number, event.displaced.lease)
    yield from unequal("buyer", lease.buyer, event.buyer)
    yield from unequal("notice", at - market.now, event.notice)
    if at < market.now + rules.market.notice:
        yield f"it is taken back in slot {at}, without a notice of {rules.market.notice} slots"
    if not window.start <= at < window.end:
        yield f"it is taken back in slot {at}, and runs from {window.start} to {window.end}"
    if heard.reclaimed is not None:
        yield from unequal("taken back in slot", max(heard.reclaimed[1], window.start), at)
    elif heard.order is None or not rules.market.displacement:
        yield "it is taken back for nobody"
    yield from _due_faults(rules, lease, event)


def _due_faults(rules: VenueTerms, lease: SpotLease, event: LeaseDisplaced) -> Iterator[str]:
    """Delivered slots are paid, and nothing within the grace. What the others held is free."""
    kept = [each for each in slot_prices(lease.runs) if each[0] < event.displaced.at]
    if len(kept) <= rules.market.grace:
        kept = []
    yield from unequal("slots to pay", kept, list(slot_prices(event.runs)))
    charged = lease.cards * sum(price for _, price in kept)
    yield from unequal("charged", charged, event.displaced.charged)
    unsettled = slots_by_price(lease.runs)
    unsettled.subtract(lease.settled)
    left = slots_by_price(event.runs)
    left.subtract(lease.settled)
    held, held_left = lease_needs(lease.cards, unsettled), lease_needs(lease.cards, left)
    yield from unequal("released", held - held_left, event.released)
    yield from unequal("slots left", left.total(), event.slots_left)
    yield from unequal("held", held_left, event.held_left)


def takeover_faults(
    market: Market, rules: VenueTerms, heard: Heard, offer: OnOffer, wanted: Wanted, leased: Leased
) -> Iterator[str]:
    """What is wrong with taking leases back for this one, asked before it counts."""
    order, window, cuts = wanted.terms, leased.window, heard.cuts
    bid = order.limit * order.chips.get(offer.terms.chip, 0) // MILLI
    if not isinstance(order.shape, Block) or order.shape.split is not Split.ONE:
        yield "only a block on one listing takes leases back"
    if window.start < market.now + rules.market.notice:
        yield f"it begins in slot {window.start}, without a notice of {rules.market.notice} slots"
    for lease, at in cuts:
        if at != max(window.start, lease.window.start):
            yield f"{lease.id} ends in slot {at}, and not when it is in the way"
    for name, lost in heard.lost.items():
        in_the_way = [cut.lease for cut in lost.cuts if _meets(cut.lease, offer, window)]
        if not in_the_way:
            yield f"order {name} loses leases that are not in the way"
        elif order.tier is Tier.SPOT and not any(_outbids(bid, lease.bid, rules) for lease in in_the_way):
            yield f"order {name} is not outbid by {bid}"
    lost_value = sum(lease.bid * lease.cards * (lease.window.end - at) for lease, at in cuts)
    if order.tier is Tier.SPOT and bid * leased.cards * len(window) <= lost_value:
        yield f"what it takes is worth {lost_value} to its buyers, and no more to the taker"
    yield from _needless(heard, offer, leased)


def _meets(lease: SpotLease, offer: OnOffer, window: Window) -> bool:
    in_time = lease.window.start < window.end and lease.window.end > window.start
    return lease.listing == offer.terms.id and in_time


def _outbids(bid: int, other: int, rules: VenueTerms) -> bool:
    return bid > other and bid * 10_000 >= other * (10_000 + rules.market.outbid_bp)


def _needless(heard: Heard, offer: OnOffer, leased: Leased) -> Iterator[str]:
    """Leases that could have stayed. Mates of a gang go with it, needed or not."""
    window, gone = leased.window, heard.cuts
    if any(len(lost.cuts) > 1 for lost in heard.lost.values()):
        return
    for lease, at in gone:
        offer.leased.add(at, lease.window.end, lease.cards)
        if offer.leased.over(window.start, window.end, offer.terms.cards - leased.cards) is None:
            yield f"{lease.id} could have stayed"
        offer.leased.add(at, lease.window.end, -lease.cards)


def lost_faults(market: Market, heard: Heard) -> Iterator[str]:
    """What is wrong with all that one command has taken back: each line with what it is of."""
    if heard.takes_over(heard.order) and heard.order not in heard.served:
        yield f"order {heard.order}: leases were taken back for it, and it got none"
    for name, lost in heard.lost.items():
        if lost.is_block:
            yield from (f"lease {mate.id}: its gang was taken back without it" for mate in market.mates(name))
            if name in market.wanted:
                yield f"order {name}: it was taken back, and is still open"
    if heard.reclaimed is not None:
        yield from _reclaim_faults(market, heard, *heard.reclaimed)


def _reclaim_faults(market: Market, heard: Heard, listing: str, since: int) -> Iterator[str]:
    """A seller takes back all spot leases of its listing from then on, and with them only their mates."""
    for lease in market.by_listing.get(listing, {}).values():
        if lease.window.end > since:
            yield f"lease {lease.id}: its listing was reclaimed, and it runs on"
    for name, lost in heard.lost.items():
        if all(cut.lease.listing != listing for cut in lost.cuts):
            yield f"order {name}: it has no lease of {listing}, which was reclaimed"


# Coming back


def note_cut(market: Market, heard: Heard, lease: SpotLease, at: int) -> None:
    """Remember what an order lost, how it stood, and whether it has to come back."""
    name = lease.order.id
    if name not in heard.lost:
        wanted = market.wanted.get(name)
        heard.lost[name] = Lost(None if wanted is None else (wanted.terms, wanted.age))
    lost = heard.lost[name]
    lost.cuts.append(Cut(lease, at))
    if _comes_back(lost):
        heard.due[next_life(name)] = lost
    else:
        heard.due.pop(next_life(name), None)


def _comes_back(lost: Lost) -> bool:
    """A block does, unless its buyer does not want that or its deadline is too near."""
    lease, at = lost.cuts[-1]
    order = lost.terms
    in_time = order.window.end >= lease.window.end
    return lost.is_block and order.on_preempt is OnPreempt.REQUEUE and in_time and at < lease.window.end


def return_faults(heard: Heard, event: OrderAccepted) -> Iterator[str]:
    """What is wrong with an order that looks for capacity anew."""
    lost = heard.due.get(event.opened.order.id)
    if lost is None:
        yield NOTHING_LOST
        return
    yield from _rest_faults(lost, event.opened.order)
    lease = lost.cuts[-1].lease
    yield from unequal("age", lease.age if lost.open_as is None else lost.open_as[1], event.opened.seq)
    yield from unequal("party", lease.buyer, event.party)
    yield from unequal("source", lease.source, event.source)


def absence_faults(
    heard: Heard, event: OrderNotContinued, rules: VenueTerms, available: int
) -> Iterator[str]:
    """What is wrong with saying that a buyer's money does not cover an order that ought to come back."""
    lost = heard.due.get(event.rest.id)
    if lost is None:
        yield NOTHING_LOST
        return
    yield from _rest_faults(lost, event.rest)
    lease = lost.cuts[-1].lease
    yield from unequal("order", lease.order.id, event.order)
    yield from unequal("party", lease.buyer, event.party)
    yield from unequal("needed", order_needs(event.rest, rules, event.rest.size), event.needed)
    yield from unequal("available", available, event.available)
    if event.needed <= event.available:
        yield "it does not come back, though its buyer has the money"


def _rest_faults(lost: Lost, order: Order) -> Iterator[str]:
    expected = came_back(lost)
    for part in fields(Order):
        yield from unequal(part.name, getattr(expected, part.name), getattr(order, part.name))


def came_back(lost: Lost) -> Order:
    """The order for what was lost: its slots that are left, and no more cards than worked, or were still wanted."""
    lease, at = lost.cuts[-1]
    order, shape = lost.terms, lost.terms.shape
    assert isinstance(shape, Block), "only blocks come back"
    most = shape.most
    if lost.open_as is None:
        working = sum(cut.lease.working * cut.lease.weight for cut in lost.cuts)
        most = min(most, -(-working // MILLI))
    rest = replace(shape, least=min(shape.least, most), most=most, slots=lease.window.end - at)
    window = replace(order.window, start=type(order.window.start)(at))
    return replace(order, id=OrderId(next_life(order.id)), window=window, shape=rest)


def next_life(order: str) -> str:
    """`id.r1` for an order that is taken back for the first time, then `id.r2` …"""
    name, again, times = order.partition(".r")
    return f"{name}.r{int(times) + 1 if again else 1}"
