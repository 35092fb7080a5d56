"""Listings: putting capacity on offer, changing the offer, taking it back."""

from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK

from exchange.app import Exchange
from exchange.listings.events import ListingPublished
from exchange.names import PartyId
from exchange.persistence.queries.listings import StoredListing, listing_of, listings_of
from exchange.state import Role
from matching.commands import Reclaim, WithdrawListing
from matching.terms import ListingEnd, Rejection
from web.api.asking import Cursor, Limit, Submit, happened, known, page, seq_after
from web.bodies.common import Page
from web.bodies.fields import fault
from web.bodies.listings import ListingChange, ListingIn, ListingOut, ReclaimIn
from web.problems import DoorRejection, ProblemError
from web.session import Caller, may

sellers = [may(Role.SELLER)]


@post("/listings", guards=sellers)
async def publish_listing(
    data: JSONBody[ListingIn], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> ListingOut:
    """Put capacity on offer. Orders that wait for it take it at once, the dearest first."""
    answer = await submit(data.command(exchange.terms))
    published = happened(answer, ListingPublished)
    return await _shown(exchange, submit.caller.party, published.listed.listing.id)


@get("/listings", guards=sellers)
async def list_listings(
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ListingOut]:
    """Your listings, the newest first."""
    rows = await listings_of(exchange.readers, caller.party, seq_after(cursor), limit + 1)
    return page(
        rows,
        limit,
        lambda listing: (listing.seq, listing.id),
        lambda listing: ListingOut.of(listing, exchange.terms),
    )


@get("/listings/{listing_id:str}", guards=sellers)
async def get_listing(
    listing_id: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> ListingOut:
    """One listing."""
    return await _shown(exchange, caller.party, listing_id)


@patch("/listings/{listing_id:str}", guards=sellers)
async def amend_listing(
    listing_id: FromPath[str],
    data: JSONBody[ListingChange],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> ListingOut:
    """Change how many cards are on offer, or what they cost. What is leased stays leased, at its price."""
    listing = known(await listing_of(exchange.readers, submit.caller.party, listing_id))
    await submit.about(data.command(listing, exchange.terms))
    return await _shown(exchange, submit.caller.party, listing_id)


@delete("/listings/{listing_id:str}", guards=sellers, status_code=HTTP_200_OK)
async def withdraw_listing(
    listing_id: FromPath[str], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> ListingOut:
    """Offer no more of a listing. What is leased stays leased. Withdrawing it once more is no fault."""
    listing = known(await listing_of(exchange.readers, submit.caller.party, listing_id))
    await _end(submit, WithdrawListing(listing.id), listing, ListingEnd.WITHDRAWN)
    return await _shown(exchange, submit.caller.party, listing_id)


@post("/listings/{listing_id:str}/reclaim", guards=sellers, status_code=HTTP_200_OK)
async def reclaim_listing(
    listing_id: FromPath[str],
    data: JSONBody[ReclaimIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> ListingOut:
    """Take a listing's cards back from an instant on. Its spot leases end then, or after the notice; others run on.

    Whoever leased pays for what was delivered, and nothing within the grace. Reclaiming once more is no fault.
    """
    listing = known(await listing_of(exchange.readers, submit.caller.party, listing_id))
    try:
        await _end(submit, data.command(listing, exchange.terms), listing, ListingEnd.RECLAIMED)
    except ProblemError as refusal:
        if refusal.code != Rejection.EMPTY_WINDOW:
            raise
        sentence = "The listing ends before that, or before the notice is over."
        raise fault("/from", Rejection.EMPTY_WINDOW, sentence) from None
    return await _shown(exchange, submit.caller.party, listing_id)


async def _end(
    submit: Submit, command: WithdrawListing | Reclaim, listing: StoredListing, end: ListingEnd
) -> None:
    """Ask for the end of a listing; where it has ended so already, that is no fault."""
    try:
        await submit.about(command)
    except ProblemError as refusal:
        if (refusal.code, listing.status) != (DoorRejection.ALREADY_CLOSED, end):
            raise


async def _shown(exchange: Exchange, party: PartyId, listing: str) -> ListingOut:
    return ListingOut.of(known(await listing_of(exchange.readers, party, listing)), exchange.terms)


HANDLERS = [
    publish_listing,
    list_listings,
    get_listing,
    amend_listing,
    withdraw_listing,
    reclaim_listing,
]
