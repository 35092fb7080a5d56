"""The audit of the log, the journal and the decisions, without a database."""

from dataclasses import replace

from exchange.checks.books import Journal
from exchange.checks.decisions import Decisions
from exchange.checks.findings import DIFFERENCES_MAX, Findings
from exchange.checks.log import Chain
from exchange.persistence.codec import decode_event, encode
from exchange.persistence.queries.audit import (
    LoggedCommand,
    LoggedEntry,
    LoggedEvent,
    LoggedPosting,
    LoggedStep,
)
from settlement.ledger.journal import JournalEntry
from tests.exchange.doctored import house_with_a_lease
from tests.exchange.house import House, empty_state
from tests.exchange.story import told


def logged(house: House) -> list[LoggedStep]:
    """The log as a database would give it."""
    steps, digest = [], bytes(32)
    for seq, envelope, happened in house.log:
        kind, body = encode(envelope.command)
        events = [
            LoggedEvent(n, *(part if isinstance(part, str) else part.decode() for part in encode(event)))
            for n, (event, _) in enumerate(happened)
        ]
        made = [entry for _, entries in happened for entry in entries]
        command = LoggedCommand(envelope.by, envelope.id, kind, body.decode(), digest, 1)
        steps.append(LoggedStep(seq, command, events, [_logged(n, entry) for n, entry in enumerate(made)]))
    return steps


def _logged(n: int, entry: JournalEntry) -> LoggedEntry:
    legs = [LoggedPosting(leg.account.owner, leg.account.kind, leg.amount) for leg in entry.postings]
    return LoggedEntry(n, entry.kind, legs)


def decided(steps: list[LoggedStep]) -> list[str]:
    decisions = Decisions(empty_state(), empty_state())
    for step in steps:
        decisions.see(step, [decode_event(event.kind, event.body) for event in step.events])
    decisions.end()
    return decisions.findings.differences


def test_a_story_decided_anew_is_the_same() -> None:
    assert decided(logged(told(4, 600))) == []


def test_an_event_too_few_and_an_event_too_many_are_told_once() -> None:
    steps = logged(house_with_a_lease())
    last = steps[-1]
    fewer = decided([*steps[:-1], replace(last, events=last.events[:-1])])
    assert [line.split(" {")[0] for line in fewer[:1]] == ["event 8.2: expected OrderClosed"]
    assert fewer[0].endswith("got nothing")
    more = decided(
        [
            *steps,
            replace(steps[0], seq=9, events=[*steps[0].events, LoggedEvent(1, "Ticked", '{"now":500000}')]),
        ]
    )
    assert any("expected nothing, got Ticked" in line for line in more)


def test_what_cannot_have_happened_ends_deciding() -> None:
    steps = logged(house_with_a_lease())
    closed_twice = replace(steps[-1], seq=9, events=steps[-1].events[-1:])
    (impossible,) = decided([*steps, closed_twice, replace(steps[3], seq=10)])
    assert impossible.startswith("9: it can't have happened, and nothing after it was decided")


def test_an_entry_that_differs_is_told_with_its_postings() -> None:
    journal, house = Journal(), House()
    deposit = house.log[3]
    step = logged(house)[3]
    events = [event for event, _ in deposit[2]]
    journal.see(step, events)
    assert journal.findings.differences == []
    journal.see(replace(step, entries=[replace(step.entries[0], kind="hold")]), events)
    journal.see(replace(step, entries=[]), events)
    legs = "venue/bank -100000000, bay/available +100000000"
    assert journal.findings.differences == [
        f"entry 4.0: expected deposit of {legs}, got hold of {legs}",
        "numbers of the entries of 4: expected [0], got []",
    ]


def test_numbers_that_repeat_or_jump_are_told() -> None:
    chain = Chain()
    for seq in (1, 3):
        chain.see(LoggedStep(seq, None, [LoggedEvent(1, "Ticked", "{}")]))
    assert chain.findings.differences == [
        "numbers of the events of 1: expected [0], got [1]",
        "1: it has events or entries, but there is no such command",
        "the command after 1: expected 2, got 3",
        "numbers of the events of 3: expected [0], got [1]",
        "3: it has events or entries, but there is no such command",
    ]


def test_findings_are_cut_short() -> None:
    findings = Findings("a", "b")
    for n in range(DIFFERENCES_MAX + 5):
        findings.tell(str(n))
    assert (len(findings.differences), findings.left_out) == (DIFFERENCES_MAX, 5)
