"""A pair's quarter: its table adds up to the months', its file opens as figures, and it says what it is."""

import csv
import io
from decimal import Decimal
from itertools import pairwise

import pytest

from exchange.periods import months_of, quarter_of
from exchange.persistence.queries.power import Emitted, PairEmitted, emitted_by_pair
from exchange.persistence.queries.quarters import QuarterSides
from exchange.persistence.queries.refunds import refunds_of
from exchange.persistence.queries.regions import SharedPeriod, shared_figures, shared_lines, shared_periods
from settlement.agreements import PairAgreement, Shares
from settlement.money import BasisPoints
from settlement.quarters import PairQuarter, QuarterFigures
from settlement.spreadsheets import FORMULA_SIGNS
from tests.web import seed
from tests.web.pages.conftest import Browser, Venue
from tests.web.pages.test_payouts import filled
from web.desks.quarter_csv import FIGURES
from web.desks.quarter_figures import carbon_of, kind_of
from web.desks.shared import KINDS, AgreementTable, Shared, SharedRow
from web.documents.exports import csv_file
from web.pages.charts import flow_chart
from web.pages.formats import plain_yuan

pytestmark = pytest.mark.anyio

PATH = "/region/pairs/310000/621000/2026-Q4"
FIGURE, CODE, COMPUTED = "Figure 指标", "Region's code 地区代码", "Computed, yuan 核算"


async def test_a_quarter_has_its_closed_months_and_says_what_it_lacks(calm: Venue) -> None:
    (period,) = await shared_periods(calm.exchange.readers, ["pair-1/1"])
    office = await calm.as_party("office-qingyang")
    page = (await office.get(PATH)).page
    assert PATH in (await office.get("/region")).page.links()
    assert "Closed months: 2026-10. Not in it: 2026-11, 2026-12" in page.text
    assert "The ledger and the statements agree to the fen" in page.text
    assert "not a tax filing, not official statistics" in page.text
    emitted = await emitted_by_pair(
        calm.exchange.readers, PairQuarter("310000", "621000", "2026-Q4"), ["2026-10"]
    )
    assert emitted.shared_g == emitted.emitted.market_based_g > 0
    assert 0 < emitted.emitted.certified_wh < emitted.emitted.facility_wh
    assert f"{emitted.shared_g // 1000:,}.{emitted.shared_g % 1000:03}".rstrip("0") in page.text
    assert "Not a measurement and not a report of emissions" in page.text
    for base in (period.net, period.local_retained, period.gdp_base):
        assert f"¥{base // 100:,}.{base % 100:02}" in page.text


async def test_its_file_has_every_figure_as_a_number_with_what_it_is(calm: Venue) -> None:
    office = await calm.as_party("office-shanghai")
    answer = await office.client.get(f"{PATH}/export")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "suanli-310000-621000-2026-Q4.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert all("not a tax filing, not official statistics" in row["Note 说明"] for row in rows)
    figures = await shared_figures(calm.exchange.readers, ["pair-1/1"])
    told = {(row[FIGURE], row[CODE]): row[COMPUTED] for row in rows if row[FIGURE] != FIGURES["carbon"]}
    assert told == {(FIGURES[one.kind], one.region): plain_yuan(one.amount) for one in figures}
    assert {row["Recognised, yuan 认定"] for row in rows} == {""}
    carbon = [row for row in rows if row[FIGURE] == FIGURES["carbon"]]
    assert [row["Share, % 约定比例"] for row in carbon] == ["50", "50"]
    parts = [Decimal(row["Computed, kg of CO₂ 核算碳"]) for row in carbon]
    assert sum(parts) == Decimal(carbon[0]["To share, kg of CO₂ 可分配碳"]) > 0
    assert all("not a report of emissions" in row["Note 说明"] for row in carbon)


async def test_a_refund_counts_in_the_quarter_in_which_it_is_made(venue: Venue) -> None:
    office, clerk = await venue.as_party("office-shanghai"), await venue.as_party("clerk-1")
    before = await figures_of(office)
    (line,) = await shared_lines(venue.exchange.readers, "pair-1/1", "2026-10", ("", -1), 1)
    bill = f"/clerk/statements/{line.statement}"
    asked = filled((await clerk.get(bill)).page, amount_fen="10.00", invoice_used="no")
    refunded = await clerk.send(f"{bill}/refunds", **asked)
    assert refunded.status == 303, refunded.html
    after = await figures_of(office)
    (made,) = await refunds_of(venue.exchange.readers, [line.statement])
    taken = {(FIGURES["revenue"], region): fen for region, fen in made.correction.revenue_by_region_fen}
    assert sum(taken.values()) == made.correction.net_fen < 0
    for place, (posted, back, computed) in after.items():
        assert posted == before[place][0] == before[place][2]
        assert computed == posted + back
        assert place[0] != FIGURES["revenue"] or back == taken[place]
    page = (await office.get(PATH)).page.text
    assert "The ledger and the statements agree to the fen" in page
    assert "Refunded: what refunds made in the quarter took off" in page
    assert "Refunded in 2026-11" in (await office.get("/region")).page.text


