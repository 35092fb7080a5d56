"""The index is what its method says, written down a second time; and nobody alone can make a price."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from hashlib import sha256
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.catalogue.catalogue import load_catalogue
from exchange.catalogue.instruments import Instrument, parse_instrument
from exchange.marketdata import index
from exchange.marketdata.index import NoValue, Row, Value, value_of
from exchange.marketdata.resources import Resource, day_of, parse_resource, rows_by_resource, slots_of
from exchange.persistence.queries.tape import TradeId
from matching.terms import ChipCode, Tier
from tests.exchange.house import HOURS
from tests.exchange.tapes import HERE_FIRM, parted, trade

DAY = date(2026, 11, 30)
CATALOGUE = load_catalogue()
PRICES = st.sampled_from([3, 9, 10, 10, 11, 12, 25]) | st.integers(0, 40)


@st.composite
def many_rows(draw: st.DrawFn) -> list[Row]:
    """Rows of an hour of standard cards: so many at a price in yuan, by one of six pairs."""
    numbers, found = count(1), []
    pairs = dict[int, int]()
    for _ in range(draw(st.integers(0, 15))):
        cards, price, pair = draw(st.integers(1, 20)), draw(PRICES), draw(st.integers(0, 5))
        known = pairs.setdefault(pair, len(pairs) + 1)
        found.append(row(next(numbers), cards, price * 10**6 + draw(st.integers(0, 2)), known))
    return found


def id_of(number: int) -> TradeId:
    return TradeId(f"{number:016x}")


def row(number: int, cards: int, price: int, pair: int) -> Row:
    return Row(id_of(number), cards * 3600 * 1000, cards * price, pair)


def by_the_page(rows: list[Row]) -> tuple[Fraction | None, str | None, list[TradeId]]:
    """The method, as its page tells it: exact prices, a list of each card-hour, and no rounding but of prices."""
    if (reason := why_not(rows)) is not None:
        return None, reason, []
    each = sorted(one.price for one in rows for _ in range(one.volume // 3_600_000))
    median = each[(len(each) - 1) // 2]
    away = sorted(abs(price - median) for price in each)
    band = max(5 * away[(len(away) - 1) // 2], median // 2)
    kept = [one for one in rows if median - band <= one.price <= median + band]
    out = [one.trade for one in rows if one not in kept]
    if (reason := why_not(kept)) is not None:
        return None, reason, out
    return Fraction(sum(one.cost for one in kept) * 3_600_000, sum(one.volume for one in kept)), None, out


def why_not(rows: list[Row]) -> str | None:
    volumes = {pair: sum(r.volume for r in rows if r.pair == pair) for pair in {r.pair for r in rows}}
    if not rows:
        return "no_trades"
    if len(rows) < 5:
        return "too_few_trades"
    if len(volumes) < 3:
        return "too_few_pairs"
    return "one_pair_dominates" if max(volumes.values()) * 2 >= sum(volumes.values()) else None


@given(many_rows())
def test_a_value_is_what_the_method_says(rows: list[Row]) -> None:
    agree(rows)


def agree(rows: list[Row]) -> Value:
    found = value_of("standard@all/spot", DAY, rows)
    price, reason, left_out = by_the_page(rows)
    assert (found.reason, list(found.left_out)) == (reason, left_out)
    assert (found.price is None) == (price is None)
    assert price is None or found.price is None or abs(found.price - price) <= Fraction(1, 2)
    assert found.counted.trades == len(rows) - len(left_out)
    return found


@pytest.mark.parametrize(
    ("name", "wrong"), [("DEVIATIONS", 1), ("HALF", 10**9), ("PAIRS_MIN", 1), ("TRADES_MIN", 1)]
)
def test_another_figure_is_another_method(monkeypatch: pytest.MonkeyPatch, name: str, wrong: int) -> None:
    """Whoever changes one of the method's figures is found out by these days."""
    days = [
        [row(n, 1, price * 10**6, n % 5 + 1) for n, price in enumerate((7, 8, 10, 12, 14, 18), start=1)],
        [row(n, 1, price * 10**6, n % 5 + 1) for n, price in enumerate((10, 10, 10, 10, 12), start=1)],
        [row(n, 1, 10**7, n % 2 + 1) for n in range(1, 7)],
        [row(n, 1, 10**7, n) for n in range(1, 5)],
    ]
    for rows in days:
        agree(rows)
    monkeypatch.setattr(index, name, wrong)
    with pytest.raises(AssertionError):
        for rows in days:
            agree(rows)


