"""Where a payout, a draft of an agreement and a quarter stand."""

from dataclasses import dataclass, field
from enum import StrEnum

from settlement.ledger.chart import AccountKind
from settlement.money import Fen


class PayoutState(StrEnum):
    """How far a payout has got."""

    BEGUN = "begun"
    """Its money is set aside, and on its way by the gateway."""
    PAID = "paid"
    """The seller has it."""
    FAILED = "failed"
    """The gateway refused it: the money is payable again."""
    RETURNED = "returned"
    """All of it has come back, and is payable again."""


class DraftStatus(StrEnum):
    """What has become of a version of an agreement that was proposed."""

    OPEN = "open"
    SIGNED = "signed"
    """By every party: the version is in force, from its first instant until its last."""
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


@dataclass(slots=True)
class QuarterStanding:
    """Where a pair's quarter stands: the digest that each region has confirmed last, and what is recognised."""

    confirmed: dict[str, str] = field(default_factory=dict)
    agreed: bool = False
    recognised: dict[tuple[str, AccountKind], Fen] = field(default_factory=dict)
    references: set[tuple[str, AccountKind, str]] = field(default_factory=set)
