"""Every page for everybody: it renders, empty and filled, and nobody sees what is not theirs to see."""

import re

import pytest
from litestar.routes import HTTPRoute

from exchange.state import Role
from tests.web.pages.conftest import BY_ROLE, Venue

pytestmark = pytest.mark.anyio

H800 = "nvidia-h800-80g@621000/on_demand"
ANYBODY: list[Role | None] = [None, *Role]
BUYER, SELLER, REGION, CLERK = [Role.BUYER], [Role.SELLER], [Role.REGION], [Role.CLERK]

PAGES: dict[str, list[Role | None] | list[Role]] = {
    "/": ANYBODY,
    "/?chip=nvidia-h800-80g&region=621000&tier=spot": ANYBODY,
    "/?chip=nothing-known": ANYBODY,
    "/market/rows": ANYBODY,
    f"/instruments/{H800}": ANYBODY,
    f"/instruments/{H800}?start=2026-11-24T08:00&hours=12": ANYBODY,
    f"/instruments/{H800}/depth?hours=48": ANYBODY,
    f"/instruments/{H800}/tape": ANYBODY,
    "/depth/on_demand": ANYBODY,
    "/depth/spot?region=621000&start=2026-11-24T08:00&hours=12": ANYBODY,
    "/depth/spot/table?region=nowhere": ANYBODY,
    "/instruments/nvidia-t4-16g@110000/spot": ANYBODY,
    "/index": ANYBODY,
    "/index?day=2026-11-20": ANYBODY,
    "/index?day=never": ANYBODY,
    "/index/standard@all/on_demand": ANYBODY,
    "/index/nvidia-h800-80g@gansu/on_demand": ANYBODY,
    f"/instruments/{H800}?bars=hour": ANYBODY,
    f"/instruments/{H800}?bars=week&hours=12": ANYBODY,
    "/docs/index-method": ANYBODY,
    "/order": ANYBODY,
    "/order?chip=nvidia-h800-80g&limit=20": ANYBODY,
    "/order/quote?chip=nvidia-h800-80g&limit=20": ANYBODY,
    "/sign-in": ANYBODY,
    "/docs/problems": ANYBODY,
    "/order/review?chip=nvidia-h800-80g&limit=20": BUYER,
    "/orders": BUYER,
    "/orders/rows": BUYER,
    "/leases": BUYER,
    "/disputes": BUYER,
    "/disputes?before=7": BUYER,
    "/statements": BUYER,
    "/statements.csv": BUYER,
    "/account": [Role.BUYER, Role.SELLER],
    "/account/top-up": BUYER,
    "/account/withdraw": BUYER,
    "/account/vouchers": BUYER,
    "/console": SELLER,
    "/console/new": SELLER,
    "/console/power": SELLER,
    "/console/leases": SELLER,
    "/console/disputes": SELLER,
    "/console/statements": SELLER,
    "/console/statements.csv": SELLER,
    "/console/payouts": SELLER,
    "/region": REGION,
    "/region/vouchers": REGION,
    "/agreements": [Role.REGION, Role.CLERK],
    "/agreements/new": [Role.REGION, Role.CLERK],
    "/agreements/new?preset=2012&of=3": [Role.REGION, Role.CLERK],
    "/agreements/new?from=pair-1/1": [Role.REGION, Role.CLERK],
    "/clerk": CLERK,
    "/clerk/disputes": CLERK,
    "/clerk/parties": CLERK,
    "/clerk/periods": CLERK,
    "/clerk/periods/2026-10": CLERK,
    "/clerk/periods/2026-11": CLERK,
    "/clerk/ledger": CLERK,
    "/clerk/ledger/payable": CLERK,
    "/clerk/accounts?owner=venue": CLERK,
    "/clerk/promises": CLERK,
    "/clerk/payouts": CLERK,
    "/clerk/power": CLERK,
    "/clerk/vouchers": CLERK,
    "/clerk/market": CLERK,
}


@pytest.mark.parametrize("role", BY_ROLE)
async def test_every_page_in_a_venue_that_trades(calm: Venue, role: Role | None) -> None:
    await visit_all(calm, role)


@pytest.mark.parametrize("role", BY_ROLE)
async def test_every_page_in_an_empty_venue(empty: Venue, role: Role | None) -> None:
    await visit_all(empty, role)


async def visit_all(venue: Venue, role: Role | None) -> None:
    browser = await venue.signed_in(role)
    for path, readers in PAGES.items():
        visit = await browser.get(path)
        if role in readers:
            assert visit.status == 200, (path, visit.html)
        elif role is None:
            assert visit.status == 303, path
            assert visit.location.startswith("/sign-in?next="), path
        else:
            assert visit.status == 403, path


