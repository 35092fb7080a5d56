"""Refunds at a statement's line, and payouts: by the clerk's forms and the seller's, and what everybody reads of them."""

import re
from collections.abc import Mapping

import pytest

from exchange.audit import Check, freeze_payouts
from exchange.payouts.commands import ConfirmPayout
from exchange.persistence.queries.payouts import begun
from settlement.gateways.bank_file import code_of
from tests.web.pages.conftest import Browser, Venue, Visit
from tests.web.pages.reading import Reading
from web.pages.formats import yuan
from web.pages.routing import new_id

pytestmark = pytest.mark.anyio


def once(page: Reading) -> str:
    return page.values()["once"][-1]


async def a_bill(browser: Browser, at: str) -> str:
    """A statement of a lease that was charged something."""
    listed = (await browser.get(at)).page.links()
    for link in sorted(link for link in listed if "/lse-" in link and "run-" in link):
        if "¥0.00" not in (await browser.get(link)).html.split("Charged</dt>")[1][:60]:
            return link
    raise AssertionError("nothing was charged")


def filled(page: Reading, **changed: str) -> Mapping[str, str]:
    usual = {"line": "1", "amount_fen": "12.34", "reason": "An hour was slow", "reference": "ticket 7"}
    return {**usual, "invoice_used": "yes", "once": once(page), **changed}


def given_back(visit: Visit) -> str:
    found = re.search(r"data-refunded>(.*?)<", visit.html)
    return found[1] if found else ""


async def test_a_line_is_refunded_by_the_seller_and_its_credit_note_confirmed_by_the_buyer(
    venue: Venue,
) -> None:
    seller, buyer, clerk = [await venue.as_party(name) for name in ("seller-1", "buyer-1", "clerk-1")]
    bill = await a_bill(buyer, "/statements")
    assert "Refund" not in (await buyer.get(bill)).page.text, "nothing to see, and nothing to do"
    form = (await seller.get(f"/console{bill}")).page
    for _ in "12":  # sent twice, it is refunded once
        sent = await seller.send(f"/console{bill}/refunds", **filled(form))
        assert (sent.status, sent.location) == (303, f"/console{bill}?refunded=1#refunds")
    seen = [await who.get(at) for who, at in ((seller, f"/console{bill}"), (buyer, bill))]
    seen.append(await clerk.get(f"/clerk{bill}"))
    assert {given_back(visit) for visit in seen} == {"¥12.34"}
    refund = re.search(r"rfd-\d+", seen[0].html)
    assert refund is not None
    for who, at, event in (
        (seller, f"/console{bill}", "confirmation_asked"),
        (buyer, bill, "confirmed"),
        (clerk, f"/clerk{bill}", "issued"),
    ):
        page = (await who.get(at)).page
        sent = await who.send(f"{at}/credit-note", once=once(page), refund=refund[0], event=event)
        assert sent.location == f"{at}?noted=1#refunds", sent.html
    assert "Issued" in (await buyer.get(bill)).page.text
    again = await clerk.send(f"/clerk{bill}/credit-note", once=new_id(), refund=refund[0], event="issued")
    assert again.status == 422
    assert "no_credit_note" in again.html
    first = re.search(r"/account/entries/\d+/\d+", (await buyer.get("/account")).html)
    assert first is not None
    assert "12.34 of line 1 of" in (await buyer.get(first[0])).page.text


async def test_documents_show_what_was_given_back(venue: Venue) -> None:
    seller, buyer, clerk = [await venue.as_party(name) for name in ("seller-1", "buyer-1", "clerk-1")]
    bill = await a_bill(buyer, "/statements")
    before = [(await buyer.get(f"{bill}/{name}")).html for name in ("statement.csv", "invoice.csv")]
    form = (await seller.get(f"/console{bill}")).page
    await seller.send(f"/console{bill}/refunds", **filled(form))
    lines, invoice = [(await buyer.get(f"{bill}/{name}")).html for name in ("statement.csv", "invoice.csv")]
    assert (lines.startswith(before[0]), invoice.startswith(before[1])) == (True, True), "the lines stay"
    (row,) = lines.removeprefix(before[0]).splitlines()
    assert "refund 退款" in row
    assert "-12.34" in row
    (note,) = invoice.removeprefix(before[1]).splitlines()
    assert "-12.34" in note
    assert "红字发票 Credit note rfd-" in note
    assert "Draft" in (await buyer.get(f"{bill}/invoice")).page.text
    assert (await buyer.get(f"{bill}/statement.pdf")).status == 200
    income = (await clerk.get("/clerk/quarters/2026-Q4/income.csv")).html
    assert "seller-1" in income


