"""How figures are written, how text is read, and where the lines of a chart go: exact, and never a rounded one unmarked."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.catalogue.instruments import Instrument
from exchange.marketdata.depth import Level
from exchange.names import PartyId
from exchange.parties.rules import AMOUNT_MAX
from exchange.persistence.queries.market import Offered, Sold
from matching.curves import PriceCurve, flat
from matching.terms import ChipCode, ListingId, RegionCode, Slot, Tier, Window
from tests.web.seed import at
from web.bodies.fields import PRICE_MAX
from web.pages import formats, offers
from web.pages.charts import depth_chart, level
from web.pages.fields import MICRO_PER_FEN, PRICE_MOST, MistakeCode, Reader

FIRM = Tier.ON_DEMAND


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "¥0.00"),
        (1, "¥0.01"),
        (123_400, "¥1,234.00"),
        (-123_450, "-¥1,234.50"),
        (10**15, "¥10,000,000,000,000.00"),
    ],
)
def test_amounts(fen: int, text: str) -> None:
    assert formats.yuan(fen) == text


@pytest.mark.parametrize(
    ("micro_yuan", "text"),
    [
        (18_000_000, "¥18.00"),
        (3_250_000, "¥3.25"),
        (125_000, "¥0.1250"),
        (3_250_100, "¥3.2501"),
        (15_083_333, "≈ ¥15.08"),
        (0, "¥0.00"),
    ],
)
def test_unit_prices(micro_yuan: int, text: str) -> None:
    assert formats.unit_price(micro_yuan) == text


@pytest.mark.parametrize(
    ("micro_yuan", "text"),
    [(8_000_000, "¥8.00"), (500_100, "¥0.5001"), (1, "¥0.000001"), (1_234_000_001, "¥1,234.000001")],
)
def test_agreed_prices_are_never_rounded(micro_yuan: int, text: str) -> None:
    assert formats.agreed_price(micro_yuan) == text


@given(st.integers(0, AMOUNT_MAX))
def test_an_amount_is_read_as_it_was_written(fen: int) -> None:
    for text in (formats.plain_yuan(fen), formats.yuan(fen)):
        assert Reader({"x": [text]}).fen("x") == fen


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_value_or_a_mistake(text: str) -> None:
    asked = Reader({"x": [text]})
    for read in (asked.fen, asked.instant, asked.number):
        asked.mistakes.clear()
        assert (read("x") is None) == ("x" in asked.mistakes)
    asked.mistakes.clear()
    assert (asked.whole("x", 1) is None) == ("x" in asked.mistakes)
    asked.mistakes.clear()
    assert (asked.slots("x", 900) is None) == ("x" in asked.mistakes)


def test_what_is_typed_is_read_exactly() -> None:
    asked = Reader({"a": [" 1,250.5 "], "b": ["0.25"], "c": ["2026-11-23T04:00"], "d": ["¥7"], "e": ["٣"]})
    assert asked.fen("a") == 125_050
    assert asked.slots("b", 900) == 1
    assert asked.slots("b", 3600) is None
    assert asked.instant("c") == at("2026-11-23 04:00")
    assert asked.number("d") == Decimal(7)
    assert asked.number("e") is None
    assert asked.mistakes["e"].code is MistakeCode.NOT_A_NUMBER


@pytest.mark.parametrize(
    "text", ["1,5", "12,34", "1,250,5", "1,2500", ",250", "1,", "1,,250", "1.250,50", "1234,567"]
)
def test_a_comma_that_parts_no_thousands_is_refused(text: str) -> None:
    """Who writes `1,5` may mean a yuan and a half, or fifteen."""
    asked = Reader({"x": [text]})
    assert asked.fen("x") is None
    assert asked.mistakes["x"].code is MistakeCode.NOT_MONEY


def test_times() -> None:
    instant = at("2026-11-23 04:00")
    assert formats.local(instant) == "2026-11-23 04:00"
    assert formats.utc(instant) == "11-22 20:00 UTC"
    assert formats.utc(at("2026-11-23 10:00")) == "02:00 UTC"
    assert formats.machine_time(instant) == "2026-11-22T20:00:00Z"
    assert Reader({"x": [formats.local_field(instant)]}).instant("x") == instant


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 8, "0 %"),
        (8, 8, "100 %"),
        (38_375, 38_400, "99.9 %"),
        (1, 10**6, "0.1 %"),
        (1, 3, "33.3 %"),
        (0, 0, "—"),
    ],
)
def test_shares(part: int, whole: int, text: str) -> None:
    assert formats.share_of(part, whole) == text


def test_quantities() -> None:
    assert formats.card_hours(5_400) == "1.5"
    assert formats.card_hours(36_000_000) == "10,000"
    assert formats.hours(900) == "0.25 h"
    assert formats.milli(1_250) == "1.25"
    assert formats.milli(474) == "0.474"
    assert formats.thousandths(1_250_500) == "1,250.5"
    assert formats.basis_points(600) == "6 %"
    assert formats.basis_points(125) == "1.25 %"
    assert formats.short_count(12_345) == "12k"


def offered(
    cards: int, price: PriceCurve, *sold: tuple[int, int, int], lot: int = 1, shortest: int = 1
) -> Offered:
    return Offered(
        id=ListingId(f"lst-{cards}"),
        party=PartyId("seller-1"),
        line="compute_service",
        chip=ChipCode("chip"),
        region=RegionCode("621000"),
        window=Window(Slot(0), Slot(100)),
        cards=cards,
        lot=lot,
        min_slots=shortest,
        asks={FIRM: price},
        sold=tuple(Sold(Window(Slot(start), Slot(end)), taken) for start, end, taken in sold),
        status="open",
        seq=1,
    )


def test_the_market_s_row_tells_now_from_later() -> None:
    full = offered(4, PriceCurve(((0, 9), (20, 5))), (0, 15, 4))
    partly = offered(8, flat(12), (5, 50, 3), lot=8)
    (row,) = offers.market_table([full, partly], [], Slot(10), 90)
    assert row.instrument == Instrument(ChipCode("chip"), RegionCode("621000"), FIRM)
    assert (row.free_now, row.best_now) == (0, None)
    assert (row.cheapest, row.cheapest_at) == (5, 20)
    (later,) = offers.market_table([full, partly], [], Slot(60), 40)
    assert (later.free_now, later.best_now, later.cheapest_at) == (12, 5, 60)


def test_a_calendar_adds_listings_up_and_leaves_the_past_out() -> None:
    one, two = offered(4, flat(9), (6, 8, 4)), offered(8, flat(12), (7, 20, 3))
    cells = offers.calendar([one, two], FIRM, Slot(4), 3, 2, Slot(5))
    assert [(cell.since, cell.free, cell.price) for cell in cells] == [(4, 0, None), (6, 5, 12), (8, 9, 9)]


def test_loads_count_card_slots_inside_the_window() -> None:
    offer = offered(4, flat(9), (98, 100, 3), (10, 12, 1))
    assert offers.loads(offer, Slot(96), 2, 4) == [offers.Load(Slot(96), 16, 6), offers.Load(Slot(100), 0, 0)]
    assert offers.sold_card_slots(offer) == 8


def test_a_chart_is_as_wide_as_its_prices() -> None:
    levels = [Level(10_000_000, 5, 5), Level(14_000_000, 5, 10)]
    chart = depth_chart(levels, [Level(9_000_000, 3, 3)])
    assert chart is not None
    assert chart.asks.startswith("M")
    assert [mark.value for mark in chart.cards] == [0, 5, 10]
    assert all(chart.left <= mark.at <= chart.right for mark in chart.prices)
    assert depth_chart([], []) is None
    one = depth_chart([Level(0, 1, 1)], [])
    assert one is not None


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_shades_keep_order(part: int, whole: int) -> None:
    shade = level(part, whole)
    assert 0 <= shade <= 4
    assert (shade == 0) == (part == 0 or whole == 0)
    assert level(whole, whole) == (4 if whole else 0)


def test_forms_take_the_prices_that_programs_may_send() -> None:
    assert PRICE_MOST * MICRO_PER_FEN == PRICE_MAX
