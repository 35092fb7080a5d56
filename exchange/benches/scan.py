"""The plain scan that the books are compared with: before anything is decided, it tries everything that could serve.

A scan would still have to choose from what it finds. That is left to the books, so it is even a little faster here
than it could be.
"""

from exchange.benches.measure import Play
from matching.commands import Command, Place, Publish
from matching.events import Event, Leased
from matching.live import LiveListing, LiveOrder
from matching.search import fits
from matching.terms import Listing, Order, Seq


def scanned(play: Play, command: Command) -> list[Event]:
    """Carry out a command after trying, one by one, whatever in the market could serve it."""
    serving = _serving(play, command)
    events = play.carry_out(command)
    granted = any(isinstance(event, Leased) for event in events)
    assert serving or not granted, "what was granted is found by a scan, too"
    return events


def _serving(play: Play, command: Command) -> int:
    """How many listings could serve an order, or how many orders a listing could."""
    market = play.market
    match command:
        case Place(order):
            asking = LiveOrder(order, Seq(play.seq))
            return sum(
                _meet(order, offer.terms) and fits(market, asking, offer)
                for offer in market.listings.values()
            )
        case Publish(listing):
            offer = LiveListing(listing, Seq(play.seq))
            offer.usable, offer.open = listing.cards, offer.free.mask(market.origin, listing.lot)
            return sum(
                _meet(asking.terms, listing) and fits(market, asking, offer)
                for asking in market.orders.values()
            )
        case _:
            return 0


def _meet(order: Order, listing: Listing) -> bool:
    return listing.chip in order.chips and listing.region in order.regions and order.tier in listing.asks
