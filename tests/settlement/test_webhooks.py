"""Webhooks: only Stripe's, only ours, only now; each has its effect once, whatever the order, however often they come."""

import json
from collections.abc import Callable
from itertools import permutations
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import FakeStripe
from settlement.gateways.fake_stripe.objects import Event, PaymentIntent
from settlement.gateways.fake_stripe.objects import Refund as StripeRefund
from settlement.gateways.fake_stripe.post import Letter, Post, letter
from settlement.gateways.news import (
    AccountChanged,
    Disputed,
    GatewayEvent,
    MovementChanged,
    PaidOut,
    Unrecognised,
)
from settlement.gateways.webhooks import (
    WINDOW_SECONDS,
    WebhookFault,
    WebhookSettings,
    read_webhook,
)
from settlement.money import Fen
from settlement.payments import MovementState, Refund, TopUp, Transfer
from tests.settlement.law import THOROUGHLY
from tests.settlement.money_desk import KEY, NOON, Clock, Desk, Drawer, run

SECRET = "whsec_ours"
SETTINGS = WebhookSettings(SECRET)
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "created": NOON,
        "type": "payment_intent.succeeded",
        "livemode": False,
        "data": {"object": {"id": "pi_1", "object": "payment_intent", "metadata": {"suanli": "topup/0"}}},
    }
)
READ = GatewayEvent("evt_1", NOON, "payment_intent.succeeded", MovementChanged("topup/0"))


def signed(body: str = BODY, at: int = NOON, secret: str = SECRET) -> str:
    header: str = stripe.WebhookSignature.generate_signature_header(body, secret, at)
    return header


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(BODY), **fields})


def read(body: str = BODY, signature: str | None = None, settings: WebhookSettings = SETTINGS) -> object:
    return read_webhook(body.encode(), signed(body) if signature is None else signature, NOON, settings)


def test_an_event_is_read() -> None:
    assert read() == READ


@pytest.mark.parametrize(
    ("signature", "why"),
    [
        ("", "none"),
        ("t=,v1=", "empty"),
        ("nonsense", "no parts"),
        (signed().replace("v1=", "v0="), "an old scheme only"),
        (signed(secret="whsec_other"), "another secret"),
        (signed(BODY + " "), "another body"),
        (signed().replace(f"t={NOON}", f"t={NOON + 1}"), "another time"),
        (signed().partition(",")[2], "no time"),
        (f"t={NOON}", "no signature"),
    ],
)
def test_a_signature_that_proves_nothing_is_refused(signature: str, why: str) -> None:
    assert read(signature=signature) is WebhookFault.BAD_SIGNATURE, why


def test_a_body_that_was_written_anew_is_refused() -> None:
    again = json.dumps(json.loads(BODY), separators=(",", ":"))
    assert read_webhook(again.encode(), signed(), NOON, SETTINGS) is WebhookFault.BAD_SIGNATURE


def test_without_a_header_or_a_secret_nothing_is_read() -> None:
    assert read_webhook(BODY.encode(), None, NOON, SETTINGS) is WebhookFault.BAD_SIGNATURE
    empty = WebhookSettings(" ")
    assert read_webhook(BODY.encode(), signed(secret=" "), NOON, empty) is WebhookFault.BAD_SIGNATURE


def test_while_secrets_change_one_good_signature_will_do() -> None:
    old = signed(secret="whsec_old").partition("v1=")[2]
    assert read(signature=f"{signed()},v1={old}") == READ
    assert read(signature=f"t={NOON},v1={old},{signed().partition(',')[2]}") == READ


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (-WINDOW_SECONDS - 1, WebhookFault.TOO_OLD),
        (-WINDOW_SECONDS, READ),
        (WINDOW_SECONDS, READ),
        (WINDOW_SECONDS + 1, WebhookFault.IN_THE_FUTURE),
        (3600, WebhookFault.IN_THE_FUTURE),
        (10 * 365 * 86400, WebhookFault.IN_THE_FUTURE),
    ],
)
def test_the_window_has_two_sides(off: int, expected: object) -> None:
    assert read(signature=signed(at=NOON + off)) == expected


