"""Settled lines as a venue's log has them, for whoever wants some of them refunded, and what is left of them."""

from collections.abc import Iterator

from exchange.closing.events import StatementPosted
from exchange.contracts.events import ContractOpened
from exchange.orders.events import LeaseGranted
from exchange.refunds.events import LineRefunded
from exchange.state import SettledLine
from settlement.money import Fen
from settlement.refunds import total
from settlement.statement import statement_line
from settlement.terms import TaxTerms, Terms
from tests.exchange.house import House


def settled_lines(house: House) -> list[SettledLine]:
    """Every line of every statement that charged something, oldest first."""
    return list(_lines(house))


def require_what_remains(house: House, line: SettledLine) -> None:
    """A line as posted with all its corrections is the line of what remains of it, figure by figure."""
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
    terms = Terms(line.vat_rate_bp, line.fee, TaxTerms(), agreement)
    assert total([posted, *(event.correction for event in made)]) == statement_line(remains, terms)


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
                            )
