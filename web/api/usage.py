"""Usage: what sellers report of delivered time and used tokens, in batches that count once."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.app import Exchange
from exchange.state import Role
from web.api.asking import CommandId
from web.bodies.usage import DeliveriesIn, ReceiptOut, TokenBatchIn
from web.problems import DoorRejection, ProblemError
from web.session import Caller, may
from web.strict import BATCH_BODY_MAX

sellers = [may(Role.SELLER)]


@post("/usage/deliveries", guards=sellers, status_code=HTTP_200_OK, request_max_body_size=BATCH_BODY_MAX)
async def report_deliveries(
    data: JSONBody[DeliveriesIn],
    caller: NamedDependency[Caller],
    command_id: NamedDependency[CommandId],
    exchange: NamedDependency[Exchange],
) -> ReceiptOut:
    """Report delivered card-seconds, slot by slot. A record that can't be billed is refused; the rest is taken.

    With a `seal` the batch is signed: what is found wrong with it is disputed, kept, and not billed.
    """
    records, seal = data.in_slots(exchange.terms), data.sealed()
    return ReceiptOut.of(await exchange.metering.deliveries(caller.party, command_id, records, seal))


@post("/usage/tokens", guards=sellers, status_code=HTTP_200_OK, request_max_body_size=BATCH_BODY_MAX)
async def report_tokens(
    data: JSONBody[TokenBatchIn],
    caller: NamedDependency[Caller],
    command_id: NamedDependency[CommandId],
    exchange: NamedDependency[Exchange],
) -> ReceiptOut:
    """Report used tokens. A record that can't be billed is refused or disputed, as with deliveries."""
    records, seal = data.taken(), data.sealed()
    return ReceiptOut.of(await exchange.metering.tokens(caller.party, command_id, records, seal))


@get("/usage/batches/{key:str}", guards=sellers)
async def get_receipt(
    key: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> ReceiptOut:
    """The receipt of your batch with this Idempotency-Key; with 404, it was never seen.

    Ask it after a time-out or a 503. Sending the batch again with the same key is always safe, and answers the same.
    """
    receipt = await exchange.metering.receipt(caller.party, key)
    if receipt is None:
        raise ProblemError(
            DoorRejection.UNKNOWN_COMMAND, "It never arrived: send it again, with the same key."
        )
    return ReceiptOut.of(receipt)


HANDLERS = [report_deliveries, report_tokens, get_receipt]
