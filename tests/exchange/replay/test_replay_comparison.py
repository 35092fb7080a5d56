"""The market beside the plain policy: better where it must be by construction, and no better once its rules are off."""

from dataclasses import replace

import pytest

from exchange.catalogue.catalogue import load_catalogue
from exchange.replay import comparison
from exchange.replay.assumptions import DEFAULTS, assume
from exchange.replay.baseline import first_fit
from exchange.replay.demo import DEMO, JOBS
from exchange.replay.plan import plan_market
from exchange.replay.planned import MarketPlan, PlannedOrder
from exchange.replay.pricing import valleys_in
from exchange.replay.reference import reference_offers, reference_trace
from exchange.replay.report import outcomes
from exchange.replay.scoring import NOTHING, Kind, Outcome, kind_of, scores
from matching.terms import Block, OnPreempt, Preference, Split, TimeInForce
from tests.exchange.replay.small import (
    DAY,
    EAST,
    HOUR,
    YUAN,
    gang,
    listing,
    market,
    order,
    played,
    require_sound,
    urgent,
    work,
)

ONE = [listing(1, ask=5)]
STEADFAST = assume({"displacement": "no"})


def surplus(plan: MarketPlan) -> tuple[int, int]:
    """(the market's, the plain policy's), in yuan."""
    dealt = played(plan), first_fit(plan)
    for uses in dealt:
        require_sound(plan, uses)
    mine, plain = (sum(scores(plan, uses).values(), NOTHING).surplus for uses in dealt)
    return mine // YUAN, plain // YUAN


def filled(plan: MarketPlan) -> list[str]:
    return [row["outcome"] for row in outcomes(plan, played(plan)) for _ in range(row["orders"])]


def test_an_urgent_order_takes_back_what_the_plain_policy_leaves_where_it_is() -> None:
    orders = [order(Block(1, 1, HOUR), 6), urgent_soon(20)]
    assert surplus(market(ONE, orders)) == (15, 1), (
        "the first does a slot within its grace: a quarter of a yuan"
    )
    assert surplus(market(ONE, orders, STEADFAST)) == (1, 1)


def urgent_soon(limit: int) -> PlannedOrder:
    return replace(urgent(1, HOUR, limit), deadline_s=urgent(1, HOUR + 1, limit).deadline_s)


def test_what_was_taken_back_is_sought_again() -> None:
    patient = order(Block(1, 1, HOUR), 6, slack=DAY)
    plan = market(ONE, [patient, urgent_soon(20)])
    assert filled(plan) == ["filled", "filled"]
    assert filled(market(ONE, [replace(patient, on_preempt=OnPreempt.CANCEL), urgent_soon(20)])) == [
        "filled",
        "partly filled",
    ]
    impatient = market(
        ONE, [replace(patient, deadline_s=order(Block(1, 1, HOUR), 6).deadline_s), urgent_soon(20)]
    )
    assert len(played(impatient)) == 2
    assert filled(impatient)[1] != "filled"


@pytest.mark.parametrize(("split", "gain"), [(Split.REGIONS, 8), (Split.SELLERS, 0)])
def test_a_gang_is_put_together_from_two_regions(split: Split, gain: int) -> None:
    apart = [listing(1, ask=5), listing(1, ask=7, region=EAST)]
    assert surplus(market(apart, [gang(2, HOUR, 10, split)])) == (gain, 0)


def test_a_gang_is_put_together_from_two_sellers_of_a_region() -> None:
    near = [listing(1, ask=5), listing(1, ask=7)]
    assert surplus(market(near, [gang(2, HOUR, 10, Split.SELLERS)])) == (8, 0)


def test_work_goes_around_what_is_taken() -> None:
    in_between = order(Block(1, 1, 1), 9, slack=1, earliest_s=work(1, 1, 9, at=1).earliest_s)
    assert surplus(market(ONE, [in_between, work(1, 8, 9, slack=1)])) == (9, 1)


def test_an_order_waits_for_what_comes_free() -> None:
    """Taken back from its first holder, the hours that the taker does not need serve one that waited."""
    long, waits = order(Block(1, 1, 12), 6), order(Block(1, 1, HOUR), 7, slack=2 * HOUR, at=0)
    plan = market(ONE, [long, waits, urgent_soon(20)])
    assert [use.order for use in first_fit(plan)] == [0]
    assert 1 in {use.order for use in played(plan)}


def test_patient_work_goes_where_power_is_cheap() -> None:
    night = {0: 5, 40: 2}
    patient = order(Block(1, 1, HOUR), 6, slack=DAY)
    assert surplus(market([listing(1, ask=5, spot=night)], [patient])) == (4, 1)
    hasty = replace(patient, prefer=Preference.EARLIEST)
    assert surplus(market([listing(1, ask=5, spot=night)], [hasty])) == (1, 1)


def test_the_cheapest_seller_serves_not_the_first() -> None:
    assert surplus(market([listing(1, ask=5), listing(1, ask=2)], [urgent(1, HOUR, 10)])) == (8, 5)


def test_with_nothing_to_choose_both_come_to_the_same() -> None:
    orders = [
        urgent(1, HOUR, 10),
        replace(urgent(1, HOUR, 10), tif=TimeInForce.IOC),
        urgent(1, HOUR, 10, at=HOUR),
    ]
    assert surplus(market(ONE, orders)) == (10, 10)


def test_without_displacement_nothing_is_taken_back() -> None:
    plans = [
        plan_market(reference_trace(), reference_offers(), assumptions, 300)
        for assumptions in (DEFAULTS, STEADFAST)
    ]
    taken = [sum(len(use.ends) > 1 for use in played(plan)) for plan in plans]
    assert taken[0] > 10
    assert taken[1] == 0


def test_the_reference_week_is_sound_and_compared_in_full() -> None:
    plan = plan_market(reference_trace(), reference_offers(), DEFAULTS, None)
    uses = played(plan)
    require_sound(plan, uses)
    dealt = {comparison.MARKET: uses, comparison.PLAIN: first_fit(plan)}
    valleys = valleys_in(
        (each.region for each in plan.sellers), (plan.start_s, plan.closes_s), load_catalogue(), DEFAULTS
    )
    whole = comparison.policies(plan, dealt)
    for row in whole:
        assert row["filled"] + row["partly_filled"] + row["unfilled"] == len(plan.orders)
        parts = [part for part in comparison.kinds(plan, dealt) if part["policy"] == row["policy"]]
        assert len(parts) == 4
        assert sum(part["surplus_micro_yuan"] for part in parts) == row["surplus_micro_yuan"]
    assert whole[0]["of_plain_milli"] > 1_000
    waiting = comparison.off_peak(plan, dealt, valleys)
    assert waiting[0]["off_peak_milli"] > waiting[1]["off_peak_milli"]
    assert {row["policy"] for row in comparison.fragments(plan, dealt)} == set(dealt)
    by_outcome = {row["outcome"]: row["orders"] for row in outcomes(plan, uses)}
    assert by_outcome[Outcome.FILLED] == whole[0]["filled"]


def test_the_demo_shows_every_kind_of_order_and_leases_that_were_taken_back() -> None:
    plan = plan_market(reference_trace(), reference_offers(), DEMO, JOBS)
    uses = played(plan)
    require_sound(plan, uses)
    assert {kind_of(plan.orders[use.order]) for use in uses} == set(Kind)
    assert sum(len(use.ends) > 1 for use in uses) > 50
