"""Jobs that bend, and leases that are taken back, by hand: what is asked, what is wrong, and what each side is told."""

import re

import pytest

from exchange.persistence.queries.links import links
from exchange.persistence.queries.market import clock
from tests.web.pages.conftest import Browser, Venue, Visit
from tests.web.pages.test_ordering import H800, JOB, place, told

pytestmark = pytest.mark.anyio

WORK: dict[str, str | list[str]] = {**JOB, "kind": "work", "work": "96", "rate": "8", "whole": "no"}


async def review(browser: Browser, **changed: str | list[str]) -> Visit:
    return await browser.get("/order/review", **{**JOB, **changed})


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"kind": "work", "work": ""}, "work", "Fill in “Card-hours in all”."),
        ({"kind": "work", "work": "0"}, "work", "Write hours as a whole number of 60-minute slots"),
        ({"kind": "work", "work": "9999999999999"}, "work", "At most 8,784,000,000."),
        ({"kind": "work", "rate": "0"}, "rate", "At least 1."),
        ({"kind": "work", "rate": "1"}, "rate", "allow at least 2."),
        ({"kind": "work", "deadline": "2026-11-23T10:00"}, "deadline", "does not fit"),
        ({"split": "chips"}, "split", "should be"),
        ({"on_preempt": "wait"}, "on_preempt", "should be"),
        ({"mbps": "fast"}, "mbps", "Write a number"),
        ({"mbps": "9999999", "origin": "310000"}, "mbps", "At most 1,000,000."),
        ({"mbps": "100"}, "origin", "Choose one of the options."),
        ({"mbps": "100", "origin": "999999"}, "origin", "Choose one of the options."),
    ],
)
async def test_what_is_wrong_with_a_job_is_told_at_its_field(
    calm: Venue, changed: dict[str, str | list[str]], field: str, sentence: str
) -> None:
    browser = await calm.as_party("buyer-1")
    visit = await browser.get("/order/review", **{**WORK, "kind": "block", **changed})
    assert visit.status == 422
    assert sentence in told(visit, field)
    quote = await browser.get("/order/quote", **{**WORK, "kind": "block", **changed})
    assert f'href="#{field}"' in quote.html


