"""Selling by hand: a listing with its off-peak price, changing it, withdrawing it, and what was sold of it."""

import pytest

from exchange.names import PartyId
from exchange.persistence.queries.market import offer_of, offers
from matching.terms import Tier
from tests.web.pages.conftest import Browser, Venue, Visit
from web.console.listing_form import DayPattern, curve_of, day_pattern

pytestmark = pytest.mark.anyio

FORM: dict[str, str | list[str]] = {
    "chip": "nvidia-h20-96g",
    "region": "621000",
    "cards": "32",
    "lot": "8",
    "shortest": "4",
    "start": "2026-11-24T00:00",
    "end": "2026-12-24T00:00",
    "firm": "9.90",
    "spot": "",
    "night_since": "22",
    "night_until": "8",
    "firm_night": "6.5",
    "spot_night": "",
    "line": "bare_metal_lease",
    "price_rule": "posted",
}


async def publish(browser: Browser, **changed: str | list[str]) -> Visit:
    page = (await browser.get("/console/new")).page
    return await browser.send("/console/listings", **{**FORM, "once": page.values()["once"][0], **changed})


async def test_a_listing_is_on_the_market_at_once(venue: Venue) -> None:
    browser = await venue.as_party("seller-1")
    visit = await publish(browser)
    assert visit.status == 303
    page = (await browser.get(visit.location)).page
    assert "This is what buyers see" in page.text
    listed = (await venue.browser().get("/", chip="nvidia-h20-96g", region="621000")).page
    assert "¥6.50 11-24 00:00" in listed.text
    instrument = (await venue.browser().get("/instruments/nvidia-h20-96g@621000/on_demand")).page
    assert "— 0 Firm" in listed.text
    assert "Nothing is free in the next seven days" not in instrument.text


async def test_a_waiting_order_takes_what_is_listed(venue: Venue) -> None:
    browser = await venue.as_party("seller-1")
    visit = await publish(
        browser, chip="nvidia-h800-80g", cards="64", start="2026-11-23T10:00", firm="13.50", firm_night=""
    )
    page = (await browser.get(visit.location)).page
    assert "lease is granted from it" in page.text or "leases are granted from it" in page.text
    assert "buyer-1" in page.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("chip", "", "Choose one of the options."),
        ("chip", "abacus", "Choose one of the options."),
        ("region", "1", "Choose one of the options."),
        ("cards", "0", "At least 1."),
        ("cards", "33", "bad_lot"),
        ("lot", "16", "lot_too_large"),
        ("shortest", "0.1", "Write hours as a whole number of 60-minute slots, at least one."),
        ("start", "2026-11-24T00:01", "Slots begin every 60 minutes: choose such a time."),
        ("end", "2026-11-23T00:00", "The end must be later than the beginning."),
        ("end", "2199-01-01T00:00", "At most 90 days after the beginning."),
        ("end", "2027-02-22T00:00", "window_too_far"),
        ("firm", "", "Fill in “Firm"),
        ("cards", "", "Fill in “Cards”."),
        ("end", "", "Choose a day and a time for “"),
        ("firm", "9.999", "Write an amount in yuan with at most two decimals, such as 12.50."),
        ("firm", "1000000000", "At most 1,000,000."),
        ("night_since", "24", "Choose one of the options."),
        ("line", "bananas", "Choose one of the options."),
    ],
)
async def test_what_is_wrong_is_told_and_what_was_typed_is_kept(
    calm: Venue, field: str, value: str, sentence: str
) -> None:
    visit = await publish(await calm.as_party("seller-1"), **{field: value})
    assert visit.status == 422
    assert sentence in visit.page.text
    kept = visit.page.values()
    for name in ("cards", "lot", "shortest", "start", "end", "firm", "firm_night"):
        assert kept[name] == [value if name == field else FORM[name]]


