"""What refunds and their credit notes mean for the tables that pages read."""

import msgspec

from exchange.persistence.rows import Heard, Row, Rows
from exchange.persistence.tables import refunds
from exchange.refunds.events import CreditNoteMoved, LineRefunded, RefundEvent


def project_refunds(rows: Rows, event: RefundEvent) -> None:
    """Add what an event about refunds means for the tables."""
    match event:
        case LineRefunded():
            rows.add(refunds.refunds, _refund_row(rows.heard, event))
        case CreditNoteMoved(refund, note):
            row = {"id": refund, "note_state": note.state, "note_since": note.since}
            rows.change(refunds.refunds, row)


def _refund_row(heard: Heard, event: LineRefunded) -> Row:
    return {
        "id": event.refund,
        "statement": event.line.statement,
        "n": event.line.n,
        "buyer": event.line.buyer,
        "seller": event.line.seller,
        "amount": event.amount,
        "reason": event.reason,
        "reference": event.reference,
        "correction": msgspec.to_builtins(event.correction),
        "payable": event.payable,
        "returned": msgspec.to_builtins(event.returned),
        "to_buyer": event.to_buyer,
        "invoice_used": event.note.invoice_used,
        "note_state": event.note.state,
        "note_since": event.note.since,
        "slot": heard.now,
        "seq": heard.seq,
    }
