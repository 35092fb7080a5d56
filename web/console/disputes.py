"""A seller's disputes: taking back what its meters are said to have got wrong."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.decisions import Outcome
from web.pages.disputes import SELLER, ended, told
from web.pages.fields import Reader
from web.pages.routing import PageRequest, sent_form
from web.session import Caller


@post(f"{SELLER.at}/{{dispute_id:int}}/withdraw")
async def withdraw_records(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    dispute_id: FromPath[int],
) -> Template | Redirect:
    """Take disputed records back."""
    note = Reader(await sent_form(request)).words("note") or ""
    refused = await ended(exchange, caller, SELLER, dispute_id, Outcome.WITHDRAWN, note)
    return await told(exchange, caller, SELLER, dispute_id, refused)
