"""Sellers are paid and books compared on the command line: planned, confirmed, run, and told for machines."""

import asyncio
import json

import pytest

from exchange.persistence import database
from tests.integration.season import live
from tests.web.cli.conftest import Suanli
from web.bodies.payouts import DueOut, PayoutAskedOut, PayoutPlanOut, PayoutTermsOut
from web.cli.payout import Paying

pytestmark = pytest.mark.integration


@pytest.fixture
def season(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A venue with two closed months, whose seller has an account and is owed money that nothing holds back."""
    asyncio.run(live(database_url))
    monkeypatch.setenv("DATABASE_URL", database_url)
    return database_url


@pytest.mark.usefixtures("season")
def test_sellers_are_paid_what_was_planned_and_once(suanli: Suanli) -> None:
    planned = suanli("payout", "--plan", "--json")
    assert planned.exit_code == 0, planned.stderr
    plan = json.loads(planned.stdout)
    (asked,) = plan["payouts"]
    assert (asked["party"], asked["amount_fen"]) == ("sun", plan["total_fen"])
    assert "sun" in suanli("payout", "--plan").stdout
    unasked = suanli("payout")
    assert (unasked.exit_code, unasked.stdout) == (2, "")
    paid = suanli("payout", "--yes", "--json")
    assert paid.exit_code == 0, paid.stderr
    (payout,) = json.loads(paid.stdout)["payouts"]
    assert (payout["amount_fen"], payout["account"]) == (plan["total_fen"], "6222021234567890")
    again = suanli("payout", "--json")
    assert again.exit_code == 0, again.stderr
    assert (again.exit_code, json.loads(again.stdout)) == (0, {"payouts": []})
    _a_region_is_settled_with(suanli)


def test_a_plan_says_what_waits_for_a_seller_to_name_its_account() -> None:
    owed = [DueOut("sun", "6222021234567890", 300_00, 200_00, 0), DueOut("moon", None, 90_00, 50_00, 0)]
    asked = [PayoutAskedOut("sun", 200_00)]
    plan = PayoutPlanOut(PayoutTermsOut(7, 100_00), None, owed, asked, 200_00)
    assert Paying().tell_plan(plan).figures == {
        "sun": "¥200.00",
        "together": "¥200.00",
        "not yet": "¥190.00",
        "of that due, with no account named": "¥50.00",
    }


def _a_region_is_settled_with(suanli: Suanli) -> None:
    """It owes ten yuan, and has paid a fen too much since a line was refunded."""
    (owed,) = json.loads(suanli("vouchers", "claims", "city", "--json").stdout)
    assert (owed["open_fen"], owed["seller"]) == (10_00, "sun")
    assert suanli("vouchers", "claims", "city", "--period", "2026-02").stdout.startswith("city owes ¥10.00")
    said = "owes ¥10.00, and has paid ¥0.01 too much before"
    assert said in suanli("vouchers", "report", "city").stdout
    more = suanli("vouchers", "paid", "city", "2026-Q1", "10.00", "--reference", "b-3")
    assert (more.exit_code, "subsidy_too_large" in more.stderr) == (4, True)
    told = suanli("vouchers", "paid", "city", "2026-Q1", "9.99", "--reference", "b-3")
    assert told.stdout == "¥9.99 booked for city, and ¥0.01 that were paid before, reference b-3.\n"
    assert suanli("vouchers", "claims", "city").stdout == "Nothing is owed.\n"
    twice = suanli("vouchers", "repaid", "city", "0.01", "--reference", "b-3", "--json")
    assert (twice.exit_code, "subsidy_exists" in twice.stderr) == (4, True)


def test_a_freeze_is_told_and_nothing_is_paid(suanli: Suanli, season: str) -> None:
    async def tamper(by: int) -> None:
        connection = await database.connect(season, database.NO_ROLE)
        await connection.execute("UPDATE balances SET amount = amount + $1 WHERE kind = 'payable'", by)
        await connection.close()

    asyncio.run(tamper(1))
    told = suanli("audit")
    assert told.exit_code == 1
    assert "Payouts are frozen" in told.stderr
    asyncio.run(tamper(-1))
    assert suanli("payout", "--plan").stdout.startswith("Payouts are frozen: ")
    refused = suanli("payout", "--yes")
    assert refused.exit_code == 4
    assert "An audit has found a difference" in refused.stderr


@pytest.mark.usefixtures("season")
def test_books_that_differ_are_named_and_told_by_the_exit_code(suanli: Suanli) -> None:
    assert json.loads(suanli("reconcile", "--plan", "--json").stdout)["waiting"] == 0
    told = suanli("reconcile", "--yes", "--json")
    assert told.exit_code == 1, "the season's payouts were booked by hand"
    report = json.loads(told.stdout)
    assert (report["matched"], report["differing"]) == (0, [])
    assert {one["kind"] for one in report["missing"]} == {"not_moved", "not_in_their_books"}
    assert "The books differ." in suanli("reconcile", "--yes").stdout
