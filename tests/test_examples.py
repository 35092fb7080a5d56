"""Runs every example for real: against a venue with a server on loopback, as its docstring says."""

import asyncio
import os
import runpy
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from exchange.metering import DeliveryRecord
from exchange.names import LeaseId, PartyId
from exchange.state import Role
from matching import rules
from matching.terms import Slot
from tests.paths import PROJECT
from tests.web.house import Door, instant, open_door
from web.server import serving

pytestmark = pytest.mark.anyio

EXAMPLES = PROJECT / "examples"
PICTURES = PROJECT / "docs/pictures"
EVENING = "2026-11-30T01:00:00+00:00"
AFTER_THE_LATE_WINDOW = "2026-12-04T00:00:00+00:00"
CHEAP_HOURS = range(4, 12)  # after the evening


@dataclass
class Site:
    """A venue that examples can reach, and a reader of what they say."""

    door: Door
    url: str
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    async def run(self, name: str, *arguments: str, by: str = "") -> tuple[int, list[str]]:
        """Run an example with the key of a party: its exit code, and the lines that it says.

        In this process, since a Python that starts for each takes longer than all that they do.
        """
        self.patch.setenv("SUANLI_URL", self.url)
        self.patch.setenv("SUANLI_KEY", self.door.tokens.get(by, ""))
        self.patch.setattr(sys, "argv", [name, *arguments])
        code = await runpy.run_path(str(EXAMPLES / name))["main"]()
        said, complained = self.capture.readouterr()
        return code, (said + complained).splitlines()


@pytest.fixture
async def site(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Site]:
    async with open_door(database_url) as door:
        await door.admit("bay", Role.BUYER, region="310000", fen=10_000_00)
        await door.admit("sun", Role.SELLER, region="621000")
        async with serving(door.app, port=0) as url:
            yield Site(door, url, monkeypatch, capsys)


async def test_cards_are_offered_bought_delivered_and_settled(site: Site) -> None:
    assert await site.run("sell_spare_cards.py", "--start", EVENING, by="sun") == (
        0,
        ["lst-10 open: 16 nvidia-h100-80g in 621000", "nothing is sold yet"],
    )
    bought = await site.run("place_an_order.py", "--start", EVENING, by="bay")
    assert bought == (
        0,
        [
            "would get 8 nvidia-h100-80g in 621000 from 30 November 05:00 UTC",
            "would cost 576.00 yuan, of it VAT 32.60 yuan",
            "ord-11 filled: lse-1, 8 cards, 576.00 yuan held",
        ],
    )
    again = await site.run("place_an_order.py", "--start", EVENING, by="bay")
    assert again[1][-1] == bought[1][-1], "the same job is bought once"
    sold = await site.run("sell_spare_cards.py", "--start", EVENING, by="sun")
    assert sold[1][1:] == ["lse-1: 8 cards to bay from 30 November 05:00 UTC"]

    await deliver_all_but_the_last_hour(site.door)
    await site.door.at(AFTER_THE_LATE_WINDOW)
    closed = await site.run("close_a_month.py", "2026-11", by="clerk")
    assert closed == (
        0,
        [
            "2026-11 is closed by run-1: 1 statements, 1 lines",
            "charged 504.00 yuan, released 72.00 yuan",
        ],
    )
    assert await site.run("close_a_month.py", "2026-11", by="clerk") == closed


async def deliver_all_but_the_last_hour(door: Door) -> None:
    await door.at("2026-11-30T14:00:00+00:00")
    first = door.exchange.terms.slot_of(instant(EVENING))
    records = [
        DeliveryRecord("meter", n, LeaseId("lse-1"), Slot(first + n), 8 * 3600) for n in CHEAP_HOURS[:-1]
    ]
    receipt = await door.exchange.metering.deliveries(PartyId("sun"), "batch-1", records)
    assert receipt.accepted == len(records)


