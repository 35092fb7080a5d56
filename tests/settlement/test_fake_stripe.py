"""The fake keeps Stripe's rules, by the real library: in this process, and over loopback HTTP."""

import asyncio
from collections.abc import Iterator
from typing import get_type_hints

import pytest
import stripe
from stripe._object_classes import get_object_class

from settlement.gateways.fake_stripe import acts, fake, objects, transport
from settlement.gateways.fake_stripe.fake import FakeStripe, Fault, Request
from settlement.gateways.fake_stripe.objects import RESOURCES, Account, document
from settlement.gateways.gateway import NoAnswer, Pending, Refused, Succeeded
from settlement.gateways.stripe_gateway import StripeSettings, connected, stripe_client
from settlement.money import Fen
from settlement.payments import TAKEN_BACK, OpenAccount, Refund, TopUp, planned
from tests.settlement.money_desk import KEY, Clock, run

CREATE = "/v1/transfers"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bank(clock: Clock) -> FakeStripe:
    return FakeStripe(clock, key=KEY, fee_bp=290)


@pytest.fixture
def api(bank: FakeStripe) -> stripe.StripeClient:
    return stripe_client(StripeSettings(KEY, tries=0), transport.InProcess(bank))


def paid(bank: FakeStripe, api: stripe.StripeClient, amount: int = 10_600) -> stripe.PaymentIntent:
    intent = api.v1.payment_intents.create({"amount": amount, "currency": "cny"})
    acts.pay(bank.books, intent.id)
    return intent


def seller(bank: FakeStripe, api: stripe.StripeClient) -> str:
    account = api.v1.accounts.create({"country": "CN", "capabilities": {"transfers": {"requested": True}}})
    return acts.sign_up(bank.books, account.id).id


# Payments


def test_a_payment_is_made_by_its_buyer(bank: FakeStripe, api: stripe.StripeClient) -> None:
    intent = paid(bank, api)
    now = api.v1.payment_intents.retrieve(intent.id)
    assert (intent.status, now.status, now.amount_received) == (
        "requires_payment_method",
        "succeeded",
        10_600,
    )
    assert bank.books.balance == 10_600 - 307, "2.90 %, half a fen away from zero"


def test_what_is_set_aside_is_taken_once_and_in_part(bank: FakeStripe, api: stripe.StripeClient) -> None:
    intent = api.v1.payment_intents.create({"amount": 500, "currency": "cny", "capture_method": "manual"})
    assert acts.pay(bank.books, intent.id).amount_capturable == 500
    assert bank.books.balance == 0
    taken = api.v1.payment_intents.capture(intent.id, {"amount_to_capture": 400})
    assert (taken.status, taken.amount_received) == ("succeeded", 400)
    with pytest.raises(stripe.InvalidRequestError, match="status is succeeded"):
        api.v1.payment_intents.capture(intent.id)


def test_a_card_that_is_declined_leaves_the_payment_open(bank: FakeStripe, api: stripe.StripeClient) -> None:
    intent = api.v1.payment_intents.create({"amount": 500, "currency": "cny"})
    with pytest.raises(stripe.CardError) as declined:
        api.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    assert declined.value.code == "card_declined"
    assert acts.pay(bank.books, intent.id, "pm_card_authenticationRequired").status == "requires_action"
    assert acts.pay(bank.books, intent.id, "pm_card_authenticationRequired").status == "succeeded"


