"""Other shares for a closed month: both sides on a page, and nothing that changes."""

from dataclasses import replace

import httpx
import pytest

from exchange.persistence.queries.regions import agreements, shared_periods
from exchange.persistence.queries.what_if import compared
from settlement.agreements import PairAgreement, Shares
from settlement.money import BasisPoints
from settlement.what_if import what_if
from tests.web import seed
from tests.web.pages.conftest import Venue
from web.desks.what_if import _other, _own
from web.pages.fields import Mistake, MistakeCode, Reader

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


def test_among_three_parties_what_is_typed_can_t_be_more_than_the_whole() -> None:
    third = seed.bp(4000, 2000, 4000)
    agreement = PairAgreement(
        "A", 1, ("1", "2", "3"), 0, None, Shares(third, third, third), BasisPoints(6000)
    )
    form = Reader(_own(agreement))
    assert _other(form, agreement) == agreement
    assert not form.mistakes
    form = Reader(_own(agreement) | {"tax-1": ["70"], "tax-2": ["30.01"]})
    assert _other(form, agreement) is None
    assert form.mistakes == {"tax-2": Mistake(MistakeCode.TOO_LARGE, "30")}


ASKED = {
    "agreement": "pair-1",
    "version": 1,
    "period": "2026-10",
    "revenue_shares_bp": [2500, 7500],
    "tax_shares_bp": [10000, 0],
    "gdp_shares_bp": [5000, 5000],
    "value_added_bp": 3300,
}


async def ask(venue: Venue, by: str, **changed: object) -> httpx.Response:
    """The same door as programs go through."""
    headers = {"Authorization": f"Bearer {seed.token_of(by)}"}
    return await venue.browser().client.post("/v1/what-if", json=ASKED | changed, headers=headers)


@pytest.mark.parametrize("by", ["office-qingyang", "office-shanghai", "clerk-1"])
async def test_programs_are_told_the_same(calm: Venue, by: str) -> None:
    (pair,) = await agreements(calm.exchange.readers, seed.QINGYANG)
    shares = Shares(seed.bp(2500, 7500), seed.bp(10000, 0), seed.bp(5000, 5000))
    other = replace(pair, shares=shares, value_added_bp=BasisPoints(3300))
    expected = await compared(calm.exchange.readers, "pair-1/1", "2026-10", other)
    assert expected is not None
    answer = (await ask(calm, by)).json()
    assert "not a tax filing, not official statistics" in answer["label"]
    assert answer["parties"] == ["310000", "621000"]
    for one in expected:
        told = answer[one.kind]
        assert (told["settled_base_fen"], told["other_base_fen"]) == (one.settled.base, one.other.base)
        assert (told["settled_fen"], told["other_fen"]) == ([*one.settled.parts], [*one.other.parts])
        assert told["difference_fen"] == [*one.differences]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"version": 2}, 404, "unknown_id"),
        ({"agreement": "pair-2"}, 404, "unknown_id"),
        ({"period": "2026-11"}, 404, "unknown_id"),
        ({"period": "October"}, 422, "invalid_value"),
        ({"tax_shares_bp": [5000, 4999]}, 422, "agreement_invalid"),
        ({"gdp_shares_bp": [2000, 3000, 5000]}, 422, "agreement_invalid"),
        ({"value_added_bp": 10001}, 422, "out_of_range"),
        ({"revenue_shares_bp": [-1, 10001]}, 422, "out_of_range"),
        ({"carbon_shares_bp": [5000, 5000]}, 422, "unknown_field"),
    ],
)
async def test_what_programs_can_t_ask(
    calm: Venue, changed: dict[str, object], status: int, code: str
) -> None:
    answer = await ask(calm, "office-qingyang", **changed)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
