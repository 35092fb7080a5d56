"""The closing job before a fake venue: over successive runs every slot is settled once, whenever it was reported."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import strategies as st

from settlement.agreements import PairAgreement
from settlement.jobs import close_period as job
from settlement.segments import LeaseShape, Segment, ServicePeriod, segments
from tests.settlement.law import THOROUGHLY, UNTIL_IT_BREAKS, Law, law

SECONDS = 900  # in a slot
PERIOD = 10  # slots in a period
CARDS = 3
Slot = tuple[str, int]  # a lease and one of its slots


@dataclass(frozen=True)
class Report:
    """Delivered card-seconds of one slot, reported at a slot of the clock."""

    slot: Slot
    delivered: int
    at: int


@dataclass(frozen=True)
class World:
    """Leases, what is reported of them and when, how long a report may take, and when each period is closed."""

    leases: tuple[LeaseShape, ...]
    reports: tuple[Report, ...]
    late_slots: int
    closings: tuple[int, ...]


class StoppedError(Exception):
    """The venue went away in the middle of a run."""


@dataclass
class FakeVenue:
    """Takes reports as they come, each a batch of its own, and remembers what it was asked to settle."""

    world: World
    runs: list[job.Run] = field(default_factory=list)
    closed: int = 0
    accepted: dict[Slot, tuple[int, int]] = field(default_factory=dict)  # batch and card-seconds
    settled: dict[tuple[str, str], list[job.Settled]] = field(default_factory=dict)  # by run and lease
    commands: list[list[str]] = field(default_factory=list)
    patience: int = 10**9  # commands until it goes away

    def hear(self, until: int) -> None:
        """Take the reports that come before a time; those about a slot whose late window has passed are refused."""
        for batch, report in enumerate(self.world.reports, 1):
            in_time = report.at < report.slot[1] + 1 + self.world.late_slots
            if report.at < until and in_time:
                self.accepted.setdefault(report.slot, (batch, report.delivered))

    async def begin(self, period: str) -> job.Run | None:
        number = int(period)
        if number < self.closed:
            return None
        if number == len(self.runs):
            now = self.world.closings[number]
            self.hear(now)
            self.runs.append(self._run(number, now))
        return self.runs[number]

    def _run(self, number: int, now: int) -> job.Run:
        before = self.runs[-1] if self.runs else None
        ends = (number + 1) * PERIOD
        return job.Run(
            id=f"run-{number}",
            period=str(number),
            periods=tuple(ServicePeriod(str(n), n * PERIOD, (n + 1) * PERIOD) for n in range(number + 1)),
            slot_seconds=SECONDS,
            ends=ends,
            usage_batch=sum(report.at < now for report in self.world.reports),
            late_until=min(ends, now - self.world.late_slots),
            ends_before=before.ends if before else 0,
            usage_batch_before=before.usage_batch if before else 0,
            late_until_before=before.late_until if before else 0,
        )

    async def leases(self, run: job.Run, at_once: int) -> AsyncIterator[list[LeaseShape]]:
        waiting = [shape for shape in self.world.leases if (run.id, shape.id) not in self.settled]
        for start in range(0, len(waiting), at_once):
            yield waiting[start : start + at_once]

    async def agreements(self) -> Sequence[PairAgreement]:
        return []

    async def reported(self, run: job.Run, parts: Sequence[Segment]) -> list[job.Reported]:
        return [self._reported(run, part) for part in parts]

    def _reported(self, run: job.Run, part: Segment) -> job.Reported:
        known = {
            slot: self.accepted[part.lease, slot]
            for slot in range(part.start, part.end)
            if (part.lease, slot) in self.accepted and self.accepted[part.lease, slot][0] <= run.usage_batch
        }
        new = [
            delivered
            for slot, (batch, delivered) in known.items()
            if not (slot < run.ends_before and batch <= run.usage_batch_before)
        ]
        overdue = [slot for slot in known if run.late_until_before <= slot < run.late_until]
        return job.Reported(len(new), sum(new), len(overdue))

    async def post_leases(self, run: job.Run, sums: Sequence[job.Settled]) -> None:
        self._work()
        self.commands.append([one.lease for one in sums])
        for one in sums:
            self.settled.setdefault((run.id, one.lease), []).append(one)

    async def post_contracts(self, run: job.Run) -> None:
        assert int(run.period) == self.closed, "before it is closed"
        self._work()

    async def finish(self, run: job.Run) -> None:
        self._work()
        self.closed = int(run.period) + 1

    async def report(self, period: str) -> job.CloseReport:
        sums = [sums for (run, _), sums in self.settled.items() if run == f"run-{period}"]
        return job.CloseReport(f"run-{period}", period, len(sums), sum(map(len, sums)), 0, 0, 0)

    def _work(self) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise StoppedError


def close_all(venue: FakeVenue) -> FakeVenue:
    for number in range(len(venue.world.closings)):
        asyncio.run(job.close_period(venue, str(number)))
    return venue


def naive(world: World) -> Counter[tuple[str, str, str, int, int, int]]:
    """Slot by slot: the run, lease, period and price in which it is settled, with its card-seconds and its loss."""
    venue = FakeVenue(world)
    venue.hear(10**9)
    found: Counter[tuple[str, str, str, int, int, int]] = Counter()
    for shape in world.leases:
        for slot, price in slots_of(shape):
            batch, delivered = venue.accepted.get((shape.id, slot), (None, 0))
            number = settled_by(world, slot, batch)
            if number is not None:
                whole = CARDS * SECONDS
                found[f"run-{number}", shape.id, str(slot // PERIOD), price, whole, whole - delivered] += 1
    return found


def settled_by(world: World, slot: int, batch: int | None) -> int | None:
    """The first run that is of the slot's period or later, and knows of its report or sees its late window closed."""
    for number, now in enumerate(world.closings):
        known = batch is not None and world.reports[batch - 1].at < now
        lost = batch is None and slot + 1 + world.late_slots <= now
        if slot < (number + 1) * PERIOD and (known or lost):
            return number
    return None


