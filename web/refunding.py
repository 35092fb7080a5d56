"""The page of one statement, with the forms that refund a line and move a credit note on: the same on every side."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.commands import Command
from exchange.names import RefundId
from exchange.persistence.queries.refunds import refunds_of, settled_line
from exchange.persistence.queries.statements import Reach, StoredStatement, statement_of
from exchange.refunds.commands import MoveCreditNote
from exchange.rejections import Rejected
from exchange.state import Role
from settlement.credit_notes import CreditNoteEvent
from web.bodies.refunds import RefundIn
from web.pages.checked import checked, field_named
from web.pages.fields import MistakeCode, Reader
from web.pages.routing import PageRequest, give, not_here, page, sent_form
from web.pages.statement import statement_with_refunds
from web.session import Caller

DONE = ("refunded", "noted")

_field_of = field_named({"line": "line"}, otherwise="amount_fen")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the sides from which a statement is seen: the role, where its statements are, and their template."""

    role: Role
    at: str
    template: str

    async def statement(self, exchange: Exchange, caller: Caller, name: str) -> StoredStatement:
        """A statement that this side shows its caller. Raises a 404 where there is none."""
        reach = Reach(caller.party, everything=self.role is Role.CLERK)
        found = await statement_of(exchange.readers, reach, name)
        if found is None or not self.sees(found, caller):
            raise not_here()
        return found

    def sees(self, statement: StoredStatement, caller: Caller) -> bool:
        """Whether a statement is shown on this side: a firm that sells and buys finds each on the side that it is on."""
        sides = {Role.SELLER: statement.seller, Role.BUYER: statement.buyer}
        return self.role is Role.CLERK or sides[self.role] == caller.party


SELLER = Side(Role.SELLER, "/console/statements", "console/statement.html")
BUYER = Side(Role.BUYER, "/statements", "statements/statement.html")
CLERK = Side(Role.CLERK, "/clerk/statements", "clerk/statement.html")


def statement_pages(side: Side) -> Sequence[HTTPRouteHandler]:
    """The handlers of one statement on a side: its page, and the forms on it. Buyers refund nothing."""
    path = f"{side.at}/{{run:str}}/{{subject:str}}"

    @get(path)
    async def statement_page(
        request: PageRequest,
        exchange: NamedDependency[Exchange],
        caller: NamedDependency[Caller],
        run: FromPath[str],
        subject: FromPath[str],
    ) -> Template:
        """One statement with all its lines and every figure, and what was given back of it."""
        desk = Desk(exchange, caller, side, await side.statement(exchange, caller, f"{run}/{subject}"))
        done = next((what for what in DONE if what in request.query_params), "")
        return await desk.show(Reader({}), None, done=done)

    @post(f"{path}/refunds")
    async def refund_line(
        request: PageRequest,
        exchange: NamedDependency[Exchange],
        caller: NamedDependency[Caller],
        run: FromPath[str],
        subject: FromPath[str],
    ) -> Template | Redirect:
        """Give a part of a line back."""
        desk = Desk(exchange, caller, side, await side.statement(exchange, caller, f"{run}/{subject}"))
        return await desk.refund(Reader(await sent_form(request)))

    @post(f"{path}/credit-note")
    async def move_note(
        request: PageRequest,
        exchange: NamedDependency[Exchange],
        caller: NamedDependency[Caller],
        run: FromPath[str],
        subject: FromPath[str],
    ) -> Template | Redirect:
        """Say what has happened to the credit note of a refund."""
        desk = Desk(exchange, caller, side, await side.statement(exchange, caller, f"{run}/{subject}"))
        return await desk.move_note(Reader(await sent_form(request)))

    return [statement_page, move_note] if side is BUYER else [statement_page, refund_line, move_note]


@dataclass(frozen=True, slots=True)
class Desk:
    """A caller before one statement."""

    exchange: Exchange
    caller: Caller
    side: Side
    statement: StoredStatement

    async def refund(self, asked: Reader) -> Template | Redirect:
        """Give a part of a line back as the form says, and come back to the statement."""
        number = asked.whole("line", 1)
        wanted = {
            "statement": self.statement.id,
            "line": None if number is None else number - 1,
            "amount_fen": asked.fen("amount_fen"),
            "reason": asked.words("reason"),
            "reference": asked.words("reference"),
            "invoice_used": asked.one_of("invoice_used", {"yes", "no"}) == "yes",
        }
        body = checked(asked, RefundIn, wanted, lambda read: read, _field_of)
        if body is None:
            return await self.show(asked, None)
        line = await settled_line(self.exchange.readers, self.statement.id, body.line)
        if line is None:
            asked.wrong("line", MistakeCode.NOT_AN_OPTION)
            return await self.show(asked, None)
        return await self._carried_out(asked, body.command(line), "refunded", asked)

    async def move_note(self, asked: Reader) -> Template | Redirect:
        """Say what has happened to the credit note of one of the statement's refunds."""
        named = {known.id for known in await refunds_of(self.exchange.readers, [self.statement.id])}
        event = asked.text("event")
        if asked.text("refund") not in named or event not in set(CreditNoteEvent):
            raise not_here()
        command = MoveCreditNote(RefundId(asked.text("refund")), CreditNoteEvent(event))
        return await self._carried_out(asked, command, "noted", Reader({}))

    async def _carried_out(
        self, asked: Reader, command: Command, done: str, kept: Reader
    ) -> Template | Redirect:
        answer = await give(self.exchange, self.caller, asked, command)
        if answer.rejection is not None:
            return await self.show(kept, answer.rejection)
        return Redirect(f"{self.side.at}/{self.statement.id}?{done}=1#refunds", status_code=303)

    async def show(self, asked: Reader, rejection: Rejected | None, *, done: str = "") -> Template:
        """The statement's page, with what was typed and why it was not carried out."""
        return page(
            self.side.template,
            self.caller,
            status=422 if asked.mistakes or rejection else 200,
            shown=await statement_with_refunds(self.exchange, self.statement),
            asked=asked,
            rejection=rejection,
            done=done,
            catalogue=self.exchange.catalogue,
        )
