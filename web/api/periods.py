"""Periods of settlement: what is closed, and closing one."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK

from exchange.app import Exchange
from exchange.persistence.queries.periods import periods
from exchange.state import Role
from web.bodies.periods import CloseReportOut, PeriodOut
from web.session import Caller, may


@get("/periods", guards=[may()])
async def list_periods(exchange: NamedDependency[Exchange]) -> list[PeriodOut]:
    """Every period that is being closed or is closed, the latest first."""
    return [PeriodOut.of(period) for period in await periods(exchange.readers)]


@post("/periods/{period:str}/close", guards=[may(Role.CLERK)], status_code=HTTP_200_OK)
async def close_period(
    period: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> CloseReportOut:
    """Close a calendar month such as `2026-01`, and answer when it is done.

    Needs no Idempotency-Key: asking again goes on where it was left, and reports a closed period as it is.
    """
    return CloseReportOut.of(await exchange.closing(caller.party).close(period))


HANDLERS = [list_periods, close_period]
