"""What can happen about payouts."""

from dataclasses import dataclass

from exchange.names import PartyId, PayoutId
from exchange.state import PayoutTerms, PayoutWay
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
    """A seller's or buyer's money is set aside, to be paid by this way at this account."""

    payout: PayoutId
    party: PartyId
    account: str
    amount: Fen
    way: PayoutWay = PayoutWay.TRANSFER


@dataclass(frozen=True, slots=True)
class PayoutPaid:
    """Whom it pays has the money."""

    payout: PayoutId
    party: PartyId
    amount: Fen
    reference: str
    way: PayoutWay = PayoutWay.TRANSFER


@dataclass(frozen=True, slots=True)
class PayoutFailed:
    """The money did not get there: it is back in the balance that it was taken from."""

    payout: PayoutId
    party: PartyId
    amount: Fen
    why: str
    way: PayoutWay = PayoutWay.TRANSFER


@dataclass(frozen=True, slots=True)
class PayoutReturned:
    """What was paid has come back, into the balance that it was taken from; `left` is what is still paid of it."""

    payout: PayoutId
    party: PartyId
    amount: Fen
    left: Fen
    movement: str
    way: PayoutWay = PayoutWay.TRANSFER


PayoutEvent = PayoutTermsSet | PayoutAccountNamed | PayoutBegun | PayoutPaid | PayoutFailed | PayoutReturned
