"""How commands speak: data on standard output, talk on standard error, and what an exit code means."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import IntEnum

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


class ExitCode(IntEnum):
    """What a command tells the shell."""

    OK = 0
    FAILED = 1
    """It was done, and something that was checked is wrong."""
    USAGE = 2
    """Options or files can't be used."""
    UNAVAILABLE = 3
    """The database or the venue can't be reached, or has stopped."""
    REFUSED = 4
    """The venue refused by its rules."""
    OUR_FAULT = 5
    """Suanli itself has made a mistake."""
    AT_WORK = 6
    """Another run of the same batch job is at work."""
    STOPPED = 130
    """Somebody pressed Ctrl-C."""


class Failure(Exception):  # noqa: N818 — a command's end, and mostly nobody's error
    """Ends a command with a sentence that says what to do, and an exit code."""

    def __init__(self, sentence: str, code: ExitCode) -> None:
        super().__init__(sentence)
        self.code = code


def commands(title: str | None = None) -> typer.Typer:
    """A Typer application in the style of this command line, for one command or for several under one name."""
    return typer.Typer(
        help=title,
        no_args_is_help=title is not None,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def examples(*lines: str) -> str:
    """The end of a help text, in Markdown: commands to copy."""
    return "\n".join(["**Examples**", "", "```text", *lines, "```"])


def say(sentence: str) -> None:
    """Tell people something. Programs read standard output, and never see it."""
    typer.echo(sentence, err=True)


def write(line: str) -> None:
    """Give a line of the result."""
    typer.echo(line)


def write_json(document: object) -> None:
    """Give the result as one JSON document."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def write_table(title: str, rows: Sequence[Mapping[str, object]], numbers: Iterable[str] = ()) -> None:
    """Give rows as a table with the first row's columns; `numbers` are set right. None is an empty cell."""
    table = Table(title=title or None, title_justify="left", title_style="bold")
    for column in rows[0] if rows else ():
        table.add_column(
            column.replace("_", " "), justify="right" if column in set(numbers) else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row.values()))
    console().print(table)


def console() -> Console:
    """Standard output, as wide as a table likes where no terminal sets bounds."""
    return Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while the block lasts: call it with what is done, and of how many."""
    talking = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=talking,
        disable=not talking.is_terminal,
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


@contextmanager
def status(what: str) -> Iterator[Callable[[str], None]]:
    """A sign of life on standard error while the block lasts: call it with what there is to tell."""
    talking = Console(stderr=True)
    if not talking.is_terminal:
        yield lambda _: None
        return
    with talking.status(what) as spinner:
        yield spinner.update


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that can't be undone; the answer is no unless somebody says yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Failure("This needs a yes: run it again with --yes.", ExitCode.USAGE)
    if not typer.confirm(question, default=False, err=True):
        raise Failure("Nothing was done.", ExitCode.FAILED)
