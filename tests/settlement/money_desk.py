"""A venue's money in memory: the fake behind the real library, movements and books that survive a kill."""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeVar

from settlement.gateways.fake_stripe import acts
from settlement.gateways.fake_stripe.fake import FakeStripe
from settlement.gateways.fake_stripe.transport import InProcess
from settlement.gateways.gateway import Dispute, Gateway, Outcome, Pending, Succeeded
from settlement.gateways.news import GatewayEvent
from settlement.gateways.saga import Book, Movements, Saga, StaleError
from settlement.gateways.stripe_gateway import StripeGateway, StripeSettings, stripe_client
from settlement.money import Fen
from settlement.payments import (
    Authorise,
    Instruction,
    Movement,
    MovementState,
    OpenAccount,
    TopUp,
    moved,
    planned,
)
from settlement.reconciliation import BookLine, GatewayPayout

T = TypeVar("T")

TRIES = count()
NOON = 1_790_000_000
KEY = "sk_test_fake"


@dataclass
class Clock:
    """Seconds since 1970, as told."""

    now: int = NOON

    def __call__(self) -> int:
        return self.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run what never waits for anything outside: the fake answers at once."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise AssertionError("nothing here waits")


class Notebook:
    """Movements in memory. It is not lost when whoever works with it is killed."""

    def __init__(self) -> None:
        self.pages: dict[str, list[Movement]] = {}
        self.writes = 0

    async def plan(self, movements: Sequence[Movement]) -> None:
        self.pages.setdefault(movements[0].plan, list(movements))

    async def of(self, plan: str) -> Sequence[Movement]:
        return list(self.pages.get(plan, []))

    async def about(self, lines: Sequence[BookLine], since: int) -> Sequence[Movement]:
        references, names = {line.reference for line in lines}, {line.movement for line in lines}
        return [
            one
            for one in self.all()
            if one.reference in references
            or one.id in names
            or (one.state is MovementState.SUCCEEDED and (one.requested_at or 0) >= since)
        ]

    async def write(self, before: Movement, after: Movement) -> None:
        page = self.pages[before.plan]
        if page[before.n] != before:
            raise StaleError(before.id)
        page[before.n] = after
        self.writes += 1

    def all(self) -> list[Movement]:
        return [movement for page in self.pages.values() for movement in page]


class Cashier:
    """The venue's books: told twice of one end, it books once, and never two ends that differ."""

    def __init__(self) -> None:
        self.booked: dict[tuple[str, MovementState], Movement] = {}

    async def book(self, movement: Movement) -> None:
        known = self.booked.setdefault((movement.id, movement.state), movement)
        assert known == movement, "one end is told in one way"


class Drawer:
    """Events that have had their effect."""

    def __init__(self) -> None:
        self.known: dict[str, GatewayEvent] = {}

    async def is_known(self, event: str) -> bool:
        return event in self.known

    async def record(self, event: GatewayEvent) -> None:
        self.known[event.id] = event


class Killed(BaseException):
    """The process is gone. No `except Exception` hears of it."""


@dataclass
class Executioner:
    """Kills at the `at`-th point that the work comes by, once."""

    at: int = -1
    points: int = 0

    def pass_by(self) -> None:
        self.points += 1
        if self.points - 1 == self.at:
            raise Killed


@dataclass
class Mortal:
    """Everything that a saga leans on, each call with a point of death before it and one after."""

    fate: Executioner
    gateway: Gateway
    movements: Movements
    cashier: Book

    async def _lives(self, call: Awaitable[T]) -> T:
        try:
            self.fate.pass_by()
        except Killed:
            close = getattr(call, "close", None)
            if close is not None:
                close()
            raise
        done = await call
        self.fate.pass_by()
        return done

    async def plan(self, movements: Sequence[Movement]) -> None:
        await self._lives(self.movements.plan(movements))

    async def of(self, plan: str) -> Sequence[Movement]:
        return await self._lives(self.movements.of(plan))

    async def about(self, lines: Sequence[BookLine], since: int) -> Sequence[Movement]:
        return await self._lives(self.movements.about(lines, since))

    async def book_lines(self, since: int) -> Sequence[BookLine]:
        return await self._lives(self.gateway.book_lines(since))

    async def payouts(self, since: int) -> Sequence[GatewayPayout]:
        return await self._lives(self.gateway.payouts(since))

    async def dispute(self, name: str) -> Dispute | None:
        return await self._lives(self.gateway.dispute(name))

    async def write(self, before: Movement, after: Movement) -> None:
        await self._lives(self.movements.write(before, after))

    async def carry_out(self, movement: Movement) -> Outcome:
        return await self._lives(self.gateway.carry_out(movement))

    async def look_up(self, movement: Movement) -> Outcome | None:
        return await self._lives(self.gateway.look_up(movement))

    async def book(self, movement: Movement) -> None:
        await self._lives(self.cashier(movement))


