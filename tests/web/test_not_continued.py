"""An order that does not go on because its buyer's money does not cover it says so, and what to do."""

import asyncio
from typing import Any

import pytest
from typer.testing import CliRunner

from exchange.persistence.queries.market import clock
from exchange.persistence.queries.orders import order_of
from exchange.state import Role
from tests.web.house import H100, HORINGER, YUAN, Door, listing, order
from tests.web.pages.conftest import Browser
from web.cli.main import app
from web.server import serving
from web.storefront.order_form import form_of, read_order

pytestmark = pytest.mark.anyio

FOUR_HOURS = {"start": "2026-11-30T00:00:00Z", "end": "2026-11-30T04:00:00Z"}
ASKS: dict[str, Any] = {
    "spot": [
        {"price_micro_yuan_per_card_hour": 18 * YUAN},
        {"since": "2026-11-30T02:00:00Z", "price_micro_yuan_per_card_hour": 0},
    ],
    "on_demand": [{"price_micro_yuan_per_card_hour": 10 * YUAN}],
}


async def taken_back(door: Door) -> str:
    """The order of a buyer whose dear hours were delivered, and have cost all that it has; its other two are taken back."""
    await door.admit("buyer", Role.BUYER, fen=8 * 4 * 9_00)
    await door.admit("rival", Role.BUYER, fen=10**8)
    await door.admit("seller", Role.SELLER, region=HORINGER)
    await door.ask("POST", "/v1/listings", by="seller", json=listing(cards=8, window=FOUR_HOURS, asks=ASKS))
    spot = order(tier="spot", cards=1, window=FOUR_HOURS, limit_micro_yuan_per_card_hour=9 * YUAN)
    placed = await door.ask("POST", "/v1/orders", by="buyer", json=spot)
    assert placed.json()["status"] == "filled", placed.text
    await door.at("2026-11-30T01:00:00Z")
    firm = await door.ask("POST", "/v1/orders", by="rival", json=order(duration_minutes=120))
    assert firm.json()["status"] == "filled", firm.text
    return str(placed.json()["id"])


async def test_the_order_says_what_it_lacks(door: Door) -> None:
    name = await taken_back(door)
    told = (await door.ask("GET", f"/v1/orders/{name}", by="buyer")).json()
    assert told["continued_as"] is None
    assert told["not_continued"] == {
        "needed_fen": 8 * 2 * 9_00,
        "available_fen": 0,
        "short_fen": 8 * 2 * 9_00,
        "window": {"start": "2026-11-30T02:00:00Z", "end": "2026-11-30T04:00:00Z"},
        "cards": 1,
        "least_cards": 1,
        "duration_minutes": 120,
    }
    (other,) = (await door.ask("GET", "/v1/orders", by="rival")).json()["items"]
    assert (other["not_continued"], other["continued_as"]) == (None, None)
    sold = (await door.ask("GET", "/v1/leases", by="seller")).text
    assert "14400" not in sold, "a buyer's money is nobody else's business"


async def test_its_page_leads_to_the_form_that_orders_what_is_left(door: Door) -> None:
    name = await taken_back(door)
    browser = Browser(door.app)
    assert (await browser.send("/sign-in", key=door.tokens["buyer"], next="/")).status == 303
    listed = await browser.get("/orders")
    assert "does not go on: ¥144.00 are missing" in listed.page.text
    page = await browser.get(f"/orders/{name}")
    assert "an order would have to hold ¥144.00, and ¥0.00 were available. Deposit ¥144.00" in page.page.text
    again = next(link for link in page.page.links() if link.startswith("/order?"))
    form = await browser.get(again)
    assert (form.status, 'value="2026-11-30T12:00"' in form.html) == (200, True)
    leases = [link for link in page.page.links() if link.startswith("/leases/")]
    assert "Nothing looks for the rest: what it lacks" in (await browser.get(leases[0])).page.text


@pytest.mark.parametrize(
    "changed",
    [{}, {"chips": {H100: 1000, "nvidia-a800-80g": 317}, "cards": 40, "least_cards": 8, "split": "regions"}],
)
async def test_the_form_of_an_order_asks_for_the_same(market: Door, changed: dict[str, Any]) -> None:
    asked = {
        "home": "310000",
        "mbps_per_card": 10,
        "regions": [HORINGER, "520100"],
        "tier": "spot",
        **changed,
    }
    placed = await market.ask("POST", "/v1/orders", by="buyer", json=order(**asked, on_preempt="cancel"))
    readers, catalogue = market.exchange.readers, market.exchange.catalogue
    stored, now = await order_of(readers, "buyer", placed.json()["id"]), await clock(readers)
    assert stored is not None
    command = read_order(form_of(stored, catalogue, now), market.exchange, now, limit_needed=True)
    assert command is not None
    for part in (
        "tier",
        "chips",
        "window",
        "limit",
        "shape",
        "prefer",
        "tif",
        "on_preempt",
        "home",
        "mbps_per_card",
    ):
        assert getattr(command, part) == getattr(stored, part), part
    assert set(command.regions) == set(stored.regions)


async def test_the_command_line_tells_it(door: Door) -> None:
    name = await taken_back(door)
    async with serving(door.app, port=0) as url:
        arguments = ["orders", "--url", url, "--key", door.tokens["buyer"]]
        told = (await asyncio.to_thread(CliRunner().invoke, app, arguments)).output
    said = " ".join(told.split())
    assert f"Nothing looks for what was taken back of {name}: that would hold ¥144.00, and ¥0.00 were" in said
    assert "Deposit ¥144.00 and order it again: 1 card for 2 h until 2026-11-30 12:00 (UTC+8)." in said
