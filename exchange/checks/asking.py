"""Did what was asked for happen, and does everything that is open end when it must?"""

import dataclasses
from collections.abc import Iterable, Iterator

from msgspec.structs import fields, replace

from exchange.checks.findings import unequal
from exchange.checks.market import Heard, Market, OnOffer, Wanted
from exchange.commands import Command, Envelope
from exchange.listings.commands import PublishListing
from exchange.listings.events import ListingPublished
from exchange.orders.commands import PlaceOrder, Quoted
from exchange.orders.events import OrderAccepted, OrderReworked
from exchange.state import VenueTerms
from matching.commands import AmendListing, AmendOrder, CancelOrder, Reclaim, SetLink, WithdrawListing
from matching.events import LinkSet, ListingAmended, ListingClosed
from matching.terms import Block, Listing, ListingEnd, Order, OrderEnd, TimeInForce, Window, Work


def published_faults(asked: Envelope, event: ListingPublished) -> Iterator[str]:
    """A listing is offered by whom and as its command says."""
    command, listing = asked.command, event.listed.listing
    if not isinstance(command, PublishListing):
        yield "nobody asked for it to be offered"
        return
    yield from unequal("party", asked.by, event.party)
    yield from unequal("line", command.line, event.line)
    yield from _same(command, listing, _LISTING_PARTS)


def accepted_faults(asked: Envelope, event: OrderAccepted) -> Iterator[str]:
    """An order is accepted from whom and as its command says. Regions count once."""
    command, order = asked.command, event.opened.order
    if not isinstance(command, PlaceOrder):
        yield "nobody placed it"
        return
    yield from unequal("party", asked.by, event.party)
    yield from unequal("regions", tuple(dict.fromkeys(command.regions)), order.regions)
    yield from _same(command, order, _ORDER_PARTS)


_LISTING_PARTS = tuple(part.name for part in dataclasses.fields(PublishListing) if part.name != "line")
_BESIDE_THE_ORDER = {"regions", "quoted", "vouchers"}
_ORDER_PARTS = tuple(
    part.name for part in dataclasses.fields(PlaceOrder) if part.name not in _BESIDE_THE_ORDER
)


