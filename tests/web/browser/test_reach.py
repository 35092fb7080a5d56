"""Every page can be reached and read by anybody: axe finds nothing, the keyboard gets everywhere, 320 pixels are enough."""

from pathlib import Path
from typing import Any

import pytest

from tests.web.browser.conftest import Visit, Visitor

AXE = (Path(__file__).parent / "vendor/axe-core/axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_LOOKS = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"]
RUN = (
    "(only) => axe.run({exclude: ['tbody tr:nth-child(n+5)']}, {runOnly: only, resultTypes: ['violations']})"
)
"""Rows that repeat what four have shown are left out."""

WEIGHT_MAX = 300_000  # bytes of a page with all that it loads, before compression

H800 = "/instruments/nvidia-h800-80g@621000/on_demand"
WHAT_IF = "/region/agreements/pair-1/1/2026-10/what-if"
JOB = "chip=nvidia-h800-80g&limit=20&deadline=2026-12-20T00%3A00"
PAGES = {
    "": [
        "/",
        H800,
        f"{H800}?bars=hour",
        "/index",
        "/index?day=2026-11-20",
        "/index/standard@all/on_demand",
        "/docs/index-method",
        "/order",
        "/sign-in",
        "/nowhere",
        "/docs/problems",
    ],
    "buyer-1": [
        f"/order?{JOB}",
        "/order?chip=nvidia-h800-80g&cards=x",
        f"/order?{JOB}&kind=work&tier=spot&mbps=5",
        f"/order/review?{JOB}",
        f"/order/review?{JOB}&cards=400&least=8&split=regions&place=anywhere",
        "/orders",
        "/leases",
        "/statements",
        "/account",
        "/account/top-up",
        "/account/withdraw",
    ],
    "seller-1": ["/console", "/console/new", "/console/leases", "/console/statements", "/console/payouts"],
    "buyer-2": ["/orders", "/leases"],
    "seller-4": ["/console/leases"],
    "office-qingyang": [
        "/region",
        "/region/agreements/pair-1/1/2026-10",
        f"{WHAT_IF}?revenue-1=50&value_added=40",
        f"{WHAT_IF}?tax-1=x",
        "/region/pairs/310000/621000/2026-Q4",
        "/agreements",
        "/agreements/pair-1/2",
        "/agreements/new?preset=2012&of=3",
    ],
    "clerk-1": [
        "/agreements",
        "/clerk",
        "/clerk/parties",
        "/clerk/parties/buyer-1",
        "/clerk/periods",
        "/clerk/periods/2026-10",
        "/clerk/periods/2026-10/statements",
        "/clerk/ledger",
        "/clerk/payouts",
        "/clerk/market",
        "/clerk/power",
        "/clerk/promises",
    ],
}
DETAILS = {
    "buyer-1": {
        "/orders": "/orders/ord-",
        "/leases": "/leases/lse-",
        "/statements": "/statements/run-",
        "/account": "/account/entries/",
    },
    "clerk-1": {"/clerk": "/clerk/contracts/"},
    "buyer-2": {"/orders": "/orders/ord-"},
    "seller-4": {"/console/leases": "/console/leases/lse-"},
    "seller-1": {
        "/console": "/console/listings/",
        "/console/statements": "/console/statements/run-1",
        "/console/leases": "/console/leases/lse-",
    },
}
"""Of lists, the first thing that they lead to is looked at, too."""

FOCUS = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  const middle = document.elementFromPoint(box.x + Math.min(box.width, innerWidth) / 2, box.y + box.height / 2);
  return {
    name: at.id || at.name || at.innerText || at.tagName,
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
    seen: !middle || at.contains(middle) || middle.contains(at) || [...(at.labels || [])].some((l) => l.contains(middle)),
    tag: at.tagName, type: at.type || '',
  };
}"""


def everywhere(visitor: Visitor, party: str) -> list[str]:
    """The pages of a party, with what its lists lead to, and what its statement's invoice has to say."""
    if party:
        visitor.sign_in(party)
    paths = list(PAGES[party])
    for path, begins in DETAILS.get(party, {}).items():
        visitor.open(path)
        paths.append(visitor.page.locator(f'main a[href^="{begins}"]').first.get_attribute("href") or path)
    return paths + [f"{path}/invoice" for path in paths if path.startswith("/statements/run-")]


def forgive_missing(visitor: Visitor) -> None:
    """A page that says that nothing is there, or that something is wrong, is no fault of the page."""
    visitor.faults = [fault for fault in visitor.faults if "status of 4" not in fault]


