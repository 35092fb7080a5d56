"""The quote beside the form and on the review: why nothing fits, cures to follow, and a price that is kept."""

import html
import re

import pytest

from matching.terms import Tier
from tests.web import seed
from tests.web.pages.conftest import Browser, Venue, Visit
from tests.web.pages.test_ordering import ASCEND, JOB, place, review, told

pytestmark = pytest.mark.anyio

H20, A100 = "nvidia-h20-96g", "nvidia-a100-80g"
OFFER = re.compile(
    r'<a class="button" href="(/order\?[^"]*)#quote">(.*?)</a> <span[^>]*>(¥[\d,.]+), on average'
)
Fields = dict[str, str | list[str]]
GANG: Fields = {**JOB, "chip": [H20], "region": ["520100"], "limit": "10"}
WORK: Fields = {**JOB, "kind": "work", "work": "96", "rate": "8", "whole": "yes"}
SPOT: Fields = {**JOB, "tier": "spot", "limit": "14"}


def total(visit: Visit) -> str:
    found = re.search(r"data-total>(¥[\d,.]+)<", visit.html)
    return found[1] if found else ""


def cures(visit: Visit) -> list[tuple[str, str, str]]:
    """Where each cure leads, what it is called, and what the job would then cost."""
    return [
        (html.unescape(path), re.sub(r"<[^>]+>", "", name), cost)
        for path, name, cost in OFFER.findall(visit.html)
    ]


async def quote(browser: Browser, fields: Fields) -> Visit:
    return await browser.get("/order/quote", **fields)


LATER: Fields = {"start": "2026-11-27T10:00", "deadline": "2026-11-28T10:00"}
HASTE: Fields = {"start": "2026-11-28T10:00", "deadline": "2026-11-28T18:00"}
LATE: Fields = {"start": "2026-11-30T06:00", "deadline": "2026-12-01T10:00"}
UNFIT: dict[str, tuple[Fields, str]] = {
    "dear": ({**JOB, "limit": "8"}, "Raise the limit to ¥15.09"),
    "large": ({**JOB, "cards": "400"}, "Take 48 cards"),
    "large, from-to": ({**JOB, "cards": "400", "least": "100"}, "Be content with 48 cards"),
    "between sellers": ({**GANG, **LATER, "cards": "24", "hours": "4"}, "Let several sellers of a region"),
    "in haste": ({**GANG, **HASTE, "cards": "32", "hours": "8", "split": "sellers"}, "Be done by 11-2"),
    "too late": ({**GANG, **LATE, "cards": "8", "hours": "8"}, "Start from 11-30 02:00 on"),
    "elsewhere": ({**JOB, "region": ["310000"]}, "Add Qingyang 庆阳市"),
    "near, with bandwidth": (
        {**GANG, "cards": "4", "place": "near", "home": "310000", "latency": "2", "mbps": "10"},
        "Add Guiyang 贵阳市",
    ),
    "a slow chip": ({**JOB, "chip": ["nvidia-t4-16g"], "limit": "9"}, "Add "),
    "chips by own weights": (
        {**JOB, "chip": [ASCEND, A100], f"weight-{ASCEND}": "0.77", f"weight-{A100}": "0.031", "limit": "19"},
        "Add A800 SXM 80G",
    ),
    "work, all of it": ({**WORK, "work": "9000", "rate": "1000"}, "Ask for 2,304 card-hours"),
    "dear work": ({**WORK, "limit": "9"}, "Raise the limit to ¥11.00"),
    "no limit": ({**JOB, "limit": "", "cards": "400"}, "Take 48 cards"),
    "spot": ({**SPOT, "limit": "3"}, "Raise the limit to ¥9.92"),
    "from now on": (
        {**JOB, "start": "", "deadline": "2026-11-23T20:00", "hours": "10", "limit": "12"},
        "Be done by 11-2",
    ),
}
"""Jobs for which nothing fits, each with how one of its cures begins."""


@pytest.mark.parametrize("job", UNFIT)
async def test_every_cure_leads_to_a_form_that_is_quoted_what_the_cure_says(calm: Venue, job: str) -> None:
    asked, wanted = UNFIT[job]
    browser = await calm.as_party("buyer-1")
    visit = await quote(browser, asked)
    assert "Nothing fits now" in visit.page.text
    found = cures(visit)
    assert found, visit.page.text
    assert any(name.startswith(wanted) for _, name, _ in found), found
    for path, name, cost in found:
        form = await browser.get(path)
        assert (form.status, total(form)) == (200, cost), name


async def test_a_faster_chip_does_not_change_what_cards_are_counted_in(calm: Venue) -> None:
    """Eight slow cards stay eight slow cards when a faster one is added, until the buyer says otherwise."""
    browser = await calm.as_party("buyer-1")
    visit = await quote(browser, {**JOB, "chip": ["nvidia-t4-16g"], "limit": "9"})
    path = next(path for path, name, _ in cures(visit) if name.startswith("Add ") and "chip" in path)
    form = await browser.get(path)
    assert "counted in cards of the T4" in form.page.text
    assert form.page.values()["reference"] == ["nvidia-t4-16g"]
    reviewed = await browser.get(path.replace("/order?", "/order/review?"))
    assert "T4 16G weight 1.00, at most ¥9.00 per card-hour" in reviewed.page.text
    assert reviewed.page.values()["reference"] == ["nvidia-t4-16g"]
    fastest = next(link for link in form.page.links() if link.endswith("&reference="))
    assert "counted in cards of" not in (await browser.get(fastest)).page.text


