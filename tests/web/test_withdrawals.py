"""A buyer takes its balance back by the door: by Stripe's real library with the bank beside it, or by the bank alone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from exchange.audit import audit, freeze_payouts
from settlement.gateways.bank_file import code_of as remark_of
from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import Fault
from settlement.gateways.fake_stripe.objects import PaymentIntent, Refund
from tests.web.house import Door, code_of
from tests.web.test_payments import NOW, Till, with_stripe
from tests.web.test_payouts import bank_line
from web.api import payments as routes

pytestmark = pytest.mark.anyio

ACCOUNT = "6222021234567891"
BY_HAND = 10**9  # what every buyer of the market has paid in by a transfer that a clerk booked


@dataclass
class Buyer:
    """Who takes back, at a venue with Stripe or without."""

    door: Door

    async def ask(self, method: str, path: str, body: Any = None, by: str = "buyer", key: str = "") -> Any:
        answer = await self.door.ask(method, f"/v1{path}", by=by, json=body, key=key)
        assert answer.is_success, answer.text
        return answer.json()

    async def withdraw(self, amount: int, account: str | None = None, key: str = "") -> list[dict[str, Any]]:
        asked = {"amount_fen": amount, "account": account}
        parts: list[dict[str, Any]] = (await self.ask("POST", "/withdrawals", asked, key=key))["payouts"]
        return parts

    async def refusal(self, amount: object, account: object = None, by: str = "buyer") -> tuple[int, str]:
        asked = {"amount_fen": amount, "account": account}
        return code_of(await self.door.ask("POST", "/v1/withdrawals", by=by, json=asked))

    async def available(self) -> int:
        return int((await self.ask("GET", "/balance"))["available_fen"])

    async def listed(self) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = (await self.ask("GET", "/withdrawals"))["items"]
        return parts

    async def bank(self, csv: str) -> None:
        await self.ask("POST", "/bank-statements", {"csv": csv}, by="clerk")


def brief(part: dict[str, Any]) -> tuple[str, int, str]:
    return part["way"], part["amount_fen"], part["state"]


@pytest.fixture
async def till(market: Door, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    """The venue with Stripe, where the buyer has topped up twice."""
    monkeypatch.setattr(routes, "wall_clock", lambda: NOW)
    async with with_stripe(market) as opened:
        for n, amount in enumerate((100_00, 40_00)):
            await opened.top_up(amount, f"top-up-{n}")
            await opened.hear(opened.pay())
        yield opened


async def test_money_goes_back_by_stripe_and_the_rest_by_the_bank(till: Till, database_url: str) -> None:
    buyer = Buyer(till.door)
    parts = await buyer.withdraw(150_00, ACCOUNT, key="leave")
    assert [brief(part) for part in parts] == [
        ("refund", 40_00, "paid"),
        ("refund", 100_00, "paid"),
        ("bank", 10_00, "begun"),
    ]
    assert parts == await buyer.withdraw(150_00, ACCOUNT, key="leave")
    assert await buyer.available() == BY_HAND - 10_00
    file = await buyer.ask("POST", "/payment-files", by="clerk")
    code = remark_of(f"payout.{parts[2]['id']}/0")
    assert f'"{code}","{ACCOUNT}","buyer","10.00"' in file["csv"]
    await buyer.bank(bank_line("B-1", -10_00, code))
    await buyer.bank(bank_line("B-2", -77_00, "rent of the venue").replace(ACCOUNT, ""))
    listed = await buyer.listed()
    assert [part["state"] for part in listed] == ["paid"] * 3
    assert listed == (await buyer.ask("GET", "/payouts", by="clerk"))["items"]
    assert (await buyer.ask("GET", "/payouts", by="seller"))["items"] == []
    assert (await buyer.ask("GET", "/payouts/plan", by="clerk"))["owed"] == []
    assert [one.amount for one in till.fake.books.all(Refund)] == [100_00, 40_00]
    found = await buyer.ask("POST", "/reconciliations", by="clerk")
    assert (found["matched"], found["missing"], found["differing"]) == (5, [], [])
    checks = await audit(database_url, till.door.exchange.catalogue, redecide=True)
    assert [difference for check in checks for difference in check.differences] == []


async def test_what_cannot_be_is_refused_and_takes_nothing(till: Till) -> None:
    buyer = Buyer(till.door)
    for amount, account, refusal in (
        (0, None, (422, "out_of_range")),
        (140_01, None, (409, "no_payout_account")),
        (100, "a b", (422, "invalid_value")),
        (100, "", (422, "invalid_value")),
        (BY_HAND + 140_01, ACCOUNT, (409, "insufficient_funds")),
        ("1", None, (422, "wrong_type")),
    ):
        assert await buyer.refusal(amount, account) == refusal, amount
    assert await buyer.refusal(1, by="seller") == (403, "not_allowed")
    assert await buyer.available() == BY_HAND + 140_00
    assert await buyer.listed() == []
    await buyer.withdraw(100, key="leave")
    again = await till.door.ask(
        "POST", "/v1/withdrawals", by="buyer", json={"amount_fen": 101, "account": None}, key="leave"
    )
    assert code_of(again) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("fault", Fault)
async def test_whatever_goes_wrong_a_buyer_has_it_back_once(till: Till, fault: Fault) -> None:
    buyer = Buyer(till.door)
    till.fake.faults.append(fault)
    (part,) = await buyer.withdraw(30_00)
    assert part["state"] == "begun"
    for _ in range(3):
        await till.payments.go_on()
    (listed,) = await buyer.listed()
    refunds = [one.amount for one in till.fake.books.all(Refund)]
    if fault is Fault.BROKEN_BEFORE:
        assert (listed["state"], refunds) == ("begun", []), "the key keeps the failure"
    else:
        assert (listed["state"], refunds) == ("paid", [30_00])


async def test_a_disputed_payment_is_available_again_and_says_why(till: Till) -> None:
    buyer = Buyer(till.door)
    acts.dispute(till.fake.books, till.fake.books.all(PaymentIntent)[0].id)
    for _ in range(2):
        (part,) = await buyer.withdraw(30_00, ACCOUNT)
        assert (*brief(part), part["why"]) == ("refund", 30_00, "failed", "taken_back")
    assert await buyer.available() == BY_HAND + 140_00


async def test_a_refund_that_comes_back_is_heard_of_and_then_goes_by_the_bank(
    till: Till, database_url: str
) -> None:
    buyer = Buyer(till.door)
    (part,) = await buyer.withdraw(30_00)
    acts.fail_refund(till.fake.books, till.fake.books.all(Refund)[0].id)
    for _ in range(2):
        assert (await till.hear(till.fake.books.events[-1])).status_code == 200
    (listed,) = await buyer.listed()
    assert (listed["id"], listed["state"], listed["left_fen"]) == (part["id"], "returned", 0)
    assert await buyer.available() == BY_HAND + 140_00
    by_bank = await buyer.withdraw(110_00, ACCOUNT)
    assert [brief(one)[:2] for one in by_bank] == [("refund", 100_00), ("bank", 10_00)]
    checks = await audit(database_url, till.door.exchange.catalogue, redecide=True)
    assert [difference for check in checks for difference in check.differences] == []


async def test_while_payouts_are_frozen_nobody_withdraws(till: Till, database_url: str) -> None:
    buyer = Buyer(till.door)
    till.fake.faults.append(Fault.LOST_REQUEST)
    await buyer.withdraw(20_00)
    checks = await audit(database_url, till.door.exchange.catalogue, redecide=False)
    await freeze_payouts(database_url, checks)
    assert await buyer.refusal(1) == (409, "payouts_frozen")
    await till.payments.go_on()
    assert till.fake.books.all(Refund) == []
    await buyer.ask("POST", "/payouts/lift", {"why": "Nothing was found"}, by="clerk")
    await till.payments.go_on()
    assert [one.amount for one in till.fake.books.all(Refund)] == [20_00]


async def test_a_withdrawal_is_not_taken_back_as_if_it_had_paid_a_seller(till: Till) -> None:
    buyer = Buyer(till.door)
    (part,) = await buyer.withdraw(20_00)
    path = f"/v1/payouts/{part['id']}/reversals"
    answer = await till.door.ask("POST", path, by="clerk", json={"amount_fen": 1})
    assert code_of(answer) == (409, "nothing_to_take_back")


async def test_a_top_up_that_only_a_clerk_has_booked_goes_by_the_bank(till: Till) -> None:
    """Its reference is that of a top-up which no gateway knows."""
    buyer = Buyer(till.door)
    asked = {"party": "buyer", "amount_fen": 5_00, "reference": "topup.buyer.by-hand/0"}
    await buyer.ask("POST", "/deposits", asked, by="clerk")
    (part,) = await buyer.withdraw(5_00)
    assert brief(part) == ("refund", 5_00, "failed")
    parts = await buyer.withdraw(145_00, ACCOUNT)
    assert [brief(one)[:2] for one in parts] == [("refund", 40_00), ("refund", 100_00), ("bank", 5_00)]


async def test_by_the_bank_alone_it_goes_to_the_account_that_has_paid(
    market: Door, database_url: str
) -> None:
    buyer = Buyer(market)
    asked = await buyer.ask("POST", "/topups", {"amount_fen": 123_45}, key="k")
    await buyer.bank(bank_line("B-1", 123_45, asked["transfer_code"]))
    assert await buyer.available() == BY_HAND + 123_45
    parts = await buyer.withdraw(130_00, "110000222222")
    assert [brief(part) for part in parts] == [("refund", 123_45, "begun"), ("bank", 6_55, "begun")]
    file = await buyer.ask("POST", "/payment-files", by="clerk")
    codes = [remark_of(f"payout.{part['id']}/0") for part in parts]
    assert f'"{codes[0]}","{ACCOUNT}","buyer","123.45"' in file["csv"]
    assert f'"{codes[1]}","110000222222","buyer","6.55"' in file["csv"]
    await buyer.bank(bank_line("B-2", -123_45, codes[0]))
    assert [part["state"] for part in await buyer.listed()] == ["begun", "paid"]
    await buyer.bank(bank_line("B-3", -6_55, codes[1]))
    assert [part["state"] for part in await buyer.listed()] == ["paid", "paid"]
    found = await buyer.ask("POST", "/reconciliations", by="clerk")
    assert (found["matched"], found["missing"], found["differing"]) == (3, [], [])
    checks = await audit(database_url, market.exchange.catalogue, redecide=True)
    assert [difference for check in checks for difference in check.differences] == []
