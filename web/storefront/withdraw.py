"""A buyer takes its balance back: how much, to which account what can't go the way it came, and how each part stands."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.payments import FrozenError, Payments
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.parties import balances
from exchange.persistence.queries.payouts import payouts
from exchange.rejections import Rejected
from exchange.state import WITHDRAWAL_WAYS
from settlement.ledger.chart import AccountKind
from web.api.payouts import NOT_NOW
from web.bodies.payouts import WithdrawalIn
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.routing import PageRequest, id_of, leaf, page, sent_form
from web.problems import DoorRejection
from web.session import Caller

AT = "/account/withdraw"
ROWS = 50

_field_of = field_named({}, otherwise="amount_fen")


@get(AT)
async def withdraw_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """The form, and every part of what was taken back."""
    return await _shown(request, exchange, caller, Reader({}), None)


@post(AT)
async def ask_to_withdraw(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
) -> Template | Redirect:
    """Take a part of the balance back, once for each form that was shown."""
    asked = Reader(await sent_form(request))
    body = {"amount_fen": asked.fen("amount_fen", least=1), "account": asked.text("account") or None}
    command = checked(asked, WithdrawalIn, body, WithdrawalIn.command, _field_of)
    if command is None:
        return await _shown(request, exchange, caller, asked, None)
    try:
        answer = await payments.withdraw(caller.party, id_of(asked), command)
    except FrozenError:
        refused = Rejected(DoorRejection.PAYOUTS_FROZEN, NOT_NOW)
        return await _shown(request, exchange, caller, asked, refused)
    if answer.rejection is not None:
        return await _shown(request, exchange, caller, asked, answer.rejection)
    return Redirect(f"{AT}?begun=1", status_code=303)


async def _shown(
    request: PageRequest, exchange: Exchange, caller: Caller, asked: Reader, rejection: Rejected | None
) -> Template:
    begins = leaf(request)
    place = None if begins is None else (begins.seq, begins.rest)
    found = await payouts(exchange.readers, caller.party, WITHDRAWAL_WAYS, place, ROWS + 1)
    owned = await balances(exchange.readers, caller.party)
    return page(
        "account/withdraw.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        available=owned.get(AccountKind.AVAILABLE, 0),
        clock=await clock(exchange.readers),
        rows=found[:ROWS],
        last=found[ROWS - 1] if len(found) > ROWS else None,
        asked=asked,
        rejection=rejection,
        done="begun" in request.query_params,
    )
