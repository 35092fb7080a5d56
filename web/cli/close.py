"""`suanli close`: a month is settled, for good."""

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated

import httpx
import typer

from exchange.periods import period_named
from web.bodies.periods import CloseReportOut, PeriodOut
from web.cli import venue
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json, Yes
from web.cli.talk import ExitCode, Failure, commands, confirm, examples, say, status, write, write_json
from web.client import Client
from web.pages.formats import yuan

app = commands()
EXAMPLES = examples("suanli close 2026-10", "suanli close 2026-10 --yes --json")

LOOK_SECONDS = 0.5

Month = Annotated[
    str, typer.Argument(metavar="PERIOD", show_default=False, help="A calendar month, such as 2026-10.")
]


@app.command(epilog=EXAMPLES)
def close(period: Month, *, yes: Yes = False, data_dir: DataDir = None, json: Json = False) -> None:
    """Close a month: sum what was delivered, book a statement for every lease and contract, and report.

    It can't be undone, so it asks first. A closing that was stopped goes on when it is given again, and nothing is
    ever booked twice; a month that is closed is only reported.
    """
    if period_named(period, 0) is None:
        raise Failure(f"A period is a calendar month, such as 2026-10, not {period}.", ExitCode.USAGE)
    chosen = venue.settings(data_dir)
    known = at_desk(chosen, lambda client: client.periods())
    begun = next((one for one in known if one.period == period), None)
    if begun is None or begun.status != "closed":
        _say_plan(period, begun, known)
        confirm(f"Close {period} for good?", yes=yes)
    report = at_desk(chosen, lambda client: _close(client, period))
    if json:
        write_json(asdict(report))
    else:
        _show(report)


async def _close(client: Client, period: str) -> CloseReportOut:
    """Close, and tell how far it has come."""
    closing = asyncio.create_task(client.close_period(period))
    with status(f"Closing {period}") as told:
        while not closing.done():
            await asyncio.wait({closing}, timeout=LOOK_SECONDS)
            told(await _progress(client, period))
    return closing.result()


async def _progress(client: Client, period: str) -> str:
    """How far a closing has come. It goes on, also where nobody can tell for a moment."""
    with suppress(httpx.TransportError):
        for one in await client.periods():
            if one.period == period:
                return f"Closing {period}: {one.statements:,} statements, {yuan(one.charged_fen)} charged"
    return f"Closing {period}"


def _say_plan(period: str, begun: PeriodOut | None, known: list[PeriodOut]) -> None:
    closed = next((one.period for one in known if one.status == "closed"), None)
    say(f"The last month closed is {closed}." if closed else "No month is closed yet.")
    if begun is None:
        say(
            f"{period} is to be settled: what was delivered in it is charged, and what it held beyond that is free."
        )
    else:
        say(f"{period} goes on as {begun.run}, which has booked {begun.statements:,} statements.")


def _show(report: CloseReportOut) -> None:
    write(f"{report.period} is closed ({report.run}).")
    for name, value in (
        ("statements", f"{report.statements:,}"),
        ("lines", f"{report.lines:,}"),
        ("charged", yuan(report.charged_fen)),
        ("released", yuan(report.released_fen)),
        ("over budget", yuan(report.over_budget_fen)),
    ):
        write(f"  {name:12} {value:>20}")
