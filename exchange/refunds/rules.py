"""The rules of refunds: never more than was charged, each reference once, and from what the seller is still owed."""

from collections.abc import Iterator

from exchange.parties.rules import unknown_party
from exchange.refunds.commands import MoveCreditNote, RefundLine
from exchange.refunds.events import CreditNoteMoved, LineRefunded
from exchange.rejections import Rejected, VenueRejection, rejected
from exchange.state import VENUE, PartyId, RefundId, Role, SettledLine, State
from matching.terms import Seq
from settlement.agreements import PairAgreement
from settlement.credit_notes import CreditNote, CreditNoteEvent, CreditNoteRefusal, after
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import Fen
from settlement.refunds import refund
from settlement.statement import Line, statement_line
from settlement.terms import TaxTerms, Terms


def refund_line(
    state: State, seq: Seq, by: PartyId, command: RefundLine
) -> Iterator[LineRefunded | Rejected]:
    """Correct a settled line by a refund, and begin its credit note."""
    refusal = _refusal(state, by, command)
    if refusal is not None:
        yield refusal
        return
    correction = _correction(state, command.line, command.amount)
    payable = state.balances.of(LedgerAccount(command.line.seller, AccountKind.PAYABLE))
    if payable + correction.payout_on_charge_fen < 0:
        yield rejected(
            VenueRejection.PAYABLE_TOO_SMALL,
            f"It takes {-correction.payout_on_charge_fen} fen from the seller, who is owed {payable}: "
            "take back what it was paid first.",
        )
        return
    note = CreditNote(command.invoice_used, state.now)
    yield LineRefunded(
        RefundId(f"rfd-{seq}"),
        command.line,
        command.amount,
        command.reason,
        command.reference,
        correction,
        note,
    )


def _refusal(state: State, by: PartyId, command: RefundLine) -> Rejected | None:
    line = command.line
    for party in (line.buyer, line.seller):
        if party not in state.parties:
            return unknown_party(party)
    if by != line.seller and not _is_clerk(state, by):
        return rejected(VenueRejection.NOT_ALLOWED, "A line is refunded by its seller, or by a clerk.")
    if not command.reason.strip() or not command.reference.strip():
        return rejected(VenueRejection.REFUND_INVALID, "A refund has a reason and a reference.")
    if _figures(state, line) is None:
        return rejected(
            VenueRejection.REFUND_INVALID, "The line was charged something, at the rates that it names."
        )
    known = state.refunds.get(line.name, {})
    if command.reference in known:
        return rejected(
            VenueRejection.REFUND_EXISTS,
            f"The reference {command.reference} is booked for {line.name} already: nothing was refunded again.",
        )
    left = line.gross - sum(known.values())
    if not 0 < command.amount <= left:
        return rejected(
            VenueRejection.REFUND_TOO_LARGE, f"Of {line.name} between 1 and {left} fen can be refunded."
        )
    return None


def _correction(state: State, line: SettledLine, amount: Fen) -> Line:
    """What remains less what stands, which is the line as posted with every refund since (F11)."""
    terms = _figures(state, line)
    assert terms is not None, "a line that can be refunded has terms"
    standing = Fen(line.gross - sum(state.refunds.get(line.name, {}).values()))
    return refund(statement_line(standing, terms), amount, terms)


def _figures(state: State, line: SettledLine) -> Terms | None:
    """The terms under which a line was settled; None where it can't have been."""
    agreement: PairAgreement | None = None
    if line.agreement is not None:
        names = ((known, (known.id, known.version)) for known in state.agreements)
        agreement = next((known for known, name in names if name == line.agreement), None)
        if agreement is None:
            return None
    rates = (line.vat_rate_bp, line.fee.rate_bp, line.fee.vat_rate_bp)
    if line.gross <= 0 or line.n < 0 or not all(0 <= rate <= 10_000 for rate in rates):
        return None
    if line.run not in state.earnings:
        return None
    return Terms(line.vat_rate_bp, line.fee, TaxTerms(), agreement)


def move_credit_note(
    state: State, by: PartyId, command: MoveCreditNote
) -> Iterator[CreditNoteMoved | Rejected]:
    """Let a credit note go on, until it is issued or has lapsed. The buyer confirms it, the seller does the rest."""
    live = state.notes.get(command.refund)
    if live is None or not (_is_clerk(state, by) or by in {live.buyer, live.seller}):
        yield rejected(
            VenueRejection.NO_CREDIT_NOTE, f"No credit note of {command.refund} waits for anything."
        )
        return
    confirms = command.event is CreditNoteEvent.CONFIRMED
    if not _is_clerk(state, by) and by != (live.buyer if confirms else live.seller):
        yield rejected(
            VenueRejection.NOT_ALLOWED, "The buyer confirms a credit note, and the seller does the rest."
        )
        return
    moved = after(live.note, command.event, state.now)
    if isinstance(moved, CreditNoteRefusal):
        yield rejected(VenueRejection.CREDIT_NOTE_OUT_OF_TURN, _WHY[moved])
    else:
        yield CreditNoteMoved(command.refund, moved)


_WHY = {
    CreditNoteRefusal.OUT_OF_TURN: "That can't follow on the state that the credit note is in.",
    CreditNoteRefusal.CONFIRMATION_NEEDED: "The buyer has used the invoice: ask for its confirmation first.",
    CreditNoteRefusal.NO_CONFIRMATION_NEEDED: "The buyer has not used the invoice: issue the note.",
    CreditNoteRefusal.TOO_LATE: "The 72 hours for a confirmation are over: it has lapsed.",
    CreditNoteRefusal.TOO_EARLY: "The 72 hours for a confirmation are not over.",
}


def _is_clerk(state: State, party: PartyId) -> bool:
    return party == VENUE or Role.CLERK in state.parties[party].roles
