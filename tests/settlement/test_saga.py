"""Money moves exactly once: whoever is killed, wherever, and whatever goes wrong on the way."""

from collections.abc import Callable
from itertools import count

import pytest

from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import Fault
from settlement.gateways.fake_stripe.objects import Refund as StripeRefund
from settlement.gateways.gateway import Gateway, NotNow, Pending, Refused, Returned, Succeeded
from settlement.gateways.saga import StaleError, noted
from settlement.money import Fen
from settlement.payments import (
    LIFE,
    NEVER_ARRIVED,
    Capture,
    ContradictionError,
    Instruction,
    Movement,
    MovementState,
    Refund,
    Reversal,
    TopUp,
    Transfer,
    Turn,
    planned,
)
from tests.settlement.money_desk import NOON, Blind, Desk, Executioner, FreshKeys, run

Steps = Callable[[Desk], tuple[Instruction, ...]]


def pay_a_seller(desk: Desk) -> tuple[Instruction, ...]:
    return (Transfer("dunhuang", desk.seller, Fen(70_000)),)


def pay_back(desk: Desk) -> tuple[Instruction, ...]:
    return (Refund("ann-lab", desk.payment, Fen(30_000)),)


def pay_more_than_there_is(desk: Desk) -> tuple[Instruction, ...]:
    return (Transfer("dunhuang", desk.seller, Fen(2_000_000)),)


def take_back_and_pay_back(desk: Desk) -> tuple[Instruction, ...]:
    desk.to_the_end("before", *pay_a_seller(desk))
    transfer = desk.notebook.pages["before"][0].reference
    assert transfer is not None
    return (Reversal("dunhuang", transfer, Fen(20_000)), Refund("ann-lab", desk.payment, Fen(20_000)))


def take_what_was_set_aside(desk: Desk) -> tuple[Instruction, ...]:
    return (Capture("ann-lab", desk.set_aside(50_000), Fen(44_000)),)


PLANS: list[Steps] = [
    pay_a_seller,
    pay_back,
    pay_more_than_there_is,
    take_back_and_pay_back,
    take_what_was_set_aside,
]


def every_life(
    steps: Steps, fault: Fault | None, sabotage: Callable[[Gateway], Gateway] = lambda gateway: gateway
) -> int:
    """A plan under a fault of its first, second and third request, killed at each point that it comes by.

    The law has to hold in each. Gives how many lives there were.
    """
    lives = 0
    for requests_before in range(3 if fault else 1):
        for point in count():
            desk, fate = Desk(), Executioner(point)
            asked = steps(desk)
            desk.sabotage = sabotage
            desk.fake.faults.extend([None] * requests_before + [fault])
            desk.to_the_end("plan", *asked, fate=fate)
            desk.money_moved_once()
            lives += 1
            if fate.points <= point:
                break
    return lives


@pytest.mark.parametrize("fault", [None, *Fault])
@pytest.mark.parametrize("steps", PLANS)
def test_money_moves_once(steps: Steps, fault: Fault | None) -> None:
    assert every_life(steps, fault) > 9, "it was killed before and after each thing that it does"


@pytest.mark.parametrize(
    ("sabotage", "fault"), [(FreshKeys, Fault.LATE_REQUEST), (Blind, Fault.BROKEN_AFTER)]
)
def test_the_law_sees_a_sabotaged_saga(sabotage: Callable[[Gateway], Gateway], fault: Fault) -> None:
    with pytest.raises(AssertionError):
        every_life(pay_a_seller, fault, sabotage)


def test_a_plan_stops_where_a_step_is_refused() -> None:
    desk = Desk()
    desk.to_the_end("before", *pay_a_seller(desk))
    acts.pay_seller_out(desk.fake.books, desk.seller)
    transfer = desk.notebook.pages["before"][0].reference
    assert transfer is not None
    desk.to_the_end(
        "plan", Reversal("dunhuang", transfer, Fen(20_000)), Refund("ann-lab", desk.payment, Fen(20_000))
    )
    taken, given = desk.notebook.pages["plan"]
    assert (taken.state, taken.why) == (MovementState.FAILED, "balance_insufficient")
    assert given.state is MovementState.PLANNED
    desk.money_moved_once()


def test_a_top_up_waits_for_its_buyer() -> None:
    desk = Desk()
    saga = desk.saga()
    run(saga.plan("topup", TopUp("ann-lab", Fen(12_345))))
    asked = run(saga.run("topup"))
    assert isinstance(asked, Pending)
    assert asked.secret
    assert asked.secret not in repr(asked)
    acts.pay(desk.fake.books, asked.reference, "pm_card_visa_chargeDeclined")
    assert run(saga.look_again("topup", 0)).state is MovementState.PENDING, "another card may do"
    acts.pay(desk.fake.books, asked.reference)
    assert run(saga.look_again("topup", 0)).state is MovementState.SUCCEEDED
    assert run(saga.run("topup")) is None, "nothing is asked of what is done"
    desk.money_moved_once()


