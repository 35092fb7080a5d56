"""Disputes at Stripe and in the ledger: booked once, in any order of news, killed anywhere, and at no seller's cost."""

import copy
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count, permutations

import pytest

from exchange import core
from exchange.chargebacks.events import ChargebackBooked, ChargebackReinstated
from exchange.charging_back import ChargingBack, commands_of, unexplained
from exchange.commands import Command
from exchange.names import VENUE, PartyId, topup_plan
from exchange.paying import PAYOUT, plan_begun
from exchange.payouts.commands import (
    BeginPayouts,
    BeginWithdrawal,
    NamePayoutAccount,
    PayoutAsked,
    SetPayoutTerms,
)
from exchange.rejections import Rejected
from exchange.state import PayoutTerms, Role
from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.objects import Event, PaymentIntent, Refund
from settlement.gateways.fake_stripe.objects import Transfer as StripeTransfer
from settlement.gateways.fake_stripe.post import letter
from settlement.gateways.gateway import Dispute, Gateway, Pending, Succeeded
from settlement.gateways.news import Disputed, GatewayEvent, MovementChanged
from settlement.gateways.saga import Saga
from settlement.gateways.webhooks import WebhookSettings, read_webhook
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import Fen
from settlement.payments import OpenAccount, TopUp, planned
from settlement.reconciliation import Difference, DifferenceKind
from tests.exchange.desk import Desk as Closing
from tests.exchange.house import BUYER, CLERK, SELLER, WEST, House, only, party
from tests.exchange.test_closing import JANUARY, lease
from tests.exchange.test_paying import World
from tests.exchange.test_payouts import OWED, WEEK
from tests.exchange.test_withdrawals import hold
from tests.settlement.money_desk import Drawer, Executioner, Killed, Mortal, run

RAY = PartyId("ray")
SECRET = "whsec_ours"
DAY = 86_400
FIRST, SECOND = 150_00, 800_00


@cache
def _two_sellers() -> House:
    """A buyer with nothing, and two sellers."""
    house = House(money=0, checked=False)
    house.admit(party(RAY, Role.SELLER, region=WEST))
    return house


@dataclass
class Shop(World):
    """A buyer that pays by top-ups at Stripe, and whoever hears Stripe's news."""

    house: House = field(default_factory=lambda: copy.deepcopy(_two_sellers()))
    drawer: Drawer = field(default_factory=Drawer)

    def __post_init__(self) -> None:
        self.house.ask(SELLER, NamePayoutAccount(SELLER, self.desk.seller))

    def top_up(self, n: int, amount: int) -> str:
        """The buyer pays at Stripe, which nobody has heard of yet. Gives the payment's reference."""
        plan, saga = topup_plan(BUYER, f"k-{n}"), self.saga()
        run(saga.plan(plan, TopUp(BUYER, Fen(amount))))
        asked = run(saga.run(plan))
        assert isinstance(asked, Pending)
        return acts.pay(self.desk.fake.books, asked.reference).id

    def saga(self, gateway: Gateway | None = None) -> Saga:
        return Saga(gateway or self.desk.gateway, self.desk.notebook, self.book, self.desk.clock)

    def charging_back(self, mortal: Mortal | None = None) -> ChargingBack:
        """By the venue's own code; `mortal` dies at some point of it."""

        async def tell(command_id: str, command: Command) -> None:
            told = self.ask(VENUE, command_id, command)
            events = await (told if mortal is None else mortal._lives(told))
            assert not any(isinstance(event, Rejected) for event in events), events

        gateway, movements = mortal or self.desk.gateway, mortal or self.desk.notebook
        return ChargingBack(gateway, movements, lambda name: self.look_again(name, mortal), tell)

    async def look_again(self, name: str, mortal: Mortal | None = None) -> None:
        plan, _, n = name.rpartition("/")
        if plan in self.desk.notebook.pages:
            await self.saga(mortal).look_again(plan, int(n))

    def hear(self, told: Event, mortal: Mortal | None = None) -> None:
        """Take a webhook as the venue does: its effect once, and then it is written down."""
        now = self.desk.clock.now
        sent = letter(told, SECRET, now)
        event = read_webhook(sent.body, sent.signature, now, WebhookSettings(SECRET))
        assert isinstance(event, GatewayEvent)
        if run(self.drawer.is_known(event.id)):
            return
        if isinstance(event.news, MovementChanged):
            run(self.look_again(event.news.movement, mortal))
        elif isinstance(event.news, Disputed):
            run(self.charging_back(mortal).look_at(event.news.dispute))
        run(self.drawer.record(event))

    def hear_all(self) -> None:
        for event in self.desk.fake.books.events:
            if event.type.startswith(("payment_intent", "refund", "charge.dispute")):
                self.hear(event)

    def loss(self) -> int:
        return -self.house.balance(VENUE, AccountKind.PLATFORM_LOSS)

    def ledger(self) -> dict[LedgerAccount, int]:
        return dict(self.house.state.balances.items())

    def require_bank_as_at_stripe(self, others: int) -> None:
        """What the ledger's bank holds is what stands at Stripe, but for `others`, which the ledger knows nothing of."""
        held = -self.house.balance(VENUE, AccountKind.BANK)
        assert held == self.desk.fake.books.balance - others


