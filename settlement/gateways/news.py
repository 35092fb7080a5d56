"""What a gateway tells of itself, typed.

An event is news, never a fact: whoever hears it asks the gateway how the thing stands, so that neither order nor repetition
matters.
"""

from dataclasses import dataclass

from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class MovementChanged:
    """Something of ours has changed: the movement with this id has to be looked at."""

    movement: str


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """A seller has said more about itself; `payable` tells whether it can be paid."""

    account: str
    payable: bool


@dataclass(frozen=True, slots=True)
class Disputed:
    """A buyer's bank has taken a payment back, or has decided about it: `status` is Stripe's."""

    dispute: str
    payment: str
    amount: Fen
    status: str


@dataclass(frozen=True, slots=True)
class PaidOut:
    """Money to the venue's own bank: on its way, arrived, come back, or explained line by line. `status` is Stripe's."""

    payout: str
    amount: Fen
    status: str


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """Of no concern to us: taken and recorded, so that Stripe does not send it again."""

    kind: str


News = MovementChanged | AccountChanged | Disputed | PaidOut | Unrecognised


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """A webhook that is from Stripe and for us. The id is Stripe's, and means this event for ever."""

    id: str
    created: int
    kind: str
    news: News
