"""Journeys of jobs that bend and of leases that are taken back: what each side does, and what it is told."""

import re

import pytest
from playwright.sync_api import Page, expect

from matching.curves import flat
from matching.terms import RegionCode, Tier
from tests.web import seed
from tests.web.browser.conftest import Site, Visit
from tests.web.browser.test_journeys import click, follow, money

ORDER = "/order?chip=nvidia-h20-96g&place=regions&region="
ZHANGJIAKOU, WUHU, CHENGDU, CHONGQING = "130700", "340200", "510100", "500000"  # one for each journey
WUHAN, NANJING, JINAN = "420100", "320100", "370100"


def sell(site: Site, region: str, cards: int, yuan: dict[Tier, int]) -> str:
    """Put H20 cards on offer for two days."""
    seeder = seed.Seeder(site.exchange, prefix=f"bend-{site.exchange.engine.seq}")
    asks = {tier: flat(price * 1_000_000) for tier, price in yuan.items()}
    window = (seed.NOW, seed.NOW + 2 * seed.DAY)
    return site.run(seeder.sell("seller-2", seed.H20, RegionCode(region), window, cards, asks))


def order(page: Page) -> None:
    click(page, "Review the order")
    click(page, "Place the order")
    expect(page.get_by_role("status").first).to_contain_text("Your order is placed")


def test_a_gang_over_two_sellers(visit: Visit, site: Site) -> None:
    for price in (6, 7):
        sell(site, ZHANGJIAKOU, 8, {Tier.ON_DEMAND: price})
    page = visit().sign_in("buyer-1").open(f"{ORDER}{ZHANGJIAKOU}&cards=16&hours=4&limit=9").page
    expect(page.locator("#quote")).to_contain_text("none with so many cards free together")
    page.get_by_role("radio", name="Several sellers of one region").check()
    expect(page.locator("#quote")).to_contain_text("In 2 leases")
    expect(page.locator("[data-total]")).to_contain_text("¥416.00")
    order(page)
    main = page.get_by_role("main")
    expect(main).to_contain_text("It got 2 leases for ¥416.00")
    expect(page.get_by_role("row", name=re.compile("^lse-"))).to_have_count(2)


def test_flexible_work_takes_a_part_and_waits_for_the_rest(visit: Visit, site: Site) -> None:
    sell(site, WUHU, 1, {Tier.SPOT: 1})
    page = visit().sign_in("buyer-1").open(f"{ORDER}{WUHU}&limit=1").page
    page.get_by_role("radio", name="Flexible work").check()
    expect(page.get_by_label("For how many hours")).to_be_hidden()
    page.get_by_role("radio", name="Interruptible").check()
    page.get_by_label("Card-hours in all").fill("200")
    page.get_by_label("Cards at once, at most").fill("1")
    expect(page.locator("#quote")).to_contain_text("allow at least 2")
    page.get_by_label("Cards at once, at most").fill("4")
    expect(page.locator("#quote")).to_contain_text("The rest would wait in the book")
    order(page)
    expect(page.get_by_role("main")).to_contain_text("24 % of the job. The rest waits in the book.")
    expect(page.get_by_role("main")).to_contain_text("200 card-hours, up to 4 cards at once")
    click(page, "Cancel the order")
    expect(page.get_by_role("main")).to_contain_text("Cancelled")


def test_an_interrupted_buyer_is_told_while_it_looks_on(visit: Visit, site: Site) -> None:
    """A firm order takes the cards of an interruptible lease, whose buyer sees the notice without doing anything."""
    listing = sell(site, CHENGDU, 4, {Tier.SPOT: 5, Tier.ON_DEMAND: 8})
    page = visit().sign_in("buyer-1").open(f"{ORDER}{CHENGDU}&cards=4&hours=48&limit=5&tier=spot").page
    expect(page.get_by_role("radio", name="Look for what is left again")).to_be_checked()
    order(page)
    interrupted = page.get_by_role("heading", level=1).inner_text().split()[1]
    page.goto(f"{site.address}/orders")
    row = page.get_by_role("row", name=f"{interrupted} Filled", exact=False)
    expect(row).not_to_contain_text("Interrupted")

    rival = (
        visit()
        .sign_in("buyer-2")
        .open(f"{ORDER}{CHENGDU}&cards=4&hours=4&limit=9&deadline=2026-11-23T20:00")
        .page
    )
    expect(rival.locator("#quote")).to_contain_text("taken back from 1 interruptible lease of others")
    order(rival)

    notice = page.locator("[data-notice]").first
    expect(notice).to_contain_text("not at 2026-11-25 10:00")
    expect(notice).to_contain_text("You pay at most ¥120.00 for what is delivered until then")
    expect(notice).to_contain_text("¥840.00 of its price are not charged")
    expect(row).to_contain_text("Interrupted")
    notice.get_by_role("link", name=f"{interrupted}.r1").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Order {interrupted}.r1")
    expect(page.get_by_role("main")).to_contain_text(f"It goes on for {interrupted}")

    seller = visit().sign_in("seller-2").open(f"/console/listings/{listing}").page
    expect(seller.get_by_role("row", name="Taken back")).to_contain_text("not ¥960.00")


