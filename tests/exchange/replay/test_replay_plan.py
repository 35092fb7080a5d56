"""The plan: what the product asked of it, on the real trace and on the reference one, whatever the seed."""

import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from time import process_time

import pytest

from exchange.catalogue.catalogue import load_catalogue
from exchange.replay.assumptions import DEFAULTS, AssumptionError, Assumptions, assume
from exchange.replay.chance import chance
from exchange.replay.demand import card_slots, demand_by_chip, scaled_jobs
from exchange.replay.fitting import fit_of
from exchange.replay.offers import Offers, mapping_of, read_offers
from exchange.replay.plan import plan_market
from exchange.replay.planned import Fit, MarketPlan, PlannedOrder
from exchange.replay.reference import reference_offers, reference_trace
from exchange.replay.script import fingerprint_of
from exchange.replay.stats import ANY, shape_of_jobs, shape_of_orders
from exchange.replay.supply import cut
from exchange.replay.tables import TraceError
from exchange.replay.trace import Job, JobTrace, Node, Urgency, read_job_trace
from matching.terms import Block, Split, Tier, Work
from settlement.agreements import PairAgreement
from settlement.money import ceil_div
from tests.exchange.replay import small
from tests.paths import PROJECT, data_dir, require

FEN = 10_000
SLOT_S = 900
DIGEST = """
from hashlib import sha256
from exchange.replay.assumptions import DEFAULTS
from exchange.replay.plan import plan_market
from exchange.replay.reference import reference_offers, reference_trace
from exchange.replay.script import fingerprint_of
print(sha256(repr(plan_market(reference_trace(), reference_offers(), DEFAULTS, 900)).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def real() -> tuple[JobTrace, Offers]:
    data = require(data_dir(), "public data sets")
    return read_job_trace(data), read_offers(data)


@pytest.fixture(scope="module")
def real_plan(real: tuple[JobTrace, Offers]) -> MarketPlan:
    return plan_market(*real, DEFAULTS, None)


def planned(assumptions: Assumptions = DEFAULTS, scale: int | None = None) -> MarketPlan:
    return plan_market(reference_trace(), reference_offers(), assumptions, scale)


def one_job(job: Job, *nodes: Node) -> JobTrace:
    return JobTrace((job,), nodes, {}, 7 * 86_400)


def assert_sound(plan: MarketPlan) -> None:
    """What holds of every plan: prices in whole fen, windows on the grid and long enough, codes that exist."""
    catalogue = load_catalogue()
    for listing in plan.listings:
        assert (listing.start_s, listing.end_s) == (plan.start_s, plan.closes_s)
        assert 1 <= listing.cards <= 8
        assert listing.cards % listing.lot == 0
        for steps in listing.asks.values():
            assert steps[0][0] == listing.start_s
            assert all(earlier[0] < later[0] for earlier, later in pairwise(steps))
            assert all(price > 0 and price % FEN == 0 and instant % SLOT_S == 0 for instant, price in steps)
        dearest = {tier: max(price for _, price in steps) for tier, steps in listing.asks.items()}
        assert dearest[Tier.SPOT] <= dearest[Tier.ON_DEMAND]
        assert listing.chip in catalogue.chips
    assert [order.at_s for order in plan.orders] == sorted(order.at_s for order in plan.orders)
    for order in plan.orders:
        assert_order_is_sound(order, plan)
    sellers = {seller.code: seller.region for seller in plan.sellers}
    assert all(sellers[listing.seller] == listing.region for listing in plan.listings)
    assert len(sellers) == len(plan.sellers)
    assert len({buyer.code for buyer in plan.buyers}) == len(plan.buyers)


def assert_order_is_sound(order: PlannedOrder, plan: MarketPlan) -> None:
    assert plan.start_s <= order.at_s <= order.earliest_s < order.at_s + SLOT_S
    assert order.earliest_s % SLOT_S == order.deadline_s % SLOT_S == 0
    assert order.earliest_s + order.slots * SLOT_S <= order.deadline_s <= plan.closes_s
    assert order.limit > 0
    assert order.limit % FEN == 0
    assert 1 <= order.least <= order.cards <= 8
    assert order.chips[0][1] == 1_000
    assert all(1 <= weight <= 1_000 for _, weight in order.chips)
    assert len(set(order.regions)) == len(order.regions) >= 1


def test_the_real_plan_is_sound_and_one_order_a_job(
    real: tuple[JobTrace, Offers], real_plan: MarketPlan
) -> None:
    assert_sound(real_plan)
    assert [order.job for order in real_plan.orders] == [job.name for job in real[0].jobs]
    assert len({listing.region for listing in real_plan.listings}) == 8
    assert any(listing.cards == 8 for listing in real_plan.listings)
    assert 20 <= sum(listing.cards for listing in real_plan.listings) <= 35
    assert real_plan.end_s - real_plan.start_s == 40 * 86_400


def test_the_real_demand_has_the_known_shape(real: tuple[JobTrace, Offers], real_plan: MarketPlan) -> None:
    jobs = shape_of_jobs(real[0].jobs)
    orders = shape_of_orders(real_plan.orders, len(real_plan.chips))
    assert (jobs.under_an_hour_milli // 10, jobs.longest, jobs.longest_share_milli) == (81, 64, 708)
    assert (orders.under_an_hour_milli // 10, orders.card_slots) == (81, jobs.card_slots)
    assert orders.longest_share_milli == jobs.longest_share_milli
    assert (jobs.by_chips[0].chips, jobs.by_chips[0].jobs) == (ANY, 4_098)
    assert orders.by_chips[0] == jobs.by_chips[0]
    assert sum(demand.card_slots for demand in jobs.by_chips) == jobs.card_slots


def test_supply_is_within_a_card_of_demand_times_the_supply(
    real: tuple[JobTrace, Offers], real_plan: MarketPlan
) -> None:
    trace = real[0]
    demand = demand_by_chip(trace.jobs, trace.nodes)
    assert sum(demand.values()) == sum(card_slots(job) for job in trace.jobs)
    for chip, amount in demand.items():
        cards = sum(listing.cards for listing in real_plan.listings if listing.chip == mapping_of(chip).chip)
        wanted = amount * Fraction(83, 100) / (40 * 96)
        assert cards >= 1
        assert abs(cards - wanted) < 1


def test_some_gangs_cannot_fit_and_are_counted(real_plan: MarketPlan) -> None:
    several = real_plan.fit_of_several
    assert several.orders == sum(order.cards > 1 for order in real_plan.orders) == 73
    assert 0 < several.too_large < several.orders
    assert several.too_large == real_plan.fit.too_large
    assert real_plan.fit.orders == len(real_plan.orders)


def test_many_orders_are_planned_fast_and_supply_grows_alike(
    real: tuple[JobTrace, Offers], real_plan: MarketPlan
) -> None:
    began = process_time()
    large = plan_market(*real, DEFAULTS, 20_000)
    assert process_time() - began < 5
    assert_sound(large)
    assert len(large.orders) == 20_000
    assert len({order.job for order in large.orders}) == 20_000
    cards = [sum(listing.cards for listing in plan.listings) for plan in (large, real_plan)]
    growth = Fraction(cards[0], cards[1])
    assert Fraction(28, 10) < growth < Fraction(36, 10)
    assert large.fit_of_several.too_large < real_plan.fit_of_several.too_large * 20_000 // 6_186


@pytest.mark.parametrize("seed", range(1, 6))
def test_reference_plans_are_sound_whatever_the_seed(seed: int) -> None:
    assert_sound(planned(replace(DEFAULTS, seed=seed)))
    assert_sound(
        planned(replace(DEFAULTS, seed=seed, lot=2, sellers=3, weight_floor_milli=1_000), 130 * seed)
    )


def test_the_same_seed_makes_the_same_plan_and_another_seed_another() -> None:
    assert planned() == planned()
    other = planned(replace(DEFAULTS, seed=2))
    assert other.orders != planned().orders
    assert [order.job for order in other.orders] == [order.job for order in planned().orders]


def test_the_plan_does_not_depend_on_the_order_of_hashes() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            cwd=PROJECT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_fewer_orders_are_a_sample_and_more_keep_the_trace_whole() -> None:
    trace = reference_trace()
    fewer = scaled_jobs(trace, DEFAULTS, 50)
    assert len(fewer) == 50
    assert set(fewer) <= set(trace.jobs)
    more = scaled_jobs(trace, DEFAULTS, 1_000)
    assert len(more) == 1_000
    assert set(trace.jobs) <= set(more)
    assert all(job.seconds > 0 and job.created_s + job.seconds <= trace.span_s for job in more)
    with pytest.raises(AssumptionError, match="scale should be at least 1"):
        scaled_jobs(trace, DEFAULTS, 0)


def test_a_deposit_covers_the_most_that_all_orders_can_hold() -> None:
    """For gangs a lot more in each region, for work one more in all; a fen for each slot that may be rounded up."""
    plan = planned(assume({"lot": "2", "weight-floor": "0"}))
    for buyer in plan.buyers:
        held: int = sum(contract.budget_fen for contract in plan.contracts if contract.buyer == buyer.code)
        for order in (order for order in plan.orders if order.buyer == buyer.code):
            held += most_held(order)
        assert held <= buyer.deposit_fen < held + 100_000


def most_held(order: PlannedOrder) -> int:
    weights = [weight for _, weight in order.chips]
    if isinstance(order.shape, Work):
        exact = order.limit // 4 * (order.shape.amount * 1_000 + 2 * max(weights)) // 1_000
        return ceil_div(exact, FEN) + ceil_div(order.shape.amount * 1_000, min(weights))
    regions = len(order.regions) if order.split is Split.REGIONS else 1
    exact = max(
        order.limit // 4 * weight * order.slots // 1_000 * (ceil_div(1_000 * order.cards, weight) + regions)
        for weight in weights
    )
    leases = 1 if order.split is Split.ONE else ceil_div(1_000 * order.cards, min(weights))
    return ceil_div(exact, FEN) + order.slots * leases - 1


def test_what_jobs_become_follows_from_their_urgency() -> None:
    plan = planned()
    urgency = {job.name: job.urgency for job in reference_trace().jobs}
    patient = {Urgency.BURSTABLE, Urgency.BEST_EFFORT}
    for order in plan.orders:
        if isinstance(order.shape, Work):
            assert urgency[order.job] in patient
            assert order.shape == Work(order.cards * order.slots, order.cards)
            assert order.slots > 1, "there is no pause within a slot"
        elif order.cards == 1:
            assert order.split is Split.ONE
        else:
            assert order.split is (Split.REGIONS if urgency[order.job] in patient else Split.SELLERS)
    longer = [order for order in plan.orders if urgency[order.job] in patient and order.slots > 1]
    assert 0.4 < sum(isinstance(order.shape, Work) for order in longer) / len(longer) < 0.6


def test_no_job_pauses_or_is_put_together_where_none_is_assumed_to() -> None:
    rigid = planned(
        assume(
            {
                "burstable": "malleable=0,split=one",
                "best-effort": "malleable=0,split=one",
                "latency-sensitive": "split=one",
                "guaranteed": "split=one",
            }
        )
    )
    assert all(isinstance(order.shape, Block) and order.split is Split.ONE for order in rigid.orders)
    assert [(order.slots, order.cards) for order in rigid.orders] == [
        (order.slots, order.cards) for order in planned().orders
    ]


def test_every_assumption_tells_a_plan_from_another() -> None:
    assert len({fingerprint_of(planned()), fingerprint_of(planned(assume({"displacement": "no"})))}) == 2
    assert fingerprint_of(planned(assume({"late": "0.03"}))) != fingerprint_of(planned())


def test_weights_are_relative_to_the_best_acceptable_chip() -> None:
    job = Job("a", 0, 60, 1, ("T4", "V100M16"), Urgency.BEST_EFFORT)
    trace = JobTrace((job,), (Node("T4", 2), Node("V100M16", 4)), {}, 7 * 86_400)
    offers = Offers("test", tuple(replace(offer, chip_id="t4") for offer in reference_offers().offers), {})
    offers = replace(offers, offers=offers.offers + tuple(replace(o, chip_id="v100") for o in offers.offers))
    weighed = plan_market(trace, offers, assume({"weight-floor": "0"}), None)
    assert weighed.orders[0].chips == (("nvidia-v100-16g", 1_000), ("nvidia-t4-16g", 519))
    card_for_card = plan_market(trace, offers, DEFAULTS, None)
    assert card_for_card.orders[0].chips == (("nvidia-v100-16g", 1_000), ("nvidia-t4-16g", 1_000))


def test_valley_hours_are_cheaper_for_spot_only() -> None:
    plan = planned()
    listing = plan.listings[0]
    prices = sorted({price for _, price in listing.asks[Tier.SPOT]})
    assert prices[0] == prices[1] * 7 // 10
    assert len(listing.asks[Tier.ON_DEMAND]) == 1
    first_turns = [(instant - plan.start_s) // 3_600 for instant, _ in listing.asks[Tier.SPOT][:4]]
    assert first_turns == [0, 15, 23, 39]  # Beijing's valley is 23 to 7, and midnight UTC is eight there
    assert all(len(each.asks[Tier.SPOT]) == 1 for each in planned(assume({"valley-discount": "0"})).listings)


def test_a_missing_tier_is_a_stated_share_of_the_other() -> None:
    rows = {row.mapping.trace: row for row in planned().chips}
    without = rows["nvidia-l20-48g"]
    assert (without.spot_offers, without.spot) == (0, without.on_demand * 6 // 10)
    spot_only = replace(
        reference_offers(), offers=tuple(o for o in reference_offers().offers if o.kind == "spot")
    )
    trace = one_job(Job("a", 0, 60, 1, (), Urgency.BEST_EFFORT), Node("metax-c500-64g", 1))
    row = plan_market(trace, spot_only, DEFAULTS, None).chips[0]
    assert (row.on_demand_offers, row.on_demand, row.spot) == (0, 5_000_000, 3_000_000)


def test_why_an_order_cannot_be_filled_is_told_apart() -> None:
    nodes = (Node("metax-c500-64g", 2),)
    gang = one_job(Job("a", 0, 60, 8, (), Urgency.LATENCY_SENSITIVE), *nodes)
    assert plan_market(gang, reference_offers(), DEFAULTS, None).fit == Fit(1, 1, 0, 0)
    single = one_job(Job("a", 0, 60, 1, (), Urgency.LATENCY_SENSITIVE), *nodes)
    near = {"sellers": "8", "latency-sensitive": "reach=0.125", "buyer-regions": "440300"}
    fits = [
        plan_market(single, reference_offers(), assume(near | {"seed": str(s)}), None).fit for s in range(20)
    ]
    assert {Fit(1, 0, 0, 0), Fit(1, 0, 1, 0)} == set(fits)
    mean = assume({"latency-sensitive": "limit=0.2,reach=1"})
    assert plan_market(single, reference_offers(), mean, None).fit == Fit(1, 0, 0, 1)


def test_a_gang_fits_where_listings_are_large_enough_together() -> None:
    """Eight cards in nodes of two: in one region only where all nodes are there, elsewhere in several."""
    nodes = (Node("metax-c500-64g", 2),)
    job = one_job(Job("a", 0, 100_000, 8, (), Urgency.LATENCY_SENSITIVE), *nodes)

    def fit(**options: str) -> Fit:
        assumptions = assume(
            {"supply": "8", **{name.replace("_", "-"): text for name, text in options.items()}}
        )
        return plan_market(job, reference_offers(), assumptions, None).fit

    assert fit(latency_sensitive="split=one") == Fit(1, 1, 0, 0)
    assert fit(latency_sensitive="split=sellers,reach=1") == Fit(1, 1, 0, 0)
    assert fit(latency_sensitive="split=sellers,reach=1", seller_regions="621000") == Fit(1, 0, 0, 0)
    assert fit(latency_sensitive="split=regions,reach=1") == Fit(1, 0, 0, 0)
    assert fit(latency_sensitive="split=regions,reach=0.125") == Fit(1, 0, 1, 0)
    assert fit(latency_sensitive="split=regions,reach=1,limit=0.2") == Fit(1, 0, 0, 1)


def test_the_dearest_listing_that_a_gang_needs_decides_whether_its_limit_is_enough() -> None:
    dear_first = [small.listing(2, ask=9), small.listing(1, ask=3), small.listing(1, ask=5)]
    assert fit_of(
        [small.gang(*gang) for gang in ((2, 1, 5), (2, 1, 4), (3, 1, 8), (5, 1, 9))], dear_first
    ) == Fit(4, 1, 0, 2)


def test_agreements_are_sound_and_some_pairs_have_none() -> None:
    plan = planned()
    pairs = {(agreement.source, agreement.destination) for agreement in plan.agreements}
    every = {(buyer.region, seller.region) for buyer in plan.buyers for seller in plan.sellers}
    assert pairs < every
    assert {source for source, _ in pairs} == {buyer.region for buyer in plan.buyers}
    for each in plan.agreements:
        parties = (each.source, each.destination)
        agreement = PairAgreement("a", 1, parties, 0, None, each.shares, each.value_added_bp)
        assert agreement.problems() == []


def test_a_contract_for_each_stream_and_both_kinds_of_pair() -> None:
    plan = planned()
    assert [contract.stream for contract in plan.contracts] == ["code", "conv"]
    pairs = {(agreement.source, agreement.destination) for agreement in plan.agreements}
    assert [(c.source, c.destination) in pairs for c in plan.contracts] == [True, False]


@pytest.mark.parametrize(
    ("option", "text", "sentence"),
    [
        ("seller-regions", "999999", "The catalogue has no region '999999'"),
        ("buyer-regions", "310000,1", "The catalogue has no region '1'"),
        ("pairs", "310000-1:1/1/1/1", "The catalogue has no region '1'"),
        ("tariff", "moonlight", "tariff should be one of beijing-general"),
        ("token-day", "7", "token-day should be below 7"),
    ],
)
def test_assumptions_that_do_not_go_together_are_refused(option: str, text: str, sentence: str) -> None:
    with pytest.raises(AssumptionError) as caught:
        planned(assume({option: text}))
    assert sentence in str(caught.value)


def test_a_chip_that_nobody_knows_or_prices_is_named() -> None:
    job = Job("a", 0, 60, 1, ("abacus",), Urgency.BEST_EFFORT)
    with pytest.raises(TraceError, match="The trace names a chip 'abacus'"):
        plan_market(one_job(job, Node("metax-c500-64g", 1)), reference_offers(), DEFAULTS, None)
    with pytest.raises(TraceError, match="has no offer of t4"):
        plan_market(one_job(replace(job, chips=("T4",)), Node("T4", 1)), reference_offers(), DEFAULTS, None)


def test_nodes_are_cut_until_the_cards_are_there() -> None:
    nodes = [8, 8, 2]
    for cards in range(1, 60):
        sizes = cut(nodes, cards, chance(1, "nodes"))
        assert sum(sizes) == cards
        assert all(1 <= size <= 8 for size in sizes)
    assert sorted(cut(nodes, 36, chance(1, "nodes"))) == [2, 2, 8, 8, 8, 8]
