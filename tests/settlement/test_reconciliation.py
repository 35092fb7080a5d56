"""Reconciliation with the fake's books: alike where all went well, and each difference by its name where not."""

from pathlib import Path

import pytest

from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import FakeStripe
from settlement.gateways.fake_stripe.objects import PaymentIntent
from settlement.gateways.fake_stripe.objects import Refund as StripeRefund
from settlement.gateways.fake_stripe.rules import create_transfer
from settlement.gateways.fake_stripe.transport import InProcess
from settlement.gateways.stripe_gateway import StripeGateway, StripeSettings, stripe_client
from settlement.money import Fen
from settlement.payments import (
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
from settlement.reconciliation import (
    BookLine,
    Difference,
    DifferenceKind,
    GatewayPayout,
    LineKind,
    explained,
    reconcile,
    reconcile_payouts,
)
from tests.paths import PROJECT
from tests.settlement.money_desk import KEY, NOON, Clock, Desk, run

NOTHING_OF_OURS = Fen(0)


@pytest.fixture
def desk() -> Desk:
    """A day's work: a payment by a buyer, a seller paid, a part of it taken back and given to the buyer."""
    desk = Desk()
    desk.to_the_end("payout", Transfer("dunhuang", desk.seller, Fen(70_000)))
    transfer = desk.notebook.pages["payout"][0].reference
    assert transfer is not None
    desk.to_the_end(
        "back", Reversal("dunhuang", transfer, Fen(500)), Refund("ann-lab", desk.payment, Fen(500))
    )
    (paid,) = planned("opening", TopUp("ann-lab", Fen(1_000_000)))
    done = paid.sent(NOON).after(Turn.SUCCEED, desk.payment)
    desk.notebook.pages["opening"] = [done]
    return desk


def differences(desk: Desk) -> tuple[Difference, ...]:
    return reconcile(desk.notebook.all(), run(desk.gateway.book_lines(0))).differences


def test_books_that_are_alike_have_no_difference(desk: Desk) -> None:
    found = reconcile(desk.notebook.all(), run(desk.gateway.book_lines(0)))
    assert found.differences == ()
    assert {movement.id for movement in found.agreed} == {"payout/0", "back/0", "back/1", "opening/0"}


def test_what_both_have_alike_is_written_down_and_may_come_back_after_that(desk: Desk) -> None:
    saga = desk.saga()
    for _ in range(2):
        assert run(saga.reconcile(0)).differences == ()
        assert {one.state for one in desk.notebook.all()} == {MovementState.RECONCILED}
    assert run(saga.reconcile(NOON * 2)).differences == (), "what was reconciled needs no line any more"
    acts.fail_refund(desk.fake.books, desk.fake.books.all(StripeRefund)[0].id)
    assert run(saga.look_again("back", 1)).state is MovementState.RETURNED
    assert [one.kind for one in run(saga.reconcile(0)).differences] == [DifferenceKind.RETURNED]
    payout = acts.pay_out(desk.fake.books)
    payout.amount += 1
    assert [one.kind for one in run(saga.reconcile(0)).differences] == [
        DifferenceKind.RETURNED,
        DifferenceKind.PAYOUT_TOTAL,
    ]


def test_fees_are_told_and_are_no_difference() -> None:
    bank = FakeStripe(Clock(), key=KEY, fee_bp=290)
    gateway = StripeGateway(stripe_client(StripeSettings(KEY, tries=0), InProcess(bank)))
    asked = planned("topup", TopUp("ann-lab", Fen(10_000)))[0].sent(NOON)
    run(gateway.carry_out(asked))
    acts.pay(bank.books, bank.books.all(PaymentIntent)[0].id)
    acts.charge_a_fee(bank.books, 150)
    done = asked.after(Turn.SUCCEED, bank.books.all(PaymentIntent)[0].id)
    found = reconcile([done], run(gateway.book_lines(0)))
    assert (found.fees, found.differences) == (290 + 150, ())


def test_what_somebody_did_on_stripes_pages_is_not_in_ours(desk: Desk) -> None:
    moved = create_transfer(
        desk.fake.books, {"amount": 123, "currency": "cny", "destination": desk.seller}
    ).id
    assert differences(desk) == (Difference(DifferenceKind.NOT_IN_OURS, moved, NOTHING_OF_OURS, Fen(-123)),)


def test_what_the_gateway_has_nothing_of_is_named(desk: Desk) -> None:
    line = next(line for line in desk.fake.books.lines if line.type == "transfer")
    desk.fake.books.lines.remove(line)
    del desk.fake.books.things[line.id]
    assert differences(desk) == (
        Difference(DifferenceKind.NOT_IN_THEIR_BOOKS, "payout/0", Fen(-70_000), Fen(0)),
    )


def test_a_fen_is_a_difference(desk: Desk) -> None:
    line = next(line for line in desk.fake.books.lines if line.type == "transfer")
    line.amount -= 1
    assert differences(desk) == (Difference(DifferenceKind.AMOUNT, "payout/0", Fen(-70_000), Fen(-70_001)),)


def test_two_that_cancel_are_two(desk: Desk) -> None:
    for line in desk.fake.books.lines:
        line.amount += {"transfer": 7, "refund": -7}.get(line.type, 0)
    assert {one.kind for one in differences(desk)} == {DifferenceKind.AMOUNT}
    assert len(differences(desk)) == 2


def test_what_is_done_twice_or_believed_undone_is_named() -> None:
    done, undone = (planned(name, TopUp("x", Fen(10)))[0].sent(NOON) for name in ("done", "undone"))
    believed = [done.after(Turn.SUCCEED, "pi_1"), undone.after(Turn.FAIL, why="never_arrived")]
    lines = [line("1", "pi_1"), line("2", "pi_1"), line("3", "pi_2", "undone/0")]
    assert reconcile(believed, lines).differences == (
        Difference(DifferenceKind.TWICE, "done/0", Fen(10), Fen(20)),
        Difference(DifferenceKind.NOT_BELIEVED, "undone/0", Fen(0), Fen(10)),
    )


def line(name: str, reference: str, movement: str = "", kind: LineKind = LineKind.PAYMENT) -> BookLine:
    return BookLine(name, kind, Fen(10), Fen(0), reference, movement)


def test_what_moves_no_money_is_left_out() -> None:
    opened: Movement = planned("seller", OpenAccount("x", "CN"))[0].sent(NOON).after(Turn.SUCCEED, "acct_1")
    assert opened.state is MovementState.SUCCEEDED
    assert reconcile([opened], []).differences == ()


def test_what_came_back_and_what_was_disputed_is_named(desk: Desk) -> None:
    books = desk.fake.books
    refund = acts.fail_refund(books, books.all(StripeRefund)[0].id)
    dispute = acts.dispute(books, desk.payment)
    acts.close_dispute(books, dispute.id, won=True)
    payout = acts.pay_out(books)
    acts.fail_payout(books, payout.id)
    assert set(differences(desk)) == {
        Difference(DifferenceKind.RETURNED, refund.id, NOTHING_OF_OURS, Fen(500)),
        Difference(DifferenceKind.DISPUTED, dispute.id, NOTHING_OF_OURS, Fen(-1_000_000)),
        Difference(DifferenceKind.DISPUTED, dispute.id, NOTHING_OF_OURS, Fen(1_000_000)),
        Difference(DifferenceKind.PAYOUT_FAILED, payout.id, NOTHING_OF_OURS, Fen(payout.amount)),
    }


def test_a_line_of_a_new_kind_is_told(desk: Desk) -> None:
    desk.fake.books.line("adjustment", "weather", -5, desk.payment)
    assert [one.kind for one in differences(desk)] == [DifferenceKind.UNEXPLAINED]


def test_a_payout_is_the_sum_of_its_lines(desk: Desk) -> None:
    payout = acts.pay_out(desk.fake.books)
    payouts = run(desk.gateway.payouts(0))
    assert [one.id for one in payouts] == [payout.id]
    assert len(payouts[0].lines) == 4
    assert reconcile_payouts(payouts) == []
    short = GatewayPayout(payout.id, Fen(payout.amount - 1), payouts[0].lines)
    assert reconcile_payouts([short]) == [
        Difference(DifferenceKind.PAYOUT_TOTAL, payout.id, Fen(payout.amount), Fen(payout.amount - 1))
    ]


def test_every_difference_is_named_by_some_test() -> None:
    """Those with the ledger are the venue's to find: they are tested where it is asked."""
    gateways = Path(__file__).read_text()
    venues = (PROJECT / "tests/web/test_payouts.py").read_text()
    assert [
        kind.name
        for kind in DifferenceKind
        if f"DifferenceKind.{kind.name}" not in gateways and f'"{kind}"' not in venues
    ] == []


def test_what_was_booked_by_its_reference_is_held_against_the_banks_lines() -> None:
    def unknown(reference: str, amount: int) -> Difference:
        return Difference(DifferenceKind.NOT_IN_OURS, reference, NOTHING_OF_OURS, Fen(amount))

    told = [unknown("B-1", 500), unknown("B-2", 700), unknown("B-9", 1)]
    booked = {"B-1": Fen(500), "B-2": Fen(701), "B-3": Fen(-30)}
    lines = {"B-1": Fen(500), "B-2": Fen(700)}
    assert explained(told, booked, lines) == (
        unknown("B-9", 1),
        Difference(DifferenceKind.AMOUNT, "B-2", Fen(701), Fen(700)),
        Difference(DifferenceKind.NOT_IN_THEIR_BOOKS, "B-3", Fen(-30), Fen(0)),
    )
