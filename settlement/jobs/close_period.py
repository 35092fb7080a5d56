"""Closing a period: usage is summed exactly, and the sums are posted in small commands that stay behind orders."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from settlement.agreements import PairAgreement
from settlement.segments import LeaseShape, Segment, ServicePeriod, segments

LEASES_AT_ONCE = 50  # leases whose usage one question sums: its answer keeps the writer for two milliseconds
SUMS_MAX = 5  # sums in one command: so many lines are made in a millisecond and stored in one


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the venue has begun it, in slots. The marks of the run before say what is settled already."""

    id: str
    period: str
    periods: tuple[ServicePeriod, ...]
    slot_seconds: int
    ends: int
    usage_batch: int
    late_until: int
    ends_before: int
    usage_batch_before: int
    late_until_before: int


@dataclass(frozen=True, slots=True)
class Reported:
    """What the delivery records of a segment come to.

    `slots` were reported in this run, with `delivered` card-seconds in all; `in_late_window` counts reports, of any
    run, for slots whose late window this run sees closed.
    """

    slots: int
    delivered: int
    in_late_window: int


@dataclass(frozen=True, slots=True)
class Settled:
    """A line to be: what this run settles of a lease at one price, in one service period and under one agreement.

    `slots` are settled, wherever they lie, and of them `lost` card-seconds were not delivered.
    """

    lease: str
    service_period: str
    price: int
    agreement: tuple[str, int] | None
    slots: int
    lost: int


@dataclass(frozen=True, slots=True)
class CloseReport:
    """What a closed period came to, in fen."""

    run: str
    period: str
    statements: int
    lines: int
    charged: int
    released: int
    over_budget: int


class Venue(Protocol):
    """What the job needs of the venue. Whatever changes something is a command to the one writer."""

    async def begin(self, period: str) -> Run | None:
        """Begin the run of a period, or find it where it was left. None: the period is closed already."""
        ...

    def leases(self, run: Run, at_once: int) -> AsyncIterator[list[LeaseShape]]:
        """Leases that may have something to settle and have no statement in this run yet."""
        ...

    async def agreements(self) -> Sequence[PairAgreement]:
        """Every agreement ever recorded."""
        ...

    async def reported(self, run: Run, parts: Sequence[Segment]) -> list[Reported]:
        """Sum the delivery records of each segment."""
        ...

    async def post_leases(self, run: Run, sums: Sequence[Settled]) -> None:
        """Post the statements of whole leases."""
        ...

    async def post_contracts(self, run: Run) -> None:
        """Sum the tokens used under each contract, and post their statements."""
        ...

    async def finish(self, run: Run) -> None:
        """Close the period for good."""
        ...

    async def report(self, period: str) -> CloseReport:
        """What a period came to."""
        ...


async def close_period(
    venue: Venue, period: str, progress: Callable[[int], None] = lambda _: None
) -> CloseReport:
    """Close a period, or go on where an earlier attempt was stopped; a period that is closed stays as it is.

    `progress` hears how many leases have been looked at. Raises what the venue raises; nothing is ever posted twice.
    """
    run = await venue.begin(period)
    if run is not None:
        await _post_leases(venue, run, progress)
        await venue.post_contracts(run)
        await venue.finish(run)
    return await venue.report(period)


async def _post_leases(venue: Venue, run: Run, progress: Callable[[int], None]) -> None:
    """Post every lease's sums. A command is cut by what is in it alone, so a run that goes on cuts as before."""
    agreements = await venue.agreements()
    seen, waiting = 0, list[Settled]()
    async for leases in venue.leases(run, LEASES_AT_ONCE):
        parts = [
            part for lease in leases for part in segments(lease, run.periods, agreements, run.slot_seconds)
        ]
        waiting += settled(run, parts, await venue.reported(run, parts))
        *whole, waiting = by_lease(waiting, SUMS_MAX)
        for batch in whole:
            await venue.post_leases(run, batch)
        seen += len(leases)
        progress(seen)
    if waiting:
        await venue.post_leases(run, waiting)


def settled(run: Run, parts: Sequence[Segment], reports: Sequence[Reported]) -> list[Settled]:
    """What of some leases this run settles: slots reported in time, and slots that nobody reported in time.

    An unreported slot is lost once its late window has closed; until then it stays open, and keeps its hold. Segments
    that are billed alike are one sum, however often a price comes and goes: a statement rounds each of them once.
    """
    sums: dict[tuple[str, str, int, tuple[str, int] | None], Settled] = {}
    for part, report in zip(parts, reports, strict=True):
        closed = max(0, min(part.end, run.late_until) - max(part.start, run.late_until_before))
        unreported = closed - report.in_late_window
        slots = report.slots + unreported
        if slots:
            lost = slots * part.cards * run.slot_seconds - report.delivered
            alike = (part.lease, part.service_period, part.price, part.agreement)
            before = sums.get(alike, Settled(*alike, 0, 0))
            sums[alike] = Settled(*alike, before.slots + slots, before.lost + lost)
    return list(sums.values())


def by_lease(sums: Sequence[Settled], most: int) -> Iterator[list[Settled]]:
    """Batches that never part the sums of one lease. Each but the last has at least `most`, the last may be empty.

    None has as many as `most` beside what its last lease needs.
    """
    batch: list[Settled] = []
    for one in sums:
        if len(batch) >= most and batch[-1].lease != one.lease:
            yield batch
            batch = []
        batch.append(one)
    yield batch
