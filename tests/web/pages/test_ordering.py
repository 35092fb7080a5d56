"""Ordering by hand: the quote follows the form, what is wrong is said at its field, and sending twice orders once."""

import re

import pytest

from tests.web.pages.conftest import Browser, Venue, Visit
from tests.web.seed import token_of

pytestmark = pytest.mark.anyio

H800, ASCEND = "nvidia-h800-80g", "ascend-910b-64g"
JOB: dict[str, str | list[str]] = {
    "chip": [H800],
    "cards": "8",
    "hours": "24",
    "start": "2026-11-23T10:00",
    "deadline": "2026-11-25T10:00",
    "place": "regions",
    "region": ["621000"],
    "tier": "on_demand",
    "prefer": "cheapest",
    "tif": "gtc",
    "limit": "20",
}


async def review(browser: Browser, **changed: str | list[str]) -> Visit:
    return await browser.get("/order/review", **{**JOB, **changed})


async def place(browser: Browser, visit: Visit) -> Visit:
    """Send the form of a review as it stands."""
    return await browser.send("/orders", **visit.page.values())


def told(visit: Visit, name: str) -> str:
    """What is said at a field."""
    found = re.search(rf'id="{name}-mistake">.*?</span>(.*?)</p>', visit.html, re.DOTALL)
    return found[1] if found else ""


async def test_from_a_quote_to_a_lease(venue: Venue) -> None:
    browser = await venue.as_party("buyer-1")
    quote = await browser.get("/order/quote", **JOB)
    total = re.search(r"data-total>(¥[\d,.]+)<", quote.html)
    assert total is not None
    # 24 hours from 22:00: 10 hours at 11 yuan and 14 at 18, and no start is cheaper.
    assert total[1] == "¥2,896.00"
    assert quote.headers["hx-replace-url"].startswith("/order?chip=nvidia-h800-80g")
    reviewed = await review(browser)
    assert total[1] in reviewed.html
    assert "Venue's fee" in reviewed.page.text
    placed = await place(browser, reviewed)
    assert placed.status == 303
    order = await browser.get(placed.location)
    assert "Your order is placed" in order.page.text
    assert total[1] in order.page.text
    lease = next(link for link in order.page.links() if link.startswith("/leases/"))
    assert total[1] in (await browser.get(lease)).page.text
    assert total[1] in (await browser.get("/orders")).page.text


async def test_the_same_form_sent_twice_orders_once(venue: Venue) -> None:
    browser = await venue.as_party("buyer-1")
    before = len((await browser.get("/orders")).page.links())
    reviewed = await review(browser)
    first, second = await place(browser, reviewed), await place(browser, reviewed)
    assert (first.status, first.location) == (303, second.location)
    assert len((await browser.get("/orders")).page.links()) == before + 1
    changed = {**reviewed.page.values(), "cards": ["16"]}
    refused = await browser.send("/orders", **changed)
    assert refused.status == 422
    assert "sent before with other values" in refused.page.text


async def test_without_a_limit_the_price_is_shown_first(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    quote = await browser.get("/order/quote", **{**JOB, "limit": ""})
    assert "Set a limit of at least ¥15.09" in quote.page.text
    taken = next(link for link in quote.page.links() if "limit=15.09" in link)
    assert "¥2,896.00" in (await browser.get(taken)).page.text
    assert told(await review(browser, limit=""), "limit") == "Fill in “Limit per card-hour, in yuan”."


async def test_where_nothing_fits_the_page_says_what_would(venue: Venue) -> None:
    browser = await venue.as_party("buyer-1")
    cheap = await browser.get("/order/quote", **{**JOB, "limit": "8"})
    assert "Nothing fits now" in cheap.page.text
    assert "Raise the limit to ¥15.09" in cheap.page.text
    huge = await browser.get("/order/quote", **{**JOB, "cards": "4000"})
    assert "Raise the limit" not in huge.page.text
    assert "Take 48 cards" in huge.page.text
    waiting = await place(browser, await review(browser, limit="8"))
    order = await browser.get(waiting.location)
    assert "Nothing fits yet: it waits in the book" in order.page.text
    killed = await place(browser, await review(browser, limit="8", tif="ioc"))
    assert "it did not wait" in (await browser.get(killed.location)).page.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("chip", [], "Tick at least one."),
        ("chip", ["no-such-chip"], "Tick at least one."),
        ("cards", "", "Fill this in."),
        ("cards", "eight", "Write a number, such as 8 or 12.50."),
        ("cards", "2.5", "Write a whole number."),
        ("cards", "0", "At least 1."),
        ("cards", "-3", "At least 1."),
        ("cards", "999999999999", "At most 1,000,000."),
        ("least", "99", "least is not above the most"),
        ("deadline", "2027-11-25T10:00", "choose an earlier deadline"),
        ("hours", "0.3", "Write hours as a whole number of 60-minute slots, at least one."),
        ("hours", "0", "Write hours as a whole number of 60-minute slots, at least one."),
        ("start", "2026-11-23T10:30", "Slots begin every 60 minutes: choose such a time."),
        ("start", "tomorrow", "Choose a day and a time."),
        ("deadline", "", "Choose a day and a time"),
        ("deadline", "2026-11-23T11:00", "The run does not fit between its earliest start and this time"),
        ("deadline", "2026-02-30T10:00", "Choose a day and a time."),
        ("region", [], "Tick at least one."),
        ("limit", "12.345", "Write an amount in yuan with at most two decimals, such as 12.50."),
        ("limit", "1e3", "Write an amount in yuan with at most two decimals, such as 12.50."),
        ("limit", "99999999", "At most 1,000,000."),
    ],
)
async def test_what_is_wrong_is_told_and_what_was_typed_is_kept(
    calm: Venue, field: str, value: str | list[str], sentence: str
) -> None:
    browser = await calm.as_party("buyer-1")
    visit = await review(browser, **{field: value, "weight-nvidia-h800-80g": "3.5"})
    assert visit.status == 422
    assert sentence in visit.page.text
    kept = visit.page.values()
    assert kept["weight-nvidia-h800-80g"] == ["3.5"]
    if isinstance(value, str):
        assert kept[field] == [value]
    for other in ("hours", "limit", "cards", "deadline"):
        if other != field:
            assert kept[other] == [JOB[other]]


