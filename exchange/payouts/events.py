"""What can happen about payouts."""

from dataclasses import dataclass

from exchange.names import PartyId, PayoutId
from exchange.state import PayoutTerms
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class PayoutTermsSet:
    """Sellers are paid by these terms from here on."""

    terms: PayoutTerms


@dataclass(frozen=True, slots=True)
class PayoutAccountNamed:
    """A seller is paid at this account from here on."""

    party: PartyId
    account: str


@dataclass(frozen=True, slots=True)
class PayoutBegun:
    """A seller's money is set aside, for the gateway to pay at this account."""

    payout: PayoutId
    party: PartyId
    account: str
    amount: Fen


@dataclass(frozen=True, slots=True)
class PayoutPaid:
    """The seller has its money."""

    payout: PayoutId
    party: PartyId
    amount: Fen
    reference: str


@dataclass(frozen=True, slots=True)
class PayoutFailed:
    """The seller has not got its money: it is payable again."""

    payout: PayoutId
    party: PartyId
    amount: Fen
    why: str


@dataclass(frozen=True, slots=True)
class PayoutReturned:
    """What a seller was paid has come back and is payable again; `left` is what it still has of the payout."""

    payout: PayoutId
    party: PartyId
    amount: Fen
    left: Fen
    movement: str


PayoutEvent = PayoutTermsSet | PayoutAccountNamed | PayoutBegun | PayoutPaid | PayoutFailed | PayoutReturned
