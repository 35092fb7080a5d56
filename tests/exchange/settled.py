"""Settled lines as a venue's log has them, for whoever wants some of them refunded, and what is left of them."""

from collections.abc import Iterator

from exchange.closing.events import StatementPosted
from exchange.contracts.events import ContractOpened
from exchange.orders.events import LeaseGranted
from exchange.refunds.events import LineRefunded
from exchange.state import SettledLine
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.money import Fen
from settlement.refunds import total
from settlement.statement import statement_line, vouchers_of
from settlement.terms import TaxTerms, Terms
from tests.exchange.house import House


def settled_lines(house: House) -> list[SettledLine]:
    """Every line of every statement that charged something, oldest first."""
    return list(_lines(house))


def require_what_remains(house: House, line: SettledLine) -> None:
    """A line as posted with all its corrections is the line of what remains of it, figure by figure.

    So are what the seller is owed at once for it, what each voucher covers of it, and what it has cost its buyer.
    """
    events = [event for _, _, happened in house.log for event, _ in happened]
    (posted,) = [
        event.lines[line.n].line
        for event in events
        if isinstance(event, StatementPosted) and (event.run, event.subject) == (line.run, line.subject)
    ]
    made = [event for event in events if isinstance(event, LineRefunded) and event.line == line]
    agreement = next(
        (known for known in house.state.agreements if (known.id, known.version) == line.agreement), None
    )
    remains = Fen(line.gross - sum(event.amount for event in made))
    vouchers = tuple(part.terms for part in line.vouchers)
    expected = statement_line(remains, Terms(line.vat_rate_bp, line.fee, TaxTerms(), agreement, vouchers))
    assert total([posted, *(event.correction for event in made)]) == expected
    payable = max(0, posted.payout_on_charge_fen) + sum(event.payable for event in made)
    assert payable == max(0, expected.payout_on_charge_fen)
    left = [
        part.covered - sum(event.returned[n].amount for event in made) for n, part in enumerate(line.vouchers)
    ]
    assert left == list(vouchers_of(remains, vouchers))
    buyers = LedgerAccount(line.buyer, AccountKind.AVAILABLE)
    to_buyer = sum(
        amount
        for _, _, happened in house.log
        for event, entries in happened
        if event in made
        for entry in entries
        for account, amount in entry.postings
        if account == buyers
    )
    assert to_buyer == posted.buyer_pays_now_fen - expected.buyer_pays_now_fen


def _lines(house: House) -> Iterator[SettledLine]:
    subjects = {}
    for _, _, happened in house.log:
        for event, _ in happened:
            match event:
                case LeaseGranted(_, lease):
                    subjects[str(lease.id)] = (lease.vat_rate_bp, lease.fee)
                case ContractOpened(contract):
                    subjects[str(contract.id)] = (contract.vat_rate_bp, contract.fee)
                case StatementPosted():
                    for n, line in enumerate(event.lines):
                        if line.line.gross_fen:
                            yield SettledLine(
                                event.run,
                                event.subject,
                                n,
                                event.buyer,
                                event.seller,
                                line.line.gross_fen,
                                *subjects[event.subject],
                                line.agreement,
                                line.vouchers,
                            )
