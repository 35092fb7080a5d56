"""The rules of refunds: never more than was charged, each reference once, and from what the seller is still owed."""

from collections.abc import Callable, Iterator
from typing import assert_never

from exchange.names import VENUE, PartyId, RefundId
from exchange.parties.rules import unknown_party
from exchange.promises import VoucherPart
from exchange.refunds.commands import MoveCreditNote, RefundCommand, RefundLine
from exchange.refunds.events import CreditNoteMoved, LineRefunded, PartReturned, RefundEvent
from exchange.rejections import Rejected, VenueRejection, rejected
from exchange.state import Role, SettledLine, State
from exchange.vouchers.rules import counted
from matching.terms import Seq
from settlement.agreements import PairAgreement
from settlement.credit_notes import CreditNote, CreditNoteEvent, CreditNoteRefusal, after
from settlement.ledger.chart import CONTRA, AccountKind
from settlement.ledger.journal import JournalEntry
from settlement.money import NOTHING, WHOLE, Fen
from settlement.refunds import refund, returned, total
from settlement.statement import Line, statement_line, vouchers_of
from settlement.subsidies import at_once, paid_too_much, reaching_seller
from settlement.terms import TaxTerms, Terms, VoucherMode

Entries = Callable[[LineRefunded], list[JournalEntry]]
"""The entries that a refund makes, as the venue keeps its books."""


def decide_refunds(
    state: State, seq: Seq, by: PartyId, command: RefundCommand, entries: Entries
) -> Iterator[RefundEvent | Rejected]:
    """What a command about refunds makes happen."""
    match command:
        case RefundLine():
            yield from refund_line(state, seq, by, command, entries)
        case MoveCreditNote():
            yield from move_credit_note(state, by, command)
        case _:
            assert_never(command)


def refund_line(
    state: State, seq: Seq, by: PartyId, command: RefundLine, entries: Entries
) -> Iterator[LineRefunded | Rejected]:
    """Correct a settled line by a refund, and begin its credit note."""
    refusal = _refusal(state, by, command)
    if refusal is not None:
        yield refusal
        return
    refunded = _reckoned(state, seq, command)
    yield _out_of_reach(state, refunded, entries) or refunded


def _reckoned(state: State, seq: Seq, command: RefundLine) -> LineRefunded:
    line, amount = command.line, command.amount
    standing, correction = _correction(state, line, amount)
    remaining = total([standing, correction])
    terms = tuple(part.terms for part in line.vouchers)
    backs = returned(standing.gross_fen, amount, terms).to_vouchers
    parts = tuple(_part(state, line, part, back) for part, back in zip(line.vouchers, backs, strict=True))
    return LineRefunded(
        RefundId(f"rfd-{seq}"),
        line,
        amount,
        command.reason,
        command.reference,
        correction,
        CreditNote(command.invoice_used, state.now),
        payable=_payable(state, line, (standing, remaining), parts),
        returned=parts,
    )


def _part(state: State, line: SettledLine, part: VoucherPart, back: Fen) -> PartReturned:
    """What one voucher has back, and what its region had paid of that."""
    subsidy = state.covered[line.name].subsidies[part.voucher]
    too_much = paid_too_much(subsidy.paid, subsidy.covered, back)
    return PartReturned(part.voucher, back, part.voucher not in state.vouchers, too_much)


def _payable(
    state: State, line: SettledLine, lines: tuple[Line, Line], parts: tuple[PartReturned, ...]
) -> Fen:
    """What the seller's balance moves by: what it has got of the line once that is what remains, less what it has got."""
    paid = state.covered[line.name].paid_for_seller if line.vouchers else NOTHING
    taken_back = (
        back.paid_back
        for part, back in zip(line.vouchers, parts, strict=True)
        if part.terms.mode is not VoucherMode.REIMBURSE_BUYER
    )
    stood, remains = (one.payout_on_charge_fen for one in lines)
    has = at_once(remains) + reaching_seller(remains, Fen(paid - sum(taken_back)))
    return Fen(has - at_once(stood) - reaching_seller(stood, paid))


