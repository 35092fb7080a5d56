"""Orders: placing, changing and cancelling them, and what they would get."""

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.app import Exchange
from exchange.names import PartyId
from exchange.orders.events import OrderAccepted
from exchange.persistence.queries.leases import leases_under
from exchange.persistence.queries.orders import order_of, orders_of
from exchange.state import Role
from matching.commands import CancelOrder
from matching.terms import OrderEnd
from web.api.asking import Cursor, Limit, Submit, happened, known, page, place_after
from web.bodies.common import Page
from web.bodies.orders import OrderChange, OrderIn, OrderOut
from web.bodies.quotes import QuoteOut
from web.problems import DoorRejection, ProblemError
from web.session import Caller, may

buyers = [may(Role.BUYER)]


@post("/orders", guards=buyers)
async def place_order(
    data: JSONBody[OrderIn], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> OrderOut:
    """Ask for capacity. What is free is leased at once; else the order rests, or is closed where it can't wait.

    The most that it can cost is held first. The price paid is what the listing asks, never more than the limit. Where
    the venue's terms have displacement on, a block for one listing that finds nothing free may take cards back from
    spot leases; a spot order pays no less than the dearest limit that it displaces.
    """
    answer = await submit(data.command(exchange.terms, exchange.catalogue))
    accepted = happened(answer, OrderAccepted)
    return await _shown(exchange, submit.caller.party, accepted.opened.order.id)


@get("/orders", guards=buyers)
async def list_orders(
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[OrderOut]:
    """Your orders, the newest first."""
    rows = await orders_of(exchange.readers, caller.party, place_after(cursor), limit + 1)
    leases = await leases_under(exchange.readers, [order.id for order in rows])
    return page(
        rows,
        limit,
        lambda order: (order.seq, order.id),
        lambda order: OrderOut.of(order, leases, exchange.terms),
    )


@get("/orders/{order_id:str}", guards=buyers)
async def get_order(
    order_id: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> OrderOut:
    """One order, with the leases that it got."""
    return await _shown(exchange, caller.party, order_id)


@patch("/orders/{order_id:str}", guards=buyers)
async def amend_order(
    order_id: FromPath[str],
    data: JSONBody[OrderChange],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> OrderOut:
    """Change a resting order. A smaller size or an earlier deadline keeps its place; anything else makes it new.

    Work keeps its amount. Nothing that was granted is given back.
    """
    order = known(await order_of(exchange.readers, submit.caller.party, order_id))
    await submit.about(data.command(order, exchange.terms))
    return await _shown(exchange, submit.caller.party, order_id)


@delete("/orders/{order_id:str}", guards=buyers, status_code=HTTP_200_OK)
async def cancel_order(
    order_id: FromPath[str], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> OrderOut:
    """Take an order out of the books and free what it holds. Cancelling it once more is no fault."""
    order = known(await order_of(exchange.readers, submit.caller.party, order_id))
    try:
        await submit.about(CancelOrder(order.id))
    except ProblemError as refusal:
        if (refusal.code, order.status) != (DoorRejection.ALREADY_CLOSED, OrderEnd.CANCELLED):
            raise
    return await _shown(exchange, submit.caller.party, order_id)


@post("/quotes", guards=buyers, status_code=HTTP_200_OK)
async def quote(
    data: JSONBody[OrderIn], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> QuoteOut:
    """What an order would get now, and what that comes to. Books nothing, and needs no Idempotency-Key."""
    command = data.command(exchange.terms, exchange.catalogue)
    answer = await exchange.quotes.quote(caller.party, command)
    return QuoteOut.of(answer, command.shape, exchange.terms)


async def _shown(exchange: Exchange, party: PartyId, order: str) -> OrderOut:
    found = known(await order_of(exchange.readers, party, order))
    return OrderOut.of(found, await leases_under(exchange.readers, [found.id]), exchange.terms)


HANDLERS = [place_order, list_orders, get_order, amend_order, cancel_order, quote]
