"""Payments, payouts and what comes back, in any order, with kills, faults, late news and time: the books stay one."""

import contextlib

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import Fault
from settlement.gateways.fake_stripe.objects import Account, TransferReversal
from settlement.gateways.fake_stripe.objects import PaymentIntent as StripePayment
from settlement.gateways.fake_stripe.objects import Refund as StripeRefund
from settlement.gateways.fake_stripe.objects import Transfer as StripeTransfer
from settlement.gateways.fake_stripe.post import Post
from settlement.gateways.news import GatewayEvent, MovementChanged
from settlement.gateways.webhooks import WebhookSettings, read_webhook
from settlement.money import Fen
from settlement.payments import Instruction, MovementState, Refund, Reversal, TopUp, Transfer, moved
from tests.settlement.law import UNTIL_IT_BREAKS
from tests.settlement.money_desk import Desk, Executioner, Killed, run

SECRET = "whsec_fake"
AMOUNTS = st.integers(1, 400_000).map(Fen)
FAULTS = st.lists(st.sampled_from([None, *Fault]), max_size=3)
COMES_BACK = {MovementState.SUCCEEDED, MovementState.RETURNED}


class Payments(RuleBasedStateMachine):
    plans = Bundle("plans")

    @initialize()
    def open(self) -> None:
        self.desk = Desk()
        self.post = Post(self.desk.fake.books, SECRET)
        list(self.post.deliver())
        self.count = 0

    @rule(target=plans, amount=AMOUNTS)
    def top_up(self, amount: Fen) -> str:
        return self._plan(TopUp("ann-lab", amount))

    @rule(target=plans, amount=AMOUNTS)
    def pay_the_seller(self, amount: Fen) -> str:
        return self._plan(Transfer("dunhuang", self.desk.seller, amount))

    @rule(target=plans, amount=AMOUNTS)
    def pay_back(self, amount: Fen) -> str:
        return self._plan(Refund("ann-lab", self.desk.payment, amount))

    @rule(target=plans, before=plans, amount=AMOUNTS)
    def take_back(self, before: str, amount: Fen) -> str:
        movement = self.desk.notebook.pages[before][0]
        transfer = isinstance(movement.instruction, Transfer) and movement.reference
        back = Refund("ann-lab", self.desk.payment, amount)
        return self._plan(Reversal("dunhuang", transfer, amount), back) if transfer else self._plan(back)

    def _plan(self, *steps: Instruction) -> str:
        self.count += 1
        name = f"plan-{self.count}"
        run(self.desk.saga().plan(name, *steps))
        return name

    @rule(plan=plans, faults=FAULTS, death=st.integers(-1, 12))
    def carry_on(self, plan: str, faults: list[Fault | None], death: int) -> None:
        self.desk.fake.faults.extend(faults)
        with contextlib.suppress(Killed):
            run(self.desk.saga(Executioner(death)).run(plan))

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.desk.clock.now += hours * 3600

    @precondition(lambda self: self._waiting())
    @rule(card=st.sampled_from(["pm_card_visa", "pm_card_visa_chargeDeclined"]), data=st.data())
    def a_buyer_pays(self, card: str, data: st.DataObject) -> None:
        acts.pay(self.desk.fake.books, data.draw(st.sampled_from(self._waiting())), card)

    @precondition(lambda self: self._refunds())
    @rule(data=st.data())
    def a_bank_sends_back(self, data: st.DataObject) -> None:
        acts.fail_refund(self.desk.fake.books, data.draw(st.sampled_from(self._refunds())))

    @rule(data=st.data(), times=st.integers(1, 2))
    def news_arrive(self, data: st.DataObject, times: int) -> None:
        order = data.draw(st.permutations(range(len(self.post.waiting()))))
        for letter in self.post.deliver(times=times, order=order):
            read = read_webhook(letter.body, letter.signature, self.desk.clock.now, WebhookSettings(SECRET))
            assert isinstance(read, GatewayEvent)
            if isinstance(read.news, MovementChanged):
                self._look(read.news.movement)

    def _look(self, movement: str) -> None:
        plan, _, n = movement.rpartition("/")
        if plan in self.desk.notebook.pages:
            run(self.desk.saga().look_again(plan, int(n)))

    def _waiting(self) -> list[str]:
        intents = self.desk.fake.books.all(StripePayment)
        return [intent.id for intent in intents if intent.status == "requires_payment_method"]

    def _refunds(self) -> list[str]:
        return [
            refund.id for refund in self.desk.fake.books.all(StripeRefund) if refund.status == "succeeded"
        ]

    @invariant()
    def nothing_is_done_twice(self) -> None:
        ours = (StripePayment, StripeRefund, StripeTransfer, TransferReversal, Account)
        things = [thing for thing in self.desk.fake.books.things.values() if isinstance(thing, ours)]
        labels = [thing.metadata["suanli"] for thing in things]
        assert len(labels) == len(set(labels))

    def teardown(self) -> None:
        """Quiet returns: the books agree once every buyer has paid, and the last news are in."""
        self.desk.fake.faults.clear()
        for intent in self._waiting():
            acts.pay(self.desk.fake.books, intent)
        for plan in self.desk.notebook.pages:
            self._to_its_end(plan)
            for movement in self.desk.notebook.pages[plan]:
                self._look(movement.id)
        done = [one for one in self.desk.notebook.all() if one.state is MovementState.SUCCEEDED]
        came = self.desk.fake.books.balance - self.desk.opening
        assert came == sum(moved(one.instruction) for one in done)
        told = {(one.id, one.state) for one in self.desk.notebook.all() if one.is_done}
        assert told <= self.desk.cashier.booked.keys()
        assert {name for name, _ in told} == {name for name, _ in self.desk.cashier.booked}
        for name, state in self.desk.cashier.booked:
            assert state is MovementState.SUCCEEDED or (name, state) in told, "only what is done comes back"

    def _to_its_end(self, plan: str) -> None:
        for _ in range(8):
            run(self.desk.saga().run(plan))
            if self.desk.at_rest(plan):
                return
            for intent in self._waiting():
                acts.pay(self.desk.fake.books, intent)
            self.desk.clock.now += 6 * 3600
        raise AssertionError(f"{plan} never comes to an end: {self.desk.notebook.pages[plan]}")


TestPayments = Payments.TestCase
TestPayments.settings = settings(UNTIL_IT_BREAKS, max_examples=60, stateful_step_count=30)
