"""What a buyer has leased: the list, and one lease with its prices, its delivery and what it came to."""

from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries import market as queries
from exchange.persistence.queries.contracts import contracts_of
from exchange.persistence.queries.leases import StoredLease, lease_of, leases_of
from exchange.persistence.queries.market import Clock
from exchange.persistence.queries.statements import StoredLine, lines_of
from exchange.persistence.queries.timeline import Settled, settled_of
from web.pages.routing import PageRequest, leaf, not_here, page
from web.pages.statement import Credited, credited
from web.session import Caller

ROWS = 50
CONTRACTS = 100


@dataclass(frozen=True, slots=True)
class SettledLines:
    """What a lease came to in one run, line by line."""

    settled: Settled
    lines: list[StoredLine]

    @property
    def credited(self) -> list[Credited]:
        """What came off it, for each reason that there was."""
        return credited(self.lines)


@dataclass(frozen=True, slots=True)
class LeaseFacts:
    """A lease, the card-seconds of it that lie in the past, and what it came to so far."""

    clock: Clock
    lease: StoredLease
    over: int
    settled: list[SettledLines]


@get("/leases")
async def leases_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """What the buyer has leased, newest first, and its token contracts."""
    clock = await queries.clock(exchange.readers)
    found = await leases_of(exchange.readers, caller.party, leaf(request), ROWS + 1)
    rows = [lease for lease in found[:ROWS] if lease.buyer == caller.party]
    last = found[ROWS - 1] if len(found) > ROWS else None
    contracts = await contracts_of(exchange.readers, caller.party, None, CONTRACTS)
    return page(
        "leases/page.html",
        caller,
        clock=clock,
        rows=rows,
        last=last,
        contracts=[contract for contract in contracts if contract.buyer == caller.party],
        catalogue=exchange.catalogue,
    )


@get("/leases/{lease_id:str}")
async def lease_page(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], lease_id: FromPath[str]
) -> Template:
    """One lease."""
    lease = await lease_of(exchange.readers, caller.party, lease_id)
    if lease is None or lease.buyer != caller.party:
        raise not_here()
    facts = await lease_facts(exchange, lease)
    return page("leases/lease.html", caller, facts=facts, catalogue=exchange.catalogue)


async def lease_facts(exchange: Exchange, lease: StoredLease) -> LeaseFacts:
    """What both sides of a lease see of it."""
    clock = await queries.clock(exchange.readers)
    settled = await settled_of(exchange.readers, lease.id)
    return LeaseFacts(
        clock=clock,
        lease=lease,
        over=_over(lease, clock),
        settled=[SettledLines(one, await lines_of(exchange.readers, one.statement)) for one in settled],
    )


def _over(lease: StoredLease, clock: Clock) -> int:
    """Card-seconds of a lease that lie in the past."""
    slots = max(0, min(lease.window.end, clock.now) - lease.window.start)
    return slots * lease.cards * clock.terms.slot_seconds
