"""The kernel beside the oracle, event for event in random worlds; and an auditor whom no doctored log deceives."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given

from matching.commands import Command, Tick
from matching.events import Event, Leased, Rested, Ticked
from matching.terms import Seq, Slot, Window
from tests.matching import laws
from tests.matching.audit import Audit, BreachError
from tests.matching.strategies import SEED, WORLDS, World, lawful, worlds, worlds_of


@lawful(60)
@given(worlds)
def test_the_kernel_says_what_the_oracle_says(world: World) -> None:
    laws.hold(laws.agrees_with_the_oracle, world)


def test_the_kernel_says_what_the_oracle_says_in_many_worlds() -> None:
    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    for world in worlds_of(SEED, WORLDS):
        laws.hold(laws.agrees_with_the_oracle, world)


def test_worlds_are_worth_playing() -> None:
    """Were nothing leased, amended or refused, agreement would prove nothing."""
    seen = Counter(
        f"{type(step.command).__name__}: {getattr(event, 'code', getattr(event, 'end', type(event).__name__))}"
        for world in worlds_of(1, 60)
        for step in laws.played(world)
        for event in step.events
    )
    rare = {
        "Place: Leased": 60,
        "Place: partial": 5,
        "Place: killed": 30,
        "Place: expired": 10,
        "Publish: Leased": 30,
        "AmendListing: Leased": 2,
        "AmendListing: ListingAmended": 30,
        "AmendListing: below_committed": 1,
        "AmendOrder: OrderAmended": 50,
        "AmendOrder: Leased": 1,
        "Tick: expired": 20,
    }
    missing = {kind: (least, seen[kind]) for kind, least in rare.items() if seen[kind] < least}
    assert not missing, f"{missing} of {sorted(seen.items())}"


# The audit sees what is wrong with a log that somebody has doctored

Answers = list[tuple[Seq, Command, Sequence[Event]]]


def a_log_with_a_lease() -> Answers:
    """The first world that leases to an order after it rested."""
    for world in worlds_of(1, 60):
        answers = [(step.seq, step.command, step.events) for step in laws.played(world)]
        events = [event for _, _, answer in answers for event in answer]
        rested = {event.order for event in events if isinstance(event, Rested)}
        if any(isinstance(event, Leased) and event.order in rested for event in events):
            return answers
    raise AssertionError("no world of this seed leases to a resting order")


def audited(answers: Answers) -> None:
    audit = Audit()
    for seq, command, events in answers:
        audit.read(seq, command, events)


def dearer(lease: Leased) -> list[Event]:
    return [replace(lease, cost=lease.cost + 1)]


def later(lease: Leased) -> list[Event]:
    window = Window(Slot(lease.window.start + 40), Slot(lease.window.end + 40))
    return [replace(lease, window=window)]


def longer(lease: Leased) -> list[Event]:
    return [replace(lease, window=Window(lease.window.start, Slot(lease.window.end + 1)))]


def larger(lease: Leased) -> list[Event]:
    return [replace(lease, cards=lease.cards * 9, cost=lease.cost * 9)]


def twice(lease: Leased) -> list[Event]:
    return [lease, lease]


def never(_: Leased) -> list[Event]:
    return []


@pytest.mark.parametrize("doctored", [dearer, later, longer, larger, twice, never])
def test_the_audit_finds_a_doctored_lease(doctored: Callable[[Leased], list[Event]]) -> None:
    log = a_log_with_a_lease()
    audited(log)
    with pytest.raises(BreachError):
        audited([(seq, command, list(rewritten(events, doctored))) for seq, command, events in log])


def rewritten(events: Sequence[Event], doctored: Callable[[Leased], list[Event]]) -> Iterator[Event]:
    for event in events:
        yield from doctored(event) if isinstance(event, Leased) else [event]


def test_the_audit_misses_orders_that_should_have_expired() -> None:
    log = a_log_with_a_lease()
    far = Tick(Slot(100))
    with pytest.raises(BreachError, match="latest start"):
        audited([*log, (Seq(len(log) + 1), far, [Ticked(far.now)])])
