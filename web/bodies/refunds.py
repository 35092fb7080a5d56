"""Refunds of settled lines, as they are asked for and answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from exchange.names import RefundId
from exchange.periods import period_of
from exchange.persistence.queries.refunds import StoredRefund
from exchange.refunds.commands import MoveCreditNote, RefundLine
from exchange.state import SettledLine, VenueTerms
from settlement.credit_notes import CreditNoteEvent, CreditNoteState
from settlement.money import Fen
from web.bodies.fields import FenField, StatementField, TextField, utc
from web.bodies.statements import figures
from web.strict import Body

LINES_MAX = 100_000


class RefundIn(Body):
    """A part of the price of a settled line to give back: the `line`-th of a `statement`, counted from 0.

    What a voucher has covered of it goes back to the voucher.
    `reference` is your own, and counts once for each line. `invoice_used` says whether the buyer has deducted or booked
    the invoice: then the credit note needs its confirmation.
    """

    statement: StatementField
    line: Annotated[int, Field(ge=0, le=LINES_MAX)]
    amount_fen: FenField
    reason: TextField
    reference: TextField
    invoice_used: bool

    def command(self, line: SettledLine) -> RefundLine:
        """The command that this asks for, about a line as it was posted."""
        return RefundLine(line, Fen(self.amount_fen), self.reason, self.reference, self.invoice_used)


class CreditNoteIn(Body):
    """What has happened to a credit note."""

    event: CreditNoteEvent

    def command(self, refund: str) -> MoveCreditNote:
        """The command that this asks for."""
        return MoveCreditNote(RefundId(refund), self.event)


@dataclass(frozen=True, slots=True)
class CreditNoteOut:
    """How a credit note stands, and since when. What awaits its confirmation lapses at the `deadline`."""

    state: CreditNoteState
    since: datetime
    deadline: datetime | None
    invoice_used: bool


@dataclass(frozen=True, slots=True)
class PartReturnedOut:
    """What a voucher has back, or its programme if the voucher was `over`.

    Its region had paid `paid_back_fen` of that already, which comes off what it pays next.
    """

    voucher: str
    amount_fen: int
    over: bool
    paid_back_fen: int


@dataclass(frozen=True, slots=True)
class RefundOut:
    """A refund of `amount_fen` of a line's price, and what of it went `to_buyer_fen` and to each voucher of the line.

    Of a part that is to be reimbursed the buyer has its own money back, less what its region has paid it already, and its
    region owes it that much less. `figures` is what the refund takes off each figure of the line, and so is not positive:
    they are figures of the month in which it was made, `period`, whenever the line was served.
    """

    id: str
    statement: str
    line: int
    period: str
    buyer: str
    seller: str
    amount_fen: int
    to_buyer_fen: int
    to_vouchers: list[PartReturnedOut]
    reason: str
    reference: str
    figures: dict[str, int]
    shares: dict[str, dict[str, int]]
    credit_note: CreditNoteOut
    seq: int

    @classmethod
    def of(cls, refund: StoredRefund, terms: VenueTerms) -> "RefundOut":
        """A refund as it is stored."""
        note, correction = refund.note, refund.correction
        deadline = None if note.deadline is None else utc(note.deadline)
        return cls(
            id=refund.id,
            statement=refund.statement,
            line=refund.n,
            period=period_of(terms.instant_of(refund.slot), terms.utc_offset_seconds).name,
            buyer=refund.buyer,
            seller=refund.seller,
            amount_fen=refund.amount,
            to_buyer_fen=refund.to_buyer,
            to_vouchers=[
                PartReturnedOut(one.voucher, one.amount, one.over, one.paid_back) for one in refund.returned
            ],
            reason=refund.reason,
            reference=refund.reference,
            figures=figures(correction),
            shares={
                "revenue_fen": dict(correction.revenue_by_region_fen),
                "tax_fen": dict(correction.tax_by_region_fen),
                "gdp_fen": dict(correction.gdp_by_region_fen),
            },
            credit_note=CreditNoteOut(note.state, utc(note.since), deadline, note.invoice_used),
            seq=refund.seq,
        )
