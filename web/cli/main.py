"""The command `suanli`: its commands, and what becomes of what they raise."""

import importlib.metadata
import platform
import sys
import traceback
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from web.cli import check_cases, db, doctor, replay
from web.cli.faults import failure_of
from web.cli.talk import ExitCode, examples, say

EXIT_CODES = """

**Exit codes**

- 0: done
- 1: done, and something that was checked is wrong
- 2: options or files can't be used
- 3: the database or the venue can't be reached, or has stopped
- 4: the venue refused by its rules
- 5: Suanli itself has made a mistake
"""


class Commands(TyperGroup):
    """Ends every command that fails with one sentence on standard error, and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command asked for. What nobody expected is let through: `main` owns up to it."""
        try:
            return super().invoke(ctx)
        except Exception as fault:
            failure = failure_of(fault)
            if failure is None or ctx.params["debug"]:
                raise
            say(str(failure))
            raise typer.Exit(failure.code) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples("suanli demo", "suanli serve", "suanli deposit --help", "suanli doctor") + EXIT_CODES,
)
"""A command line for a venue of its own: `app()` reads the arguments of the process."""


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"suanli {importlib.metadata.version('suanli')}, Python {platform.python_version()}")
        raise typer.Exit


@app.callback()
def suanli(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Suanli 算力: an open-source marketplace and exchange for compute power."""


app.command(epilog=check_cases.EXAMPLES)(check_cases.check_cases)
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)
app.command(epilog=replay.EXAMPLES)(replay.replay)
app.add_typer(db.app, name="db")


def main() -> None:
    """Run the command that the process was given."""
    try:
        app()
    except Exception as fault:  # noqa: BLE001 — the last line: people get a sentence, whatever it is
        failure = failure_of(fault)
        if "--debug" in sys.argv:
            traceback.print_exception(fault)
        say(str(failure) if failure else _owning_up(fault))
        sys.exit(failure.code if failure else ExitCode.OUR_FAULT)


def _owning_up(fault: Exception) -> str:
    what = f"{type(fault).__name__}: {str(fault).partition(chr(10))[0]}"
    return f"Suanli has made a mistake ({what}). Run it again as suanli --debug …, and report what it shows."
