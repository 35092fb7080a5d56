"""Other shares for a closed month: both sides on a page, and nothing that changes."""

import pytest

from exchange.persistence.queries.regions import agreements, shared_periods
from exchange.persistence.queries.what_if import compared
from settlement.what_if import what_if
from tests.web import seed
from tests.web.pages.conftest import Venue

pytestmark = pytest.mark.anyio

PATH = "/region/agreements/pair-1/1/2026-10/what-if"


async def test_an_agreements_own_shares_give_what_was_settled(calm: Venue) -> None:
    readers = calm.exchange.readers
    (pair,) = await agreements(readers, seed.QINGYANG)
    (period,) = await shared_periods(readers, ["pair-1/1"])
    found = await compared(readers, "pair-1/1", period.period, pair)
    assert found is not None
    assert [one.settled.base for one in found] == [period.net, period.local_retained, period.gdp_base]
    assert all(one.settled == one.other for one in found)
    page = (await (await calm.as_party("office-qingyang")).get(PATH)).page
    assert page.values()["revenue-1"] == ["40"]
    assert page.values()["value_added"] == ["60"]
    assert "not a tax filing, not official statistics" in page.text


async def test_lines_that_come_in_several_pages_are_the_same(
    calm: Venue, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pair,) = await agreements(calm.exchange.readers, seed.QINGYANG)
    whole = await compared(calm.exchange.readers, "pair-1/1", "2026-10", pair)
    monkeypatch.setattr("exchange.persistence.queries.what_if.LINES_AT_ONCE", 3)
    assert await compared(calm.exchange.readers, "pair-1/1", "2026-10", pair) == whole
    assert whole != what_if([], pair)


async def test_other_shares_stand_beside_them_and_change_nothing(calm: Venue) -> None:
    office = await calm.as_party("office-shanghai")
    (period,) = await shared_periods(calm.exchange.readers, ["pair-1/1"])
    before = (await office.get("/region")).page.text
    visit = await office.get(PATH, **{"revenue-1": "100", "tax-1": "0", "gdp-1": "12.5", "value_added": "0"})
    assert visit.status == 200
    assert f"{period.net / 100:,.2f}" in visit.page.text
    assert "12.5 %" in visit.page.text
    assert (await office.get("/region")).page.text == before


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("revenue-1", "", "Fill this in."),
        ("revenue-1", "101", "At most 100."),
        ("tax-1", "-1", "At least 0."),
        ("gdp-1", "1.234", "Write per cent with at most two decimals"),
        ("value_added", "all of it", "Write a number"),
    ],
)
async def test_shares_that_can_t_be_read(calm: Venue, name: str, typed: str, sentence: str) -> None:
    visit = await (await calm.as_party("office-qingyang")).get(PATH, **{name: typed})
    assert visit.status == 422
    assert sentence in visit.page.text
    assert visit.page.values()[name] == [typed]