def test_the_library_alone_would_let_the_future_in() -> None:
    """What we add to it: were it to look itself, our own check would be one too many."""
    assert stripe.WebhookSignature.verify_header(BODY, signed(at=2**40), SECRET, 300)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (changed(livemode=True), WebhookFault.WRONG_MODE),
        (changed(livemode="false"), WebhookFault.WRONG_MODE),
        (changed(account="acct_other"), WebhookFault.WRONG_ACCOUNT),
        (changed(account="acct_ours"), READ),
        (changed(data={}), WebhookFault.UNREADABLE),
        (changed(data={"object": 5}), WebhookFault.UNREADABLE),
        ("[]", WebhookFault.UNREADABLE),
        ("{", WebhookFault.UNREADABLE),
        ("[" * 100_000, WebhookFault.UNREADABLE),
        (changed(account=["acct_ours"]), WebhookFault.UNREADABLE),
    ],
)
def test_only_what_is_meant_for_us_is_read(body: str, expected: object) -> None:
    assert read(body, settings=WebhookSettings(SECRET, accounts=frozenset({"acct_ours"}))) == expected


def test_live_events_are_for_a_live_venue() -> None:
    live = WebhookSettings(SECRET, live=True)
    assert read(settings=live) is WebhookFault.WRONG_MODE
    assert read(changed(livemode=True), settings=live) == READ


def test_bytes_that_are_no_text_are_refused() -> None:
    assert read_webhook(b"\xff\xfe", f"t={NOON},v1=00", NOON, SETTINGS) is WebhookFault.BAD_SIGNATURE


@THOROUGHLY
@given(st.binary(max_size=100), st.text(max_size=100))
def test_nothing_that_arrives_raises_anything(body: bytes, signature: str) -> None:
    assert isinstance(read_webhook(body, signature, NOON, SETTINGS), WebhookFault)


@THOROUGHLY
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["id", "type", "created", "livemode", "data", "object", "metadata", "account", "capabilities"]), inner
), max_leaves=12), st.sampled_from(["account.updated", "payout.paid", "charge.dispute.created", "refund.failed"]))  # fmt: skip
def test_nothing_that_is_signed_raises_anything(about: object, kind: str) -> None:
    for body in (
        json.dumps(about),
        changed(type=kind, data=about),
        changed(type=kind, data={"object": about}),
    ):
        assert isinstance(read(body), GatewayEvent | WebhookFault)


# What the fake sends


def news_of(bank: FakeStripe) -> list[object]:
    post = Post(bank.books, SECRET)
    events = [read_webhook(one.body, one.signature, NOON, SETTINGS) for one in post.deliver()]
    assert all(isinstance(event, GatewayEvent) for event in events)
    return [event.news for event in events if isinstance(event, GatewayEvent)]


def test_news_are_typed() -> None:
    desk = Desk()
    books = desk.fake.books
    dispute = acts.dispute(books, desk.payment)
    acts.close_dispute(books, dispute.id, won=False)
    settings = WebhookSettings(SECRET, accounts=frozenset({desk.seller}))
    told = [
        read_webhook(one.body, one.signature, NOON, settings) for one in Post(books, SECRET).deliver(times=1)
    ]
    news = [event.news for event in told if isinstance(event, GatewayEvent)]
    assert news == [
        MovementChanged("opening/0"),
        Unrecognised("charge.succeeded"),
        MovementChanged("opening/0"),
        AccountChanged(desk.seller, payable=True),
        Disputed(dispute.id, desk.payment, Fen(1_000_000), "needs_response"),
        Disputed(dispute.id, desk.payment, Fen(1_000_000), "lost"),
    ]


def test_payouts_are_news() -> None:
    bank = FakeStripe(Clock(), key=KEY)
    bank.books.line("charge", "charge", 5_000, None)
    payout = acts.pay_out(bank.books)
    acts.fail_payout(bank.books, payout.id)
    statuses = [news.status for news in news_of(bank) if isinstance(news, PaidOut)]
    assert statuses == ["paid", "paid", "paid", "failed"]


def test_each_try_has_a_signature_of_its_own_and_letters_come_as_they_are_told_to() -> None:
    desk = Desk()
    post = Post(desk.fake.books, SECRET)
    letters = list(post.deliver(times=2, order=[2, 0]))
    events = desk.fake.books.events
    assert [one.event for one in letters] == [events[2].id] * 2 + [events[0].id] * 2
    assert list(post.deliver()) == []
    late = letter(events[0], SECRET, NOON - WINDOW_SECONDS - 1)
    assert read_webhook(late.body, late.signature, NOON, SETTINGS) is WebhookFault.TOO_OLD


