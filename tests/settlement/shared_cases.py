"""Finds the acceptance cases, which are kept beside the project and not in it."""

import json
from collections.abc import Mapping

from settlement.cases import check_case
from tests.paths import cases_dir, require


def settlement_cases() -> list[Mapping[str, object]]:
    """Load the settlement cases, or skip the test that asks for them."""
    file = require(cases_dir(), "the acceptance cases") / "settlement_cases.json"
    cases: list[Mapping[str, object]] = json.loads(file.read_text(encoding="utf-8"))["cases"]
    return cases


def failing_cases() -> set[object]:
    """Check every case and give the ids of those that fail."""
    return {case["id"] for case in settlement_cases() if check_case(case)}
