"""What can happen about chargebacks."""

from dataclasses import dataclass

from exchange.names import PartyId
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class ChargebackBooked:
    """A buyer's bank took a payment back: so much was `taken` from the buyer's balance, and so much is `borne` by the venue."""

    dispute: str
    party: PartyId
    topup: str
    taken: Fen
    borne: Fen


@dataclass(frozen=True, slots=True)
class LossRecovered:
    """Something has become free in the buyer's balance, and makes up for what the venue bears of a chargeback."""

    dispute: str
    party: PartyId
    amount: Fen


@dataclass(frozen=True, slots=True)
class ChargebackReinstated:
    """The venue has the money again: what it bore is `restored` first, and the rest has `returned` to the buyer."""

    dispute: str
    party: PartyId
    restored: Fen
    returned: Fen


ChargebackEvent = ChargebackBooked | LossRecovered | ChargebackReinstated
"""What chargebacks change in the venue's state."""
