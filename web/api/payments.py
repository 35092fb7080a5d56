"""Money at the gateway: top-ups, files from and for the bank, and the gateway's own webhooks."""

import re
from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.clock import wall_clock
from exchange.payments import Payments
from exchange.state import Role
from settlement.gateways.bank_file import FileError
from settlement.gateways.news import GatewayEvent
from settlement.gateways.webhooks import BODY_MAX, read_webhook
from web.api.asking import CommandId, known
from web.bodies.payments import BankStatementIn, BankStatementOut, PaymentFileOut, TopUpIn, TopUpOut
from web.problems import DoorRejection, Fault, ProblemError, unknown_id
from web.session import Caller, may
from web.settings import WebSettings
from web.strict import BATCH_BODY_MAX, StrictRequest

_NUMBER = re.compile(r"[1-9][0-9]{0,17}\Z", re.ASCII)


@post("/topups", guards=[may(Role.BUYER)])
async def top_up(
    data: JSONBody[TopUpIn],
    caller: NamedDependency[Caller],
    command_id: NamedDependency[CommandId],
    payments: NamedDependency[Payments],
) -> TopUpOut:
    """Pay money in. Sending it again with the same key tells how it stands, and asks for nothing again."""
    standing = await payments.top_up(caller.party, command_id, data.amount)
    return TopUpOut.of(standing, data.amount)


@post(
    "/bank-statements",
    guards=[may(Role.CLERK)],
    status_code=HTTP_200_OK,
    request_max_body_size=BATCH_BODY_MAX,
)
async def take_in_statement(
    data: JSONBody[BankStatementIn],
    command_id: NamedDependency[CommandId],  # noqa: ARG001 - asked of every request that changes something
    payments: NamedDependency[Payments],
) -> BankStatementOut:
    """Take in a statement of the venue's bank. Top-ups that it shows as paid are booked; no line counts twice."""
    try:
        return BankStatementOut(await payments.take_in(data.csv.encode()))
    except FileError as refused:
        faults = [Fault("/csv", str(one.code), str(one)) for one in refused.faults]
        raise ProblemError(DoorRejection.INVALID_VALUE, "Nothing of the file was taken in.", faults) from None


@post("/payment-files", guards=[may(Role.CLERK)])
async def make_payment_file(
    command_id: NamedDependency[CommandId],  # noqa: ARG001 - asked of every request that changes something
    payments: NamedDependency[Payments],
) -> PaymentFileOut:
    """Put everything that the bank has yet to be told into a numbered file; `number` is null where that is nothing."""
    number, csv = await payments.next_file() or (None, b"")
    return PaymentFileOut(number, csv.decode())


@get("/payment-files/{number:str}", guards=[may(Role.CLERK)])
async def get_payment_file(number: FromPath[str], payments: NamedDependency[Payments]) -> PaymentFileOut:
    """A file as it was made: the same however often it is asked for."""
    if _NUMBER.match(number) is None:
        raise unknown_id()
    return PaymentFileOut(int(number), known(await payments.file(int(number))).decode())


class RawRequest(StrictRequest):
    """A request whose body is signed as it is, and so is read as it is."""

    async def body(self) -> bytes:
        """The body, once it is all there."""
        return await self._arrived()


@post("/webhooks/stripe", status_code=HTTP_200_OK, request_class=RawRequest, request_max_body_size=BODY_MAX)
async def stripe_webhook(
    request: Request[Any, Any, Any],
    settings: NamedDependency[WebSettings],
    payments: NamedDependency[Payments],
) -> None:
    """Hear what Stripe has to tell. Its signature is the key; an event that is of no concern to us is taken, too."""
    if settings.webhook is None:
        raise unknown_id()
    event = read_webhook(
        await request.body(), request.headers.get("stripe-signature"), wall_clock(), settings.webhook
    )
    if not isinstance(event, GatewayEvent):
        raise ProblemError(DoorRejection.WEBHOOK_REFUSED, f"It can't be taken for news: {event}.")
    await payments.hear(event)


HANDLERS = [top_up, take_in_statement, make_payment_file, get_payment_file]
