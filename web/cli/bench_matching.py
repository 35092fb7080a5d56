"""`suanli bench matching`: how fast the market's rules are on this machine, without a venue around them."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from exchange.benches.matching import Extent, compiled, measure_matching
from exchange.benches.plain_books import PeerError, Peers
from web.cli.figure_rows import row
from web.cli.options import Json
from web.cli.talk import ExitCode, Failure, examples, say, write, write_json, write_table

EXAMPLES = examples(
    "suanli bench matching",
    "suanli bench matching --scale 10000 --json",
    "suanli bench matching --commands 1000000",
    "suanli bench matching --peers bench --python peers/bin/python",
)

SCALE = 100_000  # so many resting listings the figures are promised for
COMMANDS = 100_000
NO_PEERS = "Plain order books are left out: --peers names the folder of their workloads."

Scale = Annotated[int, typer.Option(min=10, metavar="N", help="How many listings, or orders, rest.")]
Commands = Annotated[
    int, typer.Option(min=100, metavar="N", help="After how many commands memory must not have grown.")
]
Seed = Annotated[int, typer.Option(min=0, metavar="N", help="What all loads follow from.")]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--peers",
        metavar="DIR",
        exists=True,
        file_okay=False,
        show_default=False,
        help="A folder with gen_workload.py and run_peer.py: plain order books are measured, too.",
    ),
]
Python = Annotated[
    str,
    typer.Option(
        metavar="PY",
        show_default=False,
        help="The Python that runs them, with sortedcontainers and the peers installed. Usually this one.",
    ),
]


def matching(
    *,
    scale: Scale = SCALE,
    commands: Commands = COMMANDS,
    seed: Seed = 1,
    peers: Folder = None,
    python: Python = sys.executable,
    json: Json = False,
) -> None:
    """Measure the matcher under elastic, adversarial and plain loads, each beside a peer in the same run.

    Needs no database, and takes some minutes. Rates are per second of processor time. The exit code is 1 if a
    figure is not as good as it should be.
    """
    extent = Extent(scale, commands, seed, None if peers is None else Peers(peers, python))
    try:
        figures = list(measure_matching(extent, say))
    except PeerError as fault:
        raise Failure(str(fault), ExitCode.USAGE) from None
    runs_as = "compiled" if compiled() else "plain Python"
    if json:
        write_json(
            {
                "matcher": runs_as,
                "scale": scale,
                "commands": commands,
                "seed": seed,
                "left_out": [] if extent.peers else ["plain order books"],
                "figures": [asdict(figure) for figure in figures],
            }
        )
    else:
        write(f"The matcher runs as {runs_as}. Seed: {seed}.")
        write_table("", [row(figure) for figure in figures], numbers=("value", "times"))
        if extent.peers is None:
            write(NO_PEERS)
    if not all(figure.met for figure in figures):
        raise typer.Exit(ExitCode.FAILED)
