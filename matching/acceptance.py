"""What may stand in the market: why a listing or an order is refused, and what one becomes by an amendment."""

from collections.abc import Mapping

from msgspec.structs import replace

from matching.commands import AmendListing, AmendOrder
from matching.curves import PriceCurve
from matching.live import LiveListing
from matching.market import Market
from matching.terms import Block, Listing, Order, Rejection, Shape, Slot, Tier, Window


def listing_problem(market: Market, listing: Listing) -> Rejection | None:
    """Why a listing can't stand in the books, or None."""
    if market.chips is not None and listing.chip not in market.chips:
        return Rejection.UNKNOWN_CHIP
    if market.regions is not None and listing.region not in market.regions:
        return Rejection.UNKNOWN_REGION
    cards, lot, min_slots, asks = listing.cards, listing.lot, listing.min_slots, listing.asks
    if cards < 1 or lot < 1 or min_slots < 1:
        return Rejection.BAD_QUANTITY
    start, end = listing.window.start, listing.window.end
    if not asks or not all(_sound(curve, start) for curve in asks.values()):
        return Rejection.BAD_PRICE
    if cards % lot:
        return Rejection.BAD_LOT
    slots = end - start
    if slots <= 0:
        return Rejection.EMPTY_WINDOW
    if slots < min_slots:
        return Rejection.WINDOW_TOO_SHORT
    return None


def order_problem(market: Market, order: Order) -> Rejection | None:
    """Why an order can't be accepted, or None."""
    chips, regions, shape, window = order.chips, order.regions, order.shape, order.window
    if not chips or (market.chips is not None and not chips.keys() <= market.chips):
        return Rejection.UNKNOWN_CHIP
    if not regions or (market.regions is not None and not market.regions.issuperset(regions)):
        return Rejection.UNKNOWN_REGION
    if market.regions is not None and order.home is not None and order.home not in market.regions:
        return Rejection.UNKNOWN_REGION
    if not _sound_shape(shape) or order.mbps_per_card < 0 or any(each < 1 for each in chips.values()):
        return Rejection.BAD_QUANTITY
    if order.limit < 0:
        return Rejection.BAD_PRICE
    slots = window.end - window.start
    if slots <= 0:
        return Rejection.EMPTY_WINDOW
    if isinstance(shape, Block) and slots < shape.slots:
        return Rejection.WINDOW_TOO_SHORT
    return None


def _sound_shape(shape: Shape) -> bool:
    if isinstance(shape, Block):
        return shape.least >= 1 and shape.slots >= 1 and shape.least <= shape.most
    return shape.amount >= 1 and shape.rate >= 1


def amended_listing(market: Market, command: AmendListing) -> Listing | Rejection:
    """The terms that a listing would have after an amendment, or why it may not be made."""
    live = market.listings.get(command.listing)
    if live is None:
        return Rejection.UNKNOWN_ID
    terms = live.terms
    cards = terms.cards if command.cards is None else command.cards
    asks: Mapping[Tier, PriceCurve] = terms.asks if command.asks is None else command.asks
    amended = replace(terms, cards=cards, asks=asks)
    problem = listing_problem(market, amended)
    if problem is not None:
        return problem
    if cards < terms.cards - _least_free(live, market.now):
        return Rejection.BELOW_COMMITTED
    return amended


def amended_order(market: Market, command: AmendOrder) -> Order | Rejection:
    """The terms that an order would have after an amendment, or why it may not be made. Work keeps its amount."""
    live = market.orders.get(command.order)
    if live is None:
        return Rejection.UNKNOWN_ID
    terms = live.terms
    shape = terms.shape
    if command.cards is not None:
        if not isinstance(shape, Block):
            return Rejection.BAD_QUANTITY
        shape = Block(*command.cards, shape.slots, shape.split)
    amended = replace(
        terms,
        limit=terms.limit if command.limit is None else command.limit,
        window=terms.window if command.deadline is None else Window(terms.window.start, command.deadline),
        shape=shape,
    )
    return order_problem(market, amended) or amended


def _least_free(live: LiveListing, now: Slot) -> int:
    """Cards that nobody holds from now on: the past commits nothing."""
    start = max(live.terms.window.start, now)
    return live.free.least(start, live.terms.window.end)


def _sound(curve: PriceCurve, start: Slot) -> bool:
    """Whether a curve prices the whole of a window, its slots rise, and no price is negative."""
    steps = curve.steps
    if not steps or steps[0][0] > start:
        return False
    before = steps[0][0] - 1
    for slot, price in steps:
        if slot <= before or price < 0:
            return False
        before = slot
    return True
