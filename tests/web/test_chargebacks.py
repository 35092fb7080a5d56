"""A dispute at Stripe is booked by the door's webhook, or by the reconciliation; the audit and the books agree."""

from collections.abc import AsyncIterator

import pytest

from exchange.audit import audit
from settlement.gateways.fake_stripe import acts, rules
from settlement.gateways.fake_stripe.fake import Fault
from settlement.gateways.fake_stripe.objects import Dispute, PaymentIntent
from settlement.reconciliation import DifferenceKind
from tests.web.house import Door
from tests.web.test_access import EXAMPLES
from tests.web.test_payments import NOW, Till, with_stripe
from tests.web.test_withdrawals import ACCOUNT, BY_HAND, Buyer, brief
from web.api import payments as routes

pytestmark = pytest.mark.anyio

PAID, HELD = 140_00, BY_HAND + 110_00


@pytest.fixture
async def till(market: Door, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Till]:
    """The venue with Stripe, where a contract holds all of the buyer's money but 30 yuan."""
    monkeypatch.setattr(routes, "wall_clock", lambda: NOW)
    async with with_stripe(market) as opened:
        await opened.top_up(PAID, "top-up")
        await opened.hear(opened.pay())
        held = EXAMPLES["open_contract"]["request"] | {"buyer": "buyer", "seller": "seller"}
        await Buyer(market).ask("POST", "/contracts", held | {"budget_fen": HELD}, by="clerk")
        yield opened


def dispute(till: Till) -> Dispute:
    return acts.dispute(till.fake.books, till.fake.books.all(PaymentIntent)[0].id)


async def balance(till: Till, kind: str) -> int:
    """What stands on an account of the venue's, by its postings."""
    sql = "SELECT coalesce(sum(amount), 0)::bigint FROM postings WHERE (owner, kind) = ('venue', $1)"
    return int(await till.door.exchange.readers.fetchval(sql, kind))


async def loss(till: Till) -> int:
    return -await balance(till, "platform_loss")


async def require_sound(till: Till, url: str) -> None:
    checks = await audit(url, till.door.exchange.catalogue, redecide=True)
    assert [difference for check in checks for difference in check.differences] == []
    found = await till.payments.reconcile()
    assert found.differences == ()


async def test_a_dispute_is_booked_when_stripe_tells_of_it_and_once(till: Till, database_url: str) -> None:
    buyer, opened = Buyer(till.door), dispute(till)
    for _ in range(2):
        assert (await till.hear(till.fake.books.events[-1])).status_code == 200
    assert (await buyer.available(), await loss(till)) == (0, 110_00)
    await require_sound(till, database_url)
    acts.close_dispute(till.fake.books, opened.id, won=True)
    for _ in range(2):
        assert (await till.hear(till.fake.books.events[-1])).status_code == 200
    assert (await buyer.available(), await loss(till)) == (30_00, 0)
    await require_sound(till, database_url)
    (part,) = await buyer.withdraw(30_00, ACCOUNT)
    assert brief(part) == ("bank", 30_00, "begun"), "by a card that took it back nothing goes back any more"


async def test_what_comes_in_later_makes_up_for_the_loss(till: Till, database_url: str) -> None:
    dispute(till)
    await till.hear(till.fake.books.events[-1])
    await till.top_up(120_00, "another")
    await till.hear(till.pay())
    assert (await Buyer(till.door).available(), await loss(till)) == (10_00, 0)
    await require_sound(till, database_url)


async def test_a_dispute_of_which_no_webhook_tells_is_found(till: Till, database_url: str) -> None:
    buyer, opened = Buyer(till.door), dispute(till)
    found = await buyer.ask("POST", "/reconciliations", by="clerk")
    assert (found["missing"], found["differing"]) == ([], [])
    assert (await buyer.available(), await loss(till)) == (0, 110_00)
    acts.close_dispute(till.fake.books, opened.id, won=True)
    await require_sound(till, database_url)
    assert (await buyer.available(), await loss(till)) == (30_00, 0)


async def test_a_dispute_of_what_is_not_ours_is_told(till: Till, caplog: pytest.LogCaptureFixture) -> None:
    books = till.fake.books
    strange = rules.create_intent(books, {"amount": 900, "currency": "cny"})
    acts.pay(books, strange.id)
    acts.dispute(books, strange.id)
    assert (await till.hear(books.events[-1])).status_code == 200
    found = await till.payments.reconcile()
    assert [one.kind for one in found.differences] == [DifferenceKind.DISPUTED, DifferenceKind.NOT_IN_OURS]
    assert "is of no payment of ours that is booked" in caplog.text
    assert await loss(till) == 0


async def test_while_stripe_does_not_answer_a_dispute_is_left_for_later(till: Till) -> None:
    dispute(till)
    till.fake.faults.append(Fault.BROKEN_BEFORE)
    assert (await till.hear(till.fake.books.events[-1])).status_code == 200
    assert await loss(till) == 0
    await till.payments.reconcile()
    assert await loss(till) == 110_00


async def test_fees_are_booked_once_and_the_bank_is_what_stands_at_stripe(
    market: Door, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    """A payment's own fee, one for a dispute, and a part of that which was given back."""
    monkeypatch.setattr(routes, "wall_clock", lambda: NOW)
    async with with_stripe(market) as till:
        books, others = till.fake.books, await balance(till, "bank")
        books.fee_bp = 290
        await till.top_up(100_00, "top-up")
        await till.hear(till.pay())
        opened = dispute(till)
        acts.charge_a_fee(books, 110_00)
        for cost, given_back in ((112_90, 0), (112_90, 5_00), (107_90, 0)):
            await require_sound(till, database_url)
            assert await balance(till, "gateway_cost") == -cost
            assert others - await balance(till, "bank") == books.balance
            acts.charge_a_fee(books, -given_back)
        acts.close_dispute(books, opened.id, won=True)
        await require_sound(till, database_url)
        assert others - await balance(till, "bank") == books.balance
