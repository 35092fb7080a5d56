"""`suanli bench`: how fast the venue is on this machine, each figure beside a peer in the same run."""

from dataclasses import asdict

import typer

from exchange.bench import Load
from exchange.bench import bench as measure
from exchange.replay.assumptions import DEFAULTS
from web.cli import venue
from web.cli.bench_door import door
from web.cli.bench_matching import EXAMPLES as MATCHING_EXAMPLES
from web.cli.bench_matching import matching
from web.cli.bench_settle import EXAMPLES as SETTLE_EXAMPLES
from web.cli.bench_settle import settle
from web.cli.figure_rows import row
from web.cli.folder import kept_or_passing
from web.cli.options import DataDir, Json
from web.cli.planning import Scale, Trace, market_of
from web.cli.talk import ExitCode, commands, examples, say, write_json, write_table

app = commands()
EXAMPLES = examples(
    "suanli bench",
    "suanli bench --trace data --scale 20000",
    "suanli bench --json",
    "suanli bench matching --help",
)

ORDERS = 100_000  # so many the figures are promised for


@app.callback(invoke_without_command=True, epilog=EXAMPLES)
def bench(
    context: typer.Context,
    *,
    trace: Trace = None,
    scale: Scale = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Measure memory, a lone order, quotes, a replay of 100,000 orders and a restart, each beside a peer.

    Works on databases of its own, which are gone afterwards, and takes some minutes. The exit code is 1 if a
    figure is not as good as it should be.
    """
    if context.invoked_subcommand is not None:
        return
    market = market_of(trace, DEFAULTS, scale or ORDERS)
    load = Load(market.plan, market.uses)
    with kept_or_passing(data_dir) as folder, venue.database(venue.settings(folder)) as url:
        figures = venue.run(measure(url, load, door, say))
    if json:
        write_json([asdict(figure) for figure in figures])
    else:
        write_table("", [row(figure) for figure in figures], numbers=("value", "times"))
    if not all(figure.met for figure in figures):
        raise typer.Exit(ExitCode.FAILED)


app.command(epilog=MATCHING_EXAMPLES)(matching)
app.command(epilog=SETTLE_EXAMPLES)(settle)
