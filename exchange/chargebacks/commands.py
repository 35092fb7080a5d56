"""What the venue tells itself of disputes: nobody else may ask for any of it."""

from dataclasses import dataclass

from exchange.names import PartyId
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class BookChargeback:
    """A buyer's bank has taken back what it had paid by a top-up, or a part of it. `dispute` is the gateway's id."""

    dispute: str
    party: PartyId
    topup: str
    amount: Fen


@dataclass(frozen=True, slots=True)
class ReinstateChargeback:
    """The dispute is won, and the venue has the money again."""

    dispute: str
    party: PartyId
    amount: Fen


ChargebackCommand = BookChargeback | ReinstateChargeback