def test_a_payment_may_be_given_up_until_it_is_made(bank: FakeStripe, api: stripe.StripeClient) -> None:
    intent = api.v1.payment_intents.create({"amount": 500, "currency": "cny"})
    assert api.v1.payment_intents.cancel(intent.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        api.v1.payment_intents.cancel(paid(bank, api).id)


def test_no_more_is_refunded_than_was_paid(bank: FakeStripe, api: stripe.StripeClient) -> None:
    intent = paid(bank, api)
    paid(bank, api)
    api.v1.refunds.create({"payment_intent": intent.id, "amount": 10_000})
    with pytest.raises(stripe.InvalidRequestError, match="greater than the unrefunded"):
        api.v1.refunds.create({"payment_intent": intent.id, "amount": 601})
    api.v1.refunds.create({"payment_intent": intent.id, "amount": 600})
    with pytest.raises(stripe.InvalidRequestError, match="already been refunded"):
        api.v1.refunds.create({"payment_intent": intent.id})


# Sellers


def test_a_seller_is_paid_once_it_has_signed_up(bank: FakeStripe, api: stripe.StripeClient) -> None:
    paid(bank, api)
    account = api.v1.accounts.create({"country": "CN", "capabilities": {"transfers": {"requested": True}}})
    ask: stripe.params.TransferCreateParams = {"amount": 9_000, "currency": "cny", "destination": account.id}
    with pytest.raises(stripe.InvalidRequestError, match="capability"):
        api.v1.transfers.create(ask)
    link = api.v1.account_links.create({"account": account.id, "type": "account_onboarding"})
    assert account.id in link.url
    acts.sign_up(bank.books, account.id)
    assert api.v1.transfers.create(ask).amount == 9_000
    assert (bank.books.balance, bank.books.sellers[account.id]) == (10_600 - 307 - 9_000, 9_000)
    with pytest.raises(stripe.InvalidRequestError, match="insufficient"):
        api.v1.transfers.create(ask)


def test_a_refund_leaves_transfers_as_they_are_and_a_reversal_needs_the_sellers_balance(
    bank: FakeStripe, api: stripe.StripeClient
) -> None:
    intent, account = paid(bank, api, 50_000), seller(bank, api)
    paid(bank, api, 50_000)
    transfer = api.v1.transfers.create({"amount": 30_000, "currency": "cny", "destination": account})
    api.v1.refunds.create({"payment_intent": intent.id})
    assert bank.books.sellers[account] == 30_000
    api.v1.transfers.reversals.create(transfer.id, {"amount": 10_000})
    with pytest.raises(stripe.InvalidRequestError, match="unreversed"):
        api.v1.transfers.reversals.create(transfer.id, {"amount": 20_001})
    acts.pay_seller_out(bank.books, account)
    with pytest.raises(stripe.InvalidRequestError, match="destination account has insufficient"):
        api.v1.transfers.reversals.create(transfer.id, {"amount": 1})


def test_payouts_tell_their_lines_unless_they_were_made_by_hand(
    bank: FakeStripe, api: stripe.StripeClient
) -> None:
    paid(bank, api)
    payout = acts.pay_out(bank.books)
    lines = api.v1.balance_transactions.list({"payout": payout.id, "expand": ["data.source"]})
    assert sum(line.net for line in lines.data if line.type != "payout") == payout.amount == 10_293
    paid(bank, api)
    by_hand = api.v1.payouts.create({"amount": 100, "currency": "cny"})
    with pytest.raises(stripe.InvalidRequestError, match="manual"):
        api.v1.balance_transactions.list({"payout": by_hand.id})


def test_lists_come_in_pages_the_newest_first(
    bank: FakeStripe, api: stripe.StripeClient, clock: Clock
) -> None:
    made = []
    for _ in range(7):
        clock.now += 10
        made.append(paid(bank, api, 100).id)
    listed = api.v1.payment_intents.list({"limit": 3})
    assert [one.id for one in listed.auto_paging_iter()] == made[::-1]
    late = api.v1.payment_intents.list({"created": {"gt": clock.now - 20}, "limit": 100})
    assert [one.id for one in late.data] == made[:-3:-1]


# What is refused


def ask(bank: FakeStripe, path: str, body: str, method: str = "POST", **headers: str) -> tuple[int, str]:
    named = {"authorization": f"Bearer {KEY}", "stripe-version": str(stripe.api_version)}
    reply = bank.answer(Request(method, path, {**named, **headers}, body))
    return reply.status, reply.document.get("error", {}).get("code", "")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("amount=1&currency=cny&destination=acct_1&colour=red", "parameter_unknown"),
        ("amount=1&currency=cny&destination=acct_1&metadata[a][b]=c", "parameter_invalid"),
        ("amount=1&currency=cny", "parameter_missing"),
        ("amount=1&currency=cny&destination=", "parameter_missing"),
        ("amount=1.5&currency=cny&destination=acct_1", "parameter_invalid"),
        ("amount=1&currency=cny&destination=acct_1&source_type=shells", "parameter_invalid"),
        ("amount[=1&currency=cny&destination=acct_1", "parameter_invalid"),
        ("amount=1&currency=cny&destination=acct_1", "resource_missing"),
    ],
)
def test_parameters_are_those_of_the_library(bank: FakeStripe, body: str, code: str) -> None:
    assert ask(bank, CREATE, body)[1] == code


def test_a_parameter_that_stripe_has_withdrawn_is_refused(bank: FakeStripe) -> None:
    body = "amount=1&currency=cny&payment_method_types[0]=card"
    assert ask(bank, "/v1/payment_intents", body) == (400, "parameter_unknown")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("amount=1&currency=eur", "parameter_invalid"),
        ("amount=0&currency=cny", "parameter_invalid_integer"),
        ("amount=100000000&currency=cny", "amount_too_large"),
    ],
)
def test_amounts_are_fen_of_eight_digits(bank: FakeStripe, body: str, code: str) -> None:
    assert ask(bank, "/v1/payment_intents", body) == (400, code)


def test_who_asks_has_to_have_the_key_and_the_version(bank: FakeStripe) -> None:
    assert ask(bank, CREATE, "", authorization="Bearer sk_test_other") == (401, "api_key")
    assert ask(bank, CREATE, "", **{"stripe-version": "2020-08-27"}) == (400, "invalid_api_version")
    assert ask(bank, "/v1/prices", "", "GET") == (404, "resource_missing")


# Keys