async def figures_of(office: Browser) -> dict[tuple[str, str], tuple[int, int, int]]:
    """What was posted, refunded and computed of each kind for each region, by the quarter's file."""
    told = (await office.client.get(f"{PATH}/export")).content.decode("utf-8-sig")
    return {
        (row[FIGURE], row[CODE]): (
            fen_of(row["Posted, yuan 入账"]),
            fen_of(row["Refunded, yuan 退款"]),
            fen_of(row[COMPUTED]),
        )
        for row in csv.DictReader(io.StringIO(told))
        if row[FIGURE] != FIGURES["carbon"]
    }


def fen_of(yuan: str) -> int:
    return int(Decimal(yuan) * 100)


@pytest.mark.parametrize(
    "path",
    [
        "/region/pairs/310000/621000/2026-Q3",
        "/region/pairs/310000/621000/2026-10",
        "/region/pairs/621000/310000/2026-Q4",
        "/region/pairs/330100/640500/2026-Q4",
    ],
)
async def test_what_is_nothing_or_somebody_elses_is_not_there(calm: Venue, path: str) -> None:
    office = await calm.as_party("office-qingyang")
    assert (await office.get(path)).status == 404
    assert (await office.get(f"{path}/export")).status == 404


def test_months_and_quarters_are_each_others() -> None:
    assert months_of("2026-Q4") == ["2026-10", "2026-11", "2026-12"]
    assert months_of("2026-Q5") == months_of("2026-10") == months_of("26-Q1") == months_of("") == []
    quarters = [f"2026-Q{n}" for n in range(1, 5)]
    assert [quarter_of(month) for quarter in quarters for month in months_of(quarter)] == [
        quarter for quarter in quarters for _ in range(3)
    ]


@pytest.mark.parametrize("start", FORMULA_SIGNS)
def test_no_text_is_a_formula_and_numbers_stay_numbers(start: str) -> None:
    text = f'{start}HYPERLINK("a","b")'
    file = csv_file("quarter.csv", [(text, -5, "a=b", None)]).content.decode("utf-8-sig")
    (row,) = csv.reader(io.StringIO(file, newline=""))
    assert row == [f"'{text}", "-5", "a=b", ""]


def test_a_flow_leaves_as_it_came() -> None:
    chart = flow_chart([40, 1, 59])
    assert chart is not None
    assert sum(ribbon.height for ribbon in chart.ribbons) == chart.whole
    tops = [(ribbon.top, ribbon.top + ribbon.height) for ribbon in chart.ribbons]
    assert all(before[1] < after[0] for before, after in pairwise(tops))
    assert chart.height == tops[-1][1]
    assert flow_chart([0, 0]) is flow_chart([5, -1]) is None


def table(version: int, parties: tuple[str, ...], shares: Shares, revenue: dict[str, int]) -> AgreementTable:
    """A version with one month, in which only revenue was shared."""
    agreement = PairAgreement("pair", version, parties, version, None, shares, BasisPoints(0))
    nothing = dict.fromkeys(parties, 0)
    shared = [
        Shared(kind, sum(parts.values()), parts)
        for kind, parts in zip(KINDS, (revenue, nothing, nothing), strict=True)
    ]
    period = SharedPeriod(f"pair/{version}", f"2026-1{version}", "run", 1, 1, 0, 0, 0)
    return AgreementTable(agreement, [SharedRow(period, shared)])


def test_versions_of_a_quarter_add_up_also_when_a_region_of_transit_joins() -> None:
    half, third = seed.bp(5000, 5000), seed.bp(4000, 2000, 4000)
    tables = [
        table(0, ("1", "3"), Shares(half, half, half), {"1": 10, "3": 11}),
        table(1, ("1", "2", "3"), Shares(third, third, third, third), {"1": 4, "2": 2, "3": 4}),
    ]
    pair = PairQuarter("1", "3", "2026-Q4")
    nothing = QuarterSides(False, QuarterFigures(pair, ()), QuarterFigures(pair, ()), {}, None, [])
    revenue, tax, _ = (kind_of(kind, tables, nothing) for kind in KINDS)
    assert [(part.region, part.computed) for part in revenue.parts] == [("1", 14), ("2", 2), ("3", 15)]
    assert [list(part.shares) for part in revenue.parts] == [[5000, 4000], [2000], [5000, 4000]]
    assert revenue.adds_up
    assert revenue.base == 31
    assert (tax.base, tax.flow) == (0, None)
    carbon = carbon_of(tables, PairEmitted(Emitted(9, 0, 7, 7), 1, 0, {"1": 3, "2": 1, "3": 3}))
    assert [(part.region, list(part.shares), part.grams) for part in carbon.parts] == [
        ("1", [4000], 3),
        ("2", [2000], 1),
        ("3", [4000], 3),
    ]
    assert carbon.flow is not None
