"""One token contract for the clerk: every version of its prices, and the form by which others begin."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.queries.contracts import contract_of
from exchange.persistence.queries.market import clock
from exchange.rejections import Rejected
from web.bodies.contracts import PriceVersionIn
from web.bodies.fields import TOKEN_PRICE_MAX
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.formats import rfc3339
from web.pages.routing import PageRequest, give, not_here, page, sent_form
from web.session import Caller

PRICES = {
    "input": "input_price_micro_yuan_per_million",
    "cached_input": "cached_input_price_micro_yuan_per_million",
    "output": "output_price_micro_yuan_per_million",
}

_field_of = field_named({field: name for name, field in PRICES.items()}, otherwise="begins")


@get("/clerk/contracts/{contract_id:str}")
async def contract_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    contract_id: FromPath[str],
) -> Template:
    """A contract with its prices, the newest first."""
    return await _contract(
        exchange, caller, contract_id, Reader({}), None, done="agreed" in request.query_params
    )


@post("/clerk/contracts/{contract_id:str}/prices")
async def agree_prices(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    contract_id: FromPath[str],
) -> Template | Redirect:
    """Let other prices begin that buyer and seller have agreed."""
    asked = Reader(await sent_form(request))
    begins = asked.instant("begins")
    typed = [name for name in PRICES if name != "cached_input" or asked.text(name)]
    wanted = {PRICES[name]: asked.exact_price(name, TOKEN_PRICE_MAX) for name in typed}
    body = {**wanted, "begins": None if begins is None else rfc3339(begins)}
    command = checked(asked, PriceVersionIn, body, lambda sent: sent.command(contract_id), _field_of)
    if command is None:
        return await _contract(exchange, caller, contract_id, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _contract(exchange, caller, contract_id, asked, answer.rejection)
    return Redirect(f"/clerk/contracts/{contract_id}?agreed=1", status_code=303)


async def _contract(
    exchange: Exchange,
    caller: Caller,
    contract_id: str,
    asked: Reader,
    rejection: Rejected | None,
    *,
    done: bool = False,
) -> Template:
    contract = await contract_of(exchange.readers, None, contract_id)
    if contract is None:
        raise not_here()
    return page(
        "clerk/contract.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        contract=contract,
        clock=await clock(exchange.readers),
        asked=asked,
        rejection=rejection,
        done=done,
        catalogue=exchange.catalogue,
    )
