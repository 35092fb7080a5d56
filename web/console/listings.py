"""A seller's listings: the list with its calendar, a new one, and one with what can be changed of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.catalogue.instruments import Instrument
from exchange.persistence.queries import market as queries
from exchange.persistence.queries.leases import leases_from
from exchange.persistence.queries.listings import listing_of
from exchange.persistence.queries.market import Clock, Offered
from exchange.persistence.queries.parties import balances
from exchange.rejections import Rejected
from matching.commands import WithdrawListing
from matching.terms import ListingId, Slot, Tier
from settlement.ledger.chart import AccountKind
from web.console.listing_form import as_typed, read_amendment, read_listing, usual
from web.pages.charts import level
from web.pages.fields import Reader
from web.pages.offers import Load, loads, sold_card_slots
from web.pages.routing import PageRequest, give, leaf, not_here, page, sent_form
from web.session import Caller

ROWS = 50
DAYS = 14
HOURS_A_DAY = 24
DAY = 86_400


@dataclass(frozen=True, slots=True)
class PriceRange:
    """What a tier asks over the whole window, in micro-yuan by the hour."""

    tier: Tier
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class ListingRow:
    """A listing with its asks, how much of it is sold, and the days of its calendar with their shades."""

    offer: Offered
    asks: Sequence[PriceRange]
    sold: int
    whole: int
    days: Sequence[Load]
    shades: Sequence[int]


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """The hours of one day in UTC+8 with their shades."""

    begins: int
    hours: Sequence[Load]
    shades: Sequence[int]


@get("/console")
async def console_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """The seller's listings, newest first, with a calendar of the coming days."""
    clock = await queries.clock(exchange.readers)
    begins = leaf(request)
    found = await queries.offers_of(
        exchange.readers, caller.party, 0, begins.seq if begins else None, ROWS + 1
    )
    owned = await balances(exchange.readers, caller.party)
    today = _midnight(clock.instant)
    return page(
        "console/page.html",
        caller,
        clock=clock,
        rows=[_row(offer, clock, today) for offer in found[:ROWS]],
        days=[today + day * DAY for day in range(DAYS)],
        older=found[ROWS - 1].seq if len(found) > ROWS else None,
        payable=owned.get(AccountKind.PAYABLE, 0),
        catalogue=exchange.catalogue,
    )


@get("/console/new")
async def new_listing_page(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Template:
    """The form of a new listing."""
    clock = await queries.clock(exchange.readers)
    return _form(exchange, caller, clock, Reader(usual(caller, clock)), None)


@post("/console/listings")
async def publish_listing(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Put the capacity on offer; orders that wait for it are filled at once."""
    clock = await queries.clock(exchange.readers)
    asked = Reader(await sent_form(request))
    command = read_listing(asked, exchange, clock)
    if command is None:
        return _form(exchange, caller, clock, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return _form(exchange, caller, clock, asked, answer.rejection)
    return Redirect(f"/console/listings/lst-{answer.seq}?published=1", status_code=303)


@get("/console/listings/{listing_id:str}")
async def listing_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    listing_id: FromPath[str],
) -> Template:
    """One listing: as buyers see it, what is sold of it hour by hour, and what can be changed."""
    return await _listing(request, exchange, caller, listing_id, None, None)


@post("/console/listings/{listing_id:str}/amend")
async def amend_listing(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    listing_id: FromPath[str],
) -> Template | Redirect:
    """Change the cards or the prices of a listing."""
    listing = await listing_of(exchange.readers, caller.party, listing_id)
    if listing is None:
        raise not_here()
    asked = Reader(await sent_form(request))
    command = read_amendment(asked, listing, await queries.clock(exchange.readers))
    if command is None:
        return await _listing(request, exchange, caller, listing_id, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _listing(request, exchange, caller, listing_id, asked, answer.rejection)
    return Redirect(f"/console/listings/{listing_id}?changed=1", status_code=303)


@post("/console/listings/{listing_id:str}/withdraw")
async def withdraw_listing(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    listing_id: FromPath[str],
) -> Template | Redirect:
    """Offer no more of a listing. What is leased stays leased."""
    sent = Reader(await sent_form(request))
    answer = await give(exchange, caller, sent, WithdrawListing(ListingId(listing_id)))
    if answer.rejection is not None:
        return await _listing(request, exchange, caller, listing_id, None, answer.rejection)
    return Redirect(f"/console/listings/{listing_id}?changed=1", status_code=303)


def _form(
    exchange: Exchange, caller: Caller, clock: Clock, asked: Reader, rejection: Rejected | None
) -> Template:
    return page(
        "console/new.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        asked=asked,
        clock=clock,
        rejection=rejection,
        catalogue=exchange.catalogue,
    )


async def _listing(
    request: PageRequest,
    exchange: Exchange,
    caller: Caller,
    listing_id: str,
    asked: Reader | None,
    rejection: Rejected | None,
) -> Template:
    offer = await queries.offer_of(exchange.readers, caller.party, listing_id, 0)
    if offer is None:
        raise not_here()
    listing = await listing_of(exchange.readers, caller.party, listing_id)
    assert listing is not None, "what is on offer is listed"
    clock = await queries.clock(exchange.readers)
    return page(
        "console/listing.html",
        caller,
        status=200 if rejection is None and not (asked and asked.mistakes) else 422,
        clock=clock,
        price_rule=listing.price_rule,
        earliest=clock.now + clock.terms.market.notice,
        row=_row(offer, clock, _midnight(clock.instant)),
        days=_days(offer, clock),
        instruments=[Instrument(offer.chip, offer.region, tier) for tier in offer.asks],
        sold=await leases_from(exchange.readers, offer.id, ROWS),
        sold_most=ROWS,
        asked=asked or Reader(as_typed(offer, clock)),
        done=request.query_params.get("published") or request.query_params.get("changed"),
        rejection=rejection,
        catalogue=exchange.catalogue,
    )


def _row(offer: Offered, clock: Clock, today: int) -> ListingRow:
    start, slots = clock.terms.slot_of(today), DAY // clock.terms.slot_seconds
    days = loads(offer, start, DAYS, slots)
    return ListingRow(
        offer=offer,
        asks=[
            PriceRange(tier, clock.hourly(curve.lowest), clock.hourly(max(price for _, price in curve.steps)))
            for tier, curve in sorted(offer.asks.items())
        ],
        sold=sold_card_slots(offer),
        whole=offer.cards * len(offer.window),
        days=days,
        shades=[level(load.sold, load.offered) for load in days],
    )


def _days(offer: Offered, clock: Clock) -> list[CalendarDay]:
    """Seven days hour by hour: from today, or from when the listing begins; its last ones if it is over."""
    first, last = (clock.terms.instant_of(slot) for slot in (offer.window.start, Slot(offer.window.end - 1)))
    begins = _midnight(max(first, min(clock.instant, last)))
    if clock.instant > last:
        begins = max(_midnight(first), begins - 6 * DAY)
    slots = max(1, 3600 // clock.terms.slot_seconds)
    hours = loads(offer, clock.terms.slot_of(begins), 7 * HOURS_A_DAY, slots)
    found = []
    for day in range(7):
        part = hours[HOURS_A_DAY * day : HOURS_A_DAY * (day + 1)]
        shades = [level(load.sold, load.offered) for load in part]
        found.append(CalendarDay(begins + day * DAY, part, shades))
    return found


def _midnight(instant: int) -> int:
    """When the day of an instant began in UTC+8."""
    return int(instant - (instant + 8 * 3600) % DAY)