async def test_what_is_wrong_with_a_refund_is_said_at_its_field(venue: Venue) -> None:
    clerk = await venue.as_party("clerk-1")
    bill = await a_bill(clerk, "/clerk/periods/2026-10/statements")
    page = (await clerk.get(bill)).page
    for changed, name in (
        ({"amount_fen": "1.234"}, "amount_fen"),
        ({"amount_fen": "0"}, "amount_fen"),
        ({"reason": ""}, "reason"),
        ({"reference": ""}, "reference"),
        ({"line": "99"}, "line"),
        ({"invoice_used": "perhaps"}, "invoice_used"),
    ):
        sent = await clerk.send(f"{bill}/refunds", **filled(page, **changed))
        assert sent.status == 422
        assert f'id="{name}-mistake"' in sent.html, changed
    sent = await clerk.send(f"{bill}/refunds", **filled(page, amount_fen="99999999"))
    assert "refund_too_large" in sent.html
    other = await venue.as_party("seller-2")
    assert (await other.send(f"/console{bill.removeprefix('/clerk')}/refunds", **filled(page))).status == 404
    assert (await clerk.send(f"{bill}/credit-note", refund="rfd-1", event="issued")).status == 404


async def test_a_seller_names_its_account_and_is_paid_what_the_clerk_has_seen(venue: Venue) -> None:
    seller, clerk = await venue.as_party("seller-1"), await venue.as_party("clerk-1")
    page = await seller.get("/console/payouts")
    assert "You can't be paid yet" in page.page.text
    wrong = await seller.send("/console/payouts/account", account="a b", once=once(page.page))
    assert (wrong.status, 'id="account-mistake"' in wrong.html) == (422, True)
    named = await seller.send("/console/payouts/account", account="6222021234567891", once=once(page.page))
    assert named.location == "/console/payouts?named=1"
    plan = (await clerk.get("/clerk/payouts")).page
    terms = {"hold_back_days": "0", "minimum_fen": "1.00", "once": once(plan)}
    assert (await clerk.send("/clerk/payouts/terms", **terms)).location == "/clerk/payouts?adopted=1"
    plan = (await clerk.get("/clerk/payouts")).page
    (asked,) = plan.values()["payout"]
    party, _, fen = asked.partition(":")
    assert party == "seller-1"
    for _ in "12":
        sent = await clerk.send("/clerk/payouts", payout=asked, once=plan.values()["once"][0])
        assert sent.location == "/clerk/payouts?begun=1", sent.html
    (payout,) = await begun(venue.exchange.readers)
    assert payout.amount == int(fen)
    assert "On its way" in (await seller.get("/console/payouts")).page.text
    made = await clerk.send("/clerk/payouts/files")
    assert made.location == "/clerk/payouts/files/1.csv"
    assert code_of(f"payout.{payout.id}/0") in (await clerk.get(made.location)).html
    assert (await clerk.send("/clerk/payouts/files")).location == "/clerk/payouts?empty=1"
    assert (await clerk.get("/clerk/payouts/files/2.csv")).status == 404
    await venue.exchange.as_venue("paid", ConfirmPayout(payout.id, "ICBC-7"))
    for who, at in ((seller, "/console/payouts"), (clerk, "/clerk/payouts")):
        told = (await who.get(at)).page.text
        assert "ICBC-7" in told
        assert "Paid" in told
    account = await seller.get("/account")
    assert 'data-balance="in_transit">¥0.00<' in account.html
    assert f"-{yuan(payout.amount)}" in account.page.text, (
        "what was paid left the account of what is on its way"
    )
    entry = re.search(r"/account/entries/\d+/\d+", account.html)
    assert entry is not None
    assert "was paid" in (await seller.get(entry[0])).page.text
    stale = await clerk.send("/clerk/payouts", payout=asked, once=new_id())
    assert (stale.status, "payout_not_due" in stale.html) == (422, True)
    for nonsense in ("seller-1", "seller-1:x", "nobody:100"):
        assert (await clerk.send("/clerk/payouts", payout=nonsense, once=new_id())).status == 422


async def test_a_freeze_is_seen_and_lifted_and_the_books_are_compared(venue: Venue, filled_url: str) -> None:
    clerk = await venue.as_party("clerk-1")
    assert "not compared yet" in (await clerk.get("/clerk/payouts")).page.text
    assert (await clerk.send("/clerk/payouts/reconcile")).location == "/clerk/payouts?reconciled=1#books"
    assert "The books agree" in (await clerk.get("/clerk/payouts")).page.text
    await freeze_payouts(filled_url, [Check("ledger", "", 1, ("it differs",))])
    assert "Payouts are frozen" in (await clerk.get("/clerk/payouts")).page.text
    refused = await clerk.send("/clerk/payouts", payout="seller-1:100", once=new_id())
    assert "payouts_frozen" in refused.html
    assert (await clerk.send("/clerk/payouts/lift", why="")).status == 422
    lifted = await clerk.send("/clerk/payouts/lift", why="A hand had slipped")
    assert lifted.location == "/clerk/payouts?lifted=1"
    assert "Payouts are frozen" not in (await clerk.get("/clerk/payouts")).page.text
