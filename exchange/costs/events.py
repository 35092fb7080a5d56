"""What can happen about costs."""

from dataclasses import dataclass

from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class GatewayFeeBooked:
    """The venue has paid its gateway."""

    line: str
    amount: Fen


CostEvent = GatewayFeeBooked
"""What costs change in the venue's state: nothing but balances."""
