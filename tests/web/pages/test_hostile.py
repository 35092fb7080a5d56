"""Whatever is sent, to whichever page, is answered with a page and never with a fault of ours."""

import re
from itertools import product

import pytest
from litestar.routes import HTTPRoute

from exchange.state import Role
from tests.paths import PROJECT
from tests.web.pages.conftest import BY_ROLE, ORIGIN, Browser, Venue

pytestmark = pytest.mark.anyio

ONCE = "page-" + "a" * 32
NASTY = (
    "",
    "9" * 40,
    "1e999",
    "٣",
    "<script>alert(1)</script>",
    "' OR 1=1; --",
    "{{ 7 * 7 }}",
    "\u202e\u0000x",
    "😀" * 20,
    "1.99999999999",
    "9" * 18 + "." + "9" * 70,
    "9999-12-31T23:59",
)
READ = re.compile(
    r'\.(?:text|words|number|whole|fen|basis_points|price|instant|one_of|many|slots)\(\s*"(\w+)"'
)
SOURCES = [file.read_text(encoding="utf-8") for file in sorted((PROJECT / "web").rglob("*.py"))]
NUMBERED = "weight-nvidia-h800-80g party-1 revenue-1 tax-1 gdp-1 carbon-1 revenue-310000 tax-621000"
FIELDS = {name for source in SOURCES for name in READ.findall(source)} | {*NUMBERED.split()}
FIELDS |= {"before", "after", "owner"}
"""Every field that some form reads."""
HARMFUL = ("market", "tier", "order_id", "lease_id", "listing_id", "period", "party_id", "key")
PLACES = dict.fromkeys(HARMFUL, "x%00%ff") | {
    "run": "run-1",
    "subject": "run-1",
    "agreement_id": "pair-1",
    "source": "310000",
    "destination": "621000",
    "quarter": "2026-Q4",
    "kind": "payable",
    "seq": "9" * 20,
    "n": "0",
}
"""What stands in each part of an address that varies; in any other it is 1."""


def addresses(venue: Venue) -> list[tuple[str, str]]:
    """Method and path of every page, with something in place of each part that varies."""
    found: list[tuple[str, str]] = []
    for route in venue.app.routes:
        if isinstance(route, HTTPRoute) and not route.path.startswith(("/v1", "/static")):
            path = re.sub(r"\{(\w+)\}", lambda part: PLACES.get(part[1], "1"), route.path_format)
            found += [(str(method), path) for method in route.route_handler_map if method in {"GET", "POST"}]
    return found


async def send(browser: Browser, method: str, path: str, fields: dict[str, str]) -> None:
    headers = {"origin": ORIGIN, "accept": "text/html"}
    answer = (
        await browser.client.get(path, params={**fields}, headers=headers)
        if method == "GET"
        else await browser.client.post(path, data=fields, headers=headers)
    )
    assert answer.status_code < 500, (method, path, fields, answer.text)
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("role", [role for role in BY_ROLE if role is not None])
async def test_no_page_breaks(venue: Venue, role: Role) -> None:
    browser = await venue.signed_in(role)
    for (method, path), value in product(addresses(venue), NASTY):
        if path != "/sign-out":
            await send(browser, method, path, {**dict.fromkeys(FIELDS, value), "once": ONCE})


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"\xff\xfe=%ff", 303),
        (b"a=" + b"b" * 70_000, 413),
        (b"&".join([b"a=1"] * 600), 400),
        (b"%00=%00", 400),
    ],
)
async def test_bodies_that_are_no_forms(calm: Venue, raw: bytes, status: int) -> None:
    browser = await calm.as_party("buyer-1")
    headers = {"origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"}
    answer = await browser.client.post(
        "/sign-out" if status == 303 else "/orders", content=raw, headers=headers
    )
    assert answer.status_code == status


async def test_a_file_in_place_of_a_field(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    answer = await browser.client.post("/orders", files={"chip": b"x"}, headers={"origin": ORIGIN})
    assert answer.status_code in {400, 415, 422}
