"""The kernel beside the oracle, event for event in random worlds; and an auditor whom no doctored log deceives."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from matching import book, market
from matching.book import Need
from matching.commands import Command, Tick
from matching.events import Displaced, Event, Leased, Rested, Ticked
from matching.ladder import Ladder, Rung
from matching.terms import LeaseNumber, MarketTerms, Seq, Slot, Window
from tests.matching import laws
from tests.matching.audit import Audit, BreachError
from tests.matching.strategies import (
    SEED,
    WORLDS,
    World,
    a_long_world,
    a_world,
    contested_worlds_of,
    lawful,
    worlds,
    worlds_of,
)


@lawful(60)
@given(worlds)
def test_the_kernel_says_what_the_oracle_says(world: World) -> None:
    laws.hold(laws.agrees_with_the_oracle, world)


def test_the_kernel_says_what_the_oracle_says_in_many_worlds() -> None:
    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    for world in worlds_of(SEED, WORLDS):
        laws.hold(laws.agrees_with_the_oracle, world)


def test_the_kernel_says_so_too_where_its_books_have_many_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small worlds fill one leaf of an index; so here leaves are smaller, and masks are counted anew more often."""
    monkeypatch.setattr(book, "WIDE", 4)
    monkeypatch.setattr(book, "NARROW", 4)
    monkeypatch.setattr(market, "AFTER", 3)
    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    chance = Random(SEED)
    for _ in range(WORLDS // 100):
        laws.hold(laws.agrees_with_the_oracle, a_long_world(chance.choice))
    for world in contested_worlds_of(SEED, WORLDS // 10):
        laws.hold(laws.agrees_with_the_oracle, world)
    for world in worlds_of(SEED, WORLDS)[: WORLDS // 4]:
        laws.hold(laws.agrees_with_the_oracle, world)


def test_a_search_that_looks_at_everything_says_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain scan asks every item of a book in its turn whether it serves, and steps over none on a sketch's word."""

    def everything(
        ladder: Ladder[Any, Any], query: Any, after: Rung | None = None
    ) -> Iterator[tuple[Rung, Any]]:
        serves = ladder._root.sketch.serves
        behind = (place for place in list(ladder) if after is None or place[0] > after)
        return (place for place in behind if serves(place[1], query))

    def everywhere(_: Ladder[Any, Any], query: Any) -> int:
        return query.starts if isinstance(query, Need) else 1

    monkeypatch.setattr(Ladder, "admitted", everything)
    monkeypatch.setattr(Ladder, "promise", everywhere)
    print(f"SUANLI_SEED={SEED} SUANLI_WORLDS={WORLDS}")
    for world in worlds_of(SEED, WORLDS):
        laws.hold(laws.agrees_with_the_oracle, world)


@pytest.mark.soak
def test_the_kernel_says_what_the_oracle_says_for_a_million_commands() -> None:
    print(f"SUANLI_SEED={SEED}")
    chance, commands = Random(SEED), 0
    while commands < 1_000_000:
        world = chance.choice((a_world, a_world, a_long_world))(chance.choice)
        commands += len(world.commands)
        laws.hold(laws.agrees_with_the_oracle, world)


def test_worlds_are_worth_playing() -> None:
    """Were nothing leased, amended or refused, agreement would prove nothing."""
    seen = Counter(
        f"{type(step.command).__name__}: {getattr(event, 'code', getattr(event, 'end', type(event).__name__))}"
        for world in worlds_of(1, 500)
        for step in laws.played(world)
        for event in step.events
    )
    rare = {
        "Place: Leased": 300,
        "Place: partial": 60,
        "Place: killed": 100,
        "Place: expired": 5,
        "Place: Displaced": 20,
        "Publish: Leased": 200,
        "AmendListing: Leased": 15,
        "AmendListing: ListingAmended": 60,
        "AmendListing: below_committed": 2,
        "AmendOrder: OrderAmended": 60,
        "AmendOrder: Leased": 2,
        "Reclaim: Displaced": 15,
        "Reclaim: reclaimed": 15,
        "Reclaim: ListingAmended": 20,
        "Reclaim: Opened": 8,
        "Reclaim: Leased": 1,
        "SetLink: LinkSet": 100,
        "SetLink: Leased": 1,
        "Tick: expired": 100,
    }
    missing = {kind: (least, seen[kind]) for kind, least in rare.items() if seen[kind] < least}
    assert not missing, f"{missing} of {sorted(seen.items())}"


# The audit sees what is wrong with a log that somebody has doctored


@dataclass
class Log:
    """What was asked and what was answered, and the terms of the market."""

    terms: MarketTerms
    answers: list[tuple[Seq, Command, Sequence[Event]]] = field(default_factory=list)

    def doctored(self, change: Callable[[Event], Sequence[Event]]) -> "Log":
        """The same log, with every event rewritten."""
        other = Log(self.terms)
        for seq, command, events in self.answers:
            other.answers.append((seq, command, [new for event in events for new in change(event)]))
        return other


def a_log_with(*kinds: type[Event]) -> Log:
    """The first world in which all of these happen, an order is served after it rested, and nobody pays nothing."""
    for world in worlds_of(1, 2000):
        log = Log(world.terms)
        for step in laws.played(world):
            log.answers.append((step.seq, step.command, step.events))
        events = [event for _, _, answer in log.answers for event in answer]
        if {*kinds} <= {type(event) for event in events}:
            return log
    raise AssertionError(f"no world of this seed has all of {kinds}")


def audited(log: Log) -> None:
    audit = Audit(log.terms)
    for seq, command, events in log.answers:
        audit.read(seq, command, events)


def dearer(lease: Leased) -> list[Event]:
    return [replace(lease, cost=lease.cost + 1)]


def later(lease: Leased) -> list[Event]:
    window = Window(Slot(lease.window.start + 40), Slot(lease.window.end + 40))
    return [replace(lease, window=window)]


def longer(lease: Leased) -> list[Event]:
    return [replace(lease, window=Window(lease.window.start, Slot(lease.window.end + 1)))]


def larger(lease: Leased) -> list[Event]:
    return [replace(lease, cards=lease.cards * 9, working=lease.working * 9, cost=lease.cost * 9)]


def idler(lease: Leased) -> list[Event]:
    return [replace(lease, working=0)]


def twice(lease: Leased) -> list[Event]:
    return [lease, lease]


def renumbered(lease: Leased) -> list[Event]:
    return [replace(lease, lease=LeaseNumber(lease.lease + 1))]


def never(_: Event) -> list[Event]:
    return []


@pytest.mark.parametrize("change", [dearer, later, longer, larger, idler, twice, renumbered, never])
def test_the_audit_finds_a_doctored_lease(change: Callable[[Leased], list[Event]]) -> None:
    log = a_log_with(Leased, Rested)
    audited(log)
    with pytest.raises(BreachError):
        audited(log.doctored(lambda event: change(event) if isinstance(event, Leased) else [event]))


def sooner(event: Displaced) -> list[Event]:
    return [replace(event, at=Slot(event.at - 1))]


def overcharged(event: Displaced) -> list[Event]:
    return [replace(event, charged=event.charged + 1)]


def again(event: Displaced) -> list[Event]:
    return [event, event]


@pytest.mark.parametrize("change", [sooner, overcharged, again, never])
def test_the_audit_finds_a_doctored_displacement(change: Callable[[Displaced], list[Event]]) -> None:
    log = a_log_with(Displaced, Leased)
    audited(log)
    with pytest.raises(BreachError):
        audited(log.doctored(lambda event: change(event) if isinstance(event, Displaced) else [event]))


def test_the_audit_misses_orders_that_should_have_expired() -> None:
    log = a_log_with(Leased, Rested)
    far = Tick(Slot(100))
    log.answers.append((Seq(len(log.answers) + 1), far, [Ticked(far.now)]))
    with pytest.raises(BreachError, match="latest start"):
        audited(log)
