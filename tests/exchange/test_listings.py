"""Listings by hand: what a seller may offer, amend and withdraw, and what stays leased."""

from dataclasses import replace
from typing import Any

import pytest

from exchange.listings.events import ListingPublished
from exchange.names import VENUE
from exchange.orders.events import LeaseGranted, OrderClosed
from exchange.state import Role
from exchange.venue.commands import AdoptTerms
from matching.commands import AmendListing, WithdrawListing
from matching.curves import PriceCurve, flat
from matching.events import ListingAmended, ListingClosed
from matching.terms import ChipCode, ListingEnd, ListingId, RegionCode, Tier
from tests.exchange.house import BUYER, HOURS, NORTH, SELLER, SERVICE, YUAN, House, only, party


def test_an_offer_stands_with_its_party_and_line() -> None:
    house = House()
    published = only(ListingPublished, house.offer())
    assert (published.party, published.line) == (SELLER, SERVICE)
    assert published.listed.listing.id == house.last_listing == f"lst-{published.listed.seq}"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chip": ChipCode("none")}, "unknown_chip"),
        ({"region": RegionCode("000000")}, "unknown_region"),
        ({"cards": 0}, "bad_quantity"),
        ({"asks": {}}, "bad_price"),
        ({"asks": {Tier.SPOT: PriceCurve(())}}, "bad_price"),
        ({"cards": 9, "lot": 2}, "bad_lot"),
        ({"window": (5, 5)}, "empty_window"),
        ({"min_slots": 25}, "window_too_short"),
        ({"line": "none"}, "unknown_line"),
        ({"cards": 16, "lot": 16}, "lot_too_large"),
        ({"window": (-5, 0)}, "window_in_the_past"),
        ({"window": (0, 90 * 24 + 1)}, "window_too_far"),
        ({"price": 10 * YUAN + 1}, "price_off_tick"),
    ],
)
def test_what_cannot_be_offered(changes: dict[str, Any], code: str) -> None:
    house = House()
    assert house.refusal(SELLER, house.listing(**changes)) == code


def test_only_sellers_offer_and_only_their_own_listing_is_theirs() -> None:
    house = House()
    house.admit(party("ray", Role.SELLER))
    house.offer()
    assert house.refusal(BUYER, house.listing()) == "not_allowed"
    for command in (AmendListing(house.last_listing, cards=4), WithdrawListing(house.last_listing)):
        assert house.refusal("ray", command) == "unknown_id"
    assert house.refusal(SELLER, WithdrawListing(ListingId("lst-1"))) == "unknown_id"


def test_a_new_listing_serves_who_waited() -> None:
    house = House()
    house.place(slots=3, limit=12 * YUAN)
    assert house.held() == 3 * 8 * 12_00, "eight cards: what one card can become in the largest lot"
    lease = only(LeaseGranted, house.offer())
    assert (lease.lease.buyer, lease.leased.cost, lease.held) == (BUYER, 30 * YUAN, 30_00)
    assert house.held() == 30_00


def test_cheaper_asks_are_new_and_serve_who_waited() -> None:
    house = House()
    house.offer(price=11 * YUAN)
    house.place()
    events = house.ask(SELLER, AmendListing(house.last_listing, asks={Tier.ON_DEMAND: flat(10 * YUAN)}))
    assert [type(event) for event in events] == [ListingAmended, LeaseGranted, OrderClosed]
    assert (
        house.refusal(SELLER, AmendListing(house.last_listing, asks={Tier.SPOT: flat(1)})) == "price_off_tick"
    )


def test_cards_shrink_down_to_what_is_leased_from_now_on() -> None:
    house = House()
    house.offer(cards=8)
    house.place(cards=(5, 5), slots=2, window=(0, 2))
    assert house.refusal(SELLER, AmendListing(house.last_listing, cards=4)) == "below_committed"
    assert isinstance(house.ask(SELLER, AmendListing(house.last_listing, cards=5))[0], ListingAmended)
    house.tick(2)
    only(ListingAmended, house.ask(SELLER, AmendListing(house.last_listing, cards=1)))


def test_leases_outlive_their_listing() -> None:
    house = House()
    house.offer()
    house.place(slots=4)
    closed = only(ListingClosed, house.ask(SELLER, WithdrawListing(house.last_listing)))
    assert closed.end is ListingEnd.WITHDRAWN
    assert house.held() == 40_00
    house.offer(window=(0, 3))
    assert only(ListingClosed, house.tick(3)).end is ListingEnd.EXPIRED


def test_a_listing_in_two_tiers_offers_the_same_cards_twice_but_leases_them_once() -> None:
    house = House()
    house.offer(cards=1, window=(0, 1), asks={tier: flat(10 * YUAN) for tier in Tier})
    only(LeaseGranted, house.place(tier=Tier.SPOT, window=(0, 1)))
    assert len(house.place(tier=Tier.ON_DEMAND, window=(0, 1))) == 2, "accepted, and resting"


def test_a_seller_may_offer_where_it_is_not_registered() -> None:
    house = House()
    assert only(ListingPublished, house.offer(region=NORTH)).listed.listing.region == NORTH


def test_a_shorter_horizon_binds_new_listings_only() -> None:
    house = House()
    house.offer(window=(0, 48))
    house.ask(VENUE, AdoptTerms(replace(HOURS, horizon_slots=24)))
    assert house.refusal(SELLER, house.listing(window=(0, 25))) == "window_too_far"
    only(ListingAmended, house.ask(SELLER, AmendListing(house.last_listing, cards=9)))
