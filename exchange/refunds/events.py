"""What can happen about refunds."""

from dataclasses import dataclass

from exchange.names import RefundId, VoucherId
from exchange.state import SettledLine
from settlement.credit_notes import CreditNote
from settlement.money import Fen
from settlement.statement import Line


@dataclass(frozen=True, slots=True)
class PartReturned:
    """What a refund gives back of a voucher's part of a line: to the voucher, or to its programme if that is `over`."""

    voucher: VoucherId
    amount: Fen
    over: bool


@dataclass(frozen=True, slots=True)
class LineRefunded:
    """A settled line was corrected: `correction` is what remains of it less what stood, so no figure of it is positive.

    But for `payout_on_charge_fen` of a line that vouchers cover: fee and part are rounded apart. `payable` is what it
    moves the seller's balance by, and `returned` what each voucher of the line has back, in the line's order.
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


@dataclass(frozen=True, slots=True)
class CreditNoteMoved:
    """The credit note of a refund came into another state."""

    refund: RefundId
    note: CreditNote
