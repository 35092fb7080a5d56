"""`suanli export`: what a closed month has booked, as files."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from exchange.exporting import ExportManifest, ExportPlan, export, files_written, plan_export
from exchange.periods import period_named
from web.cli import venue
from web.cli.batch import Told, carry_out_at
from web.cli.options import ClosedMonth, DataDir, Json, Plan, Yes
from web.cli.talk import ExitCode, Failure, commands, examples
from web.pages.formats import yuan

app = commands()
EXAMPLES = examples(
    "suanli export 2026-10",
    "suanli export 2026-10 --plan",
    "suanli export 2026-10 --into exports --yes --json",
)

FOLDER = "exports"  # within the data directory

T = TypeVar("T")

Into = Annotated[
    Path | None,
    typer.Option(
        "--into",
        metavar="DIR",
        file_okay=False,
        show_default=False,
        help="Where exported months are: the folder exports of the data directory, unless told otherwise.",
    ),
]


@app.command(name="export", epilog=EXAMPLES)
def export_period(
    period: ClosedMonth,
    *,
    into: Into = None,
    plan: Plan = False,
    yes: Yes = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Write the statements of a closed month, their lines, ledger entries and regions' memo as Parquet and CSV.

    A manifest has the SHA-256 of each file, and files have the same bytes whenever they are made. A month that is
    exported is verified: the exit code is 1 where a file is altered, missing or one too many.
    """
    if period_named(period, 0) is None:
        raise Failure(f"A period is a calendar month, such as 2026-10, not {period}.", ExitCode.USAGE)
    chosen = venue.settings(data_dir)

    def database(work: Callable[[str], Coroutine[Any, Any, T]]) -> T:
        with venue.database_to_read(chosen) as url:
            venue.refuse_unfit(url)
            return venue.run(work(url))

    job = Exporting(period, into or chosen.data_dir / FOLDER)
    carry_out_at(database, job, plan=plan, yes=yes, json=json)


@dataclass(frozen=True, slots=True)
class Exporting:
    """The job that exports a month. It reads the database, and changes nothing in it."""

    period: str
    root: Path

    @property
    def doing(self) -> str:
        """What is being done."""
        return f"Exporting {self.period}"

    @property
    def question(self) -> str:
        """What to ask before."""
        return f"Write {self.root / self.period}?"

    async def plan(self, url: str) -> ExportPlan:
        """What it would write."""
        return await plan_export(url, self.period, self.root)

    def is_done(self, plan: ExportPlan) -> bool:
        """Whether the files are there."""
        return plan.exported

    async def run(self, url: str) -> ExportManifest:
        """Write them, or verify those that are there."""
        return await export(url, self.period, self.root)

    async def progress(self, _url: str, plan: ExportPlan) -> tuple[int, int]:
        """Files that are written, of all."""
        return files_written(self.root, self.period), plan.files

    def tell_plan(self, plan: ExportPlan) -> Told:
        """What would be written, in words."""
        sentence = (
            f"{self.period} is exported."
            if plan.exported
            else f"{plan.folder} is to hold {plan.files} files."
        )
        return Told(
            sentence,
            {"statements": f"{plan.statements:,}", "lines": f"{plan.lines:,}", "charged": yuan(plan.charged)},
        )

    def tell_report(self, report: ExportManifest) -> Told:
        """The files and how many rows each has, in words."""
        rows = {part.name: f"{part.rows:,} rows" for part in report.parts}
        return Told(f"{self.root / self.period} holds what {report.run} has booked.", rows)
