"""Ordering: the form with its quote, the review of what it comes to, and the order itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.catalogue.chips import Chip
from exchange.catalogue.regions import Region
from exchange.orders.commands import PlaceOrder
from exchange.persistence.queries import market as queries
from exchange.persistence.queries.links import links
from exchange.persistence.queries.market import Clock
from exchange.persistence.queries.parties import balances
from exchange.quoting.quote import Found, FoundLeg, Quote
from exchange.rejections import Rejected
from exchange.state import Role
from matching.relaxing import Dimension
from matching.terms import Price, Tier, Work
from settlement.ledger.chart import AccountKind
from settlement.money import WHOLE, ceil_div, round_half_away
from web.bodies.progress import Progress, progress_with
from web.pages.fields import Reader
from web.pages.routing import PageRequest, address_query, give, live, page, sent_form, sent_query
from web.session import Caller
from web.storefront.order_form import read_order, with_usual


@dataclass(frozen=True, slots=True)
class Priced:
    """A quote as a buyer reads it. Prices are micro-yuan by the hour: of a card of the chip, on average.

    `limit` is the buyer's, or None while none is given; `least_limit` is the lowest at which something would be had,
    for a card of the fastest chip, or None where no limit helps. `available` is what the buyer has to spend.
    `progress` is how much of the job was found.
    """

    order: PlaceOrder
    quote: Quote
    limit: int | None
    least_limit: int | None
    average: int
    progress: Progress
    available: int

    @property
    def short(self) -> int:
        """What is missing for the hold, in fen."""
        return max(0, self.quote.order_held - self.available)


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be ticked on the form, with what is on offer apart from the rest."""

    chips: Sequence[Chip]
    other_chips: Sequence[Chip]
    regions: Sequence[Region]
    other_regions: Sequence[Region]


@get("/order")
async def order_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller | None]
) -> Template:
    """The form, and the quote for what stands in the address."""
    clock = await queries.clock(exchange.readers)
    asked = with_usual(sent_query(request), clock)
    priced = await _priced(exchange, caller, asked, clock) if asked.many("chip") else None
    return await _form(exchange, caller, asked, clock, priced)


@get("/order/quote")
async def order_quote(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller | None]
) -> Template:
    """The quote alone, for a form that is being filled in. The address follows what was typed."""
    clock = await queries.clock(exchange.readers)
    asked = with_usual(sent_query(request), clock)
    priced = await _priced(exchange, caller, asked, clock) if asked.many("chip") else None
    shown = live(
        "order/_quote.html",
        caller,
        alone=True,
        asked=asked,
        clock=clock,
        priced=priced,
        catalogue=exchange.catalogue,
    )
    shown.headers["HX-Replace-Url"] = f"/order{address_query(request)}"
    return shown


@get("/order/signed-in")
async def back_to_order(request: PageRequest) -> Redirect:
    """Back to the form, with all that was typed, for a buyer who had to sign in first."""
    return Redirect(f"/order{address_query(request)}", status_code=303)


@get("/order/review")
async def review_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Everything that would be ordered, held and charged, before it is."""
    clock = await queries.clock(exchange.readers)
    asked = with_usual(sent_query(request), clock)
    return await _review(exchange, caller, asked, clock, None)


@post("/orders")
async def place_order(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Place the order that was reviewed: once, however often the form is sent."""
    clock = await queries.clock(exchange.readers)
    asked = with_usual(await sent_form(request), clock)
    order = read_order(asked, exchange, clock, limit_needed=True)
    if order is None:
        return await _form(exchange, caller, asked, clock, None)
    answer = await give(exchange, caller, asked, order)
    if answer.rejection is not None:
        return await _review(exchange, caller, asked, clock, answer.rejection)
    return Redirect(f"/orders/ord-{answer.seq}?placed=1", status_code=303)


async def _review(
    exchange: Exchange, caller: Caller, asked: Reader, clock: Clock, rejection: Rejected | None
) -> Template:
    """The review, or the form where something of it can't be read."""
    order = read_order(asked, exchange, clock, limit_needed=True)
    if order is None:
        return await _form(exchange, caller, asked, clock, None)
    return page(
        "order/review.html",
        caller,
        status=200 if rejection is None else 422,
        asked=asked,
        clock=clock,
        priced=await _quoted(exchange, caller, asked, order, clock),
        rejection=rejection,
        sent=[(name, value) for name, values in asked.sent.items() for value in values if name != "once"],
        catalogue=exchange.catalogue,
    )


