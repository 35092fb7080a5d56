"""Which month is the next to close, and what closing one would settle: read, and not yet decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.periods import Period, period_named, period_of
from exchange.persistence.database import Pool
from exchange.persistence.queries.desk import ClosePlan, close_plan
from exchange.persistence.queries.market import Clock
from exchange.persistence.queries.periods import StoredPeriod, first_tick_at, periods


@dataclass(frozen=True, slots=True)
class ClosingState:
    """Where closing stands: the periods with a run, latest first, and the one to close next, if there is any.

    `ready` says whether the next one is over; `begun` that its run has begun and was not finished.
    """

    runs: Sequence[StoredPeriod]
    following: Period | None
    ready: bool
    begun: bool

    def run_of(self, period: str) -> StoredPeriod | None:
        """The run that closes or has closed a period."""
        return next((run for run in self.runs if run.period == period), None)


async def closing_state(readers: Pool, now: Clock) -> ClosingState:
    """Where closing stands by the venue's clock."""
    runs = await periods(readers)
    offset = now.terms.utc_offset_seconds
    following = None
    if runs:
        unfinished = [run.period for run in runs if not run.closed]
        following = period_named(unfinished[0], offset) if unfinished else period_of(runs[0].ends, offset)
    else:
        first = await first_tick_at(readers)
        following = None if first is None else period_of(now.terms.instant_of(first), offset)
    return ClosingState(
        runs=runs,
        following=following,
        ready=following is not None and following.ends <= now.instant,
        begun=any(not run.closed for run in runs),
    )


async def plan_of(readers: Pool, period: Period, now: Clock) -> ClosePlan:
    """What closing a period now would settle."""
    late = now.terms.slot_of(now.instant - now.terms.late_window_seconds)
    return await close_plan(readers, period.ends, now.terms.slot_of(period.ends), late)
