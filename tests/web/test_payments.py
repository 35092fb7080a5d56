"""Money is paid in by the door: by Stripe's real library and a fake of it, or by a bank's files; and is booked once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import permutations

import httpx
import pytest

from exchange.bus import DifferentCommandError
from exchange.names import PartyId
from exchange.payments import Payments
from exchange.persistence.payments import MovementStore
from settlement.gateways.bank_file import code_of
from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import FakeStripe, Fault
from settlement.gateways.fake_stripe.objects import Event, PaymentIntent
from settlement.gateways.fake_stripe.post import letter
from settlement.gateways.fake_stripe.transport import InProcess
from settlement.gateways.stripe_gateway import StripeGateway, StripeSettings, stripe_client
from settlement.gateways.webhooks import WebhookSettings
from settlement.money import Fen
from settlement.payments import Movement, MovementState
from settlement.reconciliation import DifferenceKind
from tests.web.house import SETTINGS, Door, straight_to
from tests.web.house import code_of as refusal_of
from web.api import payments as routes
from web.app import create_app

pytestmark = pytest.mark.anyio

SECRET = "whsec_of_the_test"
NOW = 1_796_000_000


@dataclass
class Till:
    """A venue whose money comes in by Stripe."""

    door: Door
    fake: FakeStripe
    payments: Payments

    async def top_up(self, amount: int, key: str) -> httpx.Response:
        return await self.door.ask("POST", "/v1/topups", by="buyer", key=key, json={"amount_fen": amount})

    async def available(self) -> int:
        balance = await self.door.ask("GET", "/v1/balance", by="buyer")
        return int(balance.json()["available_fen"]) - 10**9

    async def hear(self, event: Event, sent_at: int = NOW, secret: str = SECRET) -> httpx.Response:
        one = letter(event, secret, sent_at)
        headers = {"Stripe-Signature": one.signature}
        return await self.door.ask("POST", "/v1/webhooks/stripe", key=None, content=one.body, headers=headers)

    def pay(self) -> Event:
        """The buyer pays the last intent; gives the event that says so."""
        acts.pay(self.fake.books, self.fake.books.all(PaymentIntent)[0].id)
        return self.fake.books.events[-1]


@pytest.fixture
async def till(market: Door, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    monkeypatch.setattr(routes, "wall_clock", lambda: NOW)
    async with with_stripe(market) as opened:
        yield opened


@asynccontextmanager
async def with_stripe(market: Door) -> AsyncIterator[Till]:
    fake = FakeStripe(lambda: NOW)
    gateway = StripeGateway(stripe_client(StripeSettings(fake.key, tries=0), InProcess(fake)))
    payments = Payments(market.exchange, gateway, lambda: NOW)
    app = create_app(market.exchange, replace(SETTINGS, webhook=WebhookSettings(SECRET)), payments)
    async with httpx.AsyncClient(transport=straight_to(app), base_url="http://venue") as client:
        yield Till(replace(market, app=app, client=client), fake, payments)


async def test_a_top_up_is_booked_when_stripe_says_so_and_once(till: Till) -> None:
    asked = await till.top_up(50_000, "first")
    assert asked.status_code == 201
    told = asked.json()
    assert (told["state"], told["amount_fen"], told["transfer_code"]) == ("pending", 50_000, None)
    assert told["client_secret"] == till.fake.books.all(PaymentIntent)[0].client_secret
    assert await till.available() == 0
    paid = till.pay()
    for _ in range(3):
        assert (await till.hear(paid)).status_code == 200
        assert await till.available() == 50_000
    again = (await till.top_up(50_000, "first")).json()
    assert (again["state"], again["client_secret"]) == ("succeeded", None)
    assert len(till.fake.books.all(PaymentIntent)) == 1
    assert await till.available() == 50_000


async def test_the_same_key_for_another_amount_is_refused(till: Till) -> None:
    await till.top_up(50_000, "first")
    assert refusal_of(await till.top_up(50_001, "first")) == (422, "idempotency_key_reused")
    with pytest.raises(DifferentCommandError):
        await till.payments.top_up(PartyId("buyer"), "first", Fen(1))
    assert len(till.fake.books.all(PaymentIntent)) == 1


@pytest.mark.parametrize("fault", Fault)
async def test_whatever_goes_wrong_the_same_request_again_pays_once(till: Till, fault: Fault) -> None:
    till.fake.faults.append(fault)
    first = (await till.top_up(700, "first")).json()
    assert first["state"] in {"requested", "unknown"}
    if fault is Fault.BROKEN_BEFORE:
        assert (await till.top_up(700, "first")).json()["state"] == "unknown", "the key keeps the failure"
        return
    assert (await till.top_up(700, "first")).json()["state"] == "pending"
    await till.hear(till.pay())
    assert await till.available() == 700
    assert len(till.fake.books.all(PaymentIntent)) == 1


async def test_what_nobody_asks_about_again_is_brought_to_its_end(till: Till) -> None:
    till.fake.faults.append(Fault.LOST_REPLY)
    assert (await till.top_up(900, "first")).json()["state"] == "unknown"
    till.pay()
    await till.payments.go_on()
    await till.payments.go_on()
    assert await till.available() == 900


async def test_a_day_is_reconciled_and_what_differs_is_told(
    till: Till, caplog: pytest.LogCaptureFixture
) -> None:
    await till.top_up(900, "first")
    await till.hear(till.pay())
    found = await till.payments.reconcile()
    assert ([one.state for one in found.agreed], found.differences) == ([MovementState.SUCCEEDED], ())
    again = (await till.top_up(900, "first")).json()
    assert again["state"] == "reconciled"
    acts.fail_payout(till.fake.books, acts.pay_out(till.fake.books).id)
    found = await till.payments.reconcile()
    assert [one.kind for one in found.differences] == [DifferenceKind.PAYOUT_FAILED]
    assert "0 fen are ours, 900 theirs" in caplog.text


async def test_what_stripe_refuses_has_failed_with_its_code(till: Till) -> None:
    told = (await till.top_up(100_000_000, "first")).json()
    assert (told["state"], told["why"]) == ("failed", "amount_too_large")
    assert await till.available() == 0


async def test_news_come_in_any_order(till: Till) -> None:
    for n, order in enumerate(permutations(range(3))):
        await till.top_up(100, f"key-{n}")
        intent = till.fake.books.all(PaymentIntent)[0].id
        acts.pay(till.fake.books, intent, "pm_card_visa_chargeDeclined")
        till.pay()
        kinds = ("payment_intent.created", "payment_intent.payment_failed", "payment_intent.succeeded")
        told = [event for event in till.fake.books.events if event.data["object"]["id"] == intent]
        assert [event.type for event in told] == list(kinds)
        for place in order:
            assert (await till.hear(told[place])).status_code == 200
        assert await till.available() == 100 * (n + 1)


async def test_who_is_overtaken_by_another_looks_again(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    await till.top_up(100, "first")
    paid = till.pay()
    write, overtaken = MovementStore.write, list[Movement]()

    async def overtake(store: MovementStore, before: Movement, after: Movement) -> None:
        if not overtaken:
            overtaken.append(before)
            await write(store, before, replace(before, state=MovementState.UNKNOWN))
        await write(store, before, after)

    monkeypatch.setattr(MovementStore, "write", overtake)
    assert (await till.hear(paid)).status_code == 200
    assert await till.available() == 100


async def test_what_cannot_be_is_left_to_a_person(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    await till.top_up(100, "first")
    intent = till.fake.books.all(PaymentIntent)[0]
    intent.status = "canceled"
    assert (await till.top_up(100, "first")).json()["state"] == "failed"
    intent.status = "requires_payment_method"
    assert (await till.hear(till.pay())).status_code == 200
    assert "has to be looked at by a person" in caplog.text
    assert await till.available() == 0


async def test_webhooks_that_prove_nothing_are_refused(till: Till) -> None:
    await till.top_up(100, "first")
    paid = till.pay()
    for answer in (
        await till.hear(paid, secret="whsec_other"),
        await till.hear(paid, sent_at=NOW - 301),
        await till.hear(paid, sent_at=NOW + 301),
        await till.door.ask("POST", "/v1/webhooks/stripe", key=None, content=b"\xff"),
        await till.door.ask("POST", "/v1/webhooks/stripe", key=None, content=b""),
    ):
        assert refusal_of(answer) == (400, "webhook_refused")
    assert await till.available() == 0
    large = await till.door.ask("POST", "/v1/webhooks/stripe", key=None, content=b" " * (256 * 1024 + 1))
    assert refusal_of(large) == (413, "body_too_large")


async def test_news_of_what_is_not_ours_are_taken_and_recorded(till: Till) -> None:
    acts.pay(till.fake.books, (await foreign(till)).id)
    for event in till.fake.books.events:
        assert (await till.hear(event)).status_code == 200
    kept = await till.door.exchange.readers.fetchval("SELECT count(*) FROM gateway_events")
    assert kept == len(till.fake.books.events)
    assert await till.available() == 0


async def foreign(till: Till) -> PaymentIntent:
    from settlement.gateways.fake_stripe.rules import create_intent  # noqa: PLC0415

    return create_intent(
        till.fake.books, {"amount": 5, "currency": "cny", "metadata": {"suanli": "topup.x.y/7"}}
    )


async def test_a_venue_without_stripe_hears_no_webhooks(market: Door) -> None:
    answer = await market.ask("POST", "/v1/webhooks/stripe", key=None, content=b"{}")
    assert refusal_of(answer) == (404, "unknown_id")


async def test_money_comes_in_by_the_bank_and_once(market: Door) -> None:
    asked = (await market.ask("POST", "/v1/topups", by="buyer", key="k", json={"amount_fen": 12_345})).json()
    assert asked["client_secret"] is None
    assert asked["transfer_code"] == code_of(asked["id"])
    csv = "bank_reference,booked_on,amount,currency,account,name,remark\n"
    csv += f"B-1,2026-11-30,123.45,CNY,6222021234567890,Buyer,{asked['transfer_code']}\n"
    for new in (1, 0):
        taken = await market.ask("POST", "/v1/bank-statements", by="clerk", json={"csv": csv})
        assert taken.json() == {"new_lines": new}
    balance = (await market.ask("GET", "/v1/balance", by="buyer")).json()
    assert balance["available_fen"] == 10**9 + 12_345
    wrong = await market.ask(
        "POST", "/v1/bank-statements", by="clerk", json={"csv": csv + "B-2,x,1.00,CNY,,,\n"}
    )
    assert refusal_of(wrong) == (422, "invalid_value")
    assert wrong.json()["errors"] == [
        {"pointer": "/csv", "code": "bad_date", "detail": "line 3, booked_on: A day reads like 2026-11-30."}
    ]