async def test_an_order_that_finds_nothing_waits(site: Site) -> None:
    code, said = await site.run("place_an_order.py", "--start", EVENING, by="bay")
    assert (code, len(said)) == (0, 2)
    assert said[0].startswith("nothing now: ")
    assert said[1].endswith("resting: 1,800.00 yuan held while it waits")


@pytest.mark.parametrize(
    ("name", "arguments", "by", "code"),
    [
        ("place_an_order.py", ["--start", EVENING], "", "unauthenticated"),
        ("place_an_order.py", ["--start", EVENING], "sun", "not_allowed"),
        ("sell_spare_cards.py", ["--start", "2026-11-30T01:30:00+00:00"], "sun", "off_grid"),
        ("close_a_month.py", ["2026-12"], "clerk", "period_not_over"),
    ],
)
async def test_a_refusal_is_told(site: Site, name: str, arguments: list[str], by: str, code: str) -> None:
    ended, said = await site.run(name, *arguments, by=by)
    assert ended == 1
    assert [line.partition(": ")[2].partition(":")[0] for line in said] == [code]


async def test_an_example_runs_as_its_docstring_says(site: Site) -> None:
    """By its own Python, from the project's folder, with warnings as errors."""
    script = str(EXAMPLES / "place_an_order.py")
    given = ["--url", site.url, "--key", site.door.tokens["bay"], "--start", EVENING, "--job", "job-1"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", script, *given, cwd=PROJECT, env=os.environ, stdout=-1, stderr=-1
    )
    said, complained = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, complained) == (0, b"")
    assert b" resting: " in said


# Pictures


def drawn(folder: Path, patch: pytest.MonkeyPatch) -> dict[str, str]:
    """Every picture by its name, drawn anew."""
    patch.setattr(sys, "argv", ["pictures.py", "--to", str(folder)])
    runpy.run_path(str(EXAMPLES / "pictures.py"), run_name="__main__")
    return pictures_in(folder)


def pictures_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.svg")}


def test_the_pictures_are_what_the_market_makes_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = pictures_in(PICTURES)
    assert len(kept) > 5
    assert drawn(tmp_path, monkeypatch) == kept, "draw them again: examples/pictures.py --to docs/pictures"


def test_a_market_with_another_rule_makes_another_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were nothing offered to those who wait, no gang would be completed and no queue be served."""
    for offering in ("_offer", "_rematch"):
        monkeypatch.setattr(rules, offering, lambda *_, **__: iter(()))
    kept, now = pictures_in(PICTURES), drawn(tmp_path, monkeypatch)
    others = {name for name, picture in now.items() if picture != kept[name]}
    assert others == {"gang.svg", "displacement.svg", "rematch.svg"}


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.svg")), ids=lambda path: path.stem)
def test_a_picture_tells_what_it_shows_and_fetches_nothing(path: Path) -> None:
    picture, text = ET.parse(path).getroot(), path.read_text()
    shown = "".join(page.read_text() for page in (PROJECT / "docs").glob("*.md"))
    told = {tag: picture.findtext(f"{{*}}{tag}") for tag in ("title", "desc")}
    assert all(told.values())
    assert picture.get("role") == "img"
    assert len(text.encode()) < 30_000
    assert "prefers-color-scheme" in text
    assert text.count("://") == 1, "its name space is its only address"
    assert f"](pictures/{path.name})" in shown


def test_every_example_is_run_here() -> None:
    ours = {"place_an_order.py", "sell_spare_cards.py", "close_a_month.py"}
    ours |= {"pictures.py", "play.py", "drawing.py"}  # the last two are what the first is made of
    # What these print stands in pages: tests/test_docs.py runs them.
    elsewhere = {"settle_one_lease.py", "lose_a_spot_lease.py", "refund_under_a_voucher.py"}
    assert {path.name for path in EXAMPLES.glob("*.py")} == ours | elsewhere