# Once, in any order


class Reader:
    """Whoever hears the news, as the venue does: an event that is known has had its effect."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.drawer, self.looked = desk, Drawer(), 0

    def hear(self, one: Letter) -> None:
        event = read_webhook(one.body, one.signature, self.desk.clock.now, SETTINGS)
        assert isinstance(event, GatewayEvent)
        if run(self.drawer.is_known(event.id)):
            return
        if (
            isinstance(event.news, MovementChanged)
            and event.news.movement.partition("/")[0] in self.desk.notebook.pages
        ):
            plan, _, n = event.news.movement.rpartition("/")
            run(self.desk.saga().look_again(plan, int(n)))
            self.looked += 1
        run(self.drawer.record(event))


def a_day(order: tuple[int, ...]) -> tuple[object, ...]:
    """A payment made, told twice, paid back, the refund sent back, the payment disputed: heard in this order."""
    desk = Desk()
    books = desk.fake.books
    saga = desk.saga()
    run(saga.plan("topup", TopUp("ann-lab", Fen(5_000))))
    run(saga.run("topup"))
    intent = books.all(PaymentIntent)[0]
    acts.pay(books, intent.id)
    run(saga.plan("back", Refund("ann-lab", intent.id, Fen(1_000))))
    run(saga.run("back"))
    acts.fail_refund(books, books.all(StripeRefund)[0].id)
    acts.dispute(books, intent.id)
    told = [event for kind in KINDS for event in books.events if kind(event, intent.id)]
    assert len(told) == len(KINDS)
    reader = Reader(desk)
    for place in order:
        reader.hear(letter(told[place], SECRET, NOON))
    states = [desk.notebook.pages[plan][0].state for plan in ("topup", "back")]
    assert reader.looked == len(KINDS) - 2, (
        "the event that came twice was looked at once, and a dispute is no movement"
    )
    return (*states, sorted(desk.cashier.booked, key=str))


KINDS: list[Callable[[Event, str], bool]] = [
    lambda event, intent: event.type == "payment_intent.succeeded" and about(event)["id"] == intent,
    lambda event, intent: event.type == "payment_intent.succeeded" and about(event)["id"] == intent,
    lambda event, _: event.type == "refund.created",
    lambda event, _: event.type == "charge.dispute.created",
    lambda event, _: event.type == "refund.failed",
]


def about(event: Event) -> dict[str, Any]:
    thing: dict[str, Any] = event.data["object"]
    return thing


def test_all_orders_of_a_days_news_come_to_the_same() -> None:
    ends = {str(a_day(order)) for order in permutations(range(len(KINDS)))}
    assert len(ends) == 1
    (topup, back, _) = a_day(tuple(range(len(KINDS))))
    assert (topup, back) == (MovementState.SUCCEEDED, MovementState.RETURNED)


def test_an_event_whose_effect_was_cut_short_has_it_when_it_comes_again() -> None:
    desk = Desk()
    saga = desk.saga()
    run(saga.plan("topup", TopUp("ann-lab", Fen(5_000))))
    run(saga.run("topup"))
    acts.pay(desk.fake.books, desk.fake.books.all(PaymentIntent)[0].id)
    paid = letter(desk.fake.books.events[-1], SECRET, NOON)
    event = read_webhook(paid.body, paid.signature, NOON, SETTINGS)
    assert isinstance(event, GatewayEvent)
    # The effect comes first and is written down after: a reader that dies in between is sent the event again.
    Reader(desk).hear(paid)
    second = Reader(desk)
    second.hear(paid)
    assert second.looked == 1
    assert len(desk.cashier.booked) == 1


def test_a_dispute_after_the_seller_was_paid_touches_no_seller() -> None:
    for days in (1, 10, 60, 120):
        desk = Desk()
        desk.to_the_end("payout", Transfer("dunhuang", desk.seller, Fen(900_000)))
        desk.clock.now += days * 86_400
        acts.dispute(desk.fake.books, desk.payment)
        assert desk.fake.books.sellers[desk.seller] == 900_000
        assert desk.fake.books.balance == -900_000, "the venue bears it"
        desk.to_the_end("next", Transfer("dunhuang", desk.seller, Fen(1)))
        (refused,) = desk.notebook.pages["next"]
        assert (refused.state, refused.why) == (MovementState.FAILED, "balance_insufficient")
