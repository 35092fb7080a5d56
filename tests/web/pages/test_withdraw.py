"""A buyer takes its balance back at a page: once for each form, told part by part, and refused with what to do."""

import re

import pytest

from exchange.audit import Check, freeze_payouts
from exchange.clock import wall_clock
from exchange.names import PartyId
from exchange.payments import Payments
from exchange.persistence.queries.parties import balances
from settlement.gateways.bank_file import code_of
from settlement.ledger.chart import AccountKind
from tests.web.pages.conftest import Browser, Venue
from tests.web.pages.test_top_up import by_form
from web.cli.gateways import MadeUpStripe
from web.pages.routing import new_id
from web.settings import WebSettings

pytestmark = pytest.mark.anyio

BUYER = PartyId("buyer-1")
AT = "/account/withdraw"
ACCOUNT = "6222021234567891"
HEAD = "bank_reference,booked_on,amount,currency,account,name,remark"


async def available(venue: Venue) -> int:
    return (await balances(venue.exchange.readers, BUYER)).get(AccountKind.AVAILABLE, 0)


async def topped_up(browser: Browser, amount: str) -> str:
    """A top-up that the made-up buyer has paid: the id under which it was asked for."""
    once = new_id()
    await browser.send("/account/top-up", once=once, amount_fen=amount)
    paid = await browser.send(f"/account/top-up/{once}", way="alipay")
    await browser.get(paid.location)
    return once


async def test_it_goes_back_by_the_top_up_and_the_rest_to_the_bank(venue: Venue) -> None:
    made_up, before = MadeUpStripe(), await available(venue)
    browser = await by_form(venue, made_up, WebSettings("for tests only", made_up_form=made_up.pay))
    topup = await topped_up(browser, "12.50")
    assert AT in (await browser.get("/account")).page.links()
    once = new_id()
    refused = await browser.send(AT, once=once, amount_fen="20.00", account="")
    assert refused.status == 422
    assert "no_payout_account" in refused.html
    once = new_id()
    for _ in "12":  # sent twice, it is withdrawn once
        sent = await browser.send(AT, once=once, amount_fen="20.00", account=ACCOUNT)
        assert (sent.status, sent.location) == (303, f"{AT}?begun=1")
    page = (await browser.get(sent.location)).page
    assert f"/account/top-up/{topup}" in page.links()
    for word in ("Back by your top-up", "¥12.50", "¥7.50", ACCOUNT, "Paid", "On its way"):
        assert word in page.text, page.text
    assert await available(venue) == before - 7_50
    account = await browser.get("/account")
    assert 'data-balance="in_transit">¥7.50<' in account.html
    assert "set aside for withdrawals that are not paid yet" in account.page.text
    newest = re.search(r"/account/entries/\d+/\d+", (await browser.get("/account")).html)
    assert newest is not None
    told = await browser.get(newest[0])
    assert "Withdrawal" in told.page.text
    assert AT in told.page.links()
    clerk = await (await venue.as_party("clerk-1")).get("/clerk/payouts")
    assert "Back by its top-up" in clerk.page.text


async def test_by_the_bank_it_is_paid_when_its_statement_says_so(venue: Venue) -> None:
    browser, before = await venue.as_party(BUYER), await available(venue)
    await browser.send(AT, once=new_id(), amount_fen="7.50", account=ACCOUNT)
    assert await available(venue) == before - 7_50
    payout = await venue.exchange.readers.fetchval("SELECT id FROM payouts WHERE party = $1", BUYER)
    line = f"ICBC-9,2026-11-30,-7.50,CNY,{ACCOUNT},Buyer 1,{code_of(f'payout.{payout}/0')}"
    await Payments(venue.exchange, None, wall_clock).take_in(f"{HEAD}\n{line}\n".encode())
    assert "Paid" in (await browser.get(AT)).page.text
    assert "7.50" not in (await (await venue.as_party("buyer-2")).get(AT)).page.text
    assert (await (await venue.as_party("seller-1")).get(AT)).status == 403


@pytest.mark.parametrize(
    ("amount", "account", "mistake"),
    [
        ("", "", 'id="amount_fen-mistake"'),
        ("0", "", 'id="amount_fen-mistake"'),
        ("1.005", "", 'id="amount_fen-mistake"'),
        ("1", "my account", 'id="account-mistake"'),
        ("99999999", ACCOUNT, "insufficient_funds"),
    ],
)
async def test_what_is_wrong_is_told(calm: Venue, amount: str, account: str, mistake: str) -> None:
    browser, before = await calm.as_party(BUYER), await available(calm)
    visit = await browser.send(AT, once=new_id(), amount_fen=amount, account=account)
    assert (visit.status, mistake in visit.html) == (422, True)
    assert await available(calm) == before


async def test_while_payouts_are_frozen_it_is_asked_again_later(venue: Venue, filled_url: str) -> None:
    await freeze_payouts(filled_url, [Check("balances", "", 1, ("a difference",))])
    browser = await venue.as_party(BUYER)
    visit = await browser.send(AT, once=new_id(), amount_fen="1", account=ACCOUNT)
    assert (visit.status, "ask again later" in visit.html) == (422, True)