async def _form(
    exchange: Exchange, caller: Caller | None, asked: Reader, clock: Clock, priced: Priced | None
) -> Template:
    return page(
        "order/form.html",
        caller,
        status=422 if asked.mistakes else 200,
        asked=asked,
        clock=clock,
        priced=priced,
        choices=await _choices(exchange),
        links=await links(exchange.readers),
        catalogue=exchange.catalogue,
    )


async def _choices(exchange: Exchange) -> Choices:
    chips, regions = await queries.on_offer(exchange.readers)
    catalogue = exchange.catalogue
    return Choices(
        chips=[chip for chip in catalogue.chips.values() if chip.code in chips],
        other_chips=[chip for chip in catalogue.chips.values() if chip.code not in chips],
        regions=[region for region in catalogue.regions.values() if region.code in regions],
        other_regions=[region for region in catalogue.regions.values() if region.code not in regions],
    )


async def _priced(exchange: Exchange, caller: Caller | None, asked: Reader, clock: Clock) -> Priced | None:
    """The quote for what was typed, if it can be read, and by somebody who may buy."""
    order = read_order(asked, exchange, clock, limit_needed=False)
    if order is None or caller is None or Role.BUYER not in caller.roles:
        return None
    return await _quoted(exchange, caller, asked, order, clock)


async def _quoted(
    exchange: Exchange, caller: Caller, asked: Reader, order: PlaceOrder, clock: Clock
) -> Priced:
    quote = await exchange.quotes.quote(caller.party, order)
    owned = await balances(exchange.readers, caller.party)
    found = quote.found
    return Priced(
        order=order,
        quote=quote,
        limit=clock.hourly(order.limit) if asked.text("limit") else None,
        least_limit=await _least_limit(exchange, caller, quote, order, clock),
        average=0 if found is None else _average(found, clock),
        progress=progress_with(order, () if found is None else found.legs),
        available=owned.get(AccountKind.AVAILABLE, 0),
    )


def _average(found: Found, clock: Clock) -> int:
    """What a card-hour of what was found costs on average, in micro-yuan."""
    cost = sum(leg.cards * _one_card(leg) for leg in found.legs)
    card_slots = sum(leg.cards * len(leg.window) for leg in found.legs)
    return round_half_away(cost * 3600, card_slots * clock.terms.slot_seconds)


async def _least_limit(
    exchange: Exchange, caller: Caller, quote: Quote, order: PlaceOrder, clock: Clock
) -> int | None:
    """The lowest limit by the hour within which what was found lies, or at which something would be found.

    It is rounded up to the next whole fen. Whoever would take cards from other interruptible leases has to outbid them,
    so there the limit is tried: it may help nobody.
    """
    if quote.found is None:
        cures = () if quote.explanation is None else quote.explanation.cures
        return next(
            (clock.hourly(cure.order.limit) for cure in cures if cure.dimension is Dimension.LIMIT), None
        )
    tick = clock.terms.price_tick
    per_slot = max(_least_for(leg, order) for leg in quote.found.legs)
    if quote.interrupts and order.tier is Tier.SPOT:
        per_slot = ceil_div(per_slot * (WHOLE + clock.terms.market.outbid_bp), WHOLE)
        outbids = replace(order, limit=Price(ceil_div(per_slot, tick) * tick))
        if (await exchange.quotes.quote(caller.party, outbids)).found is None:
            return None
    return clock.hourly(ceil_div(per_slot, tick) * tick)


def _least_for(leg: FoundLeg, order: PlaceOrder) -> int:
    """The lowest limit per slot within which a leg lies: that of a block on its average, that of work in each slot."""
    if isinstance(order.shape, Work):
        return ceil_div(max(run.price for run in leg.runs) * 1000, order.chips[leg.chip])
    return ceil_div(_one_card(leg) * 1000, len(leg.window) * order.chips[leg.chip])


def _one_card(leg: FoundLeg) -> int:
    """Micro-yuan for one card and the whole run."""
    return sum(len(run.window) * run.price for run in leg.runs)
