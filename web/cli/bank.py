"""`suanli bank`: files for the venue's bank, and its statements, by which top-ups and payouts are booked."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from web.cli import venue
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json
from web.cli.talk import ExitCode, Failure, commands, examples, say, write, write_json
from web.pages.formats import count

app = commands("Write files of payments for the venue's bank, and take in its statements.")

Number = Annotated[
    int | None,
    typer.Option(show_default=False, min=1, help="A file that was made before; without it the next is made."),
]
File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        show_default=False,
        help="A statement as CSV in the venue's form: see docs/payments.md.",
    ),
]


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


@app.command(
    epilog=examples("suanli bank payments > payments.csv", "suanli bank payments --number 3 > again.csv")
)
def payments(*, number: Number = None, data_dir: DataDir = None, json: Json = False) -> None:
    """Write a file of payments for the bank to standard output: all that it has yet to be told. Each is in one file."""
    asked = at_desk(
        venue.settings(data_dir),
        lambda client: client.make_payment_file() if number is None else client.payment_file(number),
    )
    if json:
        write_json(asdict(asked))
    elif asked.number is None:
        say("The bank has been told of every payment.")
    else:
        typer.echo(asked.csv, nl=False)
        say(f"This is file {asked.number}.")
