"""The plain policy, in markets small enough to work out by hand: the first seller that fits, or nothing."""

import pytest

from exchange.replay.assumptions import DEFAULTS, SLOT_S
from exchange.replay.baseline import first_fit
from exchange.replay.plan import plan_market
from exchange.replay.planned import PlannedListing, PlannedOrder
from exchange.replay.reference import reference_offers, reference_trace
from exchange.replay.uses import Use
from matching.terms import Block, ChipCode, Milli, Tier
from tests.exchange.replay.small import (
    CARD,
    DAY,
    EAST,
    HOUR,
    START,
    START_S,
    gang,
    listing,
    market,
    order,
    require_sound,
    urgent,
    work,
)


def dealt(listings: list[PlannedListing], *orders: PlannedOrder) -> list[tuple[int, int, int, int, int]]:
    """(order, listing, cards, start, end) of every use."""
    uses = first_fit(market(listings, orders))
    return [(use.order, use.listing, use.cards, use.start - START, use.end - START) for use in uses]


def test_the_oldest_listing_that_fits_serves_though_another_is_cheaper() -> None:
    assert dealt([listing(1, ask=9), listing(1, ask=1)], urgent(1, HOUR, 10)) == [(0, 0, 1, 0, HOUR)]


def test_what_the_oldest_cannot_take_goes_to_the_next() -> None:
    listings = [listing(1, ask=5), listing(2, ask=5), listing(4, ask=11)]
    assert dealt(listings, urgent(2, HOUR, 10), urgent(1, HOUR, 10), urgent(1, HOUR, 10)) == [
        (0, 1, 2, 0, HOUR),
        (1, 0, 1, 0, HOUR),
    ], "the third finds only a seller that is too dear"


def test_an_order_books_the_earliest_hours_with_room_in_its_window() -> None:
    waits = order(Block(1, 1, HOUR), 10, slack=HOUR)
    too_long = order(Block(1, 1, HOUR), 10, slack=HOUR - 1)
    assert dealt([listing(1, ask=5)], urgent(1, HOUR, 10), too_long, waits) == [
        (0, 0, 1, 0, HOUR),
        (2, 0, 1, HOUR, 2 * HOUR),
    ]


def test_hours_above_the_limit_are_passed_over() -> None:
    dear_at_first = listing(1, ask=9, spot={0: 9, 6: 3})
    job = order(Block(1, 1, HOUR), 6, slack=2 * HOUR)
    assert dealt([dear_at_first], job) == [(0, 0, 1, 4, 8)], (
        "two slots of nine and two of three are six on average"
    )


def test_nobody_waits_splits_pauses_or_gives_way() -> None:
    two = [listing(1, ask=5), listing(1, ask=5)]
    assert dealt(two, gang(2, HOUR, 10)) == []
    asked_for_later = urgent(1, HOUR, 10, at=1)
    assert dealt([listing(1, ask=5)], order(Block(1, 1, HOUR), 6), asked_for_later) == [(0, 0, 1, 0, HOUR)]
    in_between = order(Block(1, 1, 1), 10, slack=1, earliest_s=START_S + SLOT_S)
    assert dealt([listing(1, ask=5)], in_between, work(1, 2, 10, slack=1)) == [(0, 0, 1, 1, 2)]


def test_work_is_taken_as_a_block_of_all_its_cards() -> None:
    assert dealt([listing(1, ask=5), listing(2, ask=5)], work(2, HOUR, 10)) == [(0, 1, 2, 0, HOUR)]


def test_all_or_nothing_though_fewer_cards_would_do() -> None:
    assert dealt([listing(2, ask=5)], order(Block(1, 4, HOUR), 10)) == []


def test_lots_weights_regions_tiers_and_shortest_leases_count() -> None:
    assert dealt([listing(8, ask=5, lot=4)], urgent(5, HOUR, 10)) == [(0, 0, 8, 0, HOUR)]
    half = order(Block(3, 3, HOUR), 10, chips=((CARD, Milli(500)),))
    assert dealt([listing(8, ask=5)], half) == [(0, 0, 6, 0, HOUR)]
    assert dealt([listing(8, ask=6)], half) == [], "a card that does half is worth half the limit"
    elsewhere = order(Block(1, 1, HOUR), 10, regions=(EAST,))
    assert dealt([listing(1, ask=5)], elsewhere) == []
    assert dealt([listing(1, ask=5, chip=ChipCode("nvidia-l20-48g"))], urgent(1, HOUR, 10)) == []
    firm = listing(1, ask=5)
    spotless = listing(1, ask=5, asks={Tier.ON_DEMAND: firm.asks[Tier.ON_DEMAND]})
    assert dealt([spotless], order(Block(1, 1, HOUR), 10)) == []
    assert dealt([listing(1, ask=5, min_slots=HOUR)], urgent(1, HOUR - 1, 10)) == []


def test_a_use_knows_when_it_was_dealt_out() -> None:
    (use,) = first_fit(market([listing(1, ask=5)], [urgent(1, HOUR, 10, at=7)]))
    assert use == Use(0, 0, 1, 1, START + 7, ((START + 7, START + 7 + HOUR),))
    assert [use.end_seen_at(START + slot) - use.start for slot in (6, 7, DAY)] == [0, HOUR, HOUR]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_plain_policy_keeps_the_rules_that_the_market_keeps(seed: int) -> None:
    plan = plan_market(reference_trace(), reference_offers(), DEFAULTS, 400 + seed)
    uses = first_fit(plan)
    assert len({use.order for use in uses}) == len(uses) > 200
    require_sound(plan, uses)
