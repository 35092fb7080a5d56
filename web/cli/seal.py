"""`suanli seal`: the usage of a closed month is kept as Parquet files that nothing can change unseen."""

from pathlib import Path
from typing import Annotated

import typer

from exchange.periods import period_named
from exchange.sealing import Kept, keep
from web.cli import venue
from web.cli.options import ClosedMonth, DataDir, Json
from web.cli.talk import ExitCode, Failure, commands, examples, status, write, write_json

app = commands()
EXAMPLES = examples("suanli seal 2026-10", "suanli seal 2026-10 --into usage --json")

FOLDER = "usage"  # within the data directory

Into = Annotated[
    Path | None,
    typer.Option(
        "--into",
        metavar="DIR",
        file_okay=False,
        show_default=False,
        help="Where sealed months are: the folder usage of the data directory, unless told otherwise.",
    ),
]


@app.command(epilog=EXAMPLES)
def seal(period: ClosedMonth, *, into: Into = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Keep the usage of a closed month as Parquet files under a manifest, or verify the month that was kept.

    The files are summed again and compared with the database. The exit code is 1 if a file is altered, missing or one
    too many, or if the sums differ. A seal that was stopped goes on when it is given again.
    """
    if period_named(period, 0) is None:
        raise Failure(f"A period is a calendar month, such as 2026-10, not {period}.", ExitCode.USAGE)
    chosen = venue.settings(data_dir)
    with venue.database_to_read(chosen) as url:
        venue.refuse_unfit(url)
        with status(f"Sealing {period}"):
            kept = venue.run(keep(url, period, into or chosen.data_dir / FOLDER))
    if json:
        write_json(_told(kept))
    else:
        for name, value in _told(kept).items():
            write(f"{name:10} {value}")


def _told(kept: Kept) -> dict[str, object]:
    manifest = kept.sealed.manifest
    return {
        "period": manifest.period,
        "folder": str(kept.sealed.folder),
        "files": len(manifest.parts),
        "records": sum(part.rows for part in manifest.parts),
        "bytes": sum(part.bytes for part in manifest.parts),
        "manifest": manifest.digest,
        "sums": kept.digest,
    }
