"""The shared stories of the elastic market all agree; those of a plain order book agree but for named exceptions."""

import json
from collections.abc import Mapping
from typing import Any

from matching.book_cases import EXCEPTIONS, check_book_scenario
from matching.cases import check_scenario
from tests.paths import cases_dir, require

DEFAULTS: Mapping[str, Any] = {"latency": {}, "links": []}  # Any: JSON
LISTING = {"do": "list", "id": "a", "seller": "s", "chip": "H", "region": "r", "start": 0, "end": 9}
BID = {"do": "bid", "tier": "spot", "chips": {"H": 1000}, "regions": ["r"], "window": [0, 9], "slots": 2}
STORY: Mapping[str, Any] = {
    "commands": [
        LISTING | {"cards": 8, "ask": {"spot": 5}},
        BID | {"id": "b", "buyer": "x", "limit": 5, "cards": 8},
        BID | {"id": "c", "buyer": "y", "limit": 4, "cards": 8},
    ],
    "expect": {
        "leases": [
            {"order": "b", "listing": "a", "cards": 8, "start": 0, "end": 2, "cost": 80, "state": "live"},
        ],
        "resting": ["c"],
        "closed": {"b": "filled"},
        "events": [],
    },
}


def shared(name: str) -> Any:
    return json.loads((require(cases_dir(), "shared cases") / name).read_text(encoding="utf-8"))


def test_the_shared_stories_agree() -> None:
    cases = shared("elastic_scenarios.json")
    assert len(cases["scenarios"]) >= 40
    for case in cases["scenarios"]:
        assert check_scenario(case, cases["defaults"]) == [], f"{case['id']}: {case['title']}"


def test_a_plain_order_book_differs_only_where_the_market_decides_otherwise() -> None:
    scenarios = shared("book_scenarios.json")["scenarios"]
    differing = {scenario["name"] for scenario in scenarios if check_book_scenario(scenario)}
    assert differing == EXCEPTIONS.keys()


def test_a_story_that_agrees_differs_in_nothing() -> None:
    assert check_scenario(STORY, DEFAULTS) == []


def test_whatever_is_told_wrongly_is_found() -> None:
    wrong: dict[str, object] = {
        "leases": [],
        "resting": [],
        "closed": {"b": "partial"},
        "events": [{"ev": "preempt"}],
    }
    for field, told in wrong.items():
        story = {**STORY, "expect": {**STORY["expect"], field: told}}
        assert [difference.field for difference in check_scenario(story, DEFAULTS)] == [field]