@pytest.mark.parametrize("role", [role for role in BY_ROLE if role is not None])
async def test_whatever_a_page_links_to_is_there(calm: Venue, role: Role) -> None:
    browser = await calm.signed_in(role)
    seen = {path for path, readers in PAGES.items() if role in readers}
    waiting = sorted(seen)
    while waiting:
        visit = await browser.get(waiting.pop())
        assert visit.status == 200
        found = {link.partition("#")[0] for link in visit.page.links() if link.startswith("/")}
        found = {path for path in found if path != "/v1/openapi.json" and not path.endswith("/export")}
        # Of pages of one kind a few stand for the rest.
        kinds = [path.rstrip("0123456789") for path in seen]
        new = [one for one in sorted(found - seen) if kinds.count(one.rstrip("0123456789")) < 3]
        seen.update(new)
        waiting += new
    assert len(seen) > 8


async def test_what_belongs_to_others_is_not_there(calm: Venue) -> None:
    mine = await calm.as_party("buyer-1")
    other = await calm.as_party("buyer-2")
    orders = [link for link in (await mine.get("/orders")).page.links() if link.startswith("/orders/")]
    leases = [link for link in (await mine.get("/leases")).page.links() if link.startswith("/leases/")]
    entries = [link for link in (await mine.get("/account")).page.links() if "/entries/" in link]
    bills = [link for link in (await mine.get("/statements")).page.links() if "/run-" in link]
    for path in (orders[0], leases[0], entries[0], bills[0], "/orders/ord-1", "/leases/nonsense"):
        assert (await other.get(path)).status == 404, path
    seller = await calm.as_party("seller-1")
    rival = await calm.as_party("seller-2")
    statements = [link for link in (await seller.get("/console/statements")).page.links() if "/run-" in link]
    listings = [link for link in (await seller.get("/console")).page.links() if "/lst-" in link]
    for path in (statements[0], listings[0], "/console/leases/lse-1"):
        assert (await rival.get(path)).status == 404, path
    office = await calm.as_party("office-qingyang")
    for path in (
        "/region/agreements/pair-2/1/2026-10",
        "/region/agreements/pair-1/9/2026-10",
        "/region/agreements/pair-2/1/2026-10/what-if",
        "/region/agreements/pair-1/1/2026-11/what-if",
    ):
        assert (await office.get(path)).status == 404, path


async def test_an_address_that_leads_nowhere_gets_a_page_and_a_program_a_document(empty: Venue) -> None:
    browser = empty.browser()
    visit = await browser.get("/nowhere")
    assert visit.status == 404
    assert visit.page.all("main")
    answer = await browser.client.get("/v1/nowhere", headers={"accept": "text/html"})
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_menu_shows_what_one_may_do(empty: Venue) -> None:
    menus = {}
    for role in BY_ROLE:
        visit = await (await empty.signed_in(role)).get("/sign-in")
        menus[role] = {link for link in visit.page.links() if link.count("/") == 1}
    assert menus[None] == {"/", "/index", "/order", "/sign-in"}
    buyer = {"/", "/index", "/order", "/orders", "/leases", "/disputes", "/statements", "/account"}
    assert menus[Role.BUYER] == buyer
    assert menus[Role.SELLER] == {"/", "/index", "/console", "/account"}
    assert menus[Role.REGION] == {"/", "/index", "/region"}
    assert menus[Role.CLERK] == {"/", "/index", "/clerk"}


async def test_pages_of_somebody_are_not_kept(calm: Venue) -> None:
    browser = await calm.as_party("buyer-1")
    assert (await browser.get("/account")).headers["cache-control"] == "no-store"
    assert (await calm.browser().get("/")).headers["cache-control"] == "no-cache"


OPEN_TO_ANYBODY = {
    "/",
    "/market/rows",
    "/instruments/{market}/{tier}",
    "/instruments/{market}/{tier}/depth",
    "/instruments/{market}/{tier}/tape",
    "/depth/{tier}",
    "/depth/{tier}/table",
    "/order",
    "/order/quote",
    "/index",
    "/index/{resource}/{tier}",
    "/docs/index-method",
    "/docs/problems",
    "/sign-in",
    "/sign-out",
}


async def test_no_other_page_lets_a_stranger_in(empty: Venue) -> None:
    browser = empty.browser()
    seen = set()
    for route in empty.app.routes:
        if isinstance(route, HTTPRoute) and not route.path.startswith(("/v1/", "/static")):
            seen.add(route.path_format)
            path = re.sub(r"\{\w+\}", "1", route.path_format)
            for method in {"GET", "POST"} & {str(method) for method in route.route_handler_map}:
                visit = await (browser.get(path) if method == "GET" else browser.send(path))
                asked = visit.location.startswith("/sign-in?next=")
                assert asked == (route.path_format not in OPEN_TO_ANYBODY), (method, path)
    assert seen > OPEN_TO_ANYBODY