def _same(expected: object, got: object, parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        yield from unequal(part, getattr(expected, part), getattr(got, part))


def amended_faults(
    heard: Heard, asked: Envelope, offer: OnOffer, event: ListingAmended, now: int, rules: VenueTerms
) -> Iterator[str]:
    """A listing has other cards or asks as its seller says; reclaimed, it ends where that says, or after the notice.

    It keeps its age unless it asks something else or has more cards.
    """
    known, listing = offer.terms, event.listing
    match asked.command:
        case AmendListing(name, cards, asks) if name == listing.id:
            expected = replace(known, cards=known.cards if cards is None else cards)
            expected = expected if asks is None else replace(expected, asks=asks)
            keeps_age = asks is None and expected.cards <= known.cards
        case Reclaim(name, since) if name == listing.id:
            end = max(since, type(since)(now + rules.market.notice))
            expected, keeps_age = replace(known, window=Window(known.window.start, end)), True
        case _:
            yield "nobody asked for other terms of it"
            return
    yield from unequal("age", offer.age if keeps_age else heard.seq, event.seq)
    yield from _same(expected, listing, (part.name for part in fields(Listing)))


def reworked_faults(heard: Heard, asked: Envelope, known: Wanted, event: OrderReworked) -> Iterator[str]:
    """An order has the limit, the size and the deadline that its buyer says. It keeps its age if it asks for less."""
    command, order = asked.command, event.amended.order
    if not isinstance(command, AmendOrder) or command.order != order.id:
        yield "nobody asked for other terms of it"
        return
    expected, shape, keeps_age = known.terms, known.terms.shape, command.limit is None
    if command.limit is not None:
        expected = replace(expected, limit=command.limit)
    if command.cards is not None and isinstance(shape, Block):
        least, most = command.cards
        expected = replace(expected, shape=replace(shape, least=least, most=most))
        keeps_age &= least <= shape.least and most <= shape.most
    if command.deadline is not None:
        expected = replace(expected, window=Window(expected.window.start, command.deadline))
        keeps_age &= command.deadline <= known.terms.window.end
    yield from unequal("party", known.party, event.party)
    yield from unequal("age", known.age if keeps_age else heard.seq, event.amended.seq)
    yield from _same(expected, order, (part.name for part in fields(Order)))


def link_faults(asked: Envelope, event: LinkSet) -> Iterator[str]:
    """A link has the bandwidth that was asked for."""
    yield from unequal("bandwidth", asked.command, SetLink(event.home, event.region, event.mbps))


# Ends


def order_end_faults(
    asked: Command | None, wanted: Wanted, end: OrderEnd, rules: VenueTerms, now: int
) -> Iterator[str]:
    """An order ends as its end says."""
    order = wanted.terms
    got = order.size - wanted.left
    whole = isinstance(order.shape, Work) and order.shape.whole
    if (end is OrderEnd.FILLED) != (wanted.left == 0):
        yield f"it is {end}, and {wanted.left} thousandths are left"
    match end:
        case OrderEnd.PARTIAL if got <= 0:
            yield f"it is {end}, and got nothing"
        case OrderEnd.KILLED if got or not (
            order.tif is TimeInForce.IOC or whole or not rules.market.resting
        ):
            yield f"it is {end}, though it got something or could wait"
        case OrderEnd.EXPIRED if wanted.latest_start >= now:
            yield f"it is {end}, and could start until slot {wanted.latest_start}"
        case OrderEnd.CANCELLED if asked is not None and asked != CancelOrder(order.id):
            yield f"it is {end}, and nobody asked for that"
        case _:
            pass


def listing_end_faults(
    asked: Command | None, offer: OnOffer, event: ListingClosed, rules: VenueTerms, now: int
) -> Iterator[str]:
    """A listing ends as its end says."""
    window = offer.terms.window
    if event.end is ListingEnd.EXPIRED:
        if window.end > now:
            yield f"it is {event.end}, and lasts until slot {window.end}"
    elif asked is not None:
        match asked:
            case WithdrawListing(name):
                right = event.end is ListingEnd.WITHDRAWN and name == event.listing
            case Reclaim(name, since):
                early = max(since, now + rules.market.notice) <= window.start
                right = event.end is ListingEnd.RECLAIMED and name == event.listing and early
            case _:
                right = False
        if not right:
            yield f"it is {event.end}, and nobody asked for that"


def open_faults(market: Market, heard: Heard) -> Iterator[str]:
    """What is open after a command and should not be; each line with what it is of."""
    for name in heard.late_orders:
        if name in market.wanted and market.wanted[name].latest_start < market.now:
            yield f"order {name}: it is too late for it, and it is open"
    for name in heard.late_listings:
        if name in market.offers and market.offers[name].terms.window.end <= market.now:
            yield f"listing {name}: it is over, and on offer"
    for name in sorted(heard.looking):
        if name in market.wanted and not market.wanted[name].rests:
            yield f"order {name}: it neither rests nor is closed"
    for name in heard.served:
        if name in market.wanted and market.wanted[name].is_done:
            yield f"order {name}: it got what it can get, and is open"
    if heard.asked is not None and not heard.refused:
        yield from _unanswered(market, heard, heard.asked.command)


def _unanswered(market: Market, heard: Heard, command: Command) -> Iterator[str]:
    """A command that was not refused does what it says."""
    match command:
        case PlaceOrder() if heard.order is not None and command.quoted is not None:
            yield from _quote_faults(heard, heard.order, command.quoted)
        case CancelOrder(order) if order in market.wanted:
            yield f"order {order}: it was cancelled, and is open"
        case WithdrawListing(listing) if listing in market.offers:
            yield f"listing {listing}: it was withdrawn, and is on offer"
        case PublishListing() | PlaceOrder() | AmendOrder() | AmendListing() | Reclaim() | SetLink() if (
            not heard.answered
        ):
            yield f"command {heard.seq}: it was not refused, and nothing came of it"
        case _:
            pass


def _quote_faults(heard: Heard, order: str, quoted: Quoted) -> Iterator[str]:
    """An order with a quote gets at once what that said, for no more. Nobody had come between, if nothing was told since."""
    served = heard.served.get(order)
    filled, cost = (0, 0) if served is None else (min(served.done, served.left), served.cost)
    if filled < quoted.filled or (quoted.filled and cost > quoted.cost):
        yield (
            f"order {order}: {quoted.filled} thousandths were quoted at {quoted.cost}, and it got {filled} at {cost}"
        )
