"""A buyer pays money in: how much, how to transfer it, and how each top-up stands."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.payments import Payments
from exchange.persistence.queries.topups import topups_of
from web.bodies.payments import TopUpIn
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.routing import PageRequest, id_of, page, sent_form
from web.session import Caller
from web.settings import WebSettings

ROWS = 50


@get("/account/top-up")
async def top_up_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
    settings: NamedDependency[WebSettings],
) -> Template:
    """The form, and every top-up that was asked for."""
    return await _shown(
        exchange, caller, payments, settings, Reader({}), done="asked" in request.query_params
    )


@post("/account/top-up")
async def ask_top_up(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    payments: NamedDependency[Payments],
    settings: NamedDependency[WebSettings],
) -> Template | Redirect:
    """Ask for a top-up, once for each form that was shown."""
    asked = Reader(await sent_form(request))
    body = {"amount_fen": asked.fen("amount_fen", least=1)}
    amount = checked(asked, TopUpIn, body, lambda sent: sent.amount, field_named({}, otherwise="amount_fen"))
    if amount is None:
        return await _shown(exchange, caller, payments, settings, asked)
    await payments.top_up(caller.party, id_of(asked), amount)
    there = f"/{id_of(asked)}" if settings.takes_payments else "?asked=1"
    return Redirect(f"/account/top-up{there}", status_code=303)


async def _shown(
    exchange: Exchange,
    caller: Caller,
    payments: Payments,
    settings: WebSettings,
    asked: Reader,
    *,
    done: bool = False,
) -> Template:
    return page(
        "account/top_up.html",
        caller,
        status=422 if asked.mistakes else 200,
        topups=await topups_of(exchange.readers, caller.party, ROWS),
        by_bank=payments.by_bank,
        by_form=settings.takes_payments,
        asked=asked,
        done=done,
    )