@given(many_rows(), st.integers(1, 400), st.integers(0, 10**8))
def test_one_pair_alone_moves_no_price_beyond_the_others(rows: list[Row], cards: int, price: int) -> None:
    """Whatever a pair trades with itself: where there is a value, the others' prices are about it."""
    painted = [*rows, *(row(len(rows) + n, cards, price, 99) for n in range(1, 6))]
    found = value_of("standard@all/spot", DAY, painted)
    if found.price is not None:
        honest = [one.price for one in rows]
        assert min(honest) <= (found.median or 0) <= max(honest)
        assert abs(found.price - (found.median or 0)) <= (found.band or 0) + 1


def test_an_outlier_is_left_out_and_told() -> None:
    rows = [row(n, 2, 10_000_000 + n, n % 3 + 1) for n in range(1, 7)]
    found = agree([*rows, row(7, 1, 99_000_000, 4)])
    assert found.left_out == (id_of(7),)
    assert found.price == 10_000_004  # the mean of 1 to 6 is 3.5
    assert found.counted.pairs == 3


def test_a_day_without_a_price_says_why() -> None:
    same = [row(n, 1, 10**7, 1) for n in range(1, 10)]
    assert agree([]).reason is NoValue.NO_TRADES
    assert agree(same[:4]).reason is NoValue.TOO_FEW_TRADES
    assert agree(same).reason is NoValue.TOO_FEW_PAIRS
    assert agree([*same, row(10, 1, 10**7, 2), row(11, 1, 10**7, 3)]).reason is NoValue.ONE_PAIR_DOMINATES


def test_the_digest_is_over_lines_that_anybody_can_write() -> None:
    rows = [Row(TradeId("7f"), 3_600_000, 10, 1), Row(TradeId("80"), 7_200_000, 21, 2)]
    lines = "1 standard@all/spot 2026-11-30\n7f 3600000 10 1\n80 7200000 21 2\n"
    assert value_of("standard@all/spot", DAY, rows).digest == sha256(lines.encode()).hexdigest()
    changed = [rows[0], Row(TradeId("80"), 7_200_000, 22, 2)]
    assert value_of("standard@all/spot", DAY, changed).digest != sha256(lines.encode()).hexdigest()


def test_a_trade_counts_for_its_region_its_hub_its_chip_and_all() -> None:
    known = rows_by_resource([parted(trade(1, 0, 2, 3, 60), "a", "b")], CATALOGUE, HOURS)
    weight = CATALOGUE.chips[HERE_FIRM.chip].weight_milli
    whole = 6 * 3600 * 1000
    assert {str(resource): [one.volume for one in rows] for resource, rows in known.items()} == {
        "nvidia-h100-80g@150100/on_demand": [whole],
        "nvidia-h100-80g@inner-mongolia/on_demand": [whole],
        "nvidia-h100-80g@all/on_demand": [whole],
        "standard@all/on_demand": [6 * 3600 * weight],
    }
    assert all(parse_resource(str(resource), CATALOGUE) == resource for resource in known)


def test_pairs_are_groups_and_have_numbers_of_the_day() -> None:
    spot = parse_instrument("nvidia-h100-80g@150100/spot")
    deals: Iterable[tuple[str, str, Instrument]] = [
        ("lab", "dc", HERE_FIRM),
        ("bay", "dc", spot),
        ("bay", "dc", HERE_FIRM),
        ("lab", "dc", HERE_FIRM),
        ("lab", "sun", HERE_FIRM),
    ]
    trades = [
        parted(trade(n, 0, 1, 1, 9, what), buyer, seller) for n, (buyer, seller, what) in enumerate(deals, 1)
    ]
    rows = rows_by_resource(trades, CATALOGUE, HOURS)
    firm = Resource(ChipCode("nvidia-h100-80g"), "150100", Tier.ON_DEMAND)
    assert [(one.trade, one.pair) for one in rows[firm]] == [
        (id_of(1), 1),
        (id_of(3), 2),
        (id_of(4), 1),
        (id_of(5), 3),
    ]


def test_what_is_no_resource_is_refused() -> None:
    for text in (
        "",
        "standard@150100/spot",
        "abacus@all/spot",
        "nvidia-h100-80g@nowhere/spot",
        "standard@all/gold",
    ):
        with pytest.raises(ValueError, match="resource"):
            parse_resource(text, CATALOGUE)


def test_a_day_is_the_venues() -> None:
    first, last = slots_of(DAY, HOURS)
    assert last - first == 24
    assert day_of(HOURS.instant_of(first), HOURS) == day_of(HOURS.instant_of(last) - 1, HOURS) == DAY
    assert HOURS.instant_of(first) % 86_400 == 16 * 3600, "midnight of UTC+8"