def test_a_key_stands_for_one_request(bank: FakeStripe, clock: Clock) -> None:
    key = {"idempotency-key": "k"}
    body = "amount=100&currency=cny"
    path = "/v1/payment_intents"
    first = bank.answer(Request("POST", path, {**HEADERS, **key}, body))
    again = bank.answer(Request("POST", path, {**HEADERS, **key}, body))
    assert (again.document["id"], again.headers) == (first.document["id"], {"Idempotent-Replayed": "true"})
    assert ask(bank, path, "amount=101&currency=cny", **key) == (400, "idempotency_key_in_use")
    clock.now += fake.KEY_SECONDS
    late = bank.answer(Request("POST", path, {**HEADERS, **key}, body))
    assert late.document["id"] != first.document["id"], "no longer than a day"


HEADERS = {"authorization": f"Bearer {KEY}", "stripe-version": str(stripe.api_version)}


def test_a_key_keeps_what_began_and_forgets_what_could_not_be_read(bank: FakeStripe) -> None:
    key = {"idempotency-key": "k"}
    assert ask(bank, CREATE, "amount=1", **key)[1] == "parameter_missing"
    asked = "amount=1&currency=cny&destination=acct_1"
    assert ask(bank, CREATE, asked, **key) == (404, "resource_missing")
    assert ask(bank, CREATE, "amount=2&currency=cny&destination=acct_1", **key)[1] == "idempotency_key_in_use"


@pytest.mark.parametrize(
    ("fault", "tries", "error", "made"),
    [
        (Fault.LOST_REQUEST, 0, stripe.APIConnectionError, 0),
        (Fault.LOST_REQUEST, 2, None, 1),
        (Fault.LOST_REPLY, 0, stripe.APIConnectionError, 1),
        (Fault.LOST_REPLY, 2, None, 1),
        (Fault.LATE_REQUEST, 2, None, 1),
        (Fault.CONFLICT, 0, stripe.APIError, 0),
        (Fault.CONFLICT, 2, None, 1),
        (Fault.TOO_MANY, 2, stripe.RateLimitError, 0),
        (Fault.BROKEN_BEFORE, 2, stripe.APIError, 0),
        (Fault.BROKEN_AFTER, 2, stripe.APIError, 1),
    ],
)
def test_faults_go_through_the_librarys_own_loop(
    bank: FakeStripe, fault: Fault, tries: int, error: type[Exception] | None, made: int
) -> None:
    client = stripe_client(StripeSettings(KEY, tries=tries), transport.InProcess(bank))
    bank.faults.append(fault)
    create = client.v1.payment_intents.create_async({"amount": 100, "currency": "cny"})
    if error is None:
        run(create)
    else:
        with pytest.raises(error):
            run(create)
    assert len(bank.books.all(objects.PaymentIntent)) == made


# Over HTTP

librarys_own_way = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # to call httpx


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FakeStripe, str]]:
    bank = FakeStripe(Clock(), key=KEY)
    with transport.serving(bank) as address:
        yield bank, address


@librarys_own_way
def test_the_same_over_loopback_http(served: tuple[FakeStripe, str]) -> None:
    bank, address = served
    (opening,) = planned("seller", OpenAccount("dunhuang", "CN"))
    (paying,) = planned("topup", TopUp("ann-lab", Fen(500)))

    async def scenario() -> None:
        async with connected(StripeSettings(KEY, address, tries=0)) as gateway:
            opened = await gateway.carry_out(opening)
            assert opened == await gateway.carry_out(opening) == Succeeded(bank.books.all(Account)[0].id)
            bank.faults.append(Fault.LOST_REPLY)
            assert isinstance(await gateway.carry_out(paying), NoAnswer)
            asked = await gateway.look_up(paying)
            assert isinstance(asked, Pending)
            acts.pay(bank.books, asked.reference)
            assert await gateway.look_up(paying) == Succeeded(asked.reference)
            back = planned("back", Refund("ann-lab", asked.reference, Fen(501)))[0]
            refused = await gateway.carry_out(back)
            assert isinstance(refused, Refused)
            assert refused.code == TAKEN_BACK

    asyncio.run(scenario())


@librarys_own_way
def test_many_at_once_under_few_keys_make_few_things(served: tuple[FakeStripe, str]) -> None:
    bank, address = served
    before = len(bank.books.all(objects.PaymentIntent))
    few = [planned(f"few-{n}", TopUp("ann-lab", Fen(500)))[0] for n in range(4)]

    async def scenario() -> None:
        async with connected(StripeSettings(KEY, address, tries=0)) as gateway:
            await asyncio.gather(*(gateway.carry_out(movement) for movement in few * 10))

    asyncio.run(scenario())
    assert len(bank.books.all(objects.PaymentIntent)) == before + len(few)


# The library's own description


@pytest.mark.parametrize("kind", RESOURCES, ids=lambda kind: kind.object)
def test_every_field_of_the_fake_is_one_that_the_library_knows(kind: type[objects.Resource]) -> None:
    of_the_library = get_object_class("V1", kind.object)
    ours = {name for name in get_type_hints(kind) if name != "object"}
    assert ours <= set(of_the_library.__annotations__)


def test_a_thing_is_sent_with_its_kind(bank: FakeStripe, api: stripe.StripeClient) -> None:
    paid(bank, api)
    assert {document(thing)["object"] for thing in bank.books.things.values()} == {
        "payment_intent", "charge", "balance_transaction", "event"
    }  # fmt: skip
