"""Refunding a statement line by a form, and moving its credit note on: the same for the clerk and for the seller."""

from collections.abc import Awaitable, Callable

from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.names import RefundId
from exchange.persistence.queries.refunds import refunds_of, settled_line
from exchange.persistence.queries.statements import StoredStatement
from exchange.refunds.commands import MoveCreditNote
from exchange.rejections import Rejected
from settlement.credit_notes import CreditNoteEvent
from web.bodies.refunds import RefundIn
from web.pages.checked import checked, field_named
from web.pages.fields import MistakeCode, Reader
from web.pages.routing import PageRequest, give, not_here, sent_form
from web.session import Caller

DONE = ("refunded", "noted")
Show = Callable[[Reader, Rejected | None], Awaitable[Template]]
"""Makes the statement's page again, with what was typed and why it was not carried out."""

_field_of = field_named({"line": "line"}, otherwise="amount_fen")


async def refund(
    request: PageRequest, exchange: Exchange, caller: Caller, statement: StoredStatement, at: str, show: Show
) -> Template | Redirect:
    """Give a part of a line back as the form says, and come back to the statement."""
    asked = Reader(await sent_form(request))
    number = asked.whole("line", 1)
    wanted = {
        "statement": statement.id,
        "line": None if number is None else number - 1,
        "amount_fen": asked.fen("amount_fen"),
        "reason": asked.words("reason"),
        "reference": asked.words("reference"),
        "invoice_used": asked.one_of("invoice_used", {"yes", "no"}) == "yes",
    }
    body = checked(asked, RefundIn, wanted, lambda read: read, _field_of)
    if body is None:
        return await show(asked, None)
    line = await settled_line(exchange.readers, statement.id, body.line)
    if line is None:
        asked.wrong("line", MistakeCode.NOT_AN_OPTION)
        return await show(asked, None)
    answer = await give(exchange, caller, asked, body.command(line))
    if answer.rejection is not None:
        return await show(asked, answer.rejection)
    return Redirect(f"{at}{statement.id}?refunded=1#refunds", status_code=303)


async def move_note(
    request: PageRequest, exchange: Exchange, caller: Caller, statement: StoredStatement, at: str, show: Show
) -> Template | Redirect:
    """Say what has happened to the credit note of one of the statement's refunds."""
    asked = Reader(await sent_form(request))
    named = {known.id for known in await refunds_of(exchange.readers, [statement.id])}
    event = asked.text("event")
    if asked.text("refund") not in named or event not in set(CreditNoteEvent):
        raise not_here()
    command = MoveCreditNote(RefundId(asked.text("refund")), CreditNoteEvent(event))
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await show(Reader({}), answer.rejection)
    return Redirect(f"{at}{statement.id}?noted=1#refunds", status_code=303)


def done_of(request: PageRequest) -> str:
    """What was done just now, by the address that a form has led to."""
    return next((what for what in DONE if what in request.query_params), "")
