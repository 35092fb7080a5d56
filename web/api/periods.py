"""Periods of settlement: what is closed, and closing one."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK

from exchange.app import Exchange
from exchange.due import closing_state, plan_of
from exchange.periods import period_named
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.periods import periods
from exchange.rejections import VenueRejection
from exchange.state import Role
from web.bodies.periods import ClosePlanOut, CloseReportOut, PeriodOut
from web.problems import ProblemError
from web.session import Caller, may


@get("/periods", guards=[may()])
async def list_periods(exchange: NamedDependency[Exchange]) -> list[PeriodOut]:
    """Every period that is being closed or is closed, the latest first."""
    return [PeriodOut.of(period) for period in await periods(exchange.readers)]


@get("/periods/{period:str}/plan", guards=[may(Role.CLERK)])
async def plan_close(period: FromPath[str], exchange: NamedDependency[Exchange]) -> ClosePlanOut:
    """What closing a calendar month would settle now. Nothing is changed."""
    now = await clock(exchange.readers)
    month = period_named(period, now.terms.utc_offset_seconds)
    if month is None:
        raise ProblemError(VenueRejection.PERIOD_UNKNOWN, "A period is a calendar month, such as 2026-01.")
    state = await closing_state(exchange.readers, now)
    return ClosePlanOut.of(month, state, await plan_of(exchange.readers, month, now))


@post("/periods/{period:str}/close", guards=[may(Role.CLERK)], status_code=HTTP_200_OK)
async def close_period(
    period: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> CloseReportOut:
    """Close a calendar month such as `2026-01`, and answer when it is done.

    Needs no Idempotency-Key: asking again goes on where it was left, and reports a closed period as it is.
    """
    return CloseReportOut.of(await exchange.closing(caller.party).close(period))


HANDLERS = [list_periods, plan_close, close_period]
