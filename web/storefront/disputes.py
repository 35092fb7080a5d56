"""A buyer's disputes: what was reported to it and is not billed, and agreeing to pay for it."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.decisions import Outcome
from web.pages.disputes import BUYER, dispute_page, ended, list_page
from web.pages.routing import PageRequest, leaf, sent_form
from web.session import Caller


@get("/disputes")
async def buyer_disputes_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Disputes over what was reported of the buyer's leases and contracts, newest first."""
    return await list_page(exchange, caller, BUYER, leaf(request))


@get("/disputes/{dispute_id:int}")
async def buyer_dispute_page(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], dispute_id: FromPath[int]
) -> Template:
    """One dispute, with the chain around what was found."""
    return await dispute_page(exchange, caller, BUYER, dispute_id)


@post("/disputes/{dispute_id:int}/agree")
async def agree_to_pay(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    dispute_id: FromPath[int],
) -> Template | Redirect:
    """Agree to pay for what was reported, as far as it was leased."""
    await sent_form(request)
    refused = await ended(exchange, caller, BUYER, dispute_id, Outcome.BILLED)
    if refused is not None:
        return await dispute_page(exchange, caller, BUYER, dispute_id, refused)
    return Redirect(f"/disputes/{dispute_id}", status_code=303)
