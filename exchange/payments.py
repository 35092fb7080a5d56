"""Payments: from a party's wish to pay in until its deposit is booked, whatever happens on the way."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from exchange.app import Exchange
from exchange.bus import DifferentCommandError
from exchange.parties.commands import Deposit
from exchange.persistence.payments import BankStore, EventStore, MovementStore
from exchange.rejections import VenueRejection
from exchange.state import PartyId
from settlement.gateways.bank_gateway import BankGateway
from settlement.gateways.gateway import Gateway, Outcome, Pending
from settlement.gateways.news import GatewayEvent, MovementChanged
from settlement.gateways.saga import Saga, StaleError
from settlement.money import Fen
from settlement.payments import Capture, ContradictionError, Movement, MovementState, TopUp
from settlement.reconciliation import Reconciliation

GO_ON_SECONDS = 60  # between two looks at what was left unfinished
RECONCILE_SECONDS = 86_400
LOOK_BACK_SECONDS = 30 * 86_400  # a payment may be made weeks after it was asked for

_log = logging.getLogger("suanli.payments")


class NotBookedError(Exception):
    """Money has come in, and the books refuse it: a person has to look."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a top-up stands. While it waits for its buyer, one of `secret` and `code` says how to pay.

    `secret` is for the gateway's own form in the buyer's browser, `code` for the remark of a bank transfer.
    """

    movement: Movement
    secret: str | None
    code: str | None


class Payments:
    """A venue's payments at one gateway: its bank's files, unless another one is given. `now` tells seconds since 1970."""

    def __init__(self, exchange: Exchange, gateway: Gateway | None, now: Callable[[], int]) -> None:
        self._exchange = exchange
        self._movements = MovementStore(exchange.usage)
        self._inbox = EventStore(exchange.usage)
        self._bank = BankGateway(BankStore(exchange.usage))
        self._gateway = gateway
        self._now = now
        self._saga = Saga(gateway or self._bank, self._movements, self._book, now)

    async def top_up(self, party: PartyId, command_id: str, amount: Fen) -> Standing:
        """Let a party pay in, or tell how that stands: once for each id of the party's own.

        Raises `DifferentCommandError` where the id stands for another amount, and what the command bus raises.
        """
        plan = f"topup.{party}.{command_id}"
        await self._saga.plan(plan, TopUp(party, amount))
        outcome = await self._run(plan)
        (movement,) = await self._movements.of(plan)
        if movement.instruction != TopUp(party, amount):
            raise DifferentCommandError(command_id)
        pending = outcome if isinstance(outcome, Pending) else None
        secret = pending.secret if pending is not None else ""
        code = movement.reference if self.by_bank and pending is not None else None
        return Standing(movement, secret or None, code)

    @property
    def by_bank(self) -> bool:
        """Whether money comes in by a bank's files, and so by transfers with a code."""
        return self._gateway is None

    async def hear(self, event: GatewayEvent) -> bool:
        """Let an event have its effect, and say whether it had it now: each has it once, for ever.

        The effect comes first. Where it was cut short, the gateway sends the event again.
        """
        if await self._inbox.is_known(event.id):
            return False
        if isinstance(event.news, MovementChanged):
            await self._look_again(event.news.movement)
        await self._inbox.record(event)
        return True

    async def _look_again(self, name: str) -> None:
        plan, _, n = name.rpartition("/")
        if not n.isdecimal() or len(await self._movements.of(plan)) <= int(n):
            _log.warning("the gateway tells of a movement %s that is not ours", name)
            return
        try:
            await self._saga.look_again(plan, int(n))
        except StaleError:
            # Somebody else was quicker. What they have written down may be from before this event: look once more.
            await self._saga.look_again(plan, int(n))
        except (ContradictionError, NotBookedError):
            _log.exception("movement %s has to be looked at by a person", name)

    async def take_in(self, statement: bytes) -> int:
        """Take a bank's statement in, and say how many of its lines are new. Raises `FileError`."""
        new = await self._bank.take_in(statement)
        for plan in await self._movements.pending():
            await self._run(plan)
        return len(new)

    async def go_on(self) -> None:
        """Bring to its end what was left unfinished, whoever left it. What fails now is tried again the next time."""
        for plan in await self._movements.unfinished():
            try:
                await self._run(plan)
            except (ContradictionError, NotBookedError):
                _log.exception("plan %s has to be looked at by a person", plan)

    async def reconcile(self) -> Reconciliation:
        """Set what is written down beside the gateway's books of the last weeks, and tell each difference to the log."""
        found = await self._saga.reconcile(self._now() - LOOK_BACK_SECONDS)
        for one in found.differences:
            _log.warning("%s of %s: %d fen are ours, %d theirs", one.kind, one.about, one.ours, one.theirs)
        return found

    async def keep_going(self) -> None:
        """Go on with what is unfinished, and reconcile once a day, until cancelled."""
        next_day = self._now()
        while True:
            try:
                await self.go_on()
                if self._now() >= next_day:
                    await self.reconcile()
                    next_day = self._now() + RECONCILE_SECONDS
            except Exception:  # noqa: BLE001 - whatever it was: what others have paid is still to be booked
                _log.exception("payments could not go on, and will try again")
            await asyncio.sleep(GO_ON_SECONDS)

    async def _run(self, plan: str) -> Outcome | None:
        """Carry a plan on. Where somebody else does so already, how far it gets is theirs to say."""
        try:
            return await self._saga.run(plan)
        except StaleError:
            return None

    async def _book(self, movement: Movement) -> None:
        """Book what came in, once for each movement: its id is the deposit's reference, which counts once for ever."""
        if movement.state is not MovementState.SUCCEEDED or not isinstance(
            movement.instruction, TopUp | Capture
        ):
            return
        paid = movement.instruction
        deposit = Deposit(PartyId(paid.party), paid.amount, movement.id)
        answer = await self._exchange.as_venue(f"payment-{movement.id}", deposit)
        if answer.rejection is not None and answer.rejection.code != VenueRejection.DEPOSIT_EXISTS:
            raise NotBookedError(f"{movement.id}: {answer.rejection.explain}")