async def test_the_kind_that_is_not_chosen_is_left_alone(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    assert (await review(browser, work="nonsense", rate="x", origin="999999")).status == 200
    assert (await review(browser, kind="work", work="96", rate="8", cards="nonsense")).status == 200


async def test_flexible_work_is_reviewed_ordered_and_followed(venue: Venue) -> None:
    browser = await venue.as_party("buyer-1")
    reviewed = await browser.get("/order/review", **WORK)
    assert "96 card-hours, up to 8 cards at once in any hours, in parts if need be" in reviewed.page.text
    # 96 card-hours at 8 a time are twelve of the ten cheap and fourteen dear hours of a night and a day.
    assert "¥1,056.00" in reviewed.page.text
    order = await browser.get((await place(browser, reviewed)).location)
    assert "100 %" in order.page.text
    assert "Filled" in order.page.text
    whole = {**WORK, "work": "9000", "rate": "1000", "whole": "yes"}
    killed = await browser.get((await place(browser, await browser.get("/order/review", **whole))).location)
    assert "it did not wait" in killed.page.text
    assert "all of it at once or nothing" in killed.page.text


async def test_a_gang_shows_its_legs_and_the_rest_that_waits(venue: Venue) -> None:
    browser = await venue.as_party("buyer-1")
    asked: dict[str, str | list[str]] = {
        "cards": "400",
        "least": "8",
        "split": "regions",
        "place": "anywhere",
    }
    quote = await browser.get("/order/quote", **{**JOB, **asked, "limit": "25"})
    assert re.search(r"In \d+ leases", quote.page.text)
    assert "The rest would wait in the book" in quote.page.text
    placed = await browser.get((await place(browser, await review(browser, **asked, limit="25"))).location)
    assert "The rest waits in the book" in placed.page.text
    orders = await browser.get("/orders")
    assert re.search(r"Waiting [\d.]+ % got", orders.page.text)


async def test_bandwidth_leads_from_where_the_data_is(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    from_afar = await review(browser, origin="310000", mbps="100")
    assert "100 Mbit/s a card, to data in Shanghai" in from_afar.page.text
    assert "Nothing fits now" in from_afar.page.text, "no link leads to Qingyang"
    near = await review(browser, place="near", home="621000", latency="2", mbps="100")
    assert "100 Mbit/s a card, to data in Qingyang" in near.page.text
    form = await browser.get("/order", chip=[H800])
    assert "Shanghai 上海市 → Guiyang 贵阳市 100,000 Mbit/s" in form.page.text


async def test_an_interrupted_lease_is_told_wherever_its_buyer_looks(calm: Venue) -> None:
    browser = await calm.as_party("buyer-2")
    orders = await browser.get("/orders")
    assert "You pay at most ¥480.00 for what is delivered until then; ¥3,360.00 of its price are not" in (
        orders.page.text
    )
    onward = sorted(link for link in orders.page.links() if re.search(r"ord-\d+\.r1$", link))
    assert len(onward) == 2
    before, after = [await browser.get(path) for path in (onward[0].removesuffix(".r1"), onward[0])]
    assert "Lease taken back" in before.page.text
    assert f"It goes on for {onward[0].removesuffix('.r1').rpartition('/')[2]}" in after.page.text
    lease = next(link for link in before.page.links() if link.startswith("/leases/"))
    shown = await browser.get(lease)
    assert "was granted for ¥3,840.00" in shown.page.text
    free = await browser.get(onward[1].removesuffix(".r1"))
    assert "You pay nothing; ¥288.00 of its price are not charged" in free.page.text
    lost = await browser.get(next(link for link in free.page.links() if link.startswith("/leases/")))
    assert "Nothing of it is charged" in lost.page.text
    leases = await browser.get("/leases")
    assert "free of charge" in leases.page.text
    assert "Taken back was until" in leases.page.text


async def test_every_movement_of_money_says_what_is_behind_it(calm: Venue) -> None:
    browser = await calm.as_party("buyer-2")
    entries = [link for link in (await browser.get("/account")).page.links() if "/entries/" in link]
    told = " ".join([(await browser.get(path)).page.text for path in entries])
    assert "was taken back: ¥3,360.00 that it held for the time after is free again" in told
    assert "goes on for one of which a lease was taken back" in told
    assert "so that it could go on if its leases were taken back" in told


async def test_what_the_seller_of_an_interrupted_lease_is_told(calm: Venue) -> None:
    browser = await calm.as_party("seller-4")
    sold = await browser.get("/console/leases")
    assert "not ¥3,840.00" in sold.page.text
    lease = max(link for link in sold.page.links() if link.startswith("/console/leases/"))
    assert "its buyer is not charged the other" in (await browser.get(lease)).page.text


async def listing_of(browser: Browser) -> str:
    """The latest listing that its seller can reclaim from."""
    paths = sorted(link for link in (await browser.get("/console")).page.links() if "/lst-" in link)
    pages = [(path, await browser.get(path)) for path in paths]
    return next(
        path for path, visit in pages if "Take cards back" in visit.page.text and "lse-" in visit.html
    )


async def test_a_reclaim_says_what_it_interrupts_and_is_carried_out_once(venue: Venue) -> None:
    browser = await venue.as_party("seller-3")
    path = await listing_of(browser)
    wrong = await browser.get(f"{path}/reclaim", since="2026-11-23T12:30")
    assert (wrong.status, "Slots begin every 60 minutes" in told(wrong, "since")) == (422, True)
    assert (
        told(await browser.get(f"{path}/reclaim"), "since") == "Choose a day and a time for “From (UTC+8)”."
    )
    soon = await browser.get(f"{path}/reclaim", since="2026-11-20T00:00")
    assert "The notice has to be kept, so this begins at 2026-11-23 11:00" in soon.page.text
    shown = await browser.get(f"{path}/reclaim", since="2026-11-23T12:00")
    sent = {name: values[-1] for name, values in shown.page.values().items()}
    first, again = [await browser.send(f"{path}/reclaim", **sent) for _ in "12"]
    assert (first.status, first.location) == (303, again.location)
    listing = await browser.get(first.location)
    assert "2026-11-23 12:00" in listing.page.text
    late = await browser.get(f"{path}/reclaim", since="2026-11-24T12:00")
    assert (late.status, "The listing ends before that" in told(late, "since")) == (422, True)
    once = (await browser.get(path)).page.values()["once"][0]
    refused = await browser.send(f"{path}/reclaim", since="2026-11-24T12:00", once=once)
    assert (refused.status, "empty_window" in refused.page.text) == (422, True)
    assert (await (await venue.as_party("seller-1")).get(f"{path}/reclaim")).status == 404


async def test_the_clerk_changes_the_market_s_terms_and_nothing_else(venue: Venue) -> None:
    browser = await venue.as_party("clerk-1")
    before = (await clock(venue.exchange.readers)).terms
    page = (await browser.get("/clerk/market")).page
    sent = {name: values[0] for name, values in page.values().items() if name != "mbps"}
    changed = sent | {"displacement": "no", "notice": "4", "grace": "0", "outbid": "12.5"}
    assert (await browser.send("/clerk/market", **changed)).location == "/clerk/market?adopted=1"
    after = (await clock(venue.exchange.readers)).terms
    market = after.market
    assert (market.displacement, market.notice, market.grace, market.outbid_bp) == (False, 4, 0, 1250)
    assert (after.fee, after.horizon_slots, after.vat_rates_bp) == (
        before.fee,
        before.horizon_slots,
        before.vat_rates_bp,
    )
    assert "by sellers alone" in (await browser.get("/clerk")).page.text
    form = await (await venue.as_party("buyer-1")).get("/order")
    assert "can be taken back by its seller, after a notice of 4 h" in form.page.text
    once = (await browser.get("/clerk/market")).page.values()["once"][0]
    for field, value, sentence in (
        ("notice", "0.5", "Write hours as a whole number"),
        ("outbid", "101", "At most 100."),
        ("outbid", "0.001", "Write per cent with at most two decimals"),
        ("grace", "", "Fill in “"),
    ):
        wrong = await browser.send("/clerk/market", **{**changed, field: value, "once": once})
        assert (wrong.status, sentence in told(wrong, field)) == (422, True), field


async def test_the_clerk_sets_a_link(venue: Venue) -> None:
    browser = await venue.as_party("clerk-1")
    once = (await browser.get("/clerk/market")).page.values()["once"][1]
    wrong = await browser.send("/clerk/links", home="310000", region="310000", mbps="5", once=once)
    assert "A link leads to another region" in told(wrong, "region")
    missing = await browser.send("/clerk/links", home="", region="310000", mbps="", once=once)
    assert told(missing, "home") == "Choose one of the options."
    assert told(missing, "mbps").startswith("Fill in “")
    done = await browser.send("/clerk/links", home="310000", region="621000", mbps="40000", once=once)
    assert done.location == "/clerk/market?set=1"
    found = {f"{link.home} {link.region}": link.mbps for link in await links(venue.exchange.readers)}
    assert found["310000 621000"] == 40_000
