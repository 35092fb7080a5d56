"""Ordering: the form with its quote, the review of what it comes to, and the order itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.catalogue.chips import Chip
from exchange.catalogue.regions import Region
from exchange.orders.commands import Quoted
from exchange.persistence.queries import market as queries
from exchange.persistence.queries.links import links
from exchange.persistence.queries.market import Clock
from exchange.persistence.queries.vouchers import StoredVoucher, Within, vouchers_within
from exchange.rejections import Rejected
from exchange.state import Role
from web.pages.fields import Reader
from web.pages.routing import PageRequest, address_query, give, live, page, sent_form, sent_query
from web.session import Caller
from web.storefront.order_form import read_order, with_usual
from web.storefront.priced import Priced, priced_for, promised

VOUCHERS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be ticked on the form, with what is on offer apart from the rest."""

    chips: Sequence[Chip]
    other_chips: Sequence[Chip]
    regions: Sequence[Region]
    other_regions: Sequence[Region]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an order that was reviewed was not placed, and what its review had promised."""

    rejection: Rejected
    promise: Quoted | None


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
    """Place the order that was reviewed: at the price that was shown, and once, however often the form is sent."""
    clock = await queries.clock(exchange.readers)
    sent = await sent_form(request)
    promise = promised("".join(sent.pop("quoted", ())))
    asked = with_usual(sent, clock)
    order = read_order(asked, exchange, clock, limit_needed=True)
    if order is None:
        return await _form(exchange, caller, asked, clock, None)
    answer = await give(exchange, caller, asked, replace(order, quoted=promise))
    if answer.rejection is not None:
        return await _review(exchange, caller, asked, clock, Refused(answer.rejection, promise))
    return Redirect(f"/orders/ord-{answer.seq}?placed=1", status_code=303)


async def _review(
    exchange: Exchange, caller: Caller, asked: Reader, clock: Clock, refused: Refused | None
) -> Template:
    """The review, or the form where something of it can't be read or the venue would not take it."""
    order = read_order(asked, exchange, clock, limit_needed=True)
    quoted = None if order is None else await priced_for(exchange, caller, asked, order, clock)
    if quoted is None or asked.mistakes:
        return await _form(exchange, caller, asked, clock, quoted)
    return page(
        "order/review.html",
        caller,
        status=200 if refused is None else 422,
        asked=asked,
        clock=clock,
        priced=quoted,
        refused=refused,
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
        vouchers=await _usable(exchange, caller, clock),
        catalogue=exchange.catalogue,
    )


async def _usable(exchange: Exchange, caller: Caller | None, clock: Clock) -> list[StoredVoucher]:
    """The caller's vouchers that have anything left and are not over, those that end first at the top."""
    if caller is None:
        return []
    own = await vouchers_within(exchange.readers, Within(buyer=caller.party), None, VOUCHERS_SHOWN)
    usable = [one for one in own if one.left and one.ends > clock.instant]
    return sorted(usable, key=lambda one: (one.ends, one.left))


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
    return await priced_for(exchange, caller, asked, order, clock)