def test_a_seller_sees_what_a_reclaim_interrupts_and_confirms_it(visit: Visit, site: Site) -> None:
    listing = sell(site, CHONGQING, 2, {Tier.SPOT: 3})
    buyer = (
        visit()
        .sign_in("buyer-2")
        .open(f"{ORDER}{CHONGQING}&cards=2&hours=24&limit=3&tier=spot&prefer=earliest")
        .page
    )
    page = visit(java_script_enabled=False).sign_in("seller-2").open(f"/console/listings/{listing}").page
    buyer.get_by_role("radio", name="Give up what is left").check()
    order(buyer)
    page.reload()
    page.get_by_role("textbox", name="From (UTC+8)").fill("2026-11-23T14:00")
    click(page, "Show what it interrupts")
    row = page.get_by_role("row", name=re.compile("^lse-"))
    expect(row).to_contain_text("2026-11-23 14:00")
    assert money(page, "[data-lost]") == "¥120.00"
    click(page, "Interrupt 1 lease and reclaim")
    expect(page.get_by_role("status")).to_contain_text("Done.")
    follow(page, "Selling")
    buyer.reload()
    expect(buyer.locator("[data-notice]")).to_contain_text("You pay at most ¥24.00")
    expect(buyer.locator("[data-notice]")).to_contain_text("Nothing looks for the rest")


def test_a_clerk_sets_a_link_and_the_terms_of_interruption(visit: Visit) -> None:
    clerk = visit().sign_in("clerk-1").open("/clerk")
    page = clerk.page
    follow(page, "Change them, or set links between regions")
    page.get_by_label("Home of orders").select_option("310000")
    page.get_by_label("Region of cards").select_option("640500")
    page.get_by_label("Megabits a second").fill("40,000")
    click(page, "Set the link")
    expect(page.get_by_role("row", name="Shanghai 上海市 Zhongwei")).to_contain_text("40,000")
    page.get_by_label("Free of charge up to").fill("3")
    click(page, "Adopt these terms")
    expect(page.get_by_role("alert")).to_contain_text("no shorter than the grace")
    clerk.faults = [fault for fault in clerk.faults if "422" not in fault]
    page.get_by_label("Free of charge up to").fill("1")
    page.get_by_label("To outbid").fill("5")
    click(page, "Adopt these terms")
    expect(page.get_by_role("status")).to_contain_text("These terms hold from now on")


@pytest.mark.parametrize(("script", "region"), [(True, WUHAN), (False, NANJING)])
def test_a_job_that_does_not_fit_is_cured_reviewed_and_ordered(
    visit: Visit, site: Site, region: str, *, script: bool
) -> None:
    """Typed in, told why not, cured by a button, and placed at the price that the button said: also without script."""
    for price in (6, 7):
        sell(site, region, 8, {Tier.ON_DEMAND: price})
    page = visit(java_script_enabled=script).sign_in("buyer-1").open(ORDER + region).page
    page.get_by_label("Cards 张数").fill("12")
    page.get_by_label("For how many hours").fill("4")
    page.get_by_label("Limit per card-hour").fill("9")
    if not script:
        click(page, "Update the quote")
    quote = page.locator("#quote")
    expect(quote).to_contain_text("Nothing fits now")
    expect(quote).to_contain_text("none with so many cards free together")
    offered = quote.get_by_role("listitem").filter(has_text="Let several sellers of a region serve it")
    expect(offered).to_contain_text("¥304.00")
    offered.get_by_role("link").click()
    expect(page.get_by_role("radio", name="Several sellers of one region")).to_be_checked()
    expect(page.get_by_label("Cards 张数")).to_have_value("12")
    expect(page.locator("[data-total]")).to_contain_text("¥304.00")
    order(page)
    expect(page.get_by_role("main")).to_contain_text("It got 2 leases for ¥304.00")


def test_an_order_that_others_overtake_is_reviewed_anew(visit: Visit, site: Site) -> None:
    for price in (6, 7):
        sell(site, JINAN, 8, {Tier.ON_DEMAND: price})
    asked = f"{JINAN}&cards=8&hours=48&deadline=2026-11-25T10:00&limit=9"
    buyer = visit().sign_in("buyer-1").open(ORDER + asked)
    page = buyer.page
    click(page, "Review the order")
    assert money(page, "td[data-total]") == "¥2,304.00"
    rival = visit().sign_in("buyer-2").open(ORDER + asked).page
    order(rival)
    page.get_by_role("button", name="Place the order").click()
    said = page.get_by_role("alert")
    expect(said).to_contain_text("Nothing was ordered: the market has moved on")
    expect(said).to_contain_text("Now it is ¥2,688.00, which is ¥384.00 more")
    assert money(page, "td[data-total]") == "¥2,688.00"
    page.get_by_role("button", name="Place the order").click()
    expect(page.get_by_role("status").first).to_contain_text("Your order is placed")
    expect(page.get_by_role("main")).to_contain_text("¥2,688.00")
    buyer.faults = [fault for fault in buyer.faults if "422" not in fault]
