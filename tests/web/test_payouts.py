"""Money goes back to buyers and out to sellers by the door: by Stripe's real library, or by a bank's files."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from exchange.audit import audit, freeze_payouts
from exchange.persistence import database
from exchange.persistence.turn import sole_run
from settlement.gateways.bank_file import code_of as remark_of
from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import Fault
from settlement.gateways.fake_stripe.objects import Account
from settlement.gateways.fake_stripe.objects import Transfer as StripeTransfer
from tests.web.house import Door, code_of, order
from tests.web.test_payments import NOW, Till, with_stripe
from web.api import payments as routes
from web.api.openapi import examples

pytestmark = pytest.mark.anyio

GROSS = 4 * 8 * 9_00
NOTHING_HELD = {"hold_back_days": 0, "minimum_fen": 100}


@dataclass
class Sold:
    """A venue in which the seller has delivered four hours of eight cards, and November is closed."""

    door: Door
    statement: str

    async def ask(self, method: str, path: str, by: str, body: Any = None, key: str = "") -> Any:
        answer = await self.door.ask(method, f"/v1{path}", by=by, json=body, key=key)
        assert answer.is_success, answer.text
        return answer.json()

    async def refusal(self, path: str, by: str, body: Any) -> tuple[int, str]:
        return code_of(await self.door.ask("POST", f"/v1{path}", by=by, json=body))

    def refund(self, amount: int, reference: str = "r-1", **changed: object) -> dict[str, object]:
        usual = {"statement": self.statement, "line": 0, "amount_fen": amount, "reason": "It was slow"}
        return usual | {"reference": reference, "invoice_used": False} | changed

    async def due(self) -> dict[str, Any]:
        due: dict[str, Any] = await self.ask("GET", "/payouts/due", "seller")
        return due

    async def pay(self, amount: int, key: str = "") -> dict[str, Any]:
        asked = {"payouts": [{"party": "seller", "amount_fen": amount}]}
        (payout,) = (await self.ask("POST", "/payouts", "clerk", asked, key))["payouts"]
        found: dict[str, Any] = payout
        return found


async def sold_at(door: Door) -> Sold:
    bought = (await door.ask("POST", "/v1/orders", by="buyer", json=order())).json()
    lease = bought["leases"][0]["id"]
    await door.at("2026-11-30T06:00:00Z")
    records = [
        {
            "meter": "rack",
            "sequence": n + 1,
            "lease": lease,
            "slot": f"2026-11-30T0{n}:00:00Z",
            "delivered_card_seconds": 8 * 3600,
        }
        for n in range(4)
    ]
    await door.ask("POST", "/v1/usage/deliveries", by="seller", json={"records": records})
    await door.at("2026-12-05T00:00:00Z")
    await door.ask("POST", "/v1/periods/2026-11/close", by="clerk")
    return Sold(door, f"run-1/{lease}")


@pytest.fixture
async def sold(market: Door) -> Sold:
    return await sold_at(market)


@pytest.fixture
async def till(market: Door, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    """The venue with Stripe, where the buyer's money is."""
    monkeypatch.setattr(routes, "wall_clock", lambda: NOW)
    async with with_stripe(market) as opened:
        await opened.top_up(50_000_00, "opening")
        await opened.hear(opened.pay())
        yield opened


async def test_a_line_is_refunded_in_parts_and_the_statement_stays(sold: Sold) -> None:
    before = await sold.ask("GET", f"/statements/{sold.statement}", "clerk")
    had = (await sold.ask("GET", "/balance", "buyer"))["available_fen"]
    first = await sold.ask("POST", "/refunds", "seller", sold.refund(88_00), key="once")
    assert first == await sold.ask("POST", "/refunds", "seller", sold.refund(88_00), key="once")
    rest = await sold.ask("POST", "/refunds", "clerk", sold.refund(GROSS - 88_00, "r-2"))
    assert (await sold.ask("GET", "/balance", "buyer"))["available_fen"] == had + GROSS
    figures = before["lines"][0]["figures"]
    assert {name: first["figures"][name] + rest["figures"][name] for name in figures} == {
        name: -fen for name, fen in figures.items()
    }
    assert (await sold.due())["payable_fen"] == 0
    assert before == await sold.ask("GET", f"/statements/{sold.statement}", "clerk")
    listed = (await sold.ask("GET", "/refunds", "buyer"))["items"]
    assert [one["id"] for one in listed] == [rest["id"], first["id"]]
    assert (await sold.ask("GET", "/refunds", "rival"))["items"] == []


