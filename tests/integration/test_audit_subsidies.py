"""What a region has paid in a venue with a past: what is altered of it is found by the right check."""

import pytest

from tests.integration.test_audit import broken

BROKEN = {
    "what a region has paid": ("UPDATE subsidies SET amount = amount - 1", {"projections"}),
    "whose line a region has paid for": ("UPDATE subsidy_parts SET party = 'ann'", {"projections"}),
    "a region that pays twice": (
        "UPDATE events SET body = replace(body::text, '\"b-2\"', '\"b-1\"')::json WHERE kind = 'SubsidyRepaid'",
        {"log", "subsidies", "projections", "decisions"},
    ),
}


@pytest.mark.parametrize(("statement", "found"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_found(season_url: str, statement: str, found: set[str]) -> None:
    assert set(broken(season_url, statement)) == found
