"""What can happen about refunds."""

from dataclasses import dataclass

from exchange.state import RefundId, SettledLine
from settlement.credit_notes import CreditNote
from settlement.money import Fen
from settlement.statement import Line


@dataclass(frozen=True, slots=True)
class LineRefunded:
    """A settled line was corrected: `correction` is what remains of it less what stood, so no figure of it is positive."""

    refund: RefundId
    line: SettledLine
    amount: Fen
    reason: str
    reference: str
    correction: Line
    note: CreditNote


@dataclass(frozen=True, slots=True)
class CreditNoteMoved:
    """The credit note of a refund came into another state."""

    refund: RefundId
    note: CreditNote
