"""A buyer tops up at a page: asked for once, told how to transfer it, and booked when the bank has it."""

import pytest

from exchange.clock import wall_clock
from exchange.names import PartyId
from exchange.payments import Payments
from exchange.persistence.queries.parties import balances
from exchange.persistence.queries.topups import topups_of
from settlement.ledger.chart import AccountKind
from tests.web.pages.conftest import Venue

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
