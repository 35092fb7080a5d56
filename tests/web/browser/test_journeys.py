"""One journey for each role, from the door to the result, as somebody makes it who has never been here."""

import re

import pytest
from playwright.sync_api import Page, expect

from exchange.commands import Envelope
from exchange.names import VENUE, Instant
from exchange.venue.commands import Tick
from tests.web import seed
from tests.web.browser.conftest import Site, Visit

LAST_MONTH = "2026-11"


def click(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("link", name=name, exact=True).first.click()


def money(page: Page, selector: str) -> str:
    found = re.search(r"¥[\d,]+\.\d\d", page.locator(selector).first.inner_text())
    assert found is not None
    return found[0]


def test_a_buyer_from_the_market_to_a_lease(visit: Visit) -> None:
    buyer = visit().open("/")
    page = buyer.page
    page.get_by_label("Chip").select_option("nvidia-h800-80g")
    page.get_by_label("Region").select_option("621000")
    click(page, "Show")
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_role("row", name="Firm").get_by_role("link", name="H800 SXM 80G", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("H800 SXM 80G in Qingyang")
    follow(page, "Order this")
    expect(page.get_by_role("checkbox", name="H800 SXM 80G")).to_be_checked()
    page.get_by_role("textbox", name="Cards 张数").fill("16")
    page.get_by_label("For how many hours").fill("12")
    page.get_by_role("button", name="Sign in to see the price").click()
    page.get_by_label("API key").fill(seed.token_of("buyer-1"))
    click(page, "Sign in")
    # Back at the same form, with what was typed.
    expect(page.get_by_role("textbox", name="Cards 张数")).to_have_value("16")
    expect(page.get_by_label("For how many hours")).to_have_value("12")
    expect(page.locator("#quote")).to_contain_text("Set a limit of at least")
    follow_in_quote = page.locator("#quote").get_by_role("link", name="Take it as the limit")
    follow_in_quote.click()
    quoted = money(page, "[data-total]")
    click(page, "Review the order")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Review the order")
    assert money(page, "td[data-total]") == quoted
    before = count_orders(visit)
    page.get_by_role("button", name="Place the order").dblclick()
    expect(page.get_by_role("status").first).to_contain_text("Your order is placed")
    assert quoted in buyer.text()
    assert count_orders(visit) == before + 1
    page.get_by_role("link", name=re.compile("^lse-")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lease lse-")
    assert quoted in buyer.text()


def count_orders(visit: Visit) -> int:
    other = visit().sign_in("buyer-1").open("/orders")
    return other.page.get_by_role("row").count()


def test_the_quote_follows_the_form_and_the_address_follows_both(visit: Visit) -> None:
    buyer = visit().sign_in("buyer-1").open("/order")
    page = buyer.page
    expect(page.locator("#quote")).to_contain_text("Tick at least one chip")
    page.get_by_role("checkbox", name="Ascend 910B 64G").check()
    page.get_by_label("Limit per card-hour").fill("7")
    expect(page.locator("[data-total]")).to_contain_text("¥1,152.00")
    page.get_by_label("For how many hours").fill("48")
    expect(page.locator("[data-total]")).to_contain_text("¥2,304.00")
    expect(page.get_by_role("status")).to_have_text("Quote: ¥2,304.00")
    page.get_by_label("For how many hours").fill("0.3")
    expect(page.locator("#quote")).to_contain_text("Write hours as a whole number")
    page.get_by_label("For how many hours").fill("48")
    expect(page.locator("[data-total]")).to_contain_text("¥2,304.00")
    page.reload()
    expect(page.locator("[data-total]")).to_contain_text("¥2,304.00")
    expect(page.get_by_label("For how many hours")).to_have_value("48")


def test_a_seller_s_listing_reaches_a_market_that_is_being_watched(visit: Visit) -> None:
    watcher = visit().open("/?region=440200")
    expect(watcher.page.get_by_role("main")).to_contain_text("Nothing on offer fits this filter")
    paused = visit().open("/?region=440200")
    paused.page.get_by_role("button", name="Pause updates").click()
    expect(paused.page.get_by_role("button", name="Resume updates")).to_be_visible()

    page = visit().sign_in("seller-2").page
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Selling").click()
    follow(page, "New listing")
    page.get_by_label("Chip").select_option("metax-c500-64g")
    page.get_by_label("Region where they stand").select_option("440200")
    page.get_by_label("Cards").fill("16")
    page.get_by_label("From (UTC+8)").first.fill("2026-11-23T10:00")
    page.get_by_label("Firm", exact=False).first.fill("5.60")
    click(page, "Publish the listing")
    expect(page.get_by_role("status")).to_contain_text("This is what buyers see")

    expect(watcher.page.get_by_role("row", name="C500 64G")).to_contain_text("¥5.60")
    expect(paused.page.get_by_role("main")).to_contain_text("Nothing on offer fits this filter")
    paused.page.get_by_role("button", name="Resume updates").click()
    expect(paused.page.get_by_role("row", name="C500 64G")).to_contain_text("¥5.60")


def test_a_page_that_loses_its_venue_says_so(visit: Visit) -> None:
    watcher = visit().open("/")
    said = watcher.page.locator("[data-live-said]")
    expect(said).to_contain_text("Up to date at")
    watcher.context.set_offline(True)
    expect(said).to_contain_text("Connection lost. These are the figures of")
    watcher.context.set_offline(False)
    expect(said).to_contain_text("Up to date at")
    order = visit().sign_in("buyer-1").open("/order")
    order.context.set_offline(True)
    order.page.get_by_role("checkbox", name="A100 SXM 80G").check()
    expect(order.page.get_by_text("The quote could not be updated")).to_be_visible()
    order.context.set_offline(False)
    order.page.get_by_role("textbox", name="Cards 张数").fill("1")
    expect(order.page.locator("#quote")).to_contain_text("You would pay")
    expect(order.page.get_by_text("The quote could not be updated")).to_be_hidden()
    told = ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest")
    for one in (watcher, order):
        one.faults = [fault for fault in one.faults if not any(word in fault for word in told)]


@pytest.mark.parametrize("office", ["office-shanghai", "office-qingyang"])
def test_a_region_finds_its_shares_and_the_lines_behind_them(visit: Visit, office: str) -> None:
    page = visit().sign_in(office).page
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Region desk").click()
    main = page.get_by_role("main")
    expect(main).to_contain_text("not a tax filing, not official statistics")
    expect(main).to_contain_text("The ledger and the statements agree to the fen")
    together = page.get_by_role("row", name="Together").inner_text()
    follow(page, "2026-10")
    assert page.get_by_role("row", name="Together").inner_text().split("\t")[1:] == together.split("\t")[2:]
    page.get_by_role("link", name=re.compile("lse-")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Statement run-1/lse-")
    expect(page.get_by_role("row", name="Value added of Qingyang")).to_be_visible()


def test_a_clerk_admits_a_party_and_closes_a_month(visit: Visit, site: Site) -> None:
    clerk = visit().sign_in("clerk-1").open("/clerk/parties")
    page = clerk.page
    page.get_by_label("Id", exact=True).fill("buyer-77")
    page.get_by_label("Name").fill("Buyer 77")
    page.get_by_label("Registered in").select_option("310000")
    page.get_by_role("checkbox", name="Buyer").check()
    click(page, "Admit the party")
    click(page, "Issue a key")
    token = page.locator("[data-token]").inner_text()
    page.get_by_label("Amount in yuan").fill("12,345.60")
    page.get_by_label("Bank's reference").fill("slip 77")
    click(page, "Book the deposit")
    expect(page.locator("[data-balance=available]")).to_have_text("¥12,345.60")
    newcomer = visit().open("/account").page
    newcomer.get_by_label("API key").fill(token)
    click(newcomer, "Sign in")
    expect(newcomer.locator("[data-balance=available]")).to_have_text("¥12,345.60")

    tick = Envelope(VENUE, "to-december", Tick(Instant(seed.at("2026-12-05 00:00"))))
    assert site.run(site.exchange.bus.submit(tick)).rejection is None
    clerk.open("/clerk")
    follow(page, f"Look at {LAST_MONTH}")
    expect(page.get_by_role("main")).to_contain_text("Closing can't be undone")
    click(page, f"Close {LAST_MONTH}")
    expect(page.get_by_role("status")).to_contain_text(f"{LAST_MONTH} is closed")
    expect(page.get_by_role("main")).to_contain_text("Statements and lines agree to the fen")
    follow(page, "Trial balance")
    for book in ("money", "memo"):
        expect(page.locator(f"[data-sum={book}]")).to_have_text("¥0.00")
    seller = visit().sign_in("seller-1").open("/console/statements")
    expect(seller.page.get_by_role("row", name=LAST_MONTH).first).to_be_visible()


def test_an_order_without_any_script(visit: Visit) -> None:
    buyer = visit(java_script_enabled=False).sign_in("buyer-2").open("/order")
    page = buyer.page
    page.get_by_role("checkbox", name="A100 SXM 80G").check()
    page.get_by_role("textbox", name="Cards 张数").fill("2")
    page.get_by_label("For how many hours").fill("3")
    page.get_by_label("Limit per card-hour").fill("11")
    click(page, "Update the quote")
    expect(page.locator("[data-total]")).to_contain_text("¥66.00")
    click(page, "Review the order")
    click(page, "Place the order")
    expect(page.get_by_role("status")).to_contain_text("Your order is placed")
    expect(page.get_by_role("button", name="Pause updates")).to_have_count(0)
