"""Payments: from a wish to pay in or out until it is booked, whatever happens on the way."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from exchange.app import Exchange
from exchange.bus import Answer, DifferentCommandError
from exchange.charging_back import ChargingBack, unexplained
from exchange.commands import Command, Envelope
from exchange.costs.commands import BookGatewayFee
from exchange.names import PartyId, topup_plan
from exchange.paying import PAYOUT, ending, plan_begun, take_back_plan
from exchange.payouts.commands import BeginPayouts, BeginWithdrawal, PayoutAsked
from exchange.payouts.events import PayoutBegun
from exchange.persistence.payments import BankStore, EventStore, FreezeStore, MovementStore
from exchange.persistence.queries.booked import booked_chargebacks, given, ledger_differences
from exchange.persistence.queries.payouts import StoredPayout, begun
from exchange.persistence.queries.subsidies import booked_under
from exchange.persistence.turn import sole_run
from exchange.rejections import VenueRejection
from exchange.state import PayoutState, PayoutWay
from settlement.gateways.bank_gateway import BankGateway
from settlement.gateways.beside_bank import BesideBank
from settlement.gateways.gateway import Outcome, Pending, SellersGateway
from settlement.gateways.news import Disputed, GatewayEvent, MovementChanged
from settlement.gateways.saga import Saga, StaleError
from settlement.money import Fen
from settlement.payments import ContradictionError, Movement, OpenAccount, Reversal, TopUp
from settlement.reconciliation import Reconciliation, explained

GO_ON_SECONDS = 60  # between two looks at what was left unfinished
RECONCILE_SECONDS = 86_400
PAY = "payout"  # the job's name, by which its runs take turns
HOME = "CN"  # where sellers' accounts are
LOOK_BACK_SECONDS = 30 * 86_400  # a payment may be made weeks after it was asked for

_log = logging.getLogger("suanli.payments")


class FrozenError(Exception):
    """An audit has found a difference: no payout and no withdrawal is begun until a clerk lifts that."""


class NothingToTakeBackError(Exception):
    """The payout is not paid, or less of it is left."""


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

    def __init__(self, exchange: Exchange, gateway: SellersGateway | None, now: Callable[[], int]) -> None:
        self._exchange = exchange
        self._movements = MovementStore(exchange.usage)
        self._inbox = EventStore(exchange.usage)
        self._bank = BankGateway(BankStore(exchange.usage))
        self._gateway = gateway
        self._now = now
        ways = self._bank if gateway is None else BesideBank(gateway, self._bank)
        self._saga = Saga(ways, self._movements, self._book, now)
        self._charging_back = ChargingBack(ways, self._movements, self._look_again, self._tell)
        self.freezes = FreezeStore(exchange.usage)
        self.reconciled: tuple[int, Reconciliation] | None = None
        """When the books were compared last by this process, and what that found."""

    async def top_up(self, party: PartyId, command_id: str, amount: Fen) -> Standing:
        """Let a party pay in, or tell how that stands: once for each id of the party's own.

        Raises `DifferentCommandError` where the id stands for another amount, and what the command bus raises.
        """
        plan = topup_plan(party, command_id)
        await self._saga.plan(plan, TopUp(party, amount))
        outcome = await self._run(plan)
        (movement,) = await self._movements.of(plan)
        if movement.instruction != TopUp(party, amount):
            raise DifferentCommandError(command_id)
        pending = outcome if isinstance(outcome, Pending) else None
        secret = pending.secret if pending is not None else ""
        code = movement.reference if self.by_bank and pending is not None else None
        return Standing(movement, secret or None, code)

    async def standing(self, party: PartyId, command_id: str) -> Standing | None:
        """How a top-up stands now, by the gateway; None where the party has asked for none under this id."""
        for movement in await self._movements.of(topup_plan(party, command_id)):
            if isinstance(movement.instruction, TopUp):
                return await self.top_up(party, command_id, movement.instruction.amount)
        return None

    @property
    def by_bank(self) -> bool:
        """Whether sellers are paid by a bank's files, and so name their account themselves."""
        return self._gateway is None

    async def begin_payouts(self, by: PartyId, command_id: str, payouts: tuple[PayoutAsked, ...]) -> Answer:
        """Set sellers' money aside and begin to pay it, if nothing has frozen that: a refusal is in the answer.

        Raises `FrozenError`, `JobAtWorkError` where others are being begun, and what the command bus raises.
        """
        await self._require_unfrozen()
        async with sole_run(self._exchange.url, PAY):
            answer = await self._exchange.bus.submit(Envelope(by, command_id, BeginPayouts(payouts)))
            if answer.rejection is None:
                await self.go_on()
        return answer

    async def withdraw(self, buyer: PartyId, command_id: str, asked: BeginWithdrawal) -> Answer:
        """Set a part of a buyer's balance aside and begin to pay it back, if nothing has frozen that: a refusal is in the answer.

        Raises `FrozenError`, and what the command bus raises.
        """
        await self._require_unfrozen()
        answer = await self._exchange.bus.submit(Envelope(buyer, command_id, asked))
        if answer.rejection is None:
            await plan_begun(self._saga, self._movements, self._begun)
            await self._carry_on(
                f"{PAYOUT}{event.payout}" for event in answer.events if isinstance(event, PayoutBegun)
            )
        return answer

    async def take_back(self, payout: StoredPayout, command_id: str, amount: Fen) -> Movement:
        """Take back from a seller what a payout has paid it, or a part of that: once for each id of the clerk's.

        Raises `NothingToTakeBackError`, or `DifferentCommandError` where the id stands for something else.
        """
        asked = Reversal(payout.party, payout.reference or "", amount)
        plan = take_back_plan(payout.id, command_id)
        if not await self._movements.of(plan):
            if payout.way is not PayoutWay.TRANSFER:
                raise NothingToTakeBackError("It has paid a buyer its own money back.")
            if payout.status is not PayoutState.PAID or amount > payout.left:
                raise NothingToTakeBackError(f"{payout.left} fen of it are left, and it is {payout.status}.")
            await self._saga.plan(plan, asked)
        await self._run(plan)
        (movement,) = await self._movements.of(plan)
        if movement.instruction != asked:
            raise DifferentCommandError(command_id)
        return movement

    async def onboard(self, party: PartyId, back_to: str) -> str | None:
        """A page of the gateway where a seller says who it is; None where its account could not be opened yet."""
        assert self._gateway is not None, "a bank asks no seller who it is"
        plan = f"account.{party}"
        await self._saga.plan(plan, OpenAccount(party, HOME))
        await self._run(plan)
        (movement,) = await self._movements.of(plan)
        if movement.reference is None:
            return None
        return await self._gateway.onboarding_link(movement.reference, back_to)

    async def hear(self, event: GatewayEvent) -> bool:
        """Let an event have its effect, and say whether it had it now: each has it once, for ever.

        The effect comes first. Where it was cut short, the gateway sends the event again.
        """
        if await self._inbox.is_known(event.id):
            return False
        if isinstance(event.news, MovementChanged):
            await self._look_again(event.news.movement)
        elif isinstance(event.news, Disputed):
            await self._charging_back.look_at(event.news.dispute)
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

    async def next_file(self) -> tuple[int, bytes] | None:
        """A file for the bank with every payment that is in none yet, and its number; None where there is nothing."""
        return await self._bank.next_file()

    async def file(self, number: int) -> bytes | None:
        """A file for the bank as it was made, or None where there is no such number."""
        return await self._bank.file(number)

    async def go_on(self) -> None:
        """Bring to its end what was left unfinished, whoever left it. What fails now is tried again the next time.

        While payouts are frozen, nobody is paid.
        """
        frozen = await self.freezes.standing() is not None
        if not frozen:
            await plan_begun(self._saga, self._movements, self._begun)
        unfinished = await self._movements.unfinished()
        await self._carry_on(plan for plan in unfinished if not (frozen and plan.startswith(PAYOUT)))

    async def reconcile(self) -> Reconciliation:
        """Compare the books of the last weeks, and tell each difference to the log."""
        found = await self.reconcile_since(self._now() - LOOK_BACK_SECONDS)
        for one in found.differences:
            _log.warning("%s of %s: %d fen are ours, %d theirs", one.kind, one.about, one.ours, one.theirs)
        self.reconciled = (self._now(), found)
        return found

    async def reconcile_since(self, since: int) -> Reconciliation:
        """Set what is written down beside the gateway's books since a second, and beside the ledger."""
        found = await self._saga.reconcile(since)
        unlike = await ledger_differences(self._exchange.readers, since)
        await self._book_fees(found.fees_by_line)
        stand = await self._charging_back.stand(found.differences)
        charged_back = await booked_chargebacks(self._exchange.readers, list(stand))
        differences = unexplained(found.differences, stand, charged_back)
        if self.by_bank:
            booked = await booked_under(self._exchange.readers, since, [one.about for one in differences])
            differences = explained(differences, booked, await self._bank.amounts(list(booked)))
        return replace(found, differences=(*differences, *unlike))

    async def _book_fees(self, fees: Mapping[str, Fen]) -> None:
        """Book what the gateway took in each line, once: the id of that command means the line for ever."""
        told = {f"fee-{line}": BookGatewayFee(line, fee) for line, fee in fees.items()}
        for command_id in sorted(told.keys() - await given(self._exchange.readers, list(told))):
            await self._tell(command_id, told[command_id])

    async def to_reconcile(self) -> tuple[int, int, int]:
        """Since when there is something to compare, how many movements wait for it, and how many agreed before."""
        since = self._now() - LOOK_BACK_SECONDS
        return since, *await self._movements.count_done(since)

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

    async def _begun(self) -> Sequence[StoredPayout]:
        return await begun(self._exchange.usage)

    async def _require_unfrozen(self) -> None:
        freeze = await self.freezes.standing()
        if freeze is not None:
            raise FrozenError(freeze.found)

    async def _carry_on(self, plans: Iterable[str]) -> None:
        """Carry plans on. What a person has to look at is told to the log, and keeps nothing else from going on."""
        for plan in plans:
            try:
                await self._run(plan)
            except (ContradictionError, NotBookedError):
                _log.exception("plan %s has to be looked at by a person", plan)

    async def _run(self, plan: str) -> Outcome | None:
        """Carry a plan on. Where somebody else does so already, how far it gets is theirs to say."""
        try:
            return await self._saga.run(plan)
        except StaleError:
            return None

    async def _book(self, movement: Movement) -> None:
        """Tell the venue how a movement has ended, once: the id of that command means this end for ever."""
        told = ending(movement)
        if told is not None:
            await self._tell(*told)

    async def _tell(self, command_id: str, command: Command) -> None:
        """Tell the venue what has happened at the gateway. What is booked already is no fault."""
        answer = await self._exchange.as_venue(command_id, command)
        if answer.rejection is not None and answer.rejection.code != VenueRejection.DEPOSIT_EXISTS:
            raise NotBookedError(f"{command_id}: {answer.rejection.explain}")
