"""A buyer has its money back once, though the process is killed at every point from its word to the booked end."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import count

import pytest

from exchange.names import topup_plan
from exchange.paying import PAYOUT, plan_begun
from exchange.payouts.commands import BeginWithdrawal
from exchange.state import PayoutState, PayoutWay
from settlement.gateways.bank_file import StatementLine
from settlement.gateways.bank_gateway import BankGateway
from settlement.gateways.beside_bank import BesideBank
from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import Fault
from settlement.gateways.fake_stripe.objects import Charge, PaymentIntent, Refund
from settlement.gateways.gateway import Gateway
from settlement.gateways.saga import Saga
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from settlement.payments import TopUp
from settlement.reconciliation import DifferenceKind
from tests.exchange.house import BUYER, House
from tests.exchange.test_paying import Sabotage, World, every_life
from tests.settlement.money_desk import Blind, Executioner, FreshKeys, Killed, Mortal, run
from tests.settlement.test_bank_files import Shelf

ACCOUNT = "6222021234567891"
BY_HAND, FIRST, SECOND = 30_00, 100_00, 40_00
ALL = BY_HAND + FIRST + SECOND


@dataclass
class Leaving(World):
    """A buyer that has paid in by hand and by two top-ups, and takes all of it back: two refunds and a transfer."""

    shelf: Shelf = field(default_factory=Shelf)
    house: House = field(default_factory=lambda: House(money=BY_HAND, checked=False))

    def __post_init__(self) -> None:
        """The top-ups are paid and booked."""
        saga = Saga(self.desk.gateway, self.desk.notebook, self.book, self.desk.clock)
        for n, amount in enumerate((FIRST, SECOND)):
            plan = topup_plan(BUYER, f"k-{n}")
            run(saga.plan(plan, TopUp(BUYER, Fen(amount))))
            run(saga.run(plan))
            acts.pay(self.desk.fake.books, self.desk.fake.books.all(PaymentIntent)[0].id)
            run(saga.run(plan))
        assert self.house.balance(BUYER, AccountKind.AVAILABLE) == ALL

    @property
    def ways(self) -> Gateway:
        """Stripe beside the bank."""
        return BesideBank(self.desk.gateway, BankGateway(self.shelf))

    async def work(self, fate: Executioner) -> None:
        """What a process does from its start: the buyer's word, once more, and all that is left unfinished."""
        mortal = Mortal(fate, self.sabotage(self.ways), self.desk.notebook, self.book)
        saga = Saga(mortal, mortal, mortal.book, self.desk.clock)
        await mortal._lives(self.ask(BUYER, "leave", BeginWithdrawal(Fen(self.amount), ACCOUNT)))
        await plan_begun(saga, mortal, lambda: mortal._lives(self.begun()))
        for plan in list(self.desk.notebook.pages):
            if plan.startswith(PAYOUT):
                await saga.run(plan)

    def the_bank_pays(self) -> None:
        """It carries out every order that it has, once."""
        day = date(2026, 11, 30)
        for n, order in enumerate(self.shelf.orders.values()):
            line = StatementLine(
                f"B-{n}", day, Fen(-order.amount), order.account, order.name, order.reference
            )
            run(self.shelf.add([line]))

    def to_the_end(self, fate: Executioner) -> None:
        for later in (60, 60, *[6 * 3600] * 20):
            with suppress(Killed):
                run(self.work(fate))
            self.desk.clock.now += later
            self.the_bank_pays()
            if self.answered.get("leave") and not run(self.begun()):
                return
        raise AssertionError(f"it never comes to an end: {self.desk.notebook.pages}")

    def require_paid_once(self) -> None:
        """What Stripe and the bank have paid is what the books say was paid; everything else is still the buyer's."""
        books = self.desk.fake.books
        refunds = [one for one in books.all(Refund) if one.status != "failed"]
        orders = list(self.shelf.orders.values())
        assert len(refunds) <= 2 and len(orders) <= 1, "each part is paid once"
        paid = sum(one.amount for one in refunds) + sum(one.amount for one in orders)
        assert paid == self.house.state.paid_out
        assert self.house.balance(BUYER, AccountKind.IN_TRANSIT) == 0
        assert self.house.balance(BUYER, AccountKind.AVAILABLE) == ALL - paid
        for charge in books.all(Charge):
            assert 0 <= charge.amount_refunded <= charge.amount_captured

    def ends(self) -> set[tuple[PayoutWay, PayoutState]]:
        """How the parts that are not given back have ended."""
        return {(live.way, live.state) for live in self.house.state.payouts.values()}


