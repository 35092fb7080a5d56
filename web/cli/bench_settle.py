"""`suanli bench settle`: how fast usage becomes sums, lines and a ledger on this machine."""

from dataclasses import asdict
from typing import Annotated

import typer

from exchange.benches.settle import BenchError, Extent, measure_settling, spark_is_installed
from web.cli import venue
from web.cli.figure_rows import row
from web.cli.folder import kept_or_passing
from web.cli.options import DataDir, Json
from web.cli.talk import ExitCode, Failure, examples, say, write, write_json, write_table

EXAMPLES = examples(
    "suanli bench settle",
    "suanli bench settle --records 1000000 --leases 20000 --json",
    "suanli bench settle --records 100000000 --alone",
)

RECORDS, LEASES = 10_000_000, 200_000  # so many the figures are promised for
TOKENS = "Stage C books the leases. Contracts are left out of it."
NO_SPARK = "Spark is left out: it is not installed here (the extra suanli[spark])."
ALONE = "PostgreSQL and Spark are left out, as asked."

Records = Annotated[int, typer.Option(min=1_000, metavar="N", help="How many usage records are summed.")]
Leases = Annotated[int, typer.Option(min=10, metavar="N", help="Of how many leases and contracts they are.")]
Alone = Annotated[bool, typer.Option("--alone", help="Measure DuckDB without PostgreSQL and Spark.")]


def settle(
    *,
    records: Records = RECORDS,
    leases: Leases = LEASES,
    alone: Alone = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Measure stage A by every engine, DuckDB beside the bare query, then stage B, and all from usage to the ledger.

    Works on made-up usage and on a database of its own, which are gone afterwards, and takes some minutes. The exit
    code is 1 if a figure is not as good as it should be.
    """
    extent = Extent(records, leases, beside=not alone)
    left_out = [TOKENS, *([ALONE] if alone else [NO_SPARK] if not spark_is_installed() else [])]
    try:
        with kept_or_passing(data_dir) as folder, venue.database(venue.settings(folder)) as url:
            figures = venue.run(measure_settling(url, extent, say))
    except BenchError as fault:
        raise Failure(str(fault), ExitCode.OUR_FAULT) from None
    if json:
        write_json(
            {
                "records": records,
                "leases": leases,
                "left_out": left_out,
                "figures": [asdict(figure) for figure in figures],
            }
        )
    else:
        write_table("", [row(figure) for figure in figures], numbers=("value", "times"))
        for sentence in left_out:
            write(sentence)
    if not all(figure.met for figure in figures):
        raise typer.Exit(ExitCode.FAILED)
