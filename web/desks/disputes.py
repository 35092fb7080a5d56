"""The clerk's disputes: the word that ends one."""

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.decisions import Outcome
from web.pages.disputes import CLERK, ended, told
from web.pages.fields import Reader
from web.pages.routing import PageRequest, sent_form
from web.problems import DoorRejection, ProblemError
from web.session import Caller

DIGITS_MAX = 18


@post(f"{CLERK.at}/{{dispute_id:int}}/bill")
async def bill_dispute(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    dispute_id: FromPath[int],
) -> Template | Redirect:
    """Bill disputed records after all: at the counts that the form names, or where it names none as they were said."""
    sent = await sent_form(request)
    counts: dict[int, tuple[int, ...]] = {}
    for name in sent:
        number = name.removeprefix("counts-")
        if name != number and any(sent[name]):
            counts[_whole(number)] = tuple(_whole(text) for text in sent[name])
    note = Reader(sent).words("note") or ""
    refused = await ended(exchange, caller, CLERK, dispute_id, Outcome.BILLED, note, counts)
    return await told(exchange, caller, CLERK, dispute_id, refused)


@post(f"{CLERK.at}/{{dispute_id:int}}/reject")
async def reject_dispute(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    dispute_id: FromPath[int],
) -> Template | Redirect:
    """Bill nothing of it."""
    note = Reader(await sent_form(request)).words("note") or ""
    refused = await ended(exchange, caller, CLERK, dispute_id, Outcome.REJECTED, note)
    return await told(exchange, caller, CLERK, dispute_id, refused)


def _whole(text: str) -> int:
    """A count as the form holds it."""
    if not (text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX):
        raise ProblemError(DoorRejection.MALFORMED_REQUEST, "A count is a whole number: open the page again.")
    return int(text)
