"""Finds the acceptance cases, which are kept beside the project and not in it, and knows which are still open."""

import json
from collections.abc import Mapping

from settlement.cases import check_case
from tests.paths import cases_dir, require

VOUCHERS = {"S21", "S22", "S23", "S25", "S26"}
REFUNDS = {"S38", "S40", "S41", "S42"}
INCOME_TAX = {"S46", "S50", "S51"}
LARGEST_REMAINDER = {"S52", "S53"}
CARBON = {"S55", "S56"}

OPEN = VOUCHERS | REFUNDS | INCOME_TAX | LARGEST_REMAINDER | CARBON
"""What is not built yet. A case that passes leaves this list in the same change."""


def settlement_cases() -> list[Mapping[str, object]]:
    """Load the settlement cases, or skip the test that asks for them."""
    file = require(cases_dir(), "the acceptance cases") / "settlement_cases.json"
    cases: list[Mapping[str, object]] = json.loads(file.read_text(encoding="utf-8"))["cases"]
    return cases


def failing_cases() -> set[object]:
    """Check every case and give the ids of those that fail."""
    return {case["id"] for case in settlement_cases() if check_case(case)}