async def test_refunds_that_cannot_be_are_refused(sold: Sold) -> None:
    await sold.ask("POST", "/refunds", "clerk", sold.refund(1))
    for body, refusal in (
        (sold.refund(1), (409, "refund_exists")),
        (sold.refund(GROSS, "r-2"), (409, "refund_too_large")),
        (sold.refund(1, "r-2", line=7), (404, "unknown_id")),
        (sold.refund(1, "r-2", statement="run-1/lse-99"), (404, "unknown_id")),
        (sold.refund(1, "r-2", invoice_used="no"), (422, "wrong_type")),
        (sold.refund(0, "r-2"), (422, "out_of_range")),
    ):
        assert await sold.refusal("/refunds", "clerk", body) == refusal


async def test_a_credit_note_goes_on_by_whom_it_behoves(sold: Sold) -> None:
    refund = await sold.ask("POST", "/refunds", "clerk", sold.refund(100, invoice_used=True))
    assert refund["credit_note"]["state"] == "draft"
    path = f"/refunds/{refund['id']}/credit-note"
    assert await sold.refusal(path, "seller", {"event": "issued"}) == (409, "credit_note_out_of_turn")
    awaiting = await sold.ask("POST", path, "seller", {"event": "confirmation_asked"})
    assert awaiting["credit_note"]["deadline"] == "2026-12-08T00:00:00Z"
    assert await sold.refusal(path, "seller", {"event": "confirmed"}) == (403, "not_allowed")
    assert await sold.refusal(path, "rival", {"event": "confirmed"}) == (404, "no_credit_note")
    await sold.ask("POST", path, "buyer", {"event": "confirmed"})
    issued = await sold.ask("POST", path, "clerk", {"event": "issued"})
    assert issued["credit_note"]["state"] == "issued"


async def test_a_seller_is_paid_by_the_bank_after_the_hold_back(sold: Sold) -> None:
    assert await sold.refusal("/payout-account", "seller", {"account": None}) == (409, "no_onboarding")
    named = await sold.ask("POST", "/payout-account", "seller", {"account": "6222021234567891"})
    assert named == {"account": "6222021234567891", "url": None}
    owed = (await sold.due())["payable_fen"]
    assert (await sold.due())["due_fen"] == 0
    early = {"payouts": [{"party": "seller", "amount_fen": owed}]}
    assert await sold.refusal("/payouts", "clerk", early) == (409, "payout_not_due")
    await sold.door.at("2026-12-12T00:00:00Z")
    plan = await sold.ask("GET", "/payouts/plan", "clerk")
    assert plan["payouts"] == early["payouts"]
    assert plan["terms"] == {"hold_back_days": 7, "minimum_fen": 100_00}
    payout = await sold.pay(owed, key="once")
    assert payout == await sold.pay(owed, key="once")
    assert payout["state"] == "begun"
    assert (await sold.ask("GET", "/payouts/plan", "clerk"))["payouts"] == []
    file = await sold.ask("POST", "/payment-files", "clerk")
    assert file == await sold.ask("GET", "/payment-files/1", "clerk")
    assert (await sold.ask("POST", "/payment-files", "clerk"))["number"] is None
    for unknown in ("2", "x", "0"):
        answer = await sold.door.ask("GET", f"/v1/payment-files/{unknown}", by="clerk")
        assert code_of(answer) == (404, "unknown_id")
    code = remark_of(f"payout.{payout['id']}/0")
    assert f'"{code}","6222021234567891","seller","{owed // 100}.{owed % 100:02}"' in file["csv"]
    await sold.ask("POST", "/bank-statements", "clerk", {"csv": bank_line("B-1", -owed, code)})
    (paid,) = (await sold.ask("GET", "/payouts", "seller"))["items"]
    assert (paid["state"], paid["left_fen"], paid["reference"]) == ("paid", owed, code)
    assert (await sold.ask("GET", "/payouts", "clerk"))["items"] == [paid]
    await sold.ask("POST", "/bank-statements", "clerk", {"csv": bank_line("B-2", owed, code)})
    await look_again(sold, payout["id"])
    (back,) = (await sold.ask("GET", "/payouts", "seller"))["items"]
    assert (back["state"], back["left_fen"]) == ("returned", 0)
    assert (await sold.due())["due_fen"] == owed


