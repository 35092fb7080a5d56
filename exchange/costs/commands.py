"""What the venue tells itself of its costs: nobody else may ask for it."""

from dataclasses import dataclass

from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class BookGatewayFee:
    """The gateway has taken a fee in this line of its books; less than nothing is one that it gave back."""

    line: str
    amount: Fen


CostCommand = BookGatewayFee
