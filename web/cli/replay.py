"""`suanli replay`: a real trace, traded on a venue of its own from the first order to the last statement."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated

import typer

from exchange.catalogue.catalogue import load_catalogue
from exchange.config import Settings
from exchange.replay.assumptions import Assumptions, assume
from exchange.replay.offers import read_offers
from exchange.replay.plan import plan_market
from exchange.replay.planned import MarketPlan
from exchange.replay.report import ReplayReport, report
from exchange.replay.run import Play, replay_terms, run
from exchange.replay.sellers import Tokens
from exchange.replay.stats import shape_of_jobs
from exchange.replay.tokens import read_token_trace
from exchange.replay.trace import JobTrace, read_job_trace
from web.cli import venue
from web.cli.assumed import given, with_assumptions
from web.cli.options import DataDir, Json
from web.cli.talk import commands, examples, progress_bar, say, write, write_json, write_table

app = commands()
EXAMPLES = examples(
    "suanli replay --trace data --data-dir week",
    "suanli replay --trace data --data-dir week-1000 --scale 1000 --seed 7 --json",
    "suanli replay --trace data --data-dir scarce --supply 0.5 --buyer-regions 310000,110000",
)

Trace = Annotated[
    Path,
    typer.Option(
        "--trace", metavar="DIR", show_default=False, help="The folder that holds the data sets' own folders."
    ),
]
Scale = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        show_default=False,
        help="Trade so many orders. Usually as many as there are jobs.",
    ),
]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What the files and the assumptions come to, before anybody trades."""

    trace: JobTrace
    plan: MarketPlan
    uses: Tokens
    assumptions: Assumptions


@app.command(epilog=EXAMPLES)
@with_assumptions
def replay(
    *, trace: Trace, scale: Scale = None, data_dir: DataDir = None, json: Json = False, **assumed: str | None
) -> None:
    """Trade a real trace on a venue of its own, close its periods, and report what it came to.

    Every number that the trace doesn't say is an option below, and is printed in the report. The same trace,
    options and seed make the same log. A replay that was stopped goes on when it is given again.
    """
    chosen = venue.settings(data_dir)
    prepared = _prepare(trace, assume(given(assumed)), scale)
    say(
        f"{len(prepared.plan.orders):,} orders meet {len(prepared.plan.listings):,} listings in {chosen.database}."
    )
    with venue.database(chosen) as url:
        result = venue.run(_played(chosen, url, prepared))
    if json:
        write_json(asdict(result))
    else:
        _show(result)


def _prepare(folder: Path, assumptions: Assumptions, scale: int | None) -> _Prepared:
    trace = read_job_trace(folder)
    plan = plan_market(trace, read_offers(folder), assumptions, scale)
    return _Prepared(trace, plan, read_token_trace(folder, assumptions), assumptions)


async def _played(settings: Settings, url: str, prepared: _Prepared) -> ReplayReport:
    terms = replay_terms(load_catalogue(), prepared.assumptions)
    async with venue.venue(settings, url, terms) as exchange:
        play = Play(exchange, prepared.plan, prepared.uses, prepared.assumptions)
        with progress_bar("Trading") as progress:
            await run(play, progress)
        return await report(play, shape_of_jobs(prepared.trace.jobs), prepared.trace.left_out)


def _show(result: ReplayReport) -> None:
    """The report as tables. A column is of numbers if its cells are."""
    for section in result.sections:
        if section.rows:
            numbers = {name for name, cell in section.rows[0].items() if isinstance(cell, int)}
            write_table(section.title, section.rows, numbers)
            write("")
    for figure in fields(result):
        if figure.name != "sections":
            write(f"{figure.name.replace('_', ' ')}: {getattr(result, figure.name)}")
