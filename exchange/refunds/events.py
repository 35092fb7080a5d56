"""What can happen about refunds."""

from dataclasses import dataclass

from exchange.names import RefundId, VoucherId
from exchange.state import SettledLine
from settlement.credit_notes import CreditNote
from settlement.money import NOTHING, Fen
from settlement.statement import Line
from settlement.terms import VoucherMode


@dataclass(frozen=True, slots=True)
class PartReturned:
    """What a refund gives back of a voucher's part of a line: to the voucher, or to its programme if that is `over`.

    Its region had paid `paid_back` of that already: whoever has got it gives it up, and it comes off what the region pays
    next.
    """

    voucher: VoucherId
    amount: Fen
    over: bool
    paid_back: Fen = NOTHING


@dataclass(frozen=True, slots=True)
class LineRefunded:
    """A settled line was corrected: `correction` is what remains of it less what stood, so no figure of it is positive.

    But for `payout_on_charge_fen` of a line that vouchers cover: fee and part are rounded apart. `payable` is what it
    moves the seller's balance by, with what regions had paid of it, and `returned` what each voucher of the line has back,
    in the line's order.
    """

    refund: RefundId
    line: SettledLine
    amount: Fen
    reason: str
    reference: str
    correction: Line
    note: CreditNote
    payable: Fen
    returned: tuple[PartReturned, ...]

    @property
    def to_buyer(self) -> Fen:
        """What the buyer's balance has: its own money, less what a region had paid back to it of that."""
        had = (
            back.paid_back
            for part, back in zip(self.line.vouchers, self.returned, strict=True)
            if part.terms.mode is VoucherMode.REIMBURSE_BUYER
        )
        return Fen(-self.correction.buyer_pays_now_fen - sum(had))


@dataclass(frozen=True, slots=True)
class CreditNoteMoved:
    """The credit note of a refund came into another state."""

    refund: RefundId
    note: CreditNote


RefundEvent = LineRefunded | CreditNoteMoved
