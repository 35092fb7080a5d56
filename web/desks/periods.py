"""Closing a month: what can be closed, what that would settle, doing it, and what it came to."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.due import closing_state, plan_of
from exchange.jobs import RefusedError
from exchange.periods import period_named, quarter_of
from exchange.persistence.queries.desk import run_totals
from exchange.persistence.queries.market import clock
from exchange.rejections import Rejected
from web.pages.routing import PageRequest, not_here, page
from web.session import Caller


@get("/clerk/periods")
async def periods_page(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Template:
    """Every period with a run, and what can be closed next."""
    now = await clock(exchange.readers)
    state = await closing_state(exchange.readers, now)
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


async def _period(
    exchange: Exchange, caller: Caller, name: str, rejection: Rejected | None, *, done: bool
) -> Template:
    now = await clock(exchange.readers)
    period = period_named(name, now.terms.utc_offset_seconds)
    if period is None:
        raise not_here()
    state = await closing_state(exchange.readers, now)
    run = state.run_of(name)
    run = run if run is not None and run.closed else None
    return page(
        "clerk/period.html",
        caller,
        status=200 if rejection is None else 422,
        clock=now,
        period=period,
        closing=state,
        run=run,
        totals=None if run is None else await run_totals(exchange.readers, run.run),
        plan=await plan_of(exchange.readers, period, now) if run is None else None,
        rejection=rejection,
        done=done,
    )
