"""Token contracts: the clerk registers what buyer and seller have agreed."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from exchange.app import Exchange
from exchange.contracts.events import ContractOpened, PackageAdded, PricesAgreed
from exchange.names import PartyId
from exchange.persistence.queries.contracts import contract_of, contracts_of
from exchange.state import Role
from web.api.asking import Cursor, Limit, Submit, happened, known, page, seq_after
from web.bodies.common import Page
from web.bodies.contracts import ContractIn, ContractOut, PackageIn, PriceVersionIn
from web.session import Caller, may

clerks = [may(Role.CLERK)]
concerned = [may(Role.BUYER, Role.SELLER, Role.CLERK)]


@post("/contracts", guards=clerks)
async def open_contract(
    data: JSONBody[ContractIn], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> ContractOut:
    """Put a token contract in force, and hold its whole budget."""
    opened = happened(await submit(data.command()), ContractOpened)
    return ContractOut.of(known(await contract_of(exchange.readers, None, opened.contract.id)))


@get("/contracts", guards=concerned)
async def list_contracts(
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ContractOut]:
    """Your contracts, or for the clerk everybody's, the newest first."""
    rows = await contracts_of(exchange.readers, _whose(caller), seq_after(cursor), limit + 1)
    return page(rows, limit, lambda contract: (contract.seq, contract.id), ContractOut.of)


@get("/contracts/{contract_id:str}", guards=concerned)
async def get_contract(
    contract_id: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> ContractOut:
    """One contract."""
    return ContractOut.of(known(await contract_of(exchange.readers, _whose(caller), contract_id)))


@post("/contracts/{contract_id:str}/prices", guards=clerks)
async def agree_prices(
    data: JSONBody[PriceVersionIn],
    contract_id: FromPath[str],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> ContractOut:
    """Let other prices begin that were agreed. What is used before keeps those that were in force then."""
    happened(await submit(data.command(contract_id)), PricesAgreed)
    return ContractOut.of(known(await contract_of(exchange.readers, None, contract_id)))


@post("/contracts/{contract_id:str}/packages", guards=clerks)
async def add_package(
    data: JSONBody[PackageIn],
    contract_id: FromPath[str],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> ContractOut:
    """Add a package of tokens that was agreed, and hold its price. What is left of it at its end expires."""
    happened(await submit(data.command(contract_id)), PackageAdded)
    return ContractOut.of(known(await contract_of(exchange.readers, None, contract_id)))


def _whose(caller: Caller) -> PartyId | None:
    """Whose contracts a caller sees: its own; None, everybody's, for the clerk."""
    return None if Role.CLERK in caller.roles else caller.party


HANDLERS = [open_contract, list_contracts, get_contract, agree_prices, add_package]
