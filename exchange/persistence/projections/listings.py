"""What listings mean for the tables that pages read."""

from exchange.listings.events import ListingEvent, ListingPublished
from exchange.persistence.rows import Heard, Row, Rows
from exchange.persistence.tables import market
from matching.events import ListingAmended, ListingClosed
from matching.terms import Listing, PriceRule


def project_listings(rows: Rows, seq: int, event: ListingEvent) -> None:
    """Add what an event about listings means for the tables."""
    match event:
        case ListingPublished(listed, party, line):
            _note_maker(rows.heard, listed.listing, listed.seq)
            row = {"party": party, "line": line, "seq": seq, "status": "open", "age": listed.seq}
            rows.add(market.listings, {**row, **_listing_terms(listed.listing)})
        case ListingAmended(listing, age):
            _note_maker(rows.heard, listing, age)
            rows.change(market.listings, {**_listing_terms(listing), "age": age})
        case ListingClosed(listing_id, end):
            rows.change(market.listings, {"id": listing_id, "status": end})


def _note_maker(heard: Heard, listing: Listing, age: int) -> None:
    """A listing that is new to the books, or made new, pays the limits of the orders that wait for it, if that is its rule."""
    if age == heard.seq and listing.price_rule is PriceRule.MAKER:
        heard.arrived = listing.id


def _listing_terms(listing: Listing) -> Row:
    return {
        "id": listing.id,
        "chip": listing.chip,
        "region": listing.region,
        "start_slot": listing.window.start,
        "end_slot": listing.window.end,
        "cards": listing.cards,
        "lot": listing.lot,
        "min_slots": listing.min_slots,
        "asks": {tier: curve.steps for tier, curve in listing.asks.items()},
        "price_rule": listing.price_rule,
    }
