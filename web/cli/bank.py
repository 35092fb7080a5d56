"""`suanli bank`: statements of the venue's bank, by which top-ups are booked."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from web.cli import venue
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json
from web.cli.talk import ExitCode, Failure, commands, examples, write, write_json
from web.pages.formats import count

app = commands("Take in statements of the venue's bank.")

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="A statement as CSV in the venue's form: see docs/payments.md.",
    ),
]


@app.callback()
def bank() -> None:
    """Take in statements of the venue's bank."""


@app.command(
    epilog=examples("suanli bank statement 2026-11-30.csv", "suanli bank statement 2026-11-30.csv --json")
)
def statement(file: File, *, data_dir: DataDir = None, json: Json = False) -> None:
    """Take a statement in: top-ups that it shows as paid are booked. No line counts twice, however often it is sent."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise Failure(f"The statement can't be read from {file}: {fault}.", ExitCode.USAGE) from None
    taken = at_desk(venue.settings(data_dir), lambda client: client.bank_statement(text))
    if json:
        write_json(asdict(taken))
    else:
        write(f"{count(taken.new_lines)} lines are new.")