# P17: after the sellers were paid


def _paid_out() -> Shop:
    """Two sellers have delivered in January, and were paid in February at Stripe; the buyer has 750 yuan left."""
    shop = Shop()
    opening = shop.desk.fake.books.balance
    shop.top_up(0, FIRST)
    shop.top_up(1, SECOND)
    shop.hear_all()
    house, closing = shop.house, Closing(shop.house)
    opened = run(shop.desk.gateway.carry_out(planned("ray", OpenAccount(RAY, "CN"))[0]))
    assert isinstance(opened, Succeeded)
    house.ask(RAY, NamePayoutAccount(RAY, acts.sign_up(shop.desk.fake.books, opened.reference).id))
    first = lease(house, slots=10)
    house.offer(by=RAY, window=(10, 20))
    house.place(slots=10, window=(10, 20))
    second = next(live.terms for live in house.state.leases.values() if live.terms.seller == RAY)
    house.tick(20)
    closing.deliver(first, range(10))
    closing.deliver(second, range(10, 20))
    house.tick(JANUARY)
    closing.close("2026-01")
    house.tick(JANUARY + WEEK)
    house.ask(CLERK, SetPayoutTerms(PayoutTerms(7, Fen(50_00))))
    asked = BeginPayouts(tuple(PayoutAsked(seller, Fen(OWED)) for seller in (SELLER, RAY)))
    assert not any(isinstance(event, Rejected) for event in house.ask(CLERK, asked))
    saga = shop.saga()
    run(plan_begun(saga, shop.desk.notebook, shop.begun))
    for plan in [plan for plan in shop.desk.notebook.pages if plan.startswith(PAYOUT)]:
        run(saga.run(plan))
    assert house.state.paid_out == 2 * OWED
    shop.require_bank_as_at_stripe(opening)
    return shop


def sellers(shop: Shop) -> tuple[object, ...]:
    """All that is a seller's, in the ledger and at Stripe."""
    accounts = {account: n for account, n in shop.ledger().items() if account.owner in {SELLER, RAY}}
    return accounts, shop.house.state.payouts, dict(shop.desk.fake.books.sellers)


@pytest.mark.parametrize("days", [1, 10, 60, 120])
@pytest.mark.parametrize("won", [True, False])
def test_a_dispute_after_payout_is_the_venues_loss_and_no_sellers(days: int, won: bool) -> None:
    shop = _paid_out()
    books, before, loss_of_others = shop.desk.fake.books, sellers(shop), shop.ledger()
    assert shop.house.available() == FIRST + SECOND - 200_00
    opening = books.balance + shop.house.balance(VENUE, AccountKind.BANK)
    shop.desk.clock.now += days * DAY
    shop.house.tick(JANUARY + WEEK + days * 24)
    disputed = acts.dispute(books, books.all(PaymentIntent)[0].id)
    shop.hear_all()
    booked = only(ChargebackBooked, shop.answered[f"chargeback-{disputed.id}"])
    assert (booked.taken, booked.borne) == (750_00, 50_00)
    assert (shop.loss(), shop.house.available()) == (50_00, 0)
    assert sellers(shop) == before
    shop.require_bank_as_at_stripe(opening)
    acts.close_dispute(books, disputed.id, won=won)
    shop.hear_all()
    assert sellers(shop) == before
    assert (shop.loss(), shop.house.available()) == ((0, 750_00) if won else (50_00, 0))
    shop.require_bank_as_at_stripe(opening)
    assert not won or shop.ledger() == loss_of_others


