"""How firm a spot deal is: who could take it, and from what price on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from matching.book import Room
from matching.deals import Deal, DealLeg
from matching.ladder import rank_at
from matching.live import MILLI, LiveListing, LiveOrder
from matching.market import Market
from matching.masks import span
from matching.terms import Block, Order, Slot, Split, Tier, Window


class Risk(NamedTuple):
    """What other buyers could do to a spot deal.

    A lease is taken back by an order that arrives or is raised, never by one that merely rests. So `outbid` says what
    an order has to offer: the least for one card and slot with which a spot order could take a leg. `on_demand` says
    whether a leg stands on a listing that is for sale on demand, too, for those take spot leases whatever they pay.

    Orders that rest are what is known of demand. One has a leg *within reach* if it could take it were it placed anew,
    as far as listing, notice, window, size and price go; whether the damage would be worth it is not asked. `highest`
    is the most that any of these would pay for one card and slot (None where there are none), and `exposed` of the
    `card_slots` that are rented lie where one of them could run.

    A lease that is taken back runs on for `notice` slots, and costs nothing if it had delivered no more than `grace`.
    """

    outbid: int
    on_demand: bool
    highest: int | None
    exposed: int
    card_slots: int
    notice: int
    grace: int


def risk_of(market: Market, order: Order, deal: Deal) -> Risk | None:
    """How firm a deal of an order is, or None where nobody can displace it: on demand, or where that is off."""
    if order.tier is not Tier.SPOT or not market.terms.displacement:
        return None
    reaches = [_reach(market, order, leg) for leg in deal.legs]
    values = [reach.highest for reach in reaches if reach.highest is not None]
    return Risk(
        outbid=min(reach.outbid for reach in reaches),
        on_demand=any(Tier.ON_DEMAND in market.listings[leg.listing].terms.asks for leg in deal.legs),
        highest=max(values, default=None),
        exposed=sum(reach.slots * leg.cards for reach, leg in zip(reaches, deal.legs, strict=True)),
        card_slots=sum(leg.cards * len(leg.window) for leg in deal.legs),
        notice=market.terms.notice,
        grace=market.terms.grace,
    )


@dataclass(frozen=True, slots=True)
class _Reach:
    """What outbids one leg, the most that anybody who rests would pay, and the slots in which they could run."""

    outbid: int
    highest: int | None
    slots: int


def _reach(market: Market, order: Order, leg: DealLeg) -> _Reach:
    listing, window = market.listings[leg.listing], leg.window
    outbid = _outbid(order.limit * order.chips[leg.chip] // MILLI, market.terms.outbid_bp)
    highest: int | None = None
    exposed, whole = 0, (1 << len(window)) - 1
    for tier in listing.terms.asks:
        least = outbid if tier is Tier.SPOT else listing.prices[tier].lowest
        for value, hours in _takers(market, order, listing, tier, least):
            since, until = max(hours.start, window.start), min(hours.end, window.end)
            if since < until:
                highest = value if highest is None else max(highest, value)
                exposed |= ((1 << (until - since)) - 1) << (since - window.start)
                if exposed == whole:
                    break  # who comes after offers less
    return _Reach(outbid, highest, exposed.bit_count())


def _outbid(hold: int, outbid_bp: int) -> int:
    """The least offer for one card and slot that displaces a spot lease of this hold."""
    return max(hold + 1, -(-hold * (10_000 + outbid_bp) // 10_000))


def _takers(
    market: Market, order: Order, listing: LiveListing, tier: Tier, least: int
) -> Iterator[tuple[int, Window]]:
    """What others who rest at a tier would pay for a card of a listing, dearest first, and where they could run."""
    terms, soonest = listing.terms, market.now + market.terms.notice
    unleased = LiveListing(terms, listing.seq)
    unleased.usable = terms.cards
    unleased.open = span(
        max(soonest, terms.window.start) - market.origin, terms.window.end - 1 - market.origin
    )
    book = market.books.get((terms.chip, terms.region, tier))
    for rung, waiting in () if book is None else book.waiting(Room(unleased), None):
        value = -rank_at(rung) // MILLI
        if value < least:
            return
        live = waiting.live
        if _takes_back(live) and live.terms.buyer not in {order.buyer, terms.seller}:
            since = max(live.first, soonest, terms.window.start)
            until = min(live.terms.window.end, terms.window.end)
            if until - since >= live.terms.slots >= terms.min_slots:
                yield value, Window(Slot(since), Slot(until))


def _takes_back(live: LiveOrder) -> bool:
    shape = live.terms.shape
    return isinstance(shape, Block) and shape.split is Split.ONE
