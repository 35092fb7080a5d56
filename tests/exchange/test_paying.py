"""A seller is paid once, though the process is killed at every point from the clerk's word to the booked end."""

import copy
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count

import pytest

from exchange.commands import Command
from exchange.events import Event
from exchange.names import VENUE, PartyId, PayoutId
from exchange.paying import PAYOUT, Begun, ending, plan_begun, take_back_plan
from exchange.payouts.commands import BeginPayouts, NamePayoutAccount, PayoutAsked
from exchange.payouts.events import PayoutBegun
from exchange.rejections import Rejected
from exchange.state import PayoutState, PayoutWay
from settlement.gateways.fake_stripe.fake import Fault
from settlement.gateways.fake_stripe.objects import Transfer as StripeTransfer
from settlement.gateways.gateway import Gateway
from settlement.gateways.saga import Saga
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from settlement.payments import Instruction, Movement, MovementState, Reversal
from tests.exchange.house import CLERK, SELLER, House
from tests.exchange.test_closing import JANUARY
from tests.exchange.test_payouts import OWED, WEEK, closed
from tests.settlement.money_desk import Blind, Desk, Executioner, FreshKeys, Killed, Mortal, run

Sabotage = Callable[[Gateway], Gateway]


@cache
def _house() -> House:
    house = closed(House())
    house.tick(JANUARY + WEEK)
    return house


