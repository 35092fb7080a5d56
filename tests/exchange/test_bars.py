"""Bars are what the tape gives when each is made by hand, trade by trade and card-slot by card-slot."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.marketdata import bars as bars_module
from exchange.marketdata.bars import Bar, BarLength, bars
from exchange.marketdata.quantiles import weighted_quantile
from exchange.persistence.queries.tape import Trade
from exchange.state import VenueTerms
from settlement.money import round_half_away
from tests.exchange.house import HOURS, QUARTERS
from tests.exchange.tapes import tapes, trade

TERMS = st.sampled_from([HOURS, QUARTERS, replace(HOURS, utc_offset_seconds=-5 * 3600)])
LENGTHS = st.sampled_from(list(BarLength))


def local(instant: int, terms: VenueTerms) -> datetime:
    """The clock on the venue's wall."""
    return datetime.fromtimestamp(instant, UTC) + timedelta(seconds=terms.utc_offset_seconds)


def name_of(instant: int, length: BarLength, terms: VenueTerms) -> tuple[int, ...]:
    """Which hour, day or week an instant lies in, by the calendar."""
    wall = local(instant, terms)
    match length:
        case BarLength.HOUR:
            return (*wall.timetuple()[:3], wall.hour)
        case BarLength.DAY:
            return wall.timetuple()[:3]
        case BarLength.WEEK:
            return wall.isocalendar()[:2]


def by_hand(trades: list[Trade], length: BarLength, terms: VenueTerms) -> list[tuple[int, ...]]:
    """Each bar as its figures, from a list with the price of every single card-slot."""
    groups: dict[tuple[int, ...], list[Trade]] = {}
    for one in trades:
        groups.setdefault(name_of(one.slot * terms.slot_seconds, length, terms), []).append(one)
    return [figures(some, terms) for some in groups.values()]


def figures(trades: list[Trade], terms: VenueTerms) -> tuple[int, ...]:
    hours = Fraction(terms.slot_seconds, 3600)
    prices = [rounded(Fraction(one.cost) / (one.card_slots * hours)) for one in trades]
    each = sorted(p for p, one in zip(prices, trades, strict=True) for _ in range(one.card_slots))
    volume, turnover = len(each), sum(one.cost for one in trades)
    quantiles = [each[-(-volume * share // 10) - 1] for share in (1, 5, 9)]
    early, late = ([one for one in trades if one.slot == slot] for slot in (trades[0].slot, trades[-1].slot))
    ends = (mean_of(early, hours), max(prices), min(prices), mean_of(late, hours))
    return (*ends, *quantiles, volume * terms.slot_seconds, turnover, len(trades), mean_of(trades, hours))


def mean_of(trades: list[Trade], hours: Fraction) -> int:
    """The price by volume, exactly and then rounded once."""
    each = [Fraction(one.cost, one.card_slots) for one in trades for _ in range(one.card_slots)]
    return rounded(sum(each) / (len(each) * hours))


def rounded(value: Fraction) -> int:
    return round_half_away(value.numerator, value.denominator)


def told(bar: Bar) -> tuple[int, ...]:
    ends = (bar.open, bar.high, bar.low, bar.close)
    return (*ends, bar.p10, bar.median, bar.p90, bar.card_seconds, bar.turnover, bar.trades, bar.mean)


@given(tapes(), LENGTHS, TERMS)
def test_bars_are_what_is_made_by_hand(trades: list[Trade], length: BarLength, terms: VenueTerms) -> None:
    agree(trades, length, terms)


def agree(trades: list[Trade], length: BarLength, terms: VenueTerms) -> None:
    found = bars(trades, length, terms)
    assert [told(bar) for bar in found] == by_hand(trades, length, terms)
    for bar in found:
        begins = local(bar.begins, terms)
        assert begins.minute == begins.second == 0
        assert length is BarLength.HOUR or begins.hour == 0
        assert length is not BarLength.WEEK or begins.weekday() == 0
        assert bar.low <= bar.p10 <= bar.median <= bar.p90 <= bar.high


def test_making_them_by_hand_would_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever forgets the volumes is found out."""
    trades = [trade(1, 0, 1, 1, 5), trade(2, 0, 9, 1, 9 * 8)]
    agree(trades, BarLength.DAY, HOURS)

    def unweighted(points: list[tuple[int, int]], share: int, of: int) -> int:
        return weighted_quantile([(price, 1) for price, _ in points], share, of)

    monkeypatch.setattr(bars_module, "weighted_quantile", unweighted)
    with pytest.raises(AssertionError):
        agree(trades, BarLength.DAY, HOURS)


def test_the_order_within_a_slot_says_nothing() -> None:
    trades = [trade(1, 0, 1, 1, 4), trade(2, 0, 3, 1, 3 * 8), trade(3, 1, 1, 1, 5), trade(4, 1, 1, 1, 7)]
    shuffled = [trades[1], trades[0], trades[3], trades[2]]
    assert bars(trades, BarLength.DAY, HOURS) == bars(shuffled, BarLength.DAY, HOURS)
    (bar,) = bars(trades, BarLength.DAY, HOURS)
    assert (bar.open, bar.close) == (7, 6)


def test_a_price_that_changes_with_the_hour_counts_as_its_average() -> None:
    (bar,) = bars([trade(1, 0, 2, 3, 2 * (4 + 4 + 5))], BarLength.HOUR, HOURS)
    assert (bar.open, bar.mean, bar.turnover, bar.card_seconds) == (4, 4, 26, 6 * 3600)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5)), min_size=1), st.integers(1, 10))
def test_a_quantile_is_the_lowest_price_with_its_share(points: list[tuple[int, int]], share: int) -> None:
    found = weighted_quantile(points, share, 10)
    volume = sum(volume for _, volume in points)
    assert found in {price for price, _ in points}
    assert 10 * sum(volume for price, volume in points if price <= found) >= share * volume
    assert 10 * sum(volume for price, volume in points if price < found) < share * volume
