"""Files of cases, sound and broken: what is told of them, and which exit code."""

import json
from pathlib import Path
from typing import Any

import pytest

from matching.book_cases import EXCEPTIONS
from tests.paths import cases_dir, require
from tests.web.cli.conftest import Suanli

LISTED = {
    "do": "list", "id": "a", "seller": "s", "chip": "H", "region": "r1",
    "start": 0, "end": 24, "cards": 8, "lot": 1, "min_slots": 1, "ask": {"spot": 100},
}  # fmt: skip
BID = {
    "do": "bid", "id": "b", "buyer": "x", "tier": "spot", "chips": {"H": 1000}, "regions": ["r1"],
    "cards": 8, "slots": 4, "window": [0, 24], "limit": 150,
}  # fmt: skip
LEASE = {"order": "b", "listing": "a", "cards": 8, "start": 0, "end": 4, "cost": 3200, "state": "live"}
EXPECT: dict[str, Any] = {"leases": [LEASE], "resting": [], "closed": {"b": "filled"}, "events": []}
FITS: dict[str, Any] = {"id": "fits", "config": {}, "commands": [LISTED, BID], "expect": EXPECT}
DIFFERS = {**FITS, "id": "differs", "expect": {**EXPECT, "resting": ["b"]}}
BUY = {"op": "new", "id": 1, "side": "buy", "price": 5, "qty": 3}
RESTS = {"bids": [[5, 1, 3]], "asks": []}
BOOK: list[dict[str, Any]] = [
    {"name": "it_rests", "commands": [BUY], "expected_trades": [], "expected_book": RESTS},
    {
        "name": "it_vanishes",
        "commands": [BUY],
        "expected_trades": [],
        "expected_book": {"bids": [], "asks": []},
    },
]


def _file(folder: Path, document: Any) -> Path:
    path = folder / "cases.json"
    path.write_text(json.dumps(document))
    return path


def test_a_case_that_passes(suanli: Suanli, tmp_path: Path) -> None:
    told = suanli("check-cases", _file(tmp_path, {"defaults": {}, "scenarios": [FITS]}))
    assert (told.exit_code, told.stdout) == (0, "1 passed, 0 failed\n")


def test_a_failing_case_is_one_line_with_expected_and_got(suanli: Suanli, tmp_path: Path) -> None:
    told = suanli("check-cases", _file(tmp_path, {"defaults": {}, "scenarios": [FITS, DIFFERS]}))
    assert told.exit_code == 1
    assert told.stdout == "differs  resting: expected ['b'], got []\n1 passed, 1 failed\n"


def test_a_plain_order_book_is_played_in_the_degenerate_market(suanli: Suanli, tmp_path: Path) -> None:
    told = suanli("check-cases", _file(tmp_path, {"scenarios": BOOK}))
    assert told.exit_code == 1
    assert told.stdout.startswith("it_vanishes  expected_book: expected {'bids': [], 'asks': []}, got")
    assert told.stdout.endswith("1 passed, 1 failed\n")


def test_what_the_market_decides_otherwise_on_purpose_is_no_failure(suanli: Suanli, tmp_path: Path) -> None:
    named = {**BOOK[1], "name": next(iter(EXCEPTIONS))}
    assert suanli("check-cases", _file(tmp_path, {"scenarios": [named]})).stdout == "1 passed, 0 failed\n"


def test_a_broken_case_fails_and_the_others_are_checked(suanli: Suanli, tmp_path: Path) -> None:
    broken = [{**FITS, "id": "lame", "commands": [{"do": "bid", "id": "b"}]}, "no object at all"]
    told = suanli("check-cases", _file(tmp_path, {"scenarios": [FITS, *broken]}))
    assert told.exit_code == 1
    assert "lame  case: expected one in the form of its file, got KeyError" in told.stdout
    assert "number 3  case: expected one in the form of its file" in told.stdout
    assert told.stdout.endswith("1 passed, 2 failed\n")


def test_json_is_one_document(suanli: Suanli, tmp_path: Path) -> None:
    told = suanli("check-cases", "--json", _file(tmp_path, {"scenarios": [FITS, DIFFERS]}))
    document = json.loads(told.stdout)
    assert (document["passed"], document["failed"]) == (1, 1)
    difference = {"field": "resting", "expected": ["b"], "got": []}
    assert document["failures"][0]["case"] == "differs"
    assert document["failures"][0]["differences"] == [difference]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{", "is not JSON in UTF-8"),
        (b"\xff\xfe", "is not JSON in UTF-8"),
        (b"[" * 100_000, "is not JSON in UTF-8"),
        (b"[]", "should hold one JSON object"),
        (b"{}", "holds no cases of a known kind"),
        (b'{"scenarios": []}', "holds no cases of a known kind"),
        (b'{"cases": [{"id": "S01"}]}', "holds no cases of a known kind"),
        (b'{"cases": 7}', "holds no cases of a known kind"),
    ],
)
def test_a_file_that_is_none_gets_a_sentence(
    suanli: Suanli, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "cases.json"
    path.write_bytes(content)
    told = suanli("check-cases", path)
    assert (told.exit_code, told.stdout) == (2, "")
    assert sentence in told.stderr


def test_a_file_that_is_not_there(suanli: Suanli, tmp_path: Path) -> None:
    told = suanli("check-cases", tmp_path / "nowhere.json")
    assert told.exit_code == 2
    assert "can't be read: No such file or directory." in told.stderr


@pytest.mark.parametrize("name", ["elastic_scenarios", "settlement_cases", "book_scenarios"])
def test_the_shared_cases_are_recognised(suanli: Suanli, name: str) -> None:
    told = suanli("check-cases", require(cases_dir(), "the acceptance cases") / f"{name}.json")
    *failing, total = told.stdout.splitlines()
    assert told.exit_code == (1 if failing else 0)
    assert total.endswith(f" passed, {len(failing)} failed")