@dataclass
class Desk:
    """One venue with its account at the fake: 10,000.00 yuan paid in by a buyer, and a seller who can be paid."""

    tries: int = 0
    clock: Clock = field(default_factory=Clock)
    sabotage: Callable[[Gateway], Gateway] = lambda gateway: gateway
    notebook: Notebook = field(default_factory=Notebook)
    cashier: Cashier = field(default_factory=Cashier)

    def __post_init__(self) -> None:
        self.fake = FakeStripe(self.clock, key=KEY)
        self.gateway = StripeGateway(
            stripe_client(StripeSettings(KEY, tries=self.tries), InProcess(self.fake))
        )
        self.payment = self.paid(1_000_000)
        opened = run(self.gateway.carry_out(planned("seller", OpenAccount("dunhuang", "CN"))[0]))
        assert isinstance(opened, Succeeded)
        self.seller = acts.sign_up(self.fake.books, opened.reference).id
        self.opening = self.fake.books.balance

    def set_aside(self, amount: int) -> str:
        """A payment that a buyer's bank has set aside, by its reference."""
        asked = run(self.gateway.carry_out(planned("set-aside", Authorise("ann-lab", Fen(amount)))[0]))
        assert isinstance(asked, Pending)
        return acts.pay(self.fake.books, asked.reference).id

    def paid(self, amount: int, plan: str = "opening") -> str:
        """A payment that has been made, by its reference."""
        asked = run(self.gateway.carry_out(planned(plan, TopUp("ann-lab", Fen(amount)))[0]))
        assert isinstance(asked, Pending)
        return acts.pay(self.fake.books, asked.reference).id

    def saga(self, fate: Executioner | None = None) -> Saga:
        """A new process: nothing of the one before is left but what was written down."""
        mortal = Mortal(fate or Executioner(), self.sabotage(self.gateway), self.notebook, self.cashier.book)
        return Saga(mortal, mortal, mortal.book, self.clock)

    def to_the_end(self, plan: str, *steps: Instruction, fate: Executioner | None = None) -> None:
        """Plan and run, again after each kill: a minute later at first, then hours later each time."""
        for later in (60, 60, *[6 * 3600] * 20):
            try:
                saga = self.saga(fate)
                run(saga.plan(plan, *steps))
                run(saga.run(plan))
            except Killed:
                pass
            self.clock.now += later
            if self.at_rest(plan):
                return
        raise AssertionError(f"{plan} never comes to an end: {self.notebook.pages}")

    def at_rest(self, plan: str) -> bool:
        """Whether a plan is done, or has stopped at what was refused."""
        page = self.notebook.pages.get(plan, [])
        failed = any(one.state in {MovementState.FAILED, MovementState.RETURNED} for one in page)
        untold = any(one.is_untold for one in page)
        return bool(page) and not untold and (failed or all(one.is_done for one in page))

    def money_moved_once(self) -> None:
        """The law: what is written down, what the books were told and what the fake has in its books are one."""
        done = [one for one in self.notebook.all() if one.state is MovementState.SUCCEEDED]
        assert self.fake.books.balance - self.opening == sum(moved(one.instruction) for one in done)
        ends = {(one.id, one.state): replace(one, told=False) for one in self.notebook.all() if one.is_done}
        assert self.cashier.booked == ends


@dataclass
class Sabotaged:
    """A gateway, before something is done to it."""

    gateway: Gateway

    async def carry_out(self, movement: Movement) -> Outcome:
        return await self.gateway.carry_out(movement)

    async def look_up(self, movement: Movement) -> Outcome | None:
        return await self.gateway.look_up(movement)

    async def dispute(self, name: str) -> Dispute | None:
        return await self.gateway.dispute(name)

    async def payouts(self, since: int) -> Sequence[GatewayPayout]:
        return await self.gateway.payouts(since)

    async def book_lines(self, since: int) -> Sequence[BookLine]:
        return await self.gateway.book_lines(since)


class FreshKeys(Sabotaged):
    """Sabotage: a key of its own for each try."""

    async def carry_out(self, movement: Movement) -> Outcome:
        return await self.gateway.carry_out(replace(movement, key=f"{movement.key}-{next(TRIES)}"))


class Blind(Sabotaged):
    """Sabotage: what has become of a movement is never asked."""

    async def look_up(self, _: Movement) -> Outcome | None:
        return None
