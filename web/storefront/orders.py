"""A buyer's orders: the list, one order with its story, and what can be changed of it."""

from dataclasses import dataclass, replace

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.catalogue.chips import WHOLE
from exchange.persistence.queries import market as queries
from exchange.persistence.queries.leases import StoredLease, leases_under
from exchange.persistence.queries.market import Clock
from exchange.persistence.queries.orders import StoredOrder, order_of, orders_of
from exchange.persistence.queries.timeline import Change, changes_of, times_of
from exchange.persistence.queries.vouchers import vouchers_named
from exchange.rejections import Rejected
from matching.commands import AmendOrder, CancelOrder
from matching.terms import Block, OrderId, Slot
from web.bodies.orders import OrderChange, continued_from
from web.bodies.progress import Progress, progress_of
from web.pages.checked import checked
from web.pages.fields import Reader
from web.pages.routing import (
    PageRequest,
    address_query,
    give,
    leaf,
    live,
    not_here,
    page,
    sent_form,
    sent_query,
)
from web.session import Caller
from web.storefront.order_form import form_of

ROWS = 50
OPEN = frozenset({"open", "resting"})


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order with the leases that it got; prices are micro-yuan by the hour."""

    order: StoredOrder
    limit: int
    leases: list[StoredLease]
    progress: Progress

    @property
    def cost(self) -> int:
        """Micro-yuan that its leases cost at most."""
        return sum(lease.cost for lease in self.leases)

    @property
    def returned(self) -> int:
        """Micro-yuan that are not charged, because leases of it were taken back."""
        return sum(lease.returned for lease in self.leases)

    @property
    def taken_back(self) -> list[StoredLease]:
        """Its leases that end early."""
        return [lease for lease in self.leases if lease.taken_back]

    @property
    def latest_start(self) -> Slot:
        """The last slot in which it can still begin: that of work is the last before its deadline."""
        shape = self.order.shape
        return Slot(self.order.window.end - (shape.slots if isinstance(shape, Block) else 1))

    @property
    def continues(self) -> OrderId | None:
        """The order in whose place it goes on, if it does."""
        return continued_from(self.order.id)

    @property
    def is_open(self) -> bool:
        """Whether it can still be changed."""
        return self.order.status in OPEN


@dataclass(frozen=True, slots=True)
class Chapter:
    """Something that its buyer did to an order: a new limit, by the hour, or its end where there is none."""

    limit: int | None
    cancelled: bool
    at: int


@get("/orders")
async def orders_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """The buyer's orders, newest first."""
    clock, rows, older = await _rows(request, exchange, caller)
    query = address_query(request)
    return page(
        "orders/page.html",
        caller,
        clock=clock,
        rows=rows,
        older=older,
        query=query,
        catalogue=exchange.catalogue,
    )


@get("/orders/rows")
async def orders_rows(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """The orders' table alone, for a page that follows them."""
    clock, rows, older = await _rows(request, exchange, caller)
    return live(
        "orders/_table.html", caller, clock=clock, rows=rows, older=older, catalogue=exchange.catalogue
    )


@get("/orders/{order_id:str}")
async def order_detail(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    order_id: FromPath[str],
) -> Template:
    """One order: what it asks, what it got, and what happened when."""
    return await _order(exchange, caller, order_id, Reader(sent_query(request)), None)


@post("/orders/{order_id:str}/cancel")
async def cancel_order(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    order_id: FromPath[str],
) -> Template | Redirect:
    """Take an order out of the books, and free what it holds."""
    sent = Reader(await sent_form(request))
    answer = await give(exchange, caller, sent, CancelOrder(OrderId(order_id)))
    if answer.rejection is not None:
        return await _order(exchange, caller, order_id, sent, answer.rejection)
    return Redirect(f"/orders/{order_id}?changed=1", status_code=303)


@post("/orders/{order_id:str}/limit")
async def amend_limit(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    order_id: FromPath[str],
) -> Template | Redirect:
    """Give a waiting order another limit; it looks for capacity again at once."""
    sent = Reader(await sent_form(request))
    order = await order_of(exchange.readers, caller.party, order_id)
    if order is None:
        raise not_here()
    command = _amendment(sent, order, exchange)
    if command is None:
        return await _order(exchange, caller, order_id, sent, None)
    answer = await give(exchange, caller, sent, command)
    if answer.rejection is not None:
        return await _order(exchange, caller, order_id, sent, answer.rejection)
    return Redirect(f"/orders/{order_id}?changed=1", status_code=303)


def _amendment(sent: Reader, order: StoredOrder, exchange: Exchange) -> AmendOrder | None:
    """The change that the form asks for, or None with what is wrong noted in `sent`."""
    body = {"limit_micro_yuan_per_card_hour": sent.price("limit")}
    return checked(
        sent, OrderChange, body, lambda change: change.command(order, exchange.terms), lambda _: "limit"
    )


async def _rows(
    request: PageRequest, exchange: Exchange, caller: Caller
) -> tuple[Clock, list[OrderRow], str | None]:
    """A page of orders, and the place at which the next one begins."""
    clock = await queries.clock(exchange.readers)
    found = await orders_of(exchange.readers, caller.party, leaf(request), ROWS + 1)
    leases = await leases_under(exchange.readers, [order.id for order in found[:ROWS]])
    rows = [_row(order, leases, clock) for order in found[:ROWS]]
    last = found[ROWS - 1] if len(found) > ROWS else None
    return clock, rows, None if last is None else f"{last.seq}.{last.id}"


def _row(order: StoredOrder, leases: list[StoredLease], clock: Clock) -> OrderRow:
    own = [lease for lease in leases if lease.order == order.id]
    return OrderRow(order, clock.hourly(order.limit), own, progress_of(order, own))


async def _order(
    exchange: Exchange, caller: Caller, order_id: str, asked: Reader, rejection: Rejected | None
) -> Template:
    order = await order_of(exchange.readers, caller.party, order_id)
    if order is None:
        raise not_here()
    clock = await queries.clock(exchange.readers)
    leases = await leases_under(exchange.readers, [order.id])
    changes = await changes_of(exchange.readers, caller.party, "order", order.id, order.seq)
    return page(
        "orders/order.html",
        caller,
        status=422 if rejection is not None or asked.mistakes else 200,
        clock=clock,
        row=_row(order, leases, clock),
        again=_again(order, exchange, clock),
        vouchers=await vouchers_named(exchange.readers, order.id),
        chapters=[_chapter(change, clock) for change in changes],
        times=await times_of(exchange.readers, [order.seq, *(lease.seq for lease in leases)]),
        asked=asked,
        rejection=rejection,
        catalogue=exchange.catalogue,
    )


def _again(order: StoredOrder, exchange: Exchange, clock: Clock) -> str:
    """The query of a form that asks for what nobody looks for of an order; empty where no form can.

    The form counts in one of the chips: that is the card of weight 1, which an order of a program may not have.
    """
    lost = order.not_continued
    if lost is None or WHOLE not in order.chips.values():
        return ""
    return form_of(replace(order, window=lost.window, shape=lost.shape), exchange.catalogue, clock).query()


def _chapter(change: Change, clock: Clock) -> Chapter:
    command = change.command
    limit = command.limit if isinstance(command, AmendOrder) else None
    return Chapter(
        limit=None if limit is None else clock.hourly(limit),
        cancelled=isinstance(command, CancelOrder),
        at=int(change.logged.timestamp()),
    )
