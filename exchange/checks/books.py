"""Are the books right?

Every entry is what its event means in money.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from exchange.bookkeeping import entries
from exchange.checks.findings import Findings
from exchange.events import Event
from exchange.persistence.queries.audit import LoggedEntry, LoggedStep
from settlement.ledger.journal import JournalEntry


@dataclass(slots=True)
class Journal:
    """Follows the journal command by command."""

    findings: Findings = field(
        default_factory=lambda: Findings("journal", "the entries are those that the events make")
    )

    def see(self, step: LoggedStep, events: Sequence[Event]) -> None:
        """The next command: its entries, and the events of which they are made."""
        try:
            made = [_described(entry) for event in events for entry in entries(event)]
        except AssertionError as fault:
            self.findings.tell(f"entries of {step.seq}: its events can't be booked: {fault}")
            return
        stored = [_stored(entry) for entry in step.entries]
        self.findings.examined += len(stored)
        self.findings.compare(f"numbers of the entries of {step.seq}", list(range(len(made))), _numbers(step))
        for n, (expected, got) in enumerate(zip(made, stored, strict=False)):
            self.findings.compare(f"entry {step.seq}.{n}", expected, got)


def _numbers(step: LoggedStep) -> list[int]:
    return [entry.n for entry in step.entries]


def _described(entry: JournalEntry) -> str:
    legs = (
        f"{posting.account.owner}/{posting.account.kind} {posting.amount:+}" for posting in entry.postings
    )
    return f"{entry.kind} of {', '.join(legs)}"


def _stored(entry: LoggedEntry) -> str:
    legs = (f"{posting.owner}/{posting.kind} {posting.amount:+}" for posting in entry.postings)
    return f"{entry.kind} of {', '.join(legs)}"
