"""The page of the depth across chips tells what the API tells, for the region and the window that are asked."""

from typing import Any

import pytest

from tests.web.house import straight_to
from tests.web.pages.conftest import Venue
from web.client import Client
from web.pages.formats import thousandths, unit_price

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("region", ["", "621000"])
@pytest.mark.parametrize("tier", ["on_demand", "spot"])
async def test_the_page_has_the_api_s_figures(calm: Venue, tier: str, region: str) -> None:
    asked: dict[str, Any] = {"region": region} if region else {}
    async with Client("http://venue", transport=straight_to(calm.app)) as client:
        told = (await client._http.get(f"/v1/depth/{tier}", params=asked)).json()
    visit = await calm.browser().get(f"/depth/{tier}", **asked)
    assert visit.status == 200
    rows = [("Offered", level) for level in told["asks"]] + [("Wanted", level) for level in told["bids"]]
    for side, level in rows:
        price, cards, upto = (
            unit_price(level["price_micro_yuan_per_standard_card_hour"]),
            thousandths(level["standard_milli_cards"]),
            thousandths(level["standard_milli_cards_upto"]),
        )
        assert f"{side} {price} {cards} {upto}" in visit.page.text
    assert told["asks"], "something is on offer"


async def test_the_market_leads_there_and_what_is_no_tier_is_nowhere(calm: Venue) -> None:
    browser = calm.browser()
    assert {"/depth/on_demand", "/depth/spot"} <= set((await browser.get("/")).page.links())
    other = await browser.get("/depth/spot", region="621000", hours="3")
    assert "/depth/on_demand?region=621000&hours=3" in other.page.links()
    assert (await browser.get("/depth/gold")).status == 404