# P16: once, in any order, and only if ours

Story = tuple[int, str]


def _a_withdrawal_on_its_way() -> Shop:
    """Of a top-up 110 yuan are held, and the rest goes back: Stripe has done so, and nobody has heard of it.

    Nor of another one, which is paid.
    """
    shop = Shop()
    shop.top_up(0, FIRST)
    shop.hear_all()
    saga = shop.saga()
    hold(shop.house, FIRST - 40_00)
    shop.house.ask(BUYER, BeginWithdrawal(Fen(40_00), None))
    run(plan_begun(saga, shop.desk.notebook, shop.begun))
    (plan,) = [plan for plan in shop.desk.notebook.pages if plan.startswith(PAYOUT)]
    (movement,) = run(shop.desk.notebook.of(plan))
    sent = movement.sent(shop.desk.clock.now)
    run(shop.desk.notebook.write(movement, sent))
    assert isinstance(run(shop.desk.gateway.carry_out(sent)), Succeeded)
    shop.top_up(1, SECOND)
    return shop


def news(shop: Shop, disputed: int, last: str) -> list[Event]:
    """Paid, paid again, refunded, disputed, and what `last` says."""
    books = shop.desk.fake.books
    second, first, *_ = books.all(PaymentIntent)
    dispute = acts.dispute(books, (first, second)[disputed].id)
    match last:
        case "payout.failed":
            acts.fail_payout(books, acts.pay_out(books).id)
        case "refund.failed":
            acts.fail_refund(books, books.all(Refund)[0].id)
        case "charge.dispute.closed":
            acts.close_dispute(books, dispute.id, won=True)
    paid = next(
        event
        for event in books.events
        if event.type == "payment_intent.succeeded" and event.data["object"]["id"] == second.id
    )
    kinds = ("refund.created", "charge.dispute.created", last)
    return [paid, paid, *(next(one for one in books.events if one.type == kind) for kind in kinds)]


@pytest.mark.parametrize("disputed", [0, 1])
@pytest.mark.parametrize("last", ["payout.failed", "refund.failed", "charge.dispute.closed"])
def test_all_orders_of_news_lead_to_the_same_ledger(disputed: int, last: str) -> None:
    """120 orders of five events."""
    ends: Counter[str] = Counter()
    for order in permutations(range(5)):
        shop = _a_withdrawal_on_its_way()
        events = news(shop, disputed, last)
        for place in order:
            shop.hear(events[place])
        shop.require_bank_as_at_stripe(shop.desk.opening)
        ends[str((shop.ledger(), shop.house.state.chargebacks, shop.house.state.topups))] += 1
    assert list(ends.values()) == [120], ends


