"""What may be asked about payouts."""

from dataclasses import dataclass

from exchange.names import PartyId, PayoutId
from exchange.state import PayoutTerms
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class SetPayoutTerms:
    """Say from now on when sellers are paid."""

    terms: PayoutTerms


@dataclass(frozen=True, slots=True)
class NamePayoutAccount:
    """Say where a seller is paid from now on: its account at the gateway, or at its bank."""

    party: PartyId
    account: str


@dataclass(frozen=True, slots=True)
class PayoutAsked:
    """How much of what is due to a seller is to be paid."""

    party: PartyId
    amount: Fen


@dataclass(frozen=True, slots=True)
class BeginPayouts:
    """Set money aside for sellers, exactly as it was planned and confirmed: all of it, or nothing if any part can't be."""

    payouts: tuple[PayoutAsked, ...]


@dataclass(frozen=True, slots=True)
class BeginWithdrawal:
    """Set a part of a buyer's balance aside for itself. What can't go back the way it came goes to its bank's `account`."""

    amount: Fen
    account: str | None


@dataclass(frozen=True, slots=True)
class ConfirmPayout:
    """The gateway has paid, under this reference of its own."""

    payout: PayoutId
    reference: str


@dataclass(frozen=True, slots=True)
class FailPayout:
    """The gateway has not paid, and will not."""

    payout: PayoutId
    why: str


@dataclass(frozen=True, slots=True)
class ReturnPayout:
    """A paid payout has come back, or a part of it: a bank sent it back, or the gateway took it back."""

    payout: PayoutId
    amount: Fen
    movement: str


PayoutCommand = (
    SetPayoutTerms
    | NamePayoutAccount
    | BeginPayouts
    | BeginWithdrawal
    | ConfirmPayout
    | FailPayout
    | ReturnPayout
)
