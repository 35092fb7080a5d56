"""The rules for a seller: who may offer what, and at which prices."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from exchange.listings.commands import ListingCommand, PublishListing
from exchange.listings.events import ListingEvent, ListingPublished
from exchange.names import PartyId
from exchange.orders.events import Told
from exchange.orders.telling import tell
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import State
from matching.acceptance import amended_listing, listing_problem
from matching.commands import AmendListing, Publish, Reclaim, WithdrawListing
from matching.curves import PriceCurve
from matching.events import Listed
from matching.rules import decide
from matching.terms import Listing, ListingId, Rejection, Seq, Tier, Window


def decide_listings(
    state: State, seq: Seq, by: PartyId, command: ListingCommand
) -> Iterator[ListingEvent | Told | Rejected]:
    """What a command about listings makes happen."""
    match command:
        case PublishListing():
            yield from publish_listing(state, seq, by, command)
        case AmendListing():
            yield from amend_listing(state, seq, by, command)
        case WithdrawListing():
            yield from withdraw_listing(state, seq, by, command)
        case Reclaim():
            yield from reclaim_listing(state, seq, by, command)
        case _:
            assert_never(command)


def publish_listing(
    state: State, seq: Seq, by: PartyId, command: PublishListing
) -> Iterator[ListingPublished | Told | Rejected]:
    """Put capacity on offer, and let resting orders take it."""
    listing = Listing(
        id=ListingId(f"lst-{seq}"),
        seller=state.parties[by].group,
        chip=command.chip,
        region=command.region,
        window=command.window,
        cards=command.cards,
        lot=command.lot,
        min_slots=command.min_slots,
        asks=command.asks,
        price_rule=command.price_rule,
    )
    problem = listing_problem(state.market, listing)
    refusal = refused_by_market(problem) if problem is not None else _refusal(state, listing, command.line)
    if refusal is not None:
        yield refusal
        return
    happened = decide(state.market, seq, Publish(listing))
    listed = next(happened)
    assert isinstance(listed, Listed), "a listing without a problem is listed"
    yield ListingPublished(listed, by, command.line)
    yield from tell(state, happened)


def amend_listing(
    state: State, seq: Seq, by: PartyId, command: AmendListing
) -> Iterator[ListingPublished | Told | Rejected]:
    """Change what is on offer."""
    if not _is_theirs(state, by, command.listing):
        yield refused_by_market(Rejection.UNKNOWN_ID)
        return
    amended = amended_listing(state.market, command)
    refusal = (
        refused_by_market(amended) if isinstance(amended, Rejection) else _price_refusal(state, amended.asks)
    )
    if refusal is not None:
        yield refusal
        return
    yield from tell(state, decide(state.market, seq, command))


def withdraw_listing(
    state: State, seq: Seq, by: PartyId, command: WithdrawListing
) -> Iterator[ListingPublished | Told | Rejected]:
    """Offer no more of a listing. What is leased stays leased."""
    if not _is_theirs(state, by, command.listing):
        yield refused_by_market(Rejection.UNKNOWN_ID)
        return
    yield from tell(state, decide(state.market, seq, command))


def reclaim_listing(
    state: State, seq: Seq, by: PartyId, command: Reclaim
) -> Iterator[ListingPublished | Told | Rejected]:
    """Take a listing's cards back: its spot leases end after the notice, those on demand run on."""
    if not _is_theirs(state, by, command.listing):
        yield refused_by_market(Rejection.UNKNOWN_ID)
        return
    yield from tell(state, decide(state.market, seq, command))


def _refusal(state: State, listing: Listing, line: str) -> Rejected | None:
    """Why the venue won't take a listing that the market would."""
    rules = state.rules
    if line not in rules.vat_rates_bp:
        return rejected(
            VenueRejection.UNKNOWN_LINE, f"Catalogue lines are {', '.join(sorted(rules.vat_rates_bp))}."
        )
    if listing.lot > rules.lot_max:
        return rejected(VenueRejection.LOT_TOO_LARGE, f"A lot is at most {rules.lot_max} cards.")
    return _window_refusal(state, listing.window) or _price_refusal(state, listing.asks)


def _window_refusal(state: State, window: Window) -> Rejected | None:
    if window.end <= state.market.now:
        return rejected(VenueRejection.WINDOW_IN_THE_PAST, "The window is over already.")
    if window.end > state.market.now + state.rules.horizon_slots:
        return rejected(
            VenueRejection.WINDOW_TOO_FAR,
            f"The venue trades {state.rules.horizon_slots} slots ahead: offer an earlier end.",
        )
    return None


def _price_refusal(state: State, asks: Mapping[Tier, PriceCurve]) -> Rejected | None:
    prices = [price for curve in asks.values() for _, price in curve.steps]
    if any(price % state.rules.price_tick for price in prices):
        return rejected(VenueRejection.PRICE_OFF_TICK, "Asks are whole fen per card-hour.")
    return None


def _is_theirs(state: State, by: PartyId, listing: ListingId) -> bool:
    return listing in state.listings and state.listings[listing].party == by
