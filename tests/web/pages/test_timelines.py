"""Where the lines of prices over time go: in order, inside the chart, and broken where nothing was traded."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from exchange.marketdata.bars import Bar, BarLength
from exchange.names import Instant
from web.pages.timelines import BOTTOM, LEFT, RIGHT, TOP, VOLUMES, index_chart, price_chart

HOUR = 3600


def bar(hour: int, low: int, high: int, cards: int) -> Bar:
    middle = (low + high) // 2
    volume, turnover = cards * HOUR, middle * cards
    return Bar(Instant(hour * HOUR), low, high, low, high, low, middle, high, volume, turnover, 1)


BARS = st.lists(
    st.tuples(st.integers(0, 10**8), st.integers(0, 10**8), st.integers(1, 10**6)), max_size=20
).map(lambda rows: [bar(2 * n, min(a, b), max(a, b), cards) for n, (a, b, cards) in enumerate(rows)])


@given(BARS)
def test_every_bar_stands_inside_the_chart_and_after_the_one_before(bars: list[Bar]) -> None:
    chart = price_chart(bars, BarLength.HOUR, 0, 40 * HOUR)
    assert (chart is None) == (bars == [])
    for one in () if chart is None else chart.columns:
        assert LEFT <= one.at <= RIGHT
        assert TOP <= one.high <= one.p90 <= one.p10 <= one.low <= BOTTOM
        assert one.high <= one.mean <= one.low
        assert 0 < one.volume < VOLUMES
    for before, after in pairwise(() if chart is None else chart.columns):
        assert before.at < after.at
    assert chart is None or "L" not in chart.line, "no two of these bars follow on each other"


def test_a_line_is_broken_where_there_is_nothing() -> None:
    chart = price_chart([bar(n, 5, 9, 1) for n in (0, 1, 3)], BarLength.HOUR, 0, 4 * HOUR)
    assert chart is not None
    assert [step for step in chart.line if step.isalpha()] == ["M", "L", "M"]
    index = index_chart([7, None, 8, 9])
    assert index is not None
    assert [step for step in index.line if step.isalpha()] == ["M", "M", "L"]
    assert (len(index.places), len(index.gaps)) == (3, 1)
    assert index_chart([None, None]) is None
    assert index_chart([]) is None


@given(st.lists(st.none() | st.integers(0, 10**12), max_size=90))
def test_every_day_is_a_place_or_a_gap(values: list[int | None]) -> None:
    chart = index_chart(values)
    if chart is not None:
        assert len(chart.places) + len(chart.gaps) == len(values)
        assert all(TOP <= place.up <= BOTTOM and LEFT <= place.at <= RIGHT for place in chart.places)
        for before, after in pairwise(chart.axes.times):
            assert after.at - before.at > 60, "marks of time don't cover each other"
