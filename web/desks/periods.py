"""Closing a month: what can be closed, what that would settle, doing it, and what it came to."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.jobs import RefusedError
from exchange.periods import Period, period_named, period_of
from exchange.persistence.queries.desk import ClosePlan, close_plan, run_totals
from exchange.persistence.queries.market import Clock, clock
from exchange.persistence.queries.periods import StoredPeriod, first_tick_at, periods
from exchange.rejections import Rejected
from web.documents.income_csv import quarter_of
from web.pages.routing import PageRequest, not_here, page
from web.session import Caller


@dataclass(frozen=True, slots=True)
class ClosingState:
    """Where closing stands: the periods with a run, latest first, and the one to close next, if there is any.

    `ready` says whether the next one is over; `begun` that its run has begun and was not finished.
    """

    runs: Sequence[StoredPeriod]
    following: Period | None
    ready: bool
    begun: bool


@get("/clerk/periods")
async def periods_page(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Template:
    """Every period with a run, and what can be closed next."""
    now = await clock(exchange.readers)
    state = await closing_state(exchange, now)
    quarters = list(dict.fromkeys(quarter_of(run.period) for run in state.runs if run.closed))
    return page("clerk/periods.html", caller, clock=now, closing=state, quarters=quarters)


@get("/clerk/periods/{period:str}")
async def period_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    period: FromPath[str],
) -> Template:
    """One period: what closing it would settle, or what it came to."""
    done = request.query_params.get("closed")
    return await _period(exchange, caller, period, None, done=bool(done))


@post("/clerk/periods/{period:str}/close")
async def close_period(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], period: FromPath[str]
) -> Template | Redirect:
    """Close a period, or go on where its closing was left. Sent twice, it is closed once."""
    try:
        await exchange.closing(caller.party).close(period)
    except RefusedError as refused:
        return await _period(exchange, caller, period, refused.rejection, done=False)
    return Redirect(f"/clerk/periods/{period}?closed=1", status_code=303)


async def closing_state(exchange: Exchange, now: Clock) -> ClosingState:
    """Where closing stands by the venue's clock."""
    runs = await periods(exchange.readers)
    offset = now.terms.utc_offset_seconds
    following = None
    if runs:
        unfinished = [run.period for run in runs if not run.closed]
        following = period_named(unfinished[0], offset) if unfinished else period_of(runs[0].ends, offset)
    else:
        first = await first_tick_at(exchange.readers)
        following = None if first is None else period_of(now.terms.instant_of(first), offset)
    return ClosingState(
        runs=runs,
        following=following,
        ready=following is not None and following.ends <= now.instant,
        begun=any(not run.closed for run in runs),
    )


async def _period(
    exchange: Exchange, caller: Caller, name: str, rejection: Rejected | None, *, done: bool
) -> Template:
    now = await clock(exchange.readers)
    period = period_named(name, now.terms.utc_offset_seconds)
    if period is None:
        raise not_here()
    state = await closing_state(exchange, now)
    run = next((run for run in state.runs if run.period == name and run.closed), None)
    return page(
        "clerk/period.html",
        caller,
        status=200 if rejection is None else 422,
        clock=now,
        period=period,
        closing=state,
        run=run,
        totals=None if run is None else await run_totals(exchange.readers, run.run),
        plan=await _plan(exchange, period, now) if run is None else None,
        rejection=rejection,
        done=done,
    )


async def _plan(exchange: Exchange, period: Period, now: Clock) -> ClosePlan:
    late = now.terms.slot_of(now.instant - now.terms.late_window_seconds)
    return await close_plan(exchange.readers, period.ends, now.terms.slot_of(period.ends), late)
