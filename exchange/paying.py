"""Payouts on their way: each that is begun becomes a plan at the gateway, and how that ends is a command.

A withdrawal's parts are payouts like any other: they differ in what the gateway is asked to do.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from exchange.commands import Command
from exchange.names import PartyId, PayoutId
from exchange.parties.commands import Deposit
from exchange.payouts.commands import ConfirmPayout, FailPayout, NamePayoutAccount, ReturnPayout
from exchange.state import PayoutWay
from settlement.gateways.saga import Movements, Saga
from settlement.money import Fen
from settlement.payments import (
    BankTransfer,
    Capture,
    Instruction,
    Movement,
    MovementState,
    OpenAccount,
    Refund,
    Reversal,
    TopUp,
    Transfer,
)

PAYOUT = "payout."
"""How the name of a payout's plan begins: the payout's id follows."""


class Begun(Protocol):
    """A payout whose money is set aside."""

    @property
    def id(self) -> PayoutId:
        """Its id."""
        ...

    @property
    def party(self) -> PartyId:
        """Whom it pays."""
        ...

    @property
    def account(self) -> str:
        """Where it pays."""
        ...

    @property
    def amount(self) -> Fen:
        """How much it pays."""
        ...

    @property
    def way(self) -> PayoutWay:
        """By which way."""
        ...


async def plan_begun(
    saga: Saga, movements: Movements, begun: Callable[[], Awaitable[Sequence[Begun]]]
) -> None:
    """Write down a plan for each payout that is begun. What has a plan already keeps it, so nothing is paid twice."""
    for payout in await begun():
        await saga.plan(f"{PAYOUT}{payout.id}", await _asked(payout, movements))


async def _asked(payout: Begun, movements: Movements) -> Instruction:
    """What a gateway is asked to do. A clerk may have booked a top-up that no gateway knows of: that is refused."""
    match payout.way:
        case PayoutWay.TRANSFER:
            return Transfer(payout.party, payout.account, payout.amount)
        case PayoutWay.BANK:
            return BankTransfer(payout.party, payout.account, payout.amount)
        case PayoutWay.REFUND:
            topups = await movements.of(payout.account.removesuffix("/0"))
            payment = next((one.reference for one in topups), None)
            return Refund(payout.party, payment or "", payout.amount)


def take_back_plan(payout: PayoutId, command_id: str) -> str:
    """The name of a plan that takes back what a payout has paid."""
    return f"back.{payout}.{command_id}"


def ending(movement: Movement) -> tuple[str, Command] | None:
    """What the venue is told of a movement's end, under an id that means this end for ever; None where it is nothing.

    What is reconciled was done before, so it is told alike.
    """
    done = movement.state in {MovementState.SUCCEEDED, MovementState.RECONCILED}
    told = f"payment-{movement.id}" if done else f"payment-{movement.id}-{movement.state}"
    command = _done(movement) if done else _undone(movement)
    return None if command is None else (told, command)


def _done(movement: Movement) -> Command | None:
    reference = movement.reference or ""
    match movement.instruction:
        case TopUp(party, amount) | Capture(party, _, amount):
            return Deposit(PartyId(party), amount, movement.id)
        case OpenAccount(party):
            return NamePayoutAccount(PartyId(party), reference)
        case Transfer() | BankTransfer() | Refund():
            return ConfirmPayout(_payout(movement), reference)
        case Reversal(_, _, amount):
            return ReturnPayout(_payout(movement), amount, movement.id)
        case _:
            return None


def _undone(movement: Movement) -> Command | None:
    match movement.instruction, movement.state:
        case Transfer() | BankTransfer() | Refund(), MovementState.FAILED:
            return FailPayout(_payout(movement), movement.why or "failed")
        case (
            Transfer(_, _, amount) | BankTransfer(_, _, amount) | Refund(_, _, amount),
            MovementState.RETURNED,
        ):
            return ReturnPayout(_payout(movement), amount, movement.id)
        case _:
            return None


def _payout(movement: Movement) -> PayoutId:
    """The payout that a plan is about, by its name."""
    return PayoutId(movement.plan.split(".")[1])