leaving = partial(Leaving, amount=ALL)


@pytest.mark.parametrize("fault", [None, *Fault])
def test_a_buyer_has_its_money_back_once(fault: Fault | None) -> None:
    assert every_life(fault, begin=leaving) > 30, "it was killed before and after each thing that it does"


@pytest.mark.parametrize(
    ("sabotage", "fault"), [(FreshKeys, Fault.LATE_REQUEST), (Blind, Fault.BROKEN_AFTER)]
)
def test_the_law_sees_a_sabotaged_withdrawal(sabotage: Sabotage, fault: Fault) -> None:
    with pytest.raises(AssertionError):
        every_life(fault, sabotage, leaving)


def test_all_of_it_goes_the_way_it_came() -> None:
    world = Leaving(amount=ALL)
    world.to_the_end(Executioner())
    assert world.house.state.paid_out == ALL
    assert [one.amount for one in world.desk.fake.books.all(Refund)] == [FIRST, SECOND]
    assert [(one.account, one.amount) for one in world.shelf.orders.values()] == [(ACCOUNT, BY_HAND)]


def test_a_disputed_payment_is_given_back_nowhere() -> None:
    for point in count():
        world, fate = Leaving(amount=ALL), Executioner(point)
        disputed = world.desk.fake.books.all(PaymentIntent)[0].id
        acts.dispute(world.desk.fake.books, disputed)
        world.to_the_end(fate)
        world.require_paid_once()
        assert world.house.balance(BUYER, AccountKind.AVAILABLE) == SECOND
        assert world.house.state.topups[BUYER] == {
            f"{topup_plan(BUYER, 'k-0')}/0": 0,
            f"{topup_plan(BUYER, 'k-1')}/0": SECOND,
        }
        if fate.points <= point:
            break


def test_what_stripe_has_not_any_more_can_go_by_the_bank() -> None:
    world = Leaving(amount=ALL)
    acts.pay_out(world.desk.fake.books)
    world.to_the_end(Executioner())
    world.require_paid_once()
    assert world.ends() == {(PayoutWay.BANK, PayoutState.PAID)}
    assert world.house.state.topups[BUYER] == {}
    del world.answered["leave"]
    world.amount = FIRST + SECOND
    run(world.work(Executioner()))
    assert [one.amount for one in world.shelf.orders.values()] == [BY_HAND, FIRST + SECOND]


def test_a_refund_that_comes_back_is_available_again_and_reconciled() -> None:
    world = Leaving(amount=FIRST + SECOND)
    world.to_the_end(Executioner())
    books = world.desk.fake.books
    sent_back = books.all(Refund)[0]
    acts.fail_refund(books, sent_back.id)
    plan, _, n = str(sent_back.metadata["suanli"]).rpartition("/")
    for _ in range(2):
        saga = Saga(world.ways, world.desk.notebook, world.book, world.desk.clock)
        run(saga.look_again(plan, int(n)))
        world.require_paid_once()
    assert world.house.balance(BUYER, AccountKind.AVAILABLE) == BY_HAND + sent_back.amount
    found = run(saga.reconcile(0))
    told = [one.kind for one in found.differences if one.about == sent_back.id]
    assert told == [DifferenceKind.RETURNED]
