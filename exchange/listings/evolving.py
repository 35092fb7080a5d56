"""What listings change in the venue's state."""

from exchange.listings.events import ListingEvent, ListingPublished
from exchange.state import OpenListing, State
from matching.events import ListingAmended, ListingClosed
from matching.market import evolve


def evolve_listings(state: State, event: ListingEvent) -> None:
    """Let something about a listing have happened."""
    match event:
        case ListingPublished(listed, party, line):
            evolve(state.market, listed)
            state.listings[listed.listing.id] = OpenListing(party, line)
        case ListingAmended():
            evolve(state.market, event)
        case ListingClosed(listing, _):
            evolve(state.market, event)
            del state.listings[listing]
