"""A party's money: what is available and held, what moved it, and what is behind each movement."""

from collections.abc import Mapping

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries.ledger import entry_of, moves_of
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.parties import balances
from exchange.state import Role
from settlement.ledger.chart import AccountKind
from web.pages.routing import PageRequest, before_entry, not_here, page
from web.session import Caller

ROWS = 50


@get("/account")
async def account_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """Balances, and the latest movements with the balance after each."""
    owned = await balances(exchange.readers, caller.party)
    moves = await moves_of(exchange.readers, caller.party, before_entry(request), ROWS + 1)
    return page(
        "account/page.html",
        caller,
        clock=await clock(exchange.readers),
        owned={kind: owned.get(kind, 0) for kind in _accounts(caller, owned)},
        moves=moves[:ROWS],
        last=moves[ROWS - 1] if len(moves) > ROWS else None,
    )


@get("/account/entries/{seq:int}/{n:int}")
async def entry_page(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    seq: FromPath[int],
    n: FromPath[int],
) -> Template:
    """One movement: what caused it, and each of the caller's own postings."""
    entry = await entry_of(exchange.readers, caller.party, seq, n)
    if entry is None:
        raise not_here()
    own = [posting for posting in entry.postings if posting.account.owner == caller.party]
    return page("account/entry.html", caller, entry=entry, own=own, cause=type(entry.event).__name__)


def _accounts(caller: Caller, owned: Mapping[AccountKind, int]) -> list[AccountKind]:
    """The accounts that a party of these roles has, and those for payouts and for what regions owe it once it had any."""
    buying = [AccountKind.AVAILABLE, AccountKind.HELD] if Role.BUYER in caller.roles else []
    selling = [AccountKind.PAYABLE] if Role.SELLER in caller.roles else []
    others = [kind for kind in (AccountKind.IN_TRANSIT, AccountKind.SUBSIDY_DUE) if kind in owned]
    return [*buying, *selling, *others]
