"""A seller's payouts: what it is owed, what of it is due, where it is paid, and what it was paid."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.payments import Payments
from exchange.payouts.commands import NamePayoutAccount
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.payouts import dues, payout_terms, payouts
from exchange.rejections import Rejected
from exchange.state import PayoutWay
from web.bodies.payouts import PayoutAccountIn
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.routing import PageRequest, give, leaf, page, sent_form
from web.session import Caller

AT = "/console/payouts"
ROWS = 100

_field_of = field_named({}, otherwise="account")


@get(AT)
async def payouts_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
) -> Template:
    """What the seller is owed and was paid."""
    done = "named" if "named" in request.query_params else ""
    return await _payouts(request, exchange, caller, payments, Reader({}), None, done=done)


@post(f"{AT}/account")
async def name_my_account(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
) -> Template | Redirect:
    """Name the account at the bank; or go to a page of the gateway, which asks the seller who it is."""
    asked = Reader(await sent_form(request))
    if not payments.by_bank:
        url = await payments.onboard(caller.party, str(request.base_url).rstrip("/") + AT)
        return Redirect(url or f"{AT}?later=1", status_code=303)
    wanted = {"account": asked.words("account")}
    body = checked(asked, PayoutAccountIn, wanted, lambda read: read, _field_of)
    if body is None or body.account is None:
        return await _payouts(request, exchange, caller, payments, asked, None)
    answer = await give(exchange, caller, asked, NamePayoutAccount(caller.party, body.account))
    if answer.rejection is not None:
        return await _payouts(request, exchange, caller, payments, asked, answer.rejection)
    return Redirect(f"{AT}?named=1", status_code=303)


async def _payouts(
    request: PageRequest,
    exchange: Exchange,
    caller: Caller,
    payments: Payments,
    asked: Reader,
    rejection: Rejected | None,
    *,
    done: str = "",
) -> Template:
    begins = leaf(request)
    place = None if begins is None else (begins.seq, begins.rest)
    found = await payouts(exchange.readers, caller.party, [PayoutWay.TRANSFER], place, ROWS + 1)
    (due,) = await dues(exchange.readers, caller.party)
    return page(
        "console/payouts.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        due=due,
        terms=await payout_terms(exchange.readers),
        clock=await clock(exchange.readers),
        rows=found[:ROWS],
        last=found[ROWS - 1] if len(found) > ROWS else None,
        by_bank=payments.by_bank,
        asked=asked,
        rejection=rejection,
        done=done or ("later" if "later" in request.query_params else ""),
    )
