"""Price curves, each answer compared with a count of every slot and every start."""

from hypothesis import given
from hypothesis import strategies as st

from matching.curves import PriceCurve, flat
from matching.prices import Prices
from tests.matching.strategies import curves, lawful

firsts = st.integers(0, 12)
spans = st.integers(0, 14)
runs = st.integers(1, 6)


def slot_by_slot(curve: PriceCurve, start: int, end: int) -> list[int]:
    """The price of every slot: that of the last step that has begun."""
    return [[price for since, price in curve.steps if since <= slot][-1] for slot in range(start, end)]


def priced_starts(curve: PriceCurve, first: int, last: int, slots: int) -> list[tuple[int, int]]:
    """(price, start) of every run, earliest first."""
    return [(sum(slot_by_slot(curve, at, at + slots)), at) for at in range(first, last + 1)]


@lawful(200)
@given(curves, firsts, spans)
def test_a_run_costs_what_its_slots_cost(curve: PriceCurve, start: int, length: int) -> None:
    prices = slot_by_slot(curve, start, start + length)
    ready = Prices(curve)
    assert ready.total(start, start + length) == sum(prices)
    for known in (curve, ready):
        assert [known.at(slot) for slot in range(start, start + length)] == prices
    assert ready.flat == curve.flat
    assert ready.lowest == curve.lowest
    assert curve.flat == (len(curve.steps) == 1)
    assert curve.lowest == min(price for _, price in curve.steps) <= min(prices, default=curve.lowest)


@lawful(200)
@given(curves, firsts, spans)
def test_parts_are_the_run_cut_where_the_price_may_change(curve: PriceCurve, start: int, length: int) -> None:
    parts = list(Prices(curve).parts(start, start + length))
    assert length == 0 or list(Prices(curve).runs(start, start + length)) == parts
    spread = [price for since, until, price in parts for _ in range(since, until)]
    assert spread == slot_by_slot(curve, start, start + length)
    assert all(until - since > 0 for since, until, _ in parts)
    edges = [start] + [until for _, until, _ in parts]
    assert edges == sorted(
        {start, start + length, *(at for at, _ in curve.steps if start < at < start + length)}
    )


@lawful(300)
@given(curves, firsts, spans, runs)
def test_the_cheapest_start_is_the_first_of_the_cheapest(
    curve: PriceCurve, first: int, span: int, slots: int
) -> None:
    assert Prices(curve).cheapest_start(first, first + span, slots) == min(
        priced_starts(curve, first, first + span, slots)
    )


@lawful(300)
@given(curves, firsts, spans, runs, st.integers(0, 60))
def test_the_earliest_start_is_the_first_that_can_be_paid(
    curve: PriceCurve, first: int, span: int, slots: int, most: int
) -> None:
    paid = [(price, at) for price, at in priced_starts(curve, first, first + span, slots) if price <= most]
    assert Prices(curve).earliest_start(first, first + span, slots, most) == next(iter(paid), None)


@lawful(300)
@given(curves, firsts, spans, runs, st.integers(0, 60))
def test_all_starts_that_can_be_paid_are_affordable_and_no_others(
    curve: PriceCurve, first: int, span: int, slots: int, most: int
) -> None:
    stretches = list(Prices(curve).affordable(first, first + span, slots, most))
    starts = [start for since, until in stretches for start in range(since, until + 1)]
    assert starts == [at for price, at in priced_starts(curve, first, first + span, slots) if price <= most]
    assert all(since <= until for since, until in stretches)


def test_a_flat_curve_holds_for_ever() -> None:
    assert flat(7).flat
    assert Prices(flat(7)).total(10**9, 10**9 + 3) == 21