def _out_of_reach(state: State, refunded: LineRefunded, entries: Entries) -> Rejected | None:
    """Why the books can't give what a refund takes: the seller was paid it, or the line was never settled like that."""
    line = refunded.line
    for part, back in zip(line.vouchers, refunded.returned, strict=True):
        if counted(state, part, line.buyer) < back.amount:
            return _never_settled()
    for made in entries(refunded):
        for account, amount in made.postings:
            there = state.balances.of(account)
            if there + amount >= 0 or account.kind in CONTRA:
                continue
            if account.kind is AccountKind.PAYABLE:
                return rejected(
                    VenueRejection.PAYABLE_TOO_SMALL,
                    f"It takes {-amount} fen from the seller, who is owed {there}: "
                    "take back what it was paid first.",
                )
            return _never_settled()
    return None


def _refusal(state: State, by: PartyId, command: RefundLine) -> Rejected | None:
    line = command.line
    for party in (line.buyer, line.seller):
        if party not in state.parties:
            return unknown_party(party)
    if by != line.seller and not _is_clerk(state, by):
        return rejected(VenueRejection.NOT_ALLOWED, "A line is refunded by its seller, or by a clerk.")
    if not command.reason.strip() or not command.reference.strip():
        return rejected(VenueRejection.REFUND_INVALID, "A refund has a reason and a reference.")
    if _terms(state, line) is None or not _covered_so(state, line):
        return _never_settled()
    if command.reference in state.refunds.get(line.name, {}):
        return rejected(
            VenueRejection.REFUND_EXISTS,
            f"The reference {command.reference} is booked for {line.name} already: nothing was refunded again.",
        )
    left = _left(state, line)
    if not 0 < command.amount <= left:
        return rejected(
            VenueRejection.REFUND_TOO_LARGE, f"Of {line.name} between 1 and {left} fen can be refunded."
        )
    return None


def _never_settled() -> Rejected:
    return rejected(
        VenueRejection.REFUND_INVALID, "The line was charged something, under the terms that it names."
    )


def _correction(state: State, line: SettledLine, amount: Fen) -> tuple[Line, Line]:
    """What stands, which is the line as posted with every refund since, and what remains less that (F11)."""
    terms = _terms(state, line)
    assert terms is not None, "a line that can be refunded has terms"
    standing = statement_line(_left(state, line), terms)
    return standing, refund(standing, amount, terms)


def _terms(state: State, line: SettledLine) -> Terms | None:
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
    vouchers = tuple(part.terms for part in line.vouchers)
    return Terms(line.vat_rate_bp, line.fee, TaxTerms(), agreement, vouchers)


def _covered_so(state: State, line: SettledLine) -> bool:
    """Whether vouchers of the buyer have covered a line as it says."""
    known = state.covered.get(line.name)
    if [part.voucher for part in line.vouchers] != ([] if known is None else list(known.subsidies)):
        return False
    if len({part.voucher for part in line.vouchers}) < len(line.vouchers):
        return False
    for part in line.vouchers:
        live = state.vouchers.get(part.voucher)
        if live is not None and (live.terms.buyer, live.terms.programme) != (line.buyer, part.programme):
            return False
        if part.programme not in state.programmes or not 0 <= part.at <= state.now:
            return False
        if not 0 <= part.terms.rate_bp <= WHOLE:
            return False
    terms = tuple(part.terms for part in line.vouchers)
    stands = () if known is None else tuple(subsidy.covered for subsidy in known.subsidies.values())
    posted = vouchers_of(line.gross, terms) == tuple(part.covered for part in line.vouchers)
    return posted and vouchers_of(_left(state, line), terms) == stands


def _left(state: State, line: SettledLine) -> Fen:
    """What of the price of a line was not refunded."""
    return Fen(line.gross - sum(state.refunds.get(line.name, {}).values()))


def move_credit_note(
    state: State, by: PartyId, command: MoveCreditNote
) -> Iterator[CreditNoteMoved | Rejected]:
    """Let a credit note go on, until it is issued. The buyer confirms it, the seller does the rest."""
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
    CreditNoteRefusal.TOO_LATE: "The 72 hours for a confirmation are over: it has lapsed, and may be asked for again.",
    CreditNoteRefusal.TOO_EARLY: "The 72 hours for a confirmation are not over.",
}


def _is_clerk(state: State, party: PartyId) -> bool:
    return party == VENUE or Role.CLERK in state.parties[party].roles
