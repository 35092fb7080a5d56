"""Service credits in a venue with a past: each kind was given, and what is altered of them is found by the right check."""

import asyncio

import pytest

from exchange.persistence import database
from settlement.rating.service_credits import CreditReason
from tests.integration.test_audit import SETTLED, broken


def test_the_venue_s_past_has_a_credit_for_each_reason(season_url: str) -> None:
    async def given() -> set[str]:
        connection = await database.connect(season_url)
        try:
            rows = await connection.fetch(
                "SELECT DISTINCT one ->> 'reason' AS reason FROM statement_lines, jsonb_array_elements(credits) AS one"
            )
            return {row["reason"] for row in rows}
        finally:
            await connection.close()

    assert asyncio.run(given()) == set(CreditReason)


BROKEN = {
    "a statement line's credit": (
        "UPDATE statement_lines SET credits = replace(credits::text, '\"fen\": ', '\"fen\": 1')::jsonb",
        {"projections", "statements"},
    ),
    "credits deleted": ("UPDATE statement_lines SET credits = '[]'", {"projections", "statements"}),
    "a lease's promise": (f"UPDATE leases SET promise = NULL WHERE id = {SETTLED}", {"projections"}),
    "a promise in the log": (
        "UPDATE events SET body = jsonb_set(body::jsonb, '{lease,promise,ladder}', '[]')::json WHERE kind = 'LeaseGranted'",
        {"log", "leases", "projections", "decisions", "statements"},
    ),
    "a notice in the log": (
        "UPDATE events SET body = jsonb_set(body::jsonb, '{notice}', '99')::json WHERE kind = 'LeaseDisplaced'",
        {"log", "displacement", "decisions"},
    ),
}


@pytest.mark.parametrize(("statement", "found"), BROKEN.values(), ids=BROKEN)
def test_what_is_broken_is_found(season_url: str, statement: str, found: set[str]) -> None:
    assert set(broken(season_url, statement)) == found