async def test_the_venue_s_refusal_is_told_on_the_review(calm: Venue) -> None:
    poor = await calm.as_party("buyer-4")
    reviewed = await review(poor)
    assert "are missing" in reviewed.page.text
    refused = await place(poor, reviewed)
    assert refused.status == 422
    assert "insufficient_funds" in refused.page.text
    assert refused.page.values()["once"] != reviewed.page.values()["once"]


async def test_chips_compare_by_their_weights(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    visit = await review(browser, chip=[H800, ASCEND], place="anywhere", region=[])
    assert "weight 0.393" in visit.page.text
    visit = await review(browser, chip=[H800, ASCEND], **{f"weight-{ASCEND}": "3.17"})
    assert "weight 1.00, at most ¥20.00 per card-hour" in visit.page.text
    wrong = await review(browser, **{f"weight-{H800}": "heavy"})
    assert wrong.status == 422


async def test_places_by_latency(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    near = await review(browser, place="near", home="621000", latency="2")
    assert "Where Qingyang 庆阳市 How firm" in near.page.text
    assert (await review(browser, place="near", home="nowhere", latency="2")).status == 422
    assert (await review(browser, place="near", home="621000", latency="")).status == 422
    assert (await review(browser, place="near", home="621000", latency="99999")).status == 422


async def test_who_does_not_buy_is_told_where_to_look(calm: Venue) -> None:
    browser = calm.browser()
    assert "Sign in to see the price" in (await browser.get("/order", **JOB)).page.text
    asked = await browser.get("/order/signed-in", **JOB)
    assert asked.location.startswith("/sign-in?next=%2Forder%2Fsigned-in%3F")
    wanted = (await browser.get(asked.location)).page.values()["next"][0]
    back = await browser.send("/sign-in", key=token_of("buyer-1"), next=wanted)
    form = await browser.get((await browser.get(back.location)).location)
    assert "¥2,896.00" in form.page.text
    assert form.page.values()["limit"] == ["20"]
    seller = await (await calm.as_party("seller-1")).get("/order", **JOB)
    assert "Quotes and orders are for parties that buy" in seller.page.text


async def test_changing_and_cancelling_an_order(venue: Venue) -> None:
    browser = await venue.as_party("buyer-1")
    placed = await place(browser, await review(browser, limit="8"))
    path = placed.location.partition("?")[0]
    order = await browser.get(path)
    once = order.page.values()["once"]
    wrong = await browser.send(f"{path}/limit", once=once[0], limit="8.005")
    assert wrong.status == 422
    assert wrong.page.values()["limit"] == ["8.005"]
    changed = await browser.send(f"{path}/limit", once=once[0], limit="9.50")
    assert changed.location == f"{path}?changed=1"
    assert "limit ¥9.50" in (await browser.get(path)).page.text
    filled = await browser.send(f"{path}/limit", once=once[1], limit="18")
    assert "Lease granted" in (await browser.get(filled.location)).page.text
    gone = await browser.send(f"{path}/cancel", once=wrong.page.values()["once"][0])
    assert gone.status == 422
    assert "unknown_id" in gone.page.text
    other = await place(browser, await review(browser, limit="8"))
    path = other.location.partition("?")[0]
    once = (await browser.get(path)).page.values()["once"]
    await browser.send(f"{path}/cancel", once=once[1])
    assert "Cancelled" in (await browser.get(path)).page.text


async def test_a_form_without_its_id_is_refused(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    for once in ("", "x", "page-" + "Z" * 32):
        assert (await browser.send("/orders", **{**JOB, "once": once})).status == 400
