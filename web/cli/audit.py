"""`suanli audit`: everything that follows from the log, worked out again and compared with what is stored."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from exchange.audit import Check, freeze_payouts
from exchange.audit import audit as examine
from exchange.catalogue.catalogue import load_catalogue
from web.cli import venue
from web.cli.options import DataDir, Json
from web.cli.talk import ExitCode, commands, examples, say, status, write, write_json

app = commands()
EXAMPLES = examples("suanli audit", "suanli audit --replay", "suanli audit --json --data-dir week")

Replay = Annotated[bool, typer.Option("--replay", help="Also decide every command of the log anew.")]


@app.command(epilog=EXAMPLES)
def audit(*, replay: Replay = False, data_dir: DataDir = None, json: Json = False) -> None:
    """Work out the venue's books again from its log, by other code than the writer's, and compare.

    The venue may be at work meanwhile: one moment of it is examined. If anything differs, the exit code is 1, and no
    seller is paid until a clerk has lifted that.
    """
    with venue.database_to_read(venue.settings(data_dir)) as url:
        venue.refuse_unfit(url)
        with status("Going through the log"):
            checks = venue.run(examine(url, load_catalogue(), redecide=replay))
        differing = [check for check in checks if check.differences]
        if differing:
            venue.run(freeze_payouts(url, differing))
    if json:
        write_json({"agrees": not differing, "checks": [asdict(check) for check in checks]})
    else:
        _show(checks)
        say(f"{len(checks) - len(differing)} checks agree, {len(differing)} differ.")
        if differing:
            say("Payouts are frozen until a clerk lifts that, with a reason.")
    if differing:
        raise typer.Exit(ExitCode.FAILED)


def _show(checks: Sequence[Check]) -> None:
    for check in checks:
        verdict = "differs" if check.differences else "agrees"
        write(f"{verdict:8} {check.name}: {check.what} ({check.examined:,} examined)")
        for difference in check.differences:
            write(f"         {difference}")