def slots_of(shape: LeaseShape) -> Iterator[tuple[int, int]]:
    for start, end, price in shape.runs:
        yield from ((slot, price) for slot in range(start, end))


def totals(settled: Counter[tuple[str, str, str, int, int, int]]) -> Counter[tuple[str, str, str, int, str]]:
    """Slots, contracted and lost card-seconds by run, lease, period and price."""
    sums: Counter[tuple[str, str, str, int, str]] = Counter()
    for (run, lease, period, price, contracted, lost), times in settled.items():
        sums[run, lease, period, price, "slots"] += times
        sums[run, lease, period, price, "contracted"] += times * contracted
        sums[run, lease, period, price, "lost"] += times * lost
    return +sums


def posted(venue: FakeVenue) -> Counter[tuple[str, str, str, int, str]]:
    sums: Counter[tuple[str, str, str, int, str]] = Counter()
    for (run, lease), parts in venue.settled.items():
        for one in parts:
            key = (run, lease, one.service_period, one.price)
            sums[*key, "slots"] += one.slots
            sums[*key, "contracted"] += one.slots * CARDS * SECONDS
            sums[*key, "lost"] += one.lost
    return +sums


@st.composite
def shapes(draw: st.DrawFn, name: str) -> LeaseShape:
    start = draw(st.integers(0, 25))
    marks = [start, *sorted(draw(st.sets(st.integers(start + 1, 32), min_size=1, max_size=3)))]
    runs = tuple((*span, draw(st.sampled_from([5, 7]))) for span in pairwise(marks))
    return LeaseShape(name, "east", "west", CARDS, runs)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A few leases over four periods, closed at any time after each, with reports in time, late, or never."""
    leases = tuple(draw(shapes(f"lse-{n}")) for n in range(draw(st.integers(1, 4))))
    late = draw(st.sampled_from([1, 4, 13]))
    reports = []
    for shape in leases:
        for slot, _ in slots_of(shape):
            after = draw(st.sampled_from([0, 0, 1, 3, 5, 12, 14, None]))
            if after is not None:
                delivered = draw(st.sampled_from([CARDS * SECONDS, CARDS * SECONDS - 1, 0]))
                reports.append(Report((shape.id, slot), delivered, slot + 1 + after))
    delays = [draw(st.integers(0, 15)) for _ in range(4)]
    closings: list[int] = []
    for number, delay in enumerate(delays, 1):
        closings.append(max(number * PERIOD + delay, closings[-1] if closings else 0))
    return World(leases, tuple(sorted(reports, key=lambda one: one.at)), late, (*closings, 60, 90))


@law(worlds())
def every_slot_is_settled_once_by_the_run_that_first_knows(world: World) -> None:
    venue = close_all(FakeVenue(world))
    assert posted(venue) == totals(naive(world))
    for parts in venue.settled.values():
        alike = Counter((one.service_period, one.price, one.agreement) for one in parts)
        assert max(alike.values()) == 1, "what is billed alike is one line"
    slots = sum(slots for key, slots in posted(venue).items() if key[-1] == "slots")
    assert slots == sum(len(list(slots_of(shape))) for shape in world.leases), "in the end nothing is left"


@law(worlds(), st.integers(0, 12))
def a_run_that_is_stopped_anywhere_goes_on_to_the_same_end(world: World, patience: int) -> None:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(job, "LEASES_AT_ONCE", 2)
        small.setattr(job, "SUMS_MAX", 2)
        whole = close_all(FakeVenue(world))
        venue = FakeVenue(world, patience=patience)
        try:
            close_all(venue)
        except StoppedError:
            venue.patience = 10**9
            close_all(venue)
    assert venue.settled == whole.settled
    assert venue.commands == whole.commands, "and with the same commands, so that none has another's id"


LAWS: tuple[Law, ...] = (
    every_slot_is_settled_once_by_the_run_that_first_knows,
    a_run_that_is_stopped_anywhere_goes_on_to_the_same_end,
)


@pytest.mark.parametrize("rule", LAWS, ids=lambda rule: rule.__name__)
def test_law(rule: Law) -> None:
    rule(THOROUGHLY)


sound_settled = job.settled


def never_lost(run: job.Run, parts: Sequence[Segment], reports: Sequence[job.Reported]) -> list[job.Settled]:
    return sound_settled(replace(run, late_until=0), parts, reports)


def lost_again(run: job.Run, parts: Sequence[Segment], reports: Sequence[job.Reported]) -> list[job.Settled]:
    return sound_settled(replace(run, late_until_before=0), parts, reports)


def lost_though_reported(
    run: job.Run, parts: Sequence[Segment], reports: Sequence[job.Reported]
) -> list[job.Settled]:
    return sound_settled(run, parts, [replace(report, in_late_window=0) for report in reports])


def apart(run: job.Run, parts: Sequence[Segment], reports: Sequence[job.Reported]) -> list[job.Settled]:
    """Each segment a line of its own, as if a price that comes again were another one."""
    pairs = zip(parts, reports, strict=True)
    return [one for part, report in pairs for one in sound_settled(run, [part], [report])]


def parted(sums: Sequence[job.Settled], most: int) -> Iterator[list[job.Settled]]:
    whole = max(len(sums) - 1, 0) // most * most
    yield from (list(sums[start : start + most]) for start in range(0, whole, most))
    yield list(sums[whole:])


@pytest.mark.parametrize(
    ("name", "bug", "rule"),
    [
        ("settled", never_lost, LAWS[0]),
        ("settled", lost_again, LAWS[0]),
        ("settled", lost_though_reported, LAWS[0]),
        ("settled", apart, LAWS[0]),
        ("by_lease", parted, LAWS[1]),
    ],
)
def test_a_planted_bug_breaks_its_law(
    name: str, bug: object, rule: Law, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, name, bug)
    with pytest.raises((AssertionError, KeyError)):
        rule(UNTIL_IT_BREAKS)


def test_a_closed_period_stays_as_it_is() -> None:
    shape = LeaseShape("lse-0", "east", "west", CARDS, ((0, 5, 7),))
    venue = close_all(FakeVenue(World((shape,), (), 1, (20,))))
    assert asyncio.run(job.close_period(venue, "0")) == job.CloseReport("run-0", "0", 1, 1, 0, 0, 0)
    assert len(venue.commands) == 1


def test_the_sums_of_one_lease_stay_together_and_nothing_to_settle_is_no_command() -> None:
    many = LeaseShape("lse-0", "east", "west", CARDS, tuple((slot, slot + 1, slot) for slot in range(9)))
    few = LeaseShape("lse-1", "east", "west", CARDS, ((0, 2, 7),))
    later = LeaseShape("lse-2", "east", "west", CARDS, ((15, 17, 7),))
    parts = [
        job.Settled(part.lease, part.service_period, part.price, part.agreement, part.end - part.start, 0)
        for shape in (many, few)
        for part in segments(shape, [ServicePeriod("0", 0, PERIOD)], [], SECONDS)
    ]
    assert [len(batch) for batch in job.by_lease(parts, 4)] == [9, 1]
    assert [len(batch) for batch in job.by_lease(parts, 10)] == [10]
    assert [len(batch) for batch in job.by_lease([], 4)] == [0]
    venue = close_all(FakeVenue(World((many, few, later), (), 1, (PERIOD + 2,))))
    assert venue.commands == [["lse-0"] * 9, ["lse-1"]]


def test_no_command_is_much_longer_than_one_lease_needs() -> None:
    """A lease of very many prices takes its lines to one command; what comes before adds less than a command's worth."""
    few = [job.Settled(f"lse-{n}", "0", 7, None, 1, 0) for n in range(job.SUMS_MAX + 2)]
    many = [job.Settled("lse-many", "0", price, None, 1, 0) for price in range(3_000)]
    lengths = [len(batch) for batch in job.by_lease([*few, *many, *few], job.SUMS_MAX)]
    assert lengths == [job.SUMS_MAX, 2 + 3_000, job.SUMS_MAX, 2]


def test_progress_counts_the_leases_that_were_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "LEASES_AT_ONCE", 2)
    shapes = tuple(LeaseShape(f"lse-{n}", "east", "west", CARDS, ((0, 1, 7),)) for n in range(5))
    heard: list[int] = []
    asyncio.run(job.close_period(FakeVenue(World(shapes, (), 1, (20,))), "0", heard.append))
    assert heard == [2, 4, 5]