async def test_changing_a_listing_keeps_its_place_where_it_can(venue: Venue) -> None:
    browser = await venue.as_party("seller-1")
    path = (await publish(browser)).location.partition("?")[0]
    listing = path.rpartition("/")[2]
    page = (await browser.get(path)).page
    typed = page.values()
    assert (typed["firm"], typed["firm_night"], typed["cards"]) == (["9.90"], ["6.50"], ["32"])
    unchanged = {name: values[-1] for name, values in typed.items() if name != "once"}
    hours = {"night_since": "22", "night_until": "8"}
    sent = {**unchanged, **hours, "cards": "24", "once": typed["once"][0]}
    assert (await browser.send(f"{path}/amend", **sent)).status == 303
    fewer = await offer_of(venue.exchange.readers, PartyId("seller-1"), listing, 0)
    assert fewer is not None
    assert fewer.cards == 24
    assert fewer.asks[Tier.ON_DEMAND].lowest == 6_500_000
    dearer = {**sent, "firm": "10", "spot": "4", "once": (await browser.get(path)).page.values()["once"][0]}
    assert (await browser.send(f"{path}/amend", **dearer)).status == 303
    both = await offer_of(venue.exchange.readers, PartyId("seller-1"), listing, 0)
    assert both is not None
    assert both.asks[Tier.SPOT].flat
    assert max(price for _, price in both.asks[Tier.ON_DEMAND].steps) == 10_000_000
    wrong = {**sent, "cards": "x", "once": (await browser.get(path)).page.values()["once"][0]}
    visit = await browser.send(f"{path}/amend", **wrong)
    assert visit.status == 422
    assert visit.page.values()["cards"] == ["x"]


async def test_what_is_leased_bounds_a_change_and_outlives_a_withdrawal(venue: Venue) -> None:
    browser = await venue.as_party("seller-1")
    listing = next(
        offer.id
        for offer in await offers(venue.exchange.readers, 0, "nvidia-h800-80g", "621000")
        if offer.party == "seller-1"
    )
    path = f"/console/listings/{listing}"
    values = (await browser.get(path)).page.values()
    visit = await browser.send(
        f"{path}/amend", cards="8", once=values["once"][0], night_since="22", night_until="8"
    )
    assert visit.status == 422
    assert "below_committed" in visit.page.text
    visit = await browser.send(f"{path}/withdraw", once=values["once"][1])
    page = (await browser.get(visit.location)).page
    assert "Withdrawn" in page.text
    assert "Nothing more of it is on offer" in page.text
    assert [link for link in page.links() if link.startswith("/console/leases/lse-")]


async def test_the_feed_says_what_is_missing(calm: Venue) -> None:
    page = (await (await calm.as_party("seller-1")).get("/console/leases")).page
    assert "over and not reported" not in page.text
    assert "Missing 0" in page.text
    assert "Lost in reported slots" in page.text


async def test_a_statement_shows_every_figure(calm: Venue) -> None:
    browser = await calm.as_party("seller-1")
    page = (await browser.get("/console/statements")).page
    statement = await browser.get(next(link for link in page.links() if "/run-" in link))
    for name in (
        "Gross, VAT included",
        "Seller receives in all",
        "Stays with local government",
        "Value added of",
    ):
        assert name in statement.page.text
    assert "not a tax filing, not official statistics" in statement.page.text


async def test_daily_patterns_survive_the_round_trip(calm: Venue) -> None:
    from exchange.persistence.queries.market import clock  # noqa: PLC0415 - for this test alone

    now = await clock(calm.exchange.readers)
    offer = (await offers(calm.exchange.readers, 0))[0]
    for pattern in (
        DayPattern(18_000_000, 11_000_000, 22, 8),
        DayPattern(5_000_000, 9_000_000, 10, 12),
        DayPattern(7_000_000, None, 0, 0),
    ):
        curve = curve_of(pattern, offer.window, now)
        read = day_pattern(curve, now)
        assert read is not None
        assert curve_of(read, offer.window, now) == curve
