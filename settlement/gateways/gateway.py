"""What the venue needs of a gateway, in words that are no gateway's own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from settlement.money import Fen
from settlement.payments import Movement
from settlement.reconciliation import BookLine, GatewayPayout


@dataclass(frozen=True, slots=True)
class Succeeded:
    """It is done, under this reference of the gateway."""

    reference: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The gateway has it, and others must act. `secret` lets the buyer's browser pay it, and nobody else may see it."""

    reference: str
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """The gateway will not do it: nothing has moved, and nothing will."""

    code: str
    explain: str


@dataclass(frozen=True, slots=True)
class Returned:
    """It had been done, and came back."""

    reference: str
    code: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """The gateway has not looked at it: too many requests, another one at work, a key that is not in force."""

    explain: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nobody knows whether it was done: the line broke, or the gateway failed on the way."""

    explain: str


Outcome = Succeeded | Pending | Refused | Returned | NotNow | NoAnswer


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a buyer's bank has taken back of a payment, in fen: `withdrawn` from the venue, and `reinstated` when it was won.

    `movement` is our own id beside the payment, or empty.
    """

    id: str
    payment: str
    movement: str
    withdrawn: Fen
    reinstated: Fen

    @property
    def net(self) -> Fen:
        """What it has brought to the venue's account: less than nothing, until it is won."""
        return Fen(self.reinstated - self.withdrawn)


class Gateway(Protocol):
    """Carries out movements, and says what became of them."""

    async def carry_out(self, movement: Movement) -> Outcome:
        """Do what the movement says, once for each key however often it is asked. Never raises for what a gateway does."""
        ...

    async def look_up(self, movement: Movement) -> Outcome | None:
        """What has become of the movement; None where the gateway has nothing of it."""
        ...

    async def dispute(self, name: str) -> Dispute | None:
        """How a dispute stands; None where the gateway has none of this name, or does not tell now."""
        ...

    async def payouts(self, since: int) -> Sequence[GatewayPayout]:
        """What the gateway has paid to the venue's own bank since a second, with the lines that each is made of."""
        ...

    async def book_lines(self, since: int) -> Sequence[BookLine]:
        """Every line of the gateway's books about the venue's account since a second."""
        ...


class Onboarding(Protocol):
    """A gateway that asks sellers itself who they are."""

    async def onboarding_link(self, account: str, back_to: str) -> str | None:
        """A page of the gateway where a seller completes its account: of use once, and for minutes. None: not now."""
        ...


class SellersGateway(Gateway, Onboarding, Protocol):
    """A gateway at which sellers have accounts."""
