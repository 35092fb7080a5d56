"""`suanli replay`: a trace, traded on a venue of its own from the first order to the last payout."""

from dataclasses import asdict, fields

from exchange.catalogue.catalogue import load_catalogue
from exchange.collector import calm_collector
from exchange.config import Settings
from exchange.replay.assumptions import assume
from exchange.replay.report import ReplayReport, report
from exchange.replay.run import Play, run
from exchange.replay.terms import replay_terms
from web.cli import venue
from web.cli.assumed import given, with_assumptions
from web.cli.figures import readable
from web.cli.options import DataDir, Json
from web.cli.planning import Market, Scale, Trace, market_of
from web.cli.talk import commands, examples, progress_bar, say, write, write_json, write_table

app = commands()
EXAMPLES = examples(
    "suanli replay --trace data --data-dir week",
    "suanli replay --trace data --data-dir thousand --scale 1000 --seed 7 --json",
    "suanli replay --trace data --data-dir scarce --supply 0.5",
)


@app.command(epilog=EXAMPLES)
@with_assumptions
def replay(
    *,
    trace: Trace = None,
    scale: Scale = None,
    data_dir: DataDir = None,
    json: Json = False,
    **assumed: str | None,
) -> None:
    """Trade a real trace on a venue of its own, close its periods, pay its sellers, and report what it came to.

    Every number that the trace doesn't say is an option below, and is printed in the report. The same trace,
    options and seed make the same log. A replay that was stopped goes on when it is given again.
    """
    chosen = venue.settings(data_dir)
    market = market_of(trace, assume(given(assumed)), scale)
    orders, listings = len(market.plan.orders), len(market.plan.listings)
    say(f"{orders:,} orders meet {listings:,} listings in {chosen.database}.")
    with venue.database(chosen) as url:
        result = venue.run(_played(chosen, url, market))
    if json:
        write_json(asdict(result))
    else:
        _show(result)


async def _played(settings: Settings, url: str, market: Market) -> ReplayReport:
    terms = replay_terms(load_catalogue(), market.plan.assumptions)
    async with venue.venue(settings, url, terms) as exchange:
        calm_collector()
        play = Play(exchange, market.plan, market.uses)
        with progress_bar("Trading") as progress:
            await run(play, progress)
        return await report(play, market.shape, market.left_out)


def _show(result: ReplayReport) -> None:
    """The report as tables. A column is of numbers if its first cell is one."""
    for section in result.sections:
        if section.rows:
            rows = readable(section.rows)
            numbers = [
                name
                for name, cell in zip(rows[0], section.rows[0].values(), strict=True)
                if isinstance(cell, int)
            ]
            write_table(section.title, rows, numbers)
            write("")
    for figure in fields(result):
        if figure.name != "sections":
            write(f"{figure.name.replace('_', ' ')}: {getattr(result, figure.name)}")