def test_a_request_that_never_arrived_fails_when_its_key_is_too_old() -> None:
    desk = Desk()
    desk.fake.faults.append(Fault.BROKEN_BEFORE)
    run(desk.saga().plan("plan", *pay_a_seller(desk)))
    for hours in range(23):
        desk.clock.now = NOON + hours * 3600
        run(desk.saga().run("plan"))
        assert desk.notebook.pages["plan"][0].state is MovementState.UNKNOWN, "the key keeps the failure"
    desk.clock.now += 3600
    run(desk.saga().run("plan"))
    movement = desk.notebook.pages["plan"][0]
    assert (movement.state, movement.why) == (MovementState.FAILED, NEVER_ARRIVED)
    desk.money_moved_once()


def test_what_the_gateway_has_lost_is_neither_repeated_nor_given_up() -> None:
    desk = Desk()
    saga = desk.saga()
    run(saga.plan("topup", TopUp("ann-lab", Fen(12_345))))
    asked = run(saga.run("topup"))
    assert isinstance(asked, Pending)
    del desk.fake.books.things[asked.reference]
    desk.clock.now += 30 * 3600
    assert isinstance(run(saga.run("topup")), NotNow)
    assert desk.notebook.pages["topup"][0].state is MovementState.PENDING


def test_a_refund_that_comes_back_is_seen_and_booked() -> None:
    desk = Desk()
    desk.to_the_end("plan", *pay_back(desk))
    acts.fail_refund(desk.fake.books, desk.fake.books.all(StripeRefund)[0].id)
    movement = run(desk.saga().look_again("plan", 0))
    assert (movement.state, movement.why) == (MovementState.RETURNED, "lost_or_stolen_card")
    assert (movement.id, MovementState.RETURNED) in desk.cashier.booked
    assert desk.fake.books.balance == desk.opening


def test_two_at_work_on_one_plan_are_told_apart() -> None:
    desk = Desk()
    run(desk.saga().plan("plan", *pay_a_seller(desk)))
    before = desk.notebook.pages["plan"][0]
    run(desk.notebook.write(before, before.sent(1)))
    with pytest.raises(StaleError):
        run(desk.notebook.write(before, before.sent(2)))


def test_what_was_not_looked_at_changes_nothing() -> None:
    (movement,) = planned("plan", TopUp("ann-lab", Fen(1)))
    sent = movement.sent(5)
    assert noted(sent, NotNow("busy")) == sent


def test_what_cannot_be_is_not_written_down() -> None:
    (movement,) = planned("plan", TopUp("ann-lab", Fen(1)))
    failed = noted(movement.sent(5), Refused("never_arrived", ""))
    with pytest.raises(ContradictionError, match="is failed, and the gateway says succeed"):
        noted(failed, Succeeded("pi_1"))


def test_what_came_back_before_it_was_known_has_failed() -> None:
    (movement,) = planned("plan", Refund("ann-lab", "pi_1", Fen(1)))
    assert noted(movement.sent(5), Returned("re_1", "lost")).state is MovementState.FAILED


def test_keys_follow_from_the_plan_alone_and_no_two_are_the_same() -> None:
    one, two = planned("a", TopUp("x", Fen(1)), TopUp("x", Fen(1)))
    (other,) = planned("a/1", TopUp("x", Fen(1)))
    assert len({one.key, two.key, other.key}) == 3
    assert planned("a", TopUp("x", Fen(2)))[0].key == one.key


def test_every_state_is_reached_and_the_ends_are_left_only_by_what_comes_back_or_is_reconciled() -> None:
    assert set(LIFE.values()) | {MovementState.PLANNED} == set(MovementState)
    out_of_ends = {
        (state, LIFE[state, turn]) for state, turn in LIFE if is_done(state) and LIFE[state, turn] != state
    }
    assert out_of_ends == {
        (MovementState.SUCCEEDED, MovementState.RECONCILED),
        (MovementState.SUCCEEDED, MovementState.RETURNED),
        (MovementState.RECONCILED, MovementState.RETURNED),
    }
    assert {turn for _, turn in LIFE} == set(Turn)


def is_done(state: MovementState) -> bool:
    return Movement("plan", 0, TopUp("x", Fen(1)), "key", state).is_done