@dataclass
class World:
    """A venue in memory with its gateway. What is written down anywhere outlives the process."""

    amount: int = OWED
    sabotage: Sabotage = lambda gateway: gateway
    desk: Desk = field(default_factory=Desk)
    house: House = field(default_factory=lambda: copy.deepcopy(_house()))
    answered: dict[str, list[Event]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.house.ask(SELLER, NamePayoutAccount(SELLER, self.desk.seller))

    async def ask(self, by: str, command_id: str, command: Command) -> list[Event]:
        """Give a command: once for each id, as the bus does."""
        if command_id not in self.answered:
            self.answered[command_id] = self.house.ask(by, command)
        return self.answered[command_id]

    async def book(self, movement: Movement) -> None:
        told = ending(movement)
        assert told is not None
        assert not any(isinstance(event, Rejected) for event in await self.ask(VENUE, *told))

    async def begun(self) -> Sequence[Begun]:
        events = [event for _, _, happened in self.house.log for event, _ in happened]
        return [
            BegunPayout(event.payout, event.party, event.account, event.amount, event.way)
            for event in events
            if isinstance(event, PayoutBegun) and self.is_begun(event)
        ]

    def is_begun(self, event: PayoutBegun) -> bool:
        live = self.house.state.payouts.get(event.payout)
        return live is not None and live.state is PayoutState.BEGUN

    async def work(self, fate: Executioner) -> None:
        """What a process does from its start: the clerk's word, once more, and all that is left unfinished."""
        mortal = Mortal(fate, self.sabotage(self.desk.gateway), self.desk.notebook, self.book)
        saga = Saga(mortal, mortal, mortal.book, self.desk.clock)

        async def lives(call: Awaitable[object]) -> None:
            await mortal._lives(call)

        await lives(self.ask(CLERK, "pay", BeginPayouts((PayoutAsked(SELLER, Fen(self.amount)),))))
        await plan_begun(saga, mortal, lambda: mortal._lives(self.begun()))
        for plan in list(self.desk.notebook.pages):
            if plan.startswith(PAYOUT):
                await saga.run(plan)

    def to_the_end(self, fate: Executioner) -> None:
        for later in (60, 60, *[6 * 3600] * 20):
            with suppress(Killed):
                run(self.work(fate))
            self.desk.clock.now += later
            if self.answered and not run(self.begun()):
                return
        raise AssertionError(f"it never comes to an end: {self.desk.notebook.pages}")

    def require_paid_once(self) -> None:
        """What the gateway has paid is what the books say was paid; everything else is still owed."""
        transfers = self.desk.fake.books.all(StripeTransfer)
        paid = sum(one.amount - one.amount_reversed for one in transfers)
        assert len(transfers) <= 1, "one payout, one transfer"
        assert paid == self.house.state.paid_out
        assert self.house.balance(SELLER, AccountKind.IN_TRANSIT) == 0
        assert self.house.balance(SELLER, AccountKind.PAYABLE) == OWED - paid


@dataclass(frozen=True)
class BegunPayout:
    """A payout as the venue's tables would tell it."""

    id: PayoutId
    party: PartyId
    account: str
    amount: Fen
    way: PayoutWay


def every_life(
    fault: Fault | None,
    sabotage: Sabotage = lambda gateway: gateway,
    begin: Callable[..., World] = World,
) -> int:
    """Pay under a fault of the first, second and third request, killed at each point. Gives how many lives there were."""
    lives = 0
    for requests_before in range(3 if fault else 1):
        for point in count():
            world, fate = begin(sabotage=sabotage), Executioner(point)
            world.desk.fake.faults.extend([None] * requests_before + [fault])
            world.to_the_end(fate)
            world.require_paid_once()
            lives += 1
            if fate.points <= point:
                break
    return lives


@pytest.mark.parametrize("fault", [None, *Fault])
def test_a_seller_is_paid_once(fault: Fault | None) -> None:
    assert every_life(fault) > 15, "it was killed before and after each thing that it does"


@pytest.mark.parametrize(
    ("sabotage", "fault"), [(FreshKeys, Fault.LATE_REQUEST), (Blind, Fault.BROKEN_AFTER)]
)
def test_the_law_sees_a_sabotaged_payout(sabotage: Sabotage, fault: Fault) -> None:
    with pytest.raises(AssertionError):
        every_life(fault, sabotage)


def test_the_law_sees_a_plan_of_another_name_at_each_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sabotage: whoever starts anew does not know that the payout has a plan already."""
    numbers, plan = count(), Saga.plan

    async def forgetful(saga: Saga, name: str, *steps: Instruction) -> None:
        await plan(saga, f"{name}.{next(numbers)}", *steps)

    monkeypatch.setattr(Saga, "plan", forgetful)
    with pytest.raises(AssertionError):
        every_life(None)


def test_a_payout_that_is_refused_is_owed_again() -> None:
    for point in count():
        world, fate = World(), Executioner(point)
        world.house.ask(SELLER, NamePayoutAccount(SELLER, "acct_nobody"))
        world.to_the_end(fate)
        world.require_paid_once()
        assert world.house.state.paid_out == 0
        assert world.house.state.payouts == {}
        if fate.points <= point:
            break


def test_what_is_taken_back_is_owed_again_and_once() -> None:
    for point in count():
        world = World()
        world.to_the_end(Executioner())
        (payout,) = world.house.state.payouts
        (transfer,) = world.desk.fake.books.all(StripeTransfer)
        fate = Executioner(point)
        plan = take_back_plan(payout, "clerk-1")
        for _ in range(4):
            mortal = Mortal(fate, world.desk.gateway, world.desk.notebook, world.book)
            saga = Saga(mortal, mortal, mortal.book, world.desk.clock)
            with suppress(Killed):
                run(saga.plan(plan, Reversal(SELLER, transfer.id, Fen(40_00))))
                run(saga.run(plan))
        world.require_paid_once()
        assert world.house.state.paid_out == OWED - 40_00
        if fate.points <= point:
            break


def test_what_was_reconciled_before_it_was_told_is_told_all_the_same() -> None:
    world = World()
    world.to_the_end(Executioner())
    ((movement,),) = [page for plan, page in world.desk.notebook.pages.items() if plan.startswith(PAYOUT)]
    told = ending(movement)
    assert told is not None
    assert ending(replace(movement, state=MovementState.RECONCILED)) == told
