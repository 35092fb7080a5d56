"""May this listing serve that order so?

By party, chip, region and time, in whole lots, together or at a rate, and over links.
"""

from collections.abc import Iterator

from exchange.checks.findings import unequal
from exchange.checks.market import MILLI, Market, OnOffer, Served, Wanted
from exchange.state import LeaseTerms, VenueTerms
from matching.events import Leased
from matching.terms import Block, Split, Window, Work


def party_faults(
    market: Market, rules: VenueTerms, lease: LeaseTerms, offer: OnOffer, wanted: Wanted
) -> Iterator[str]:
    """Who leases from whom, and under which rates."""
    listing = offer.terms
    yield from unequal("buyer", wanted.party, lease.buyer)
    yield from unequal("seller", offer.party, lease.seller)
    yield from unequal("source", wanted.source, lease.source)
    yield from unequal("destination", listing.region, lease.destination)
    yield from unequal("the buyer's group", market.groups.get(lease.buyer), wanted.terms.buyer)
    yield from unequal("the seller's group", market.groups.get(lease.seller), listing.seller)
    if wanted.terms.buyer == listing.seller:
        yield f"buyer and seller are both of the group {listing.seller}"
    yield from unequal("fee", rules.fee, lease.fee)
    yield from unequal("VAT rate", rules.vat_rates_bp.get(offer.line), lease.vat_rate_bp)
    yield from unequal("promise", rules.promises.get(wanted.terms.tier), lease.promise)


def same_faults(lease: LeaseTerms, leased: Leased) -> Iterator[str]:
    """The venue and its market say the same."""
    yield from unequal("order", leased.order, lease.order)
    yield from unequal("listing", leased.listing, lease.listing)
    yield from unequal("cards", leased.cards, lease.cards)


def fit_faults(
    market: Market, offer: OnOffer, wanted: Wanted, leased: Leased, *, takes_over: bool
) -> Iterator[str]:
    """What is wrong with a lease, asked before it counts."""
    order, listing, window = wanted.terms, offer.terms, leased.window
    earliest = max(order.window.start, listing.window.start, market.now)
    latest = min(order.window.end, listing.window.end)
    if not earliest <= window.start < window.end <= latest:
        yield f"slots {window.start} to {window.end} are not within {earliest} to {latest}"
    if order.slots < listing.min_slots:
        yield f"runs of {order.slots} slots are shorter than the listing's {listing.min_slots}"
    if listing.region not in order.regions:
        yield f"region {listing.region} was not asked for"
    if leased.cards % listing.lot:
        yield f"{leased.cards} cards are no whole lots of {listing.lot}"
    room = room_for(market, wanted, listing.region, window)
    if room is not None and leased.working > room:
        yield f"{leased.working} cards are at work, but the link has bandwidth for {room}"
    weight = order.chips.get(listing.chip)
    if weight is None:
        yield f"chip {listing.chip} was not asked for"
    elif isinstance(order.shape, Work):
        yield from _work_faults(order.shape, wanted, leased, weight)
    else:
        yield from _gang_faults(order.shape, wanted, offer, leased)
        yield from _card_faults(order.shape, wanted, offer, leased, weight, room=room, takes_over=takes_over)


def room_for(market: Market, wanted: Wanted, region: str, window: Window) -> int | None:
    """How many more of an order's cards can be at work in a region; None where that takes no link."""
    link = market.link(wanted.terms, region)
    if link is None:
        return None
    return (link.mbps - link.taken.most(window.start, window.end)) // wanted.terms.mbps_per_card


def served_faults(served: Served) -> Iterator[str]:
    """What is wrong with all that an order got from one command."""
    shape, done = served.order.shape, served.done
    least = shape.least * MILLI if isinstance(shape, Block) else served.left if shape.whole else 1
    if served.is_first and done < least:
        yield f"it got {done} thousandths, and asks for {least} at least"
    if done - served.left >= served.largest_lot:
        yield f"it got {done} thousandths of the {served.left} that it asks for: a lot too much"


def _gang_faults(block: Block, wanted: Wanted, offer: OnOffer, leased: Leased) -> Iterator[str]:
    """All of a block has one length, one chip and one start; and one listing or one region, if it says so."""
    yield from unequal("slots", block.slots, len(leased.window))
    begun = wanted.begun
    if begun is None:
        return
    if block.split is Split.ONE:
        yield "its order asks for one listing, and has a lease already"
        return
    yield from unequal("the gang's chip", begun.chip, offer.terms.chip)
    yield from unequal("the gang's start", begun.start, leased.window.start)
    if block.split is Split.SELLERS:
        yield from unequal("the gang's region", begun.region, offer.terms.region)


def _card_faults(
    block: Block,
    wanted: Wanted,
    offer: OnOffer,
    leased: Leased,
    weight: int,
    *,
    room: int | None,
    takes_over: bool,
) -> Iterator[str]:
    """Every card works, but for those that fill the last lot: of all that is wanted, or that a link lets through.

    Who takes leases back gets its least.
    """
    cards, working = leased.cards, leased.working
    wants = -(-(block.least * MILLI if takes_over else wanted.left) // weight)
    if not 0 < working <= cards or cards - working >= offer.terms.lot:
        yield f"{working} of {cards} cards are at work, in lots of {offer.terms.lot}"
    if working > wants or (takes_over and working < wants):
        yield f"{working} cards of {weight} thousandths are at work, but {wants} are wanted"
    if working < cards and working not in {wants, room}:
        yield f"{cards - working} cards do no work, though {wants} are wanted"


def _work_faults(work: Work, wanted: Wanted, leased: Leased, weight: int) -> Iterator[str]:
    """All cards work, and no slot does more than the rate, whatever else is at work in it."""
    yield from unequal("cards at work", leased.cards, leased.working)
    for slot in range(leased.window.start, leased.window.end):
        rate = wanted.pace[slot] + leased.working * weight
        if rate > work.rate * MILLI:
            yield f"{rate} thousandths of a card are at work in slot {slot}, at a rate of {work.rate} cards"
            return
