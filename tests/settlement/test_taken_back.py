"""A refund that Stripe refuses: whether the buyer may have its payment back already, whatever the code of the refusal."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from settlement.gateways.fake_stripe import acts, rules
from settlement.gateways.fake_stripe.fake import Fault
from settlement.gateways.fake_stripe.objects import Refund as StripeRefund
from settlement.gateways.gateway import NoAnswer, Refused, Returned, Succeeded
from settlement.money import Fen
from settlement.payments import TAKEN_BACK, Refund, planned
from tests.settlement.money_desk import Desk, run

WHOLE = Fen(1_000_000)


def refund(desk: Desk, amount: int = WHOLE, plan: str = "back") -> object:
    (movement,) = planned(plan, Refund("ann-lab", desk.payment, Fen(amount)))
    return run(desk.gateway.carry_out(movement))


def disputed(desk: Desk) -> None:
    acts.dispute(desk.fake.books, desk.payment)


def all_refunded_by_hand(desk: Desk) -> None:
    rules.create_refund(desk.fake.books, {"payment_intent": desk.payment})


def a_part_refunded_by_hand(desk: Desk) -> None:
    rules.create_refund(desk.fake.books, {"payment_intent": desk.payment, "amount": 1})


@pytest.mark.parametrize("taken", [disputed, all_refunded_by_hand, a_part_refunded_by_hand])
def test_what_the_buyer_may_have_back_already_is_told_as_such(taken: Callable[[Desk], None]) -> None:
    desk = Desk()
    taken(desk)
    told = refund(desk)
    assert isinstance(told, Refused)
    assert told.code == TAKEN_BACK


def test_what_is_refused_for_another_reason_keeps_its_code() -> None:
    desk = Desk()
    acts.pay_out(desk.fake.books)
    told = refund(desk)
    assert isinstance(told, Refused)
    assert told.code == "balance_insufficient"


@pytest.mark.parametrize("payment", ["", "pi_of_nobody"])
def test_a_payment_that_is_none_is_refused(payment: str) -> None:
    (movement,) = planned("back", Refund("ann-lab", payment, Fen(1)))
    told = run(Desk().gateway.carry_out(movement))
    assert isinstance(told, Refused)
    assert told.code != TAKEN_BACK


def test_as_long_as_stripe_does_not_say_which_nothing_has_failed() -> None:
    desk = Desk()
    disputed(desk)
    desk.fake.faults.extend([None, Fault.LOST_REPLY])
    assert isinstance(refund(desk), NoAnswer)
    assert isinstance(refund(desk), Refused), "asked again under its key, and then looked into"


def test_a_refund_that_a_dispute_has_overtaken_is_taken_back() -> None:
    desk = Desk()
    assert isinstance(refund(desk), Succeeded)
    (made,) = desk.fake.books.all(StripeRefund)
    acts.fail_refund(desk.fake.books, made.id)
    made.failure_reason = "charge_for_pending_refund_disputed"
    (movement,) = planned("back", Refund("ann-lab", desk.payment, WHOLE))
    told = run(desk.gateway.look_up(replace(movement, reference=made.id)))
    assert told == Returned(made.id, TAKEN_BACK)
