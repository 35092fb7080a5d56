"""What may be asked about refunds."""

from dataclasses import dataclass

from exchange.names import RefundId
from exchange.state import SettledLine
from settlement.credit_notes import CreditNoteEvent
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class RefundLine:
    """Give a buyer back a part of what a settled line has charged, or all of it.

    The line comes as it was posted, since the venue does not remember what is settled; the audit holds it against the
    statement. `reference` is whoever asks' own, and counts once for each line. `invoice_used` says whether the buyer has
    deducted or booked the invoice that the credit note takes back.
    """

    line: SettledLine
    amount: Fen
    reason: str
    reference: str
    invoice_used: bool


@dataclass(frozen=True, slots=True)
class MoveCreditNote:
    """Say what has happened to the credit note of a refund."""

    refund: RefundId
    event: CreditNoteEvent


RefundCommand = RefundLine | MoveCreditNote