def test_the_law_sees_a_loss_that_nothing_makes_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: what the venue bears stays with it, whatever comes to the buyer later."""
    monkeypatch.setattr(core, "recover_losses", lambda *_: iter(()))
    with pytest.raises(AssertionError):
        test_all_orders_of_news_lead_to_the_same_ledger(0, "refund.failed")


def test_news_that_nobody_has_written_down_have_no_second_effect() -> None:
    shop = _a_withdrawal_on_its_way()
    for event in news(shop, 1, "charge.dispute.closed") * 2:
        shop.hear(event)
        once = shop.ledger()
        shop.drawer.known.clear()
        shop.hear(event)
        assert shop.ledger() == once


def test_a_dispute_of_what_is_not_ours_books_nothing() -> None:
    shop = _a_withdrawal_on_its_way()
    ours, before = shop.desk.payment, shop.ledger()
    acts.dispute(shop.desk.fake.books, ours)  # paid under a plan that the venue has not written down
    shop.hear(shop.desk.fake.books.events[-1])
    assert run(shop.charging_back().look_at("dp_nobody")) is None
    assert shop.ledger() == before


def test_an_inquiry_takes_nothing() -> None:
    shop = Shop()
    dispute = Dispute("dp_1", "pi_1", "topup.bay.k-0/0", Fen(0), Fen(0))
    shop.top_up(0, FIRST)
    (movement,) = run(shop.desk.notebook.of(topup_plan(BUYER, "k-0")))
    assert list(commands_of(dispute, movement)) == []


# Killed, and not heard of


def test_a_dispute_is_booked_once_though_its_reader_is_killed_anywhere() -> None:
    for point in count():
        shop = _a_withdrawal_on_its_way()
        books, fate = shop.desk.fake.books, Executioner(point)
        dispute = acts.dispute(books, books.all(PaymentIntent)[0].id)
        acts.close_dispute(books, dispute.id, won=True)
        acts.dispute(books, books.all(PaymentIntent)[1].id)
        for event in [one for one in books.events if one.type.startswith("charge.dispute")] * 2:
            mortal = Mortal(fate, shop.desk.gateway, shop.desk.notebook, shop.book)
            with suppress(Killed):
                shop.hear(event, mortal)
        happened = [event for _, _, step in shop.house.log for event, _ in step]
        assert len([event for event in happened if isinstance(event, ChargebackBooked)]) == 2
        assert len([event for event in happened if isinstance(event, ChargebackReinstated)]) == 1
        if fate.points <= point:
            break
    assert point > 20, "it was killed before and after each thing that it does"


def reconciled(shop: Shop) -> tuple[Sequence[Difference], Sequence[Difference]]:
    """What the gateway's books tell of disputes: before the missing ones are booked, and after."""
    found = run(shop.saga().reconcile(0)).differences
    told = [one for one in found if one.kind is DifferenceKind.DISPUTED]
    stand = run(shop.charging_back().stand(told))
    booked: Counter[str] = Counter()
    for _, _, step in shop.house.log:
        for event, _ in step:
            if isinstance(event, ChargebackBooked):
                booked[event.dispute] -= event.taken + event.borne
            if isinstance(event, ChargebackReinstated):
                booked[event.dispute] += event.restored + event.returned
    return told, unexplained(told, stand, {name: Fen(net) for name, net in booked.items()})


def test_a_dispute_of_which_nobody_was_told_is_found_in_the_gateways_books() -> None:
    shop = _a_withdrawal_on_its_way()
    books = shop.desk.fake.books
    dispute = acts.dispute(books, books.all(PaymentIntent)[0].id)
    told, left = reconciled(shop)
    assert [one.about for one in told] == [dispute.id]
    assert left == ()
    assert shop.house.available() == 0, "what was paid and taken back again is nobody's"
    acts.close_dispute(books, dispute.id, won=True)
    told, left = reconciled(shop)
    assert (len(told), left) == (2, ())
    assert shop.house.available() == SECOND


def test_a_dispute_that_can_not_be_booked_stays_a_difference() -> None:
    shop = _a_withdrawal_on_its_way()
    acts.dispute(shop.desk.fake.books, shop.desk.payment)
    told, left = reconciled(shop)
    assert list(left) == list(told)
    assert len(told) == 1


def test_reconciliation_sees_a_dispute_that_was_booked_with_another_amount() -> None:
    told = Difference(DifferenceKind.DISPUTED, "dp_1", Fen(0), Fen(-5))
    stand = {"dp_1": Dispute("dp_1", "pi_1", "topup.bay.k-0/0", Fen(5), Fen(0))}
    assert unexplained([told], stand, {"dp_1": Fen(-5)}) == ()
    assert unexplained([told], stand, {"dp_1": Fen(-4)}) == (told,)
    assert unexplained([told], stand, {}) == (told,)


def test_the_law_of_two_sellers_would_see_a_transfer_that_is_taken_back() -> None:
    """Sabotage: the venue helps itself at a seller."""
    shop = _paid_out()
    before = sellers(shop)
    transfer = shop.desk.fake.books.all(StripeTransfer)[0]
    shop.desk.fake.books.sellers[transfer.destination] -= 1
    assert sellers(shop) != before