async def test_the_reasons_are_told_one_by_one_until_nothing_is_left(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    text = (await quote(browser, {**JOB, "limit": "8"})).page.text
    assert re.search(
        r"(\d+) listings have something free \d+ of these firm \d+ with the chip that you ticked "
        r"\d+ where you want them none within your limit",
        text,
    ), text
    short = (await quote(browser, {**GANG, "cards": "24", "hours": "4"})).page.text
    assert "none with so many cards free together" in short


async def test_the_quote_tells_what_waiting_saves_and_what_else_there_is(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    patient = await quote(browser, {**JOB, "hours": "10"})
    # Ten hours by night are at 11 yuan, and by day at 18.
    assert (
        "This saves ¥560.00 against the earliest start: ¥1,440.00 at 11-23 10:00, 12 h sooner."
        in patient.page.text
    )
    visit = await quote(browser, JOB)
    assert "Of what is free now, for a part of the size" in visit.page.text
    assert "No limit from ¥18.00 to ¥22.00 would change what you get" in visit.page.text
    tight = await quote(browser, {**JOB, "limit": "15.09"})
    assert "¥14.33 nothing ¥15.09 100 % ¥2,896.00 ≈ ¥15.08" in tight.page.text
    assert re.search(r"Of these .* 8 100 % ¥2,896\.00", visit.page.text)
    soon = await quote(browser, {**JOB, "prefer": "earliest"})
    assert "the earliest start" not in soon.page.text
    without = await quote(browser, {**JOB, "limit": ""})
    assert "No limit from" not in without.page.text


async def test_an_interruptible_quote_says_who_could_take_it_back(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    for visit in (await quote(browser, SPOT), await browser.get("/order/review", **SPOT)):
        text = visit.page.text
        assert "Who could take it back" in text
        assert "A firm order that finds nothing free, at any price" in text
        assert "offers ¥14.70 or more for a card-hour" in text
        assert re.search(r"You hear of it \d+ h before", text)
    unlimited = (await quote(browser, {**SPOT, "limit": ""})).page.text
    assert "outbids your limit by 5 %" in unlimited
    assert "Who could take it back" not in (await quote(browser, JOB)).page.text


async def rival_takes(venue: Venue, cards: int) -> None:
    """Another buyer gets there first: all but so few of the cheap hours are gone."""
    seeder = seed.Seeder(venue.exchange, prefix=f"rival-{cards}")
    window = (seed.NOW, seed.NOW + 2 * seed.DAY)
    await seeder.buy("buyer-2", [seed.H800], [seed.QINGYANG], window, (cards, cards), 48, 20, Tier.ON_DEMAND)


async def test_the_price_that_was_reviewed_is_charged_or_nothing_is_ordered(venue: Venue) -> None:
    browser = await venue.as_party("buyer-1")
    reviewed = await review(browser, region=["621000", "640500"])
    assert total(reviewed) == "¥2,896.00"
    before = (await browser.get("/orders")).page.links()
    await rival_takes(venue, 48)
    refused = await place(browser, reviewed)
    assert refused.status == 422
    assert "You had reviewed 100 % of the job for ¥2,896.00" in refused.page.text
    assert "Now it is ¥3,648.00, which is ¥752.00 more" in refused.page.text
    assert (await browser.get("/orders")).page.links() == before
    again, old = refused.page.values(), reviewed.page.values()
    assert (again["once"] != old["once"], again["quoted"] != old["quoted"]) == (True, True)
    assert len(again["quoted"]) == 1, "the old promise is not sent along"
    assert "quoted=" not in refused.html
    placed = await browser.get((await place(browser, refused)).location)
    assert "¥3,648.00" in placed.page.text


async def test_a_promise_that_nobody_can_keep_any_more(venue: Venue) -> None:
    browser = await venue.as_party("buyer-1")
    reviewed = await review(browser)
    await rival_takes(venue, 48)
    refused = await place(browser, reviewed)
    assert "Nothing fits now." in refused.page.text
    assert "quoted" not in refused.page.values(), "who waits has no promise"
    waiting = await browser.get((await place(browser, refused)).location)
    assert "Nothing fits yet: it waits in the book" in waiting.page.text


@pytest.mark.parametrize(
    "promise", ["x", "1.2", "1.2.3.4", "-1.2.3", "1.2.x", "1" * 19 + ".1.1", "\uff11.1.1", "1.1.1\n"]
)
async def test_a_promise_that_can_t_be_read_orders_nothing(calm: Venue, promise: str) -> None:
    browser = await calm.as_party("buyer-1")
    sent = (await review(browser)).page.values()
    assert (await browser.send("/orders", **{**sent, "quoted": [promise]})).status == 400


async def test_a_refusal_is_told_at_its_field_before_anything_is_ordered(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    far = {**JOB, "deadline": "2027-11-25T10:00"}
    form = await browser.get("/order", **far)
    assert (form.status, "choose an earlier deadline" in told(form, "deadline")) == (422, True)
    assert "choose an earlier deadline" in (await quote(browser, far)).page.text
