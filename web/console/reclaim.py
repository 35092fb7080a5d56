"""Taking cards back: what would be interrupted and when, shown before the seller confirms it, and the command itself."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.queries import market as queries
from exchange.persistence.queries.leases import StoredLease, leases_from
from exchange.persistence.queries.listings import StoredListing, listing_of
from exchange.persistence.queries.market import Clock
from exchange.rejections import Rejected
from matching.commands import Reclaim
from matching.terms import Slot, Tier
from web.bodies.listings import ReclaimIn
from web.pages.checked import checked
from web.pages.fields import MistakeCode, Reader
from web.pages.formats import rfc3339
from web.pages.routing import PageRequest, give, not_here, page, sent_form, sent_query
from web.session import Caller

LEASES_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Interruption:
    """A lease that would end at the slot `at`: what of its price stays charged, and what would not be, in micro-yuan."""

    lease: StoredLease
    at: Slot
    charged: int

    @property
    def lost(self) -> int:
        """What the seller would not be paid."""
        return self.lease.cost - self.charged


@get("/console/listings/{listing_id:str}/reclaim")
async def reclaim_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    listing_id: FromPath[str],
) -> Template:
    """What reclaiming a listing from a time on would interrupt. Nothing happens yet."""
    return await _confirm(exchange, caller, listing_id, Reader(sent_query(request)), None)


@post("/console/listings/{listing_id:str}/reclaim")
async def reclaim_listing(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    listing_id: FromPath[str],
) -> Template | Redirect:
    """Take the cards back: spot leases end, after the notice."""
    listing = await _listing(exchange, caller, listing_id)
    asked = Reader(await sent_form(request))
    command = _command(asked, listing, await queries.clock(exchange.readers))
    if command is None:
        return await _confirm(exchange, caller, listing_id, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _confirm(exchange, caller, listing_id, asked, answer.rejection)
    return Redirect(f"/console/listings/{listing_id}?changed=1", status_code=303)


def interruptions(leases: Iterable[StoredLease], since: Slot, clock: Clock) -> Iterator[Interruption]:
    """What a reclaim from a slot on would do to a listing's leases: those on demand run on."""
    for lease in leases:
        at = max(since, lease.window.start)
        if lease.tier is Tier.SPOT and lease.window.end > at:
            yield Interruption(lease, at, _charged(lease, at, clock))


def _charged(lease: StoredLease, at: Slot, clock: Clock) -> int:
    """What a lease costs that ends at `at`: nothing within the grace."""
    if at - lease.window.start <= clock.terms.market.grace:
        return 0
    slots = [(min(run.window.end, at) - run.window.start, run.price) for run in lease.runs]
    return lease.cards * sum(max(0, length) * price for length, price in slots)


def _command(asked: Reader, listing: StoredListing, clock: Clock) -> Reclaim | None:
    """What the form asks for, or None with what is wrong noted in `asked`."""
    since = asked.instant("since")
    if since is not None and since % clock.terms.slot_seconds:
        asked.wrong("since", MistakeCode.OFF_GRID, clock.terms.slot_seconds // 60)
    body = {"from": None if since is None else rfc3339(since)}
    return checked(
        asked, ReclaimIn, body, lambda wanted: wanted.command(listing, clock.terms), lambda _: "since"
    )


async def _listing(exchange: Exchange, caller: Caller, listing_id: str) -> StoredListing:
    listing = await listing_of(exchange.readers, caller.party, listing_id)
    if listing is None:
        raise not_here()
    return listing


async def _confirm(
    exchange: Exchange, caller: Caller, listing_id: str, asked: Reader, rejection: Rejected | None
) -> Template:
    listing = await _listing(exchange, caller, listing_id)
    clock = await queries.clock(exchange.readers)
    command = _command(asked, listing, clock)
    notice = Slot(clock.now + clock.terms.market.notice)
    since = notice if command is None else max(notice, command.since)
    if since >= listing.window.end:
        asked.wrong(
            "since", MistakeCode.REFUSED, "The listing ends before that, or before the notice is over."
        )
    leases = await leases_from(exchange.readers, listing.id, LEASES_MOST)
    return page(
        "console/reclaim.html",
        caller,
        status=422 if rejection is not None or asked.mistakes else 200,
        clock=clock,
        listing=listing,
        since=since,
        later=command is not None and command.since < notice,
        interrupted=[] if command is None else list(interruptions(leases, since, clock)),
        running_on=[lease for lease in leases if lease.tier is not Tier.SPOT and lease.window.end > since],
        asked=asked,
        rejection=rejection,
        catalogue=exchange.catalogue,
    )
