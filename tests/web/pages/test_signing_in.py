"""The door of the pages: a key opens it, other sites don't, and one comes back to where one was."""

import pytest

from exchange.names import PartyId
from exchange.parties.commands import RevokeKey
from tests.web import seed
from tests.web.pages.conftest import ORIGIN, Venue

pytestmark = pytest.mark.anyio


async def test_a_key_signs_in_and_signing_out_ends_it(empty: Venue) -> None:
    browser = empty.browser()
    visit = await browser.get("/orders?before=7")
    assert (visit.status, visit.location) == (303, "/sign-in?next=%2Forders%3Fbefore%3D7")
    page = (await browser.get(visit.location)).page
    assert page.values()["next"] == ["/orders?before=7"]
    visit = await browser.send("/sign-in", key=f"  {seed.token_of('buyer-1')}\n", next="/orders?before=7")
    assert (visit.status, visit.location) == (303, "/orders?before=7")
    cookie = visit.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert seed.token_of("buyer-1") not in cookie
    assert "buyer-1" in (await browser.get("/orders")).page.text
    await browser.send("/sign-out")
    assert (await browser.get("/orders")).status == 303


@pytest.mark.parametrize("key", ["", "sk_wrong", "sk_000000000000_" + "0" * 64, "🔑", "a" * 5_000])
async def test_a_wrong_key_is_told_at_its_field(calm: Venue, key: str) -> None:
    visit = await calm.browser().send("/sign-in", key=key, next="/orders")
    assert visit.status == 422
    field = next(one for one in visit.page.all("input") if one.attributes.get("id") == "key")
    assert field.attributes["aria-invalid"] == "true"
    assert field.attributes["value"] == "" if "value" in field.attributes else True
    assert visit.page.values()["next"] == ["/orders"]


@pytest.mark.parametrize(
    "wanted",
    ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", "orders", "/a\nb", ""],
)
async def test_nobody_is_sent_to_another_site(calm: Venue, wanted: str) -> None:
    visit = await calm.browser().send("/sign-in", key=seed.token_of("buyer-1"), next=wanted)
    assert (visit.status, visit.location) == (303, "/")


async def test_a_form_of_another_site_is_refused(calm: Venue) -> None:
    browser = await calm.as_party("clerk-1")
    fields = {"id": "intruder", "name": "Intruder", "roles": "clerk", "region": "310000"}
    for headers in (
        {"origin": "http://elsewhere"},
        {"origin": "null"},
        {},
        {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
    ):
        answer = await browser.client.post("/clerk/parties", data=fields, headers=headers)
        assert answer.status_code == 403
        assert "another site" in answer.text


async def test_everybody_begins_where_their_work_lies(calm: Venue) -> None:
    homes = {
        "buyer-1": "/",
        "buyer-3": "/",
        "seller-1": "/console",
        "office-qingyang": "/region",
        "clerk-1": "/clerk",
    }
    for party, home in homes.items():
        visit = await calm.browser().send("/sign-in", key=seed.token_of(party), next="/")
        assert visit.location == home


async def test_a_revoked_key_signs_out_at_once(empty: Venue) -> None:
    browser = await empty.as_party("buyer-1")
    key = seed.token_of("buyer-1").split("_")[1]
    await empty.exchange.as_venue("revoke", RevokeKey(PartyId("buyer-1"), key))
    assert (await browser.get("/orders")).status == 303
    assert (await empty.browser().send("/sign-in", key=seed.token_of("buyer-1"))).status == 422
