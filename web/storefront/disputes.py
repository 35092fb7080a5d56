"""A buyer's disputes: agreeing to pay for what was reported to it and is not billed."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.decisions import Outcome
from web.pages.disputes import BUYER, ended, told
from web.pages.routing import PageRequest, sent_form
from web.session import Caller


@post(f"{BUYER.at}/{{dispute_id:int}}/agree")
async def agree_to_pay(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    dispute_id: FromPath[int],
) -> Template | Redirect:
    """Agree to pay for what was reported, as far as it was leased."""
    await sent_form(request)
    refused = await ended(exchange, caller, BUYER, dispute_id, Outcome.BILLED)
    return await told(exchange, caller, BUYER, dispute_id, refused)
