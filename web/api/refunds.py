"""Refunds: a clerk or the seller gives back a part of a settled line, and the credit note has a life of its own."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.app import Exchange
from exchange.persistence.queries.refunds import refund_of, refunds_within, settled_line
from exchange.persistence.queries.statements import statement_of
from exchange.refunds.events import LineRefunded
from exchange.state import Role
from web.api.asking import Cursor, Limit, Submit, happened, known, page, seq_after
from web.bodies.common import Page
from web.bodies.refunds import CreditNoteIn, RefundIn, RefundOut
from web.reach import reach_of
from web.session import Caller, may


@post("/refunds", guards=[may(Role.SELLER, Role.CLERK)])
async def refund_line(
    data: JSONBody[RefundIn],
    caller: NamedDependency[Caller],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> RefundOut:
    """Give a buyer back a part of a settled line, or all of it; sellers of their own statements.

    Every figure of the line is corrected by what remains of it less what stands. No more is given back than was charged,
    and no more than the seller is still owed.
    """
    known(await statement_of(exchange.readers, reach_of(caller), data.statement))
    line = known(await settled_line(exchange.readers, data.statement, data.line))
    refunded = happened(await submit(data.command(line)), LineRefunded)
    return RefundOut.of(known(await refund_of(exchange.readers, refunded.refund)), exchange.terms)


@get("/refunds", guards=[may()])
async def list_refunds(
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RefundOut]:
    """The refunds that concern you, the newest first."""
    rows = await refunds_within(exchange.readers, reach_of(caller), seq_after(cursor), limit + 1)
    return page(
        rows,
        limit,
        lambda refund: (refund.seq, refund.id),
        lambda refund: RefundOut.of(refund, exchange.terms),
    )


@post(
    "/refunds/{refund_id:str}/credit-note",
    guards=[may(Role.BUYER, Role.SELLER, Role.CLERK)],
    status_code=HTTP_200_OK,
)
async def move_credit_note(
    refund_id: FromPath[str],
    data: JSONBody[CreditNoteIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> RefundOut:
    """Say what has happened to a credit note: the buyer confirms it, its seller or a clerk says the rest."""
    await submit(data.command(refund_id))
    return RefundOut.of(known(await refund_of(exchange.readers, refund_id)), exchange.terms)


HANDLERS = [refund_line, list_refunds, move_credit_note]
