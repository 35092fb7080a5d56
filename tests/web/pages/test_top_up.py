"""A buyer tops up at a page: asked for once, told how to transfer it, and booked when the bank has it."""

import pytest

from exchange.clock import wall_clock
from exchange.names import PartyId
from exchange.payments import Payments
from exchange.persistence.queries.parties import balances
from exchange.persistence.queries.topups import topups_of
from settlement.ledger.chart import AccountKind
from tests.web.pages.conftest import Browser, Venue
from web.app import create_app
from web.cli.gateways import MadeUpStripe
from web.failures import WITH_STRIPE
from web.settings import WebSettings

pytestmark = pytest.mark.anyio

BUYER = PartyId("buyer-1")
ONCE = f"page-{'7' * 32}"
HEAD = "bank_reference,booked_on,amount,currency,account,name,remark"


async def available(venue: Venue) -> int:
    return (await balances(venue.exchange.readers, BUYER))[AccountKind.AVAILABLE]


async def test_a_top_up_is_asked_for_once_and_booked_by_the_banks_statement(venue: Venue) -> None:
    browser, before = await venue.as_party(BUYER), await available(venue)
    assert "/account/top-up" in (await browser.get("/account")).page.links()
    for _ in range(2):
        asked = await browser.send("/account/top-up", once=ONCE, amount_fen="1,250.50")
        assert (asked.status, asked.location) == (303, "/account/top-up?asked=1")
    (waiting,) = await topups_of(venue.exchange.readers, BUYER, 9)
    page = (await browser.get(asked.location)).page
    assert waiting.reference is not None
    assert waiting.reference in page.text
    assert "¥1,250.50" in page.text
    assert "Waits for your payment" in page.text
    line = f"ICBC-1,2026-11-30,1250.50,CNY,6222021234567890,Buyer 1,{waiting.reference}"
    await Payments(venue.exchange, None, wall_clock).take_in(f"{HEAD}\n{line}\n".encode())
    assert "Booked" in (await browser.get("/account/top-up")).page.text
    assert await available(venue) == before + 1250_50


@pytest.mark.parametrize("amount", ["", "0", "-5", "1.005", "much"])
async def test_what_is_no_amount_is_told_at_the_field(calm: Venue, amount: str) -> None:
    browser = await calm.as_party(BUYER)
    visit = await browser.send("/account/top-up", once=ONCE, amount_fen=amount)
    assert visit.status == 422
    assert "Amount in yuan" in visit.page.text
    assert await topups_of(calm.exchange.readers, BUYER, 9) == []


async def test_nobody_sees_what_others_pay_in(venue: Venue) -> None:
    browser = await venue.as_party(BUYER)
    await browser.send("/account/top-up", once=ONCE, amount_fen="77.77")
    assert "¥77.77" not in (await (await venue.as_party("buyer-2")).get("/account/top-up")).page.text
    assert (await (await venue.as_party("seller-1")).get("/account/top-up")).status == 403


async def by_form(venue: Venue, made_up: MadeUpStripe, settings: WebSettings) -> Browser:
    payments = Payments(venue.exchange, made_up.till.gateway, wall_clock)
    app = create_app(venue.exchange, settings, payments)
    return await Browser(app).sign_in(BUYER)


async def test_a_made_up_buyer_pays_by_the_demos_form(venue: Venue) -> None:
    made_up, before = MadeUpStripe(), await available(venue)
    browser = await by_form(venue, made_up, WebSettings("for tests only", made_up_form=made_up.pay))
    path = f"/account/top-up/{ONCE}"
    asked = await browser.send("/account/top-up", once=ONCE, amount_fen="12.50")
    assert (asked.status, asked.location) == (303, path)
    assert path in (await browser.get("/account/top-up")).page.links()
    for way, sentence in (("pm_card_visa_chargeDeclined", "was declined"), ("cash", "Choose one")):
        visit = await browser.send(path, way=way)
        assert (visit.status, sentence in visit.page.text) == (422, True)
    assert "Pay ¥12.50" in (await browser.get(path)).page.text
    for back in (f"{path}?back=1", path):
        assert (await browser.send(path, way="alipay")).location == back
        assert "paid, and yours to spend" in (await browser.get(f"{path}?back=1")).page.text
    assert await available(venue) == before + 12_50


async def test_stripes_form_alone_may_be_loaded_from_elsewhere(venue: Venue) -> None:
    settings = WebSettings("for tests only", publishable_key="pk_test_1")
    browser = await by_form(venue, MadeUpStripe(), settings)
    path = (await browser.send("/account/top-up", once=ONCE, amount_fen="12.50")).location
    visit = await browser.get(path)
    assert 'data-stripe-key="pk_test_1"' in visit.html
    assert "_secret_" in visit.html
    assert visit.headers["cache-control"] == "no-store"
    assert visit.headers["content-security-policy"] == WITH_STRIPE
    assert (await browser.send(path, way="alipay")).status == 404
    for other in ("/account/top-up", "/account"):
        assert "stripe" not in (await browser.get(other)).headers["content-security-policy"]
    assert (await browser.get(f"/account/top-up/page-{'8' * 32}")).status == 404
