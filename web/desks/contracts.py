"""One token contract for the clerk: its prices and packages, and the forms by which others begin."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.commands import Command
from exchange.persistence.queries.contracts import contract_of
from exchange.persistence.queries.market import clock
from exchange.rejections import Rejected
from web.bodies.contracts import PackageIn, PriceVersionIn
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

DONE = ("agreed", "added")

_price_of = field_named({field: name for name, field in PRICES.items()}, otherwise="begins")
_package_of = field_named(
    {"price_fen": "price", "begins": "package_begins", "ends": "package_ends"}, otherwise="tokens"
)


@get("/clerk/contracts/{contract_id:str}")
async def contract_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    contract_id: FromPath[str],
) -> Template:
    """A contract with its prices, the newest first, and its packages."""
    done = next((what for what in DONE if what in request.query_params), "")
    return await _contract(exchange, caller, contract_id, Reader({}), None, done=done)


@post("/clerk/contracts/{contract_id:str}/prices")
async def agree_prices(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    contract_id: FromPath[str],
) -> Template | Redirect:
    """Let other prices begin that buyer and seller have agreed."""
    asked = Reader(await sent_form(request))
    typed = [name for name in PRICES if name != "cached_input" or asked.text(name)]
    prices = {PRICES[name]: asked.exact_price(name, TOKEN_PRICE_MAX) for name in typed}
    body = {**prices, "begins": _sent_time(asked, "begins")}
    command = checked(asked, PriceVersionIn, body, lambda sent: sent.command(contract_id), _price_of)
    return await _answered(exchange, caller, contract_id, asked, command, "agreed")


@post("/clerk/contracts/{contract_id:str}/packages")
async def add_package(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    contract_id: FromPath[str],
) -> Template | Redirect:
    """Add a package of tokens that buyer and seller have agreed."""
    asked = Reader(await sent_form(request))
    body = {
        "tokens": asked.whole("tokens", 1),
        "price_fen": asked.fen("price") if asked.text("price") else 0,
        "begins": _sent_time(asked, "package_begins"),
        "ends": _sent_time(asked, "package_ends"),
    }
    command = checked(asked, PackageIn, body, lambda sent: sent.command(contract_id), _package_of)
    return await _answered(exchange, caller, contract_id, asked, command, "added")


def _sent_time(asked: Reader, name: str) -> str | None:
    """A local time as programs send it."""
    instant = asked.instant(name)
    return None if instant is None else rfc3339(instant)


async def _answered(
    exchange: Exchange, caller: Caller, contract_id: str, asked: Reader, command: Command | None, done: str
) -> Template | Redirect:
    if command is None:
        return await _contract(exchange, caller, contract_id, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _contract(exchange, caller, contract_id, asked, answer.rejection)
    return Redirect(f"/clerk/contracts/{contract_id}?{done}=1", status_code=303)


async def _contract(
    exchange: Exchange,
    caller: Caller,
    contract_id: str,
    asked: Reader,
    rejection: Rejected | None,
    *,
    done: str = "",
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