async def look_again(sold: Sold, payout: str) -> None:
    """As news of the gateway would have it done."""
    from exchange.payments import Payments  # noqa: PLC0415

    payments = Payments(sold.door.exchange, None, lambda: NOW)
    await payments._saga.look_again(f"payout.{payout}", 0)


def bank_line(reference: str, fen: int, code: str) -> str:
    sign, amount = "-" if fen < 0 else "", abs(fen)
    header = "bank_reference,booked_on,amount,currency,account,name,remark\n"
    yuan = f"{sign}{amount // 100}.{amount % 100:02}"
    return f"{header}{reference},2026-11-30,{yuan},CNY,6222021234567891,Seller,{code}\n"


async def test_an_audit_that_differs_freezes_payouts_until_a_clerk_lifts_that(
    sold: Sold, database_url: str
) -> None:
    owed = await ready(sold)
    connection = await database.connect(database_url, database.NO_ROLE)
    await connection.execute("UPDATE balances SET amount = amount + 1 WHERE owner = 'buyer'")
    checks = await audit(database_url, sold.door.exchange.catalogue, redecide=False)
    await connection.execute("UPDATE balances SET amount = amount - 1 WHERE owner = 'buyer'")
    await connection.close()
    await freeze_payouts(database_url, checks)
    asked = {"payouts": [{"party": "seller", "amount_fen": owed}]}
    assert await sold.refusal("/payouts", "clerk", asked) == (409, "payouts_frozen")
    plan = await sold.ask("GET", "/payouts/plan", "clerk")
    assert plan["frozen"]["found"] == "balances"
    lifted = await sold.ask("POST", "/payouts/lift", "clerk", {"why": "A hand had slipped"})
    assert lifted == {"lifted": 1}
    assert await sold.ask("POST", "/payouts/lift", "clerk", {"why": "Again"}) == {"lifted": 0}
    assert (await sold.pay(owed))["state"] == "begun"
    row = await sold.door.exchange.readers.fetchrow("SELECT lifted_by, lifted_why FROM payout_freezes")
    assert tuple(row) == ("clerk", "A hand had slipped")


async def ready(sold: Sold) -> int:
    """The seller has an account and is owed money that nothing holds back; says how much."""
    await sold.ask("POST", "/payout-account", "seller", {"account": "6222021234567891"})
    await sold.ask("POST", "/payout-terms", "clerk", NOTHING_HELD)
    return int((await sold.due())["due_fen"])


async def test_two_runs_of_a_job_are_never_at_work_at_once(sold: Sold, database_url: str) -> None:
    owed = await ready(sold)
    asked = {"payouts": [{"party": "seller", "amount_fen": owed}]}
    async with sole_run(database_url, "payout"), sole_run(database_url, "reconcile"):
        assert await sold.refusal("/payouts", "clerk", asked) == (409, "job_at_work")
        assert await sold.refusal("/reconciliations", "clerk", None) == (409, "job_at_work")
    await sold.pay(owed)


async def test_payouts_and_terms_that_cannot_be_are_refused(sold: Sold) -> None:
    one = {"party": "seller", "amount_fen": 100_00}
    for path, by, body, refusal in (
        ("/payouts", "clerk", {"payouts": [one]}, (409, "no_payout_account")),
        ("/payouts", "clerk", {"payouts": [one | {"party": "nobody"}]}, (404, "unknown_party")),
        ("/payouts", "clerk", {"payouts": []}, (422, "too_few_items")),
        ("/payouts", "clerk", {"payouts": [one, one]}, (422, "amount_out_of_range")),
        ("/payouts", "seller", {"payouts": [one]}, (403, "not_allowed")),
        ("/payout-terms", "clerk", {"hold_back_days": 367, "minimum_fen": 1}, (422, "out_of_range")),
        ("/payout-account", "seller", {"account": "a b"}, (422, "invalid_value")),
        ("/payouts/pay-9-9/reversals", "clerk", {"amount_fen": 1}, (404, "unknown_id")),
    ):
        assert await sold.refusal(path, by, body) == refusal, (path, body)
    owed = await ready(sold)
    too_small = {"payouts": [one | {"amount_fen": 99}]}
    assert await sold.refusal("/payouts", "clerk", too_small) == (409, "payout_too_small")
    payout = await sold.pay(owed)
    path = f"/payouts/{payout['id']}/reversals"
    assert await sold.refusal(path, "clerk", {"amount_fen": 1}) == (409, "nothing_to_take_back")


