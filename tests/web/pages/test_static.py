"""What pages load: vendored files are what their makers published, and every colour can be read on its ground."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from tests.paths import PROJECT
from tests.web.pages.conftest import Venue
from web.pages.engine import STATIC, static_address

VENDORS = (STATIC / "vendor", PROJECT / "tests/web/browser/vendor")
TEXT, PART = 4.5, 3.0  # WCAG 2.2: 1.4.3 and 1.4.11

PAIRS = {
    ("text", "page"): TEXT,
    ("text", "surface"): TEXT,
    ("text", "sunken"): TEXT,
    ("text", "good-back"): TEXT,
    ("text", "warn-back"): TEXT,
    ("text", "bad-back"): TEXT,
    ("text", "note-back"): TEXT,
    ("quiet", "page"): TEXT,
    ("quiet", "surface"): TEXT,
    ("quiet", "sunken"): TEXT,
    ("quiet", "note-back"): TEXT,
    ("quiet", "warn-back"): TEXT,
    ("accent", "page"): TEXT,
    ("accent", "surface"): TEXT,
    ("accent", "sunken"): TEXT,
    ("accent", "note-back"): TEXT,
    ("accent-text", "accent"): TEXT,
    ("good", "good-back"): TEXT,
    ("warn", "warn-back"): TEXT,
    ("bad", "bad-back"): TEXT,
    ("bad", "surface"): TEXT,
    ("edge", "surface"): PART,
    ("ask", "surface"): PART,
    ("bid", "surface"): PART,
    **{("on-heat", f"heat-{n}"): TEXT for n in range(4)},
    ("on-heat-4", "heat-4"): TEXT,
}


def palettes() -> dict[str, dict[str, str]]:
    css = (STATIC / "suanli.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    named = [dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block)) for block in (light, dark)]
    return {"light": named[0], "dark": {**named[0], **named[1]}}


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_can_be_read_on_its_ground(scheme: str) -> None:
    palette = palettes()[scheme]
    found = {pair: contrast(palette[pair[0]], palette[pair[1]]) for pair in PAIRS}
    assert not {pair: ratio for pair, ratio in found.items() if ratio < PAIRS[pair]}


def test_the_measure_of_contrast_is_the_usual_one() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54


@pytest.mark.parametrize("folder", VENDORS, ids=lambda folder: folder.parent.name)
def test_vendored_files_are_what_their_makers_published(folder: Path) -> None:
    lock = json.loads((folder / "vendor.lock.json").read_text())
    locked = {
        f"{name}/{file}": digest for name, part in lock.items() for file, digest in part["sha256"].items()
    }
    there = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "vendor.lock.json"
    }
    assert there == locked
    for part in lock.values():
        assert part["version"]
        assert part["licence"]
        assert "LICENSE" in part["sha256"]


def test_a_changed_file_has_another_address() -> None:
    address = static_address("suanli.css")
    digest = hashlib.sha256((STATIC / "suanli.css").read_bytes()).hexdigest()
    assert address == f"/static/suanli.css?v={digest[:12]}"


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_only_files_that_are_there_are_served(calm: Venue, method: str) -> None:
    client = calm.browser().client
    for name in ("suanli.css", "vendor/htmx/htmx.min.js", "vendor/htmx/LICENSE"):
        assert (await client.request(method, static_address(name))).status_code == 200
    others = ("", "nothing.css", "vendor", "vendor/", "%00", "suanli.css%00", "%FF", "a" * 300, "a/" * 3_000)
    outside = ("../app.py", "..%2fapp.py", "%2e%2e/app.py", "%2fetc%2fpasswd", "vendor/..%2f..%2fapp.py")
    for name in (*others, *outside):
        assert (await client.request(method, f"/static/{name}")).status_code == 404, name


def test_nothing_is_loaded_from_elsewhere_but_the_form_of_a_gateway_that_is_configured() -> None:
    form = PROJECT / "web/templates/account/pay.html"
    for path in [*STATIC.glob("*.css"), *STATIC.glob("*.js"), *(PROJECT / "web/templates").rglob("*.html")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        if path == form:
            text = text.replace('{% if key %}<script src="https://js.stripe.com/v3/" defer>', "", 1)
        assert not re.search(r"https?:|wss?:|[\"'(]//", text), path
        assert "@import" not in text, path
