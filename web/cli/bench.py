"""`suanli bench`: how fast the venue is on this machine, each figure beside a peer in the same run."""

from dataclasses import asdict

import typer

from exchange.bench import Figure, Load
from exchange.bench import bench as measure
from exchange.replay.assumptions import DEFAULTS
from web.cli import venue
from web.cli.bench_door import door
from web.cli.folder import kept_or_passing
from web.cli.options import DataDir, Json
from web.cli.planning import Scale, Trace, market_of
from web.cli.talk import ExitCode, commands, examples, say, write_json, write_table

app = commands()
EXAMPLES = examples("suanli bench", "suanli bench --trace data --scale 20000", "suanli bench --json")

ORDERS = 100_000  # so many the figures are promised for


@app.command(epilog=EXAMPLES)
def bench(*, trace: Trace = None, scale: Scale = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Measure memory, a lone order, a replay of 100,000 orders and a restart, each beside a peer.

    Works on databases of its own, which are gone afterwards, and takes some minutes. The exit code is 1 if a
    figure is not as good as it should be.
    """
    market = market_of(trace, DEFAULTS, scale or ORDERS)
    load = Load(market.plan, market.uses, market.assumptions)
    with kept_or_passing(data_dir) as folder, venue.database(venue.settings(folder)) as url:
        figures = venue.run(measure(url, load, door, say))
    if json:
        write_json([asdict(figure) for figure in figures])
    else:
        write_table("", [_row(figure) for figure in figures], numbers=("value", "times"))
    if not all(figure.met for figure in figures):
        raise typer.Exit(ExitCode.FAILED)


def _row(figure: Figure) -> dict[str, object]:
    return {
        "measured": figure.name,
        "value": f"{figure.value:,.1f} {figure.unit}",
        "beside": f"{figure.peer}: {figure.peer_value:,.1f}",
        "times": f"{figure.ratio:,.2f}",
        "wanted": figure.wanted,
        "met": "yes" if figure.met else "no",
    }
