"""`suanli check-cases`: worked cases from files, checked against the kernels."""

from pathlib import Path
from typing import Annotated

import typer

from web.cli.cases import CaseFileError, Checked, check_file
from web.cli.options import Json
from web.cli.talk import ExitCode, Failure, commands, examples, write, write_json

app = commands()
EXAMPLES = examples("suanli check-cases settlement_cases.json", "suanli check-cases --json cases/*.json")

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE…", show_default=False, help="Files of cases, in JSON.")
]


@app.command(epilog=EXAMPLES)
def check_cases(files: Files, *, json: Json = False) -> None:
    """Check files of worked cases: elastic scenarios, book scenarios and settlement cases.

    Each failing case is a line with what was expected and what came out. The exit code is 1 if any failed, and 2
    for a file that can't be read or is of no known kind.
    """
    try:
        checked = [case for file in files for case in check_file(file)]
    except CaseFileError as fault:
        raise Failure(str(fault), ExitCode.USAGE) from None
    failed = [case for case in checked if case.differences]
    if json:
        write_json(_document(checked, failed))
    else:
        for case in failed:
            write(_line(case))
        write(f"{len(checked) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def _line(case: Checked) -> str:
    told = "; ".join(f"{d.field}: expected {d.expected}, got {d.got}" for d in case.differences)
    return " ".join(f"{case.name}  {told}".split("\n"))


def _document(checked: list[Checked], failed: list[Checked]) -> dict[str, object]:
    return {
        "passed": len(checked) - len(failed),
        "failed": len(failed),
        "failures": [
            {
                "file": str(case.file),
                "kind": case.kind,
                "case": case.name,
                "differences": [
                    {"field": d.field, "expected": d.expected, "got": d.got} for d in case.differences
                ],
            }
            for case in failed
        ],
    }