@pytest.mark.parametrize("party", PAGES)
def test_axe_finds_nothing(visit: Visit, party: str) -> None:
    visitor = visit()
    found = [fault for path in everywhere(visitor, party) for fault in axe(visitor.open(path), RULES)]
    forgive_missing(visitor)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_in_the_dark_on_a_small_screen(visit: Visit) -> None:
    visitor = visit(color_scheme="dark", viewport={"width": 375, "height": 812}).sign_in("buyer-1")
    paths = (
        "/",
        H800,
        "/index?day=2026-11-20",
        f"/order/review?{JOB}",
        "/orders",
        "/order?chip=nvidia-h800-80g&cards=x",
    )
    found = [fault for path in paths for fault in axe(visitor.open(path), OF_LOOKS)]
    forgive_missing(visitor)
    assert not found, "\n".join(found)


def axe(visitor: Visitor, rules: list[str]) -> list[str]:
    """What axe finds on the page that is open, with everything on it unfolded."""
    visitor.page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    visitor.page.evaluate(AXE)
    answer: Any = visitor.page.evaluate(RUN, rules)
    return [
        f"{visitor.page.url}: {fault['id']} {node['target']} {node['failureSummary']}"
        for fault in answer["violations"]
        for node in fault["nodes"][:3]
    ]


def test_axe_does_find_faults(visit: Visit) -> None:
    """The check above would notice: a field without a label and a pale text are found."""
    visitor = visit().open("/sign-in")
    page = visitor.page
    page.evaluate("document.querySelector('main').innerHTML += '<input><p class=pale>pale</p>'")
    page.evaluate("document.querySelector('.pale').style.color = '#ddd'")
    found = axe(visitor, RULES)
    assert any(" label " in fault for fault in found)
    assert any(" color-contrast " in fault for fault in found)


@pytest.mark.parametrize("party", PAGES)
def test_no_page_scrolls_sideways_on_a_small_screen(visit: Visit, party: str) -> None:
    visitor = visit(viewport={"width": 320, "height": 640})
    wide = []
    for path in everywhere(visitor, party):
        visitor.open(path)
        width = visitor.page.evaluate("document.scrollingElement.scrollWidth")
        wide += [f"{path}: {width} pixels"] if width > 320 else []
    forgive_missing(visitor)
    assert not wide


@pytest.mark.parametrize(
    ("party", "path", "last"),
    [
        ("", "/sign-in", "Sign in"),
        ("", "/", "Show"),
        ("buyer-1", "/order", "Update the quote"),
        ("seller-1", "/console/new", "Publish the listing"),
    ],
)
def test_the_keyboard_gets_everywhere(visit: Visit, party: str, path: str, last: str) -> None:
    visitor = visit().sign_in(party) if party else visit()
    page = visitor.open(path).page
    stops: list[dict[str, Any]] = []
    for _ in range(120):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None:
            break
        stops.append(stop)
    assert stops[0]["name"] == "Skip to the content"
    assert not [stop["name"] for stop in stops if not stop["ring"]]
    assert not [stop["name"] for stop in stops if not stop["seen"]]
    assert last in [stop["name"] for stop in stops]
    fields = page.locator("main input:visible, main select:visible").count()
    reached = [stop for stop in stops if stop["tag"] in {"INPUT", "SELECT"} and stop["type"] != "radio"]
    groups = page.locator("main input[type=radio]:checked:visible").count()
    radios = page.locator("main input[type=radio]:visible").count()
    assert (
        len({stop["name"] for stop in reached})
        >= fields - radios - page.locator("main input[type=checkbox]:visible").count()
    )
    assert len([stop for stop in stops if stop["type"] == "radio"]) == groups


def test_signing_in_and_ordering_by_the_keyboard_alone(visit: Visit) -> None:
    from tests.web.seed import token_of  # noqa: PLC0415 - for this test alone

    page = (
        visit()
        .open("/sign-in?next=/order%3Fchip%3Dnvidia-a100-80g%26limit%3D11%26cards%3D1%26hours%3D2")
        .page
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(token_of("buyer-1"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Describe your job").wait_for()
    page.get_by_role("button", name="Review the order").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Place the order").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Your order is placed").wait_for()


def test_a_page_is_light(visit: Visit) -> None:
    visitor = visit()
    weights: list[int] = []
    visitor.page.on("response", lambda answer: weights.append(len(answer.body())))
    visitor.open("/")
    assert sum(weights) < WEIGHT_MAX