async def at_stripe(till: Till) -> tuple[Sold, str]:
    """The seller has signed up at Stripe, and its money is due."""
    sold = await sold_at(till.door)
    told = await sold.ask("POST", "/payout-account", "seller", {"account": None})
    account = till.fake.books.all(Account)[0].id
    assert told["account"] == account
    assert account in told["url"]
    assert await sold.refusal("/payout-account", "seller", {"account": "6222021234567891"}) == (
        409,
        "onboarding_needed",
    )
    acts.sign_up(till.fake.books, account)
    await sold.ask("POST", "/payout-terms", "clerk", NOTHING_HELD)
    return sold, account


async def test_a_seller_is_paid_by_stripe_and_what_it_has_is_taken_back_for_a_refund(till: Till) -> None:
    sold, _ = await at_stripe(till)
    owed = (await sold.due())["due_fen"]
    payout = await sold.pay(owed)
    assert (payout["state"], payout["left_fen"]) == ("paid", owed)
    assert await sold.refusal("/refunds", "clerk", sold.refund(GROSS)) == (409, "payable_too_small")
    path = f"/payouts/{payout['id']}/reversals"
    for _ in "12":
        taken = await sold.ask("POST", path, "clerk", {"amount_fen": owed}, key="back")
        assert taken["state"] == "succeeded"
    await sold.ask("POST", "/refunds", "clerk", sold.refund(GROSS))
    assert (await sold.due())["payable_fen"] == 0
    (listed,) = (await sold.ask("GET", "/payouts", "clerk"))["items"]
    assert listed["state"] == "returned"
    found = await sold.ask("POST", "/reconciliations", "clerk")
    assert (found["matched"], found["missing"], found["differing"]) == (3, [], [])


@pytest.mark.parametrize("fault", Fault)
async def test_whatever_goes_wrong_a_seller_is_paid_once(till: Till, fault: Fault) -> None:
    sold, _ = await at_stripe(till)
    owed = (await sold.due())["due_fen"]
    till.fake.faults.append(fault)
    assert (await sold.pay(owed))["state"] == "begun"
    for _ in range(3):
        await till.payments.go_on()
    (listed,) = (await sold.ask("GET", "/payouts", "clerk"))["items"]
    transfers = till.fake.books.all(StripeTransfer)
    if fault is Fault.BROKEN_BEFORE:
        assert (listed["state"], transfers) == ("begun", []), "the key keeps the failure"
    else:
        assert (listed["state"], [one.amount for one in transfers]) == ("paid", [owed])


async def test_while_payouts_are_frozen_nothing_more_goes_to_the_gateway(
    till: Till, database_url: str
) -> None:
    sold, _ = await at_stripe(till)
    owed = (await sold.due())["due_fen"]
    till.fake.faults.append(Fault.LOST_REQUEST)
    assert (await sold.pay(owed))["state"] == "begun"
    checks = await audit(database_url, sold.door.exchange.catalogue, redecide=False)
    assert not any(check.differences for check in checks)
    await freeze_payouts(database_url, checks)
    await till.payments.go_on()
    assert till.fake.books.all(StripeTransfer) == []
    await sold.ask("POST", "/payouts/lift", "clerk", {"why": "Nothing was found"})
    await till.payments.go_on()
    assert [one.amount for one in till.fake.books.all(StripeTransfer)] == [owed]


async def test_what_the_ledger_lacks_or_has_beyond_is_told(till: Till, database_url: str) -> None:
    sold, _ = await at_stripe(till)
    payout = await sold.pay((await sold.due())["due_fen"])
    connection = await database.connect(database_url, database.NO_ROLE)
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("UPDATE movements SET plan = plan || '.x' WHERE plan LIKE 'payout.%'")
    await connection.close()
    found = await sold.ask("POST", "/reconciliations", "clerk")
    assert sorted((one["kind"], one["about"]) for one in found["missing"]) == [
        ("not_booked", f"payout.{payout['id']}.x/0"),
        ("not_moved", payout["id"]),
    ]


def test_the_examples_show_a_payout_from_its_plan_to_the_bank() -> None:
    told = [step["operation"] for step in examples() if "operation" in step]
    assert told.index("plan_payouts") < told.index("begin_payouts") < told.index("make_payment_file")
