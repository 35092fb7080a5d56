"""Figures of a comparison: by hand, and against a recomputation slot by slot that shares nothing with them."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import pytest

from exchange.catalogue.catalogue import load_catalogue
from exchange.replay import comparison
from exchange.replay.assumptions import SLOT_S, assume
from exchange.replay.baseline import first_fit
from exchange.replay.plan import plan_market
from exchange.replay.planned import MarketPlan, Steps
from exchange.replay.pricing import Valleys, valleys_in
from exchange.replay.reference import reference_offers, reference_trace
from exchange.replay.scoring import (
    NOTHING,
    Kind,
    Outcome,
    Score,
    deferred,
    kind_of,
    lowest_between,
    most_surplus,
    scores,
)
from exchange.replay.uses import Use
from matching.terms import Block, Milli, Preference, Tier
from tests.exchange.replay.small import (
    CARD,
    DAY,
    EAST,
    HOUR,
    START,
    START_S,
    WEST,
    YUAN,
    gang,
    listing,
    market,
    order,
    played,
    urgent,
    work,
)


def use(order: int, listing: int, cards: int, start: int, end: int, *, working: int | None = None) -> Use:
    known = ((START, START + end),)
    return Use(order, listing, cards, cards if working is None else working, START + start, known)


def together(plan: MarketPlan, uses: Sequence[Use]) -> Score:
    return sum(scores(plan, uses).values(), NOTHING)


def test_surplus_is_the_limit_less_the_ask_of_what_was_served() -> None:
    plan = market([listing(2, ask=4, spot={0: 4, 2: 1})], [order(Block(1, 2, HOUR), 10)])
    whole = together(plan, [use(0, 0, 2, 0, HOUR)])
    assert whole.surplus == whole.surplus_of_filled == 2 * (10 * YUAN - (4 + 1) * YUAN // 2)
    part = together(plan, [use(0, 0, 1, 0, HOUR)])
    assert (part.surplus, part.surplus_of_filled) == (whole.surplus // 2, 0)
    assert (part.served, part.asked) == (HOUR * 1_000, 2 * HOUR * 1_000)


def test_cards_that_lots_and_weights_add_cost_and_are_worth_nothing() -> None:
    weighed = order(Block(1, 1, HOUR), 10, chips=((CARD, Milli(700)),))
    plan = market([listing(4, ask=1, lot=4)], [weighed])
    score = together(plan, [use(0, 0, 4, 0, HOUR, working=2)])
    assert score.outcomes == Counter({Outcome.FILLED: 1})
    assert score.surplus == 10 * YUAN - 4 * YUAN, (
        "two cards of seven tenths are worth no more than the one asked for"
    )


def test_outcomes_are_what_an_order_got_in_the_end() -> None:
    plan = market([listing(2, ask=1)], [order(Block(1, 1, HOUR), 10, slack=DAY)] * 3)
    cut = Use(1, 0, 1, 1, START, ((START, START + HOUR), (START, START + 2)))
    anew = use(1, 0, 1, 10, 12)
    assert together(plan, [use(0, 0, 1, 0, HOUR), cut]).outcomes == {
        Outcome.FILLED: 1,
        Outcome.PARTLY: 1,
        Outcome.UNFILLED: 1,
    }
    assert together(plan, [use(0, 0, 1, 0, HOUR), cut, anew]).outcomes[Outcome.FILLED] == 2


def test_every_order_is_of_one_kind() -> None:
    orders = [urgent(2, 1, 9), order(Block(1, 1, 1), 9), gang(2, 1, 9), work(1, 2, 9)]
    assert [kind_of(each) for each in orders] == list(Kind)
    plan = market([listing(1, ask=1)], orders)
    assert [sum(score.outcomes.values()) for score in scores(plan, []).values()] == [1, 1, 1, 1]


def test_the_bound_is_each_order_alone_in_its_cheapest_slot() -> None:
    cheap_later = listing(1, ask=8, spot={0: 8, 6: 2})
    jobs = [order(Block(1, 1, HOUR), 10, slack=slack) for slack in (0, 2, 3)]
    assert [most_surplus(market([cheap_later], [job])) for job in jobs] == [2 * YUAN, 2 * YUAN, 8 * YUAN]
    assert most_surplus(market([cheap_later], jobs)) == 12 * YUAN
    assert most_surplus(market([cheap_later], [order(Block(1, 1, HOUR), 7)])) == 0
    assert (
        most_surplus(market([listing(1, ask=1, region=EAST)], [order(Block(1, 1, 1), 7, regions=(WEST,))]))
        == 0
    )


def test_the_lowest_price_between_two_instants() -> None:
    steps: Steps = ((10, 5), (20, 3), (30, 7))
    assert [lowest_between(steps, since, since + 5) for since in (0, 10, 15, 16, 25, 26, 40)] == [
        5, 5, 5, 3, 3, 3, 7,
    ]  # fmt: skip


def test_only_load_that_can_wait_counts_as_deferred() -> None:
    plan = market(
        [listing(4, ask=1), listing(4, ask=1, region=EAST)],
        [order(Block(2, 2, HOUR), 9), urgent(1, HOUR, 9), work(1, 8, 9)],
    )
    west, east = ((START_S, True), (START_S + 2 * SLOT_S, False)), ((START_S, False),)
    uses = [use(0, 0, 2, 1, 5), use(1, 0, 1, 0, 4), use(2, 1, 1, 0, 8)]
    found = deferred(plan, uses, {WEST: Valleys(west), EAST: Valleys(east)})
    assert (found.card_slots, found.off_peak) == (2 * 4 + 8, 2 * 1)


def naive(plan: MarketPlan, uses: Sequence[Use]) -> tuple[Counter[Outcome], Fraction]:
    """Outcomes and surplus, one card-slot after the other and in fractions of a yuan."""
    got, surplus = Counter[int](), Fraction(0)
    for each in uses:
        asked, offered = plan.orders[each.order], plan.listings[each.listing]
        for slot in range(each.start, each.end):
            ask = next(
                price for instant, price in reversed(offered.asks[asked.tier]) if instant <= slot * SLOT_S
            )
            surplus -= Fraction(each.cards * ask, 4 * YUAN)
            got[each.order] += each.working * dict(asked.chips)[offered.chip]
    outcomes = Counter[Outcome]()
    for place, asked in enumerate(plan.orders):
        size = 1_000 * asked.cards * asked.slots
        worked = min(got[place], size)
        surplus += Fraction(asked.limit * worked, 4 * YUAN * 1_000)
        outcomes[Outcome.FILLED if worked == size else Outcome.PARTLY if worked else Outcome.UNFILLED] += 1
    return outcomes, surplus


@pytest.fixture(scope="module")
def week() -> tuple[MarketPlan, list[Use]]:
    plan = plan_market(reference_trace(), reference_offers(), assume({"weight-floor": "0", "lot": "2"}), 500)
    return plan, played(plan)


def test_scores_agree_with_a_recomputation_slot_by_slot(week: tuple[MarketPlan, list[Use]]) -> None:
    plan, market_uses = week
    assert any(len(each.ends) > 1 for each in market_uses)
    for uses in (market_uses, first_fit(plan)):
        score, (outcomes, surplus) = together(plan, uses), naive(plan, uses)
        assert score.outcomes == outcomes
        assert 0 <= surplus * YUAN - score.surplus < len(plan.orders), "each order is rounded down once"
        assert score.surplus <= most_surplus(plan)


def test_valley_hours_agree_with_the_hours_of_the_discount(week: tuple[MarketPlan, list[Use]]) -> None:
    plan, uses = week
    opens = plan.start_s, plan.closes_s
    valleys = valleys_in((each.region for each in plan.sellers), opens, load_catalogue(), plan.assumptions)
    cheap = Counter[bool]()
    for each in uses:
        if plan.orders[each.order].prefer is not Preference.CHEAPEST:
            continue
        steps = plan.listings[each.listing].asks[Tier.SPOT]
        dearest = max(price for _, price in steps)
        for slot in range(each.start, each.end):
            price = next(price for instant, price in reversed(steps) if instant <= slot * SLOT_S)
            cheap[price < dearest] += each.cards
    found = deferred(plan, uses, valleys)
    assert (found.off_peak, found.card_slots - found.off_peak) == (cheap[True], cheap[False])


def test_the_plain_policy_beside_itself_comes_to_the_same(week: tuple[MarketPlan, list[Use]]) -> None:
    plan, market_uses = week
    plain = first_fit(plan)
    twice = {comparison.MARKET: plain, comparison.PLAIN: plain}
    first, second = comparison.policies(plan, twice)
    assert first["of_plain_milli"] == second["of_plain_milli"] == 1_000
    assert {**first, "policy": ""} == {**second, "policy": ""}
    other = comparison.policies(plan, {comparison.MARKET: market_uses, comparison.PLAIN: plain})
    assert other[1] == second
    assert other[0]["of_plain_milli"] > 1_000
