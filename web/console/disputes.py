"""A seller's disputes: what its meters are said to have got wrong, and taking it back."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.decisions import Outcome
from web.pages.disputes import SELLER, dispute_page, ended, list_page
from web.pages.fields import Reader
from web.pages.routing import PageRequest, leaf, sent_form
from web.session import Caller


@get("/console/disputes")
async def seller_disputes_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Disputes over what the seller's meters have said, newest first."""
    return await list_page(exchange, caller, SELLER, leaf(request))


@get("/console/disputes/{dispute_id:int}")
async def seller_dispute_page(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], dispute_id: FromPath[int]
) -> Template:
    """One dispute, with the chain around what was found."""
    return await dispute_page(exchange, caller, SELLER, dispute_id)


@post("/console/disputes/{dispute_id:int}/withdraw")
async def withdraw_records(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    dispute_id: FromPath[int],
) -> Template | Redirect:
    """Take disputed records back."""
    note = Reader(await sent_form(request)).words("note") or ""
    refused = await ended(exchange, caller, SELLER, dispute_id, Outcome.WITHDRAWN, note)
    if refused is not None:
        return await dispute_page(exchange, caller, SELLER, dispute_id, refused)
    return Redirect(f"/console/disputes/{dispute_id}", status_code=303)
