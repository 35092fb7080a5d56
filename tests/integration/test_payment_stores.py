"""Payments as the database keeps them: killed anywhere, money moves once; and the last guards stand in the database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import asyncpg
import pytest

from exchange.persistence import database
from exchange.persistence.database import Pool
from exchange.persistence.payments import BankStore, EventStore, MovementStore
from settlement.gateways.bank_file import PaymentOrder, StatementLine, code_of
from settlement.gateways.fake_stripe.fake import Fault
from settlement.gateways.news import GatewayEvent, Unrecognised
from settlement.gateways.saga import Saga, StaleError
from settlement.money import Fen
from settlement.payments import (
    Authorise,
    Capture,
    Movement,
    MovementState,
    OpenAccount,
    Refund,
    Reversal,
    TopUp,
    Transfer,
    Turn,
    planned,
)
from settlement.reconciliation import BookLine, LineKind
from tests.settlement.money_desk import NOON, Desk, Executioner, Killed, Mortal

pytestmark = pytest.mark.anyio

ALL = (
    TopUp("a", Fen(1)),
    Authorise("a", Fen(2)),
    Capture("a", "pi_1", Fen(3)),
    Refund("a", "pi_1", Fen(4)),
    OpenAccount("b", "CN"),
    Transfer("b", "acct_1", Fen(5)),
    Reversal("b", "tr_1", Fen(6)),
)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await database.usage_pool(database_url) as opened:
        yield opened


@pytest.fixture
def store(pool: Pool) -> MovementStore:
    return MovementStore(pool)


async def test_every_instruction_is_kept_as_it_was(store: MovementStore) -> None:
    plan = planned("plan", *ALL)
    await store.plan(plan)
    await store.plan(planned("plan", *ALL[:1]))
    assert list(await store.of("plan")) == plan
    assert list(await store.of("another")) == []


async def test_a_movement_is_written_by_who_has_read_it_last(store: MovementStore) -> None:
    (before,) = planned("plan", TopUp("a", Fen(1)))
    await store.plan([before])
    sent = before.sent(5)
    await store.write(before, sent)
    with pytest.raises(StaleError, match="plan/0"):
        await store.write(before, before.sent(6))
    done = sent.after(Turn.SUCCEED, "pi_1")
    await store.write(sent, done)
    told = replace(done, told=True)
    await store.write(done, told)
    assert list(await store.of("plan")) == [told]


async def test_what_is_left_to_do_and_what_waits_for_others(store: MovementStore) -> None:
    def movement(plan: str, state: MovementState, n: int = 0, *, told: bool = False) -> Movement:
        one = planned(plan, TopUp("a", Fen(1)), Refund("a", "pi_1", Fen(1)))[n]
        return replace(one, state=state, told=told, requested_at=NOON)

    standing = [
        movement("planned", MovementState.PLANNED),
        movement("requested", MovementState.REQUESTED),
        movement("unknown", MovementState.UNKNOWN),
        movement("pending", MovementState.PENDING),
        movement("untold", MovementState.FAILED),
        movement("told", MovementState.SUCCEEDED, told=True),
        movement("stopped", MovementState.FAILED, told=True),
        movement("stopped", MovementState.PLANNED, 1),
        movement("waits", MovementState.PENDING),
        movement("waits", MovementState.PLANNED, 1),
        movement("goes-on", MovementState.SUCCEEDED, told=True),
        movement("goes-on", MovementState.PLANNED, 1),
    ]
    await store.plan(standing)
    assert await store.unfinished() == ["goes-on", "planned", "requested", "unknown", "untold"]
    assert sorted(await store.pending()) == ["pending", "waits"]


async def test_lines_find_the_movements_that_they_are_about(store: MovementStore) -> None:
    def done(plan: str, reference: str, at: int) -> Movement:
        return planned(plan, TopUp("a", Fen(1)))[0].sent(at).after(Turn.SUCCEED, reference)

    lost = planned("lost", TopUp("a", Fen(1)))[0].sent(NOON).after(Turn.FAIL)
    await store.plan(
        [done("old", "pi_1", NOON - 10), done("older", "pi_2", NOON - 20), done("new", "pi_3", NOON), lost]
    )
    lines = [
        BookLine("1", LineKind.PAYMENT, Fen(1), Fen(0), "pi_1"),
        BookLine("2", LineKind.PAYMENT, Fen(1), Fen(0), "pi_9", "lost/0"),
    ]
    assert [one.plan for one in await store.about(lines, NOON)] == ["lost", "new", "old"]


@pytest.mark.parametrize("fault", [None, Fault.LOST_REPLY, Fault.LATE_REQUEST])
async def test_killed_anywhere_money_moves_once(store: MovementStore, fault: Fault | None) -> None:
    desk = Desk()
    for point in range(16):
        plan = f"plan-{point}"
        desk.fake.faults.extend([fault])
        fate = Executioner(point)
        for _ in range(5):
            mortal = Mortal(fate, desk.gateway, store, desk.cashier.book)
            saga = Saga(mortal, mortal, mortal.book, desk.clock)
            try:
                await saga.plan(plan, Transfer("dunhuang", desk.seller, Fen(100)))
                await saga.run(plan)
            except Killed:
                pass
            desk.clock.now += 60
        (movement,) = await store.of(plan)
        assert (movement.state, movement.told) == (MovementState.SUCCEEDED, True)
        assert desk.fake.books.sellers[desk.seller] == 100 * (point + 1) == 100 * len(desk.cashier.booked)


async def refused_to_the_owner(url: str, *statements: str) -> None:
    """The triggers refuse each, whoever asks."""
    owner = await database.connect(url, database.NO_ROLE)
    for statement in statements:
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(statement)
    await owner.close()


async def test_an_event_is_known_for_ever(pool: Pool, database_url: str) -> None:
    inbox = EventStore(pool)
    event = GatewayEvent("evt_1", NOON, "charge.updated", Unrecognised("charge.updated"))
    assert not await inbox.is_known("evt_1")
    for _ in range(2):
        await inbox.record(event)
    assert await inbox.is_known("evt_1")
    await refused_to_the_owner(database_url, "DELETE FROM gateway_events")


async def test_orders_are_put_into_files_once(pool: Pool) -> None:
    book = BankStore(pool)
    orders = [
        PaymentOrder(f"key-{n}", code_of(f"p/{n}"), "6222021234567890", "x", Fen(n + 1)) for n in range(3)
    ]
    for order in orders[:2]:
        await book.queue(order)
        await book.queue(replace(order, amount=Fen(9)))
    assert await book.order("key-0") == orders[0]
    assert await book.order("key-9") is None
    assert (await book.seal(), await book.seal()) == (1, None)
    await book.queue(orders[2])
    assert await book.seal() == 2
    assert list(await book.sealed(1)) == orders[:2]
    assert list(await book.sealed(2)) == orders[2:]


async def test_statement_lines_are_kept_once_and_for_ever(pool: Pool, database_url: str) -> None:
    book = BankStore(pool)
    code = code_of("topup/0")
    first = StatementLine("B-1", date(2026, 11, 30), Fen(100), "", "", f"for {code}")
    second = StatementLine("B-2", date(2026, 12, 1), Fen(-5), "", "", "fee")
    await book.add([first, second])
    await book.add([replace(first, amount=Fen(7))])
    assert list(await book.lines(["B-1", "B-3"])) == [first]
    assert list(await book.lines_of(code)) == [first]
    assert list(await book.lines_since(1_796_083_200)) == [second]
    changes = ("UPDATE bank_lines SET amount = 1", "DELETE FROM bank_lines", "DELETE FROM movements")
    await refused_to_the_owner(database_url, *changes)
