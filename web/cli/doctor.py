"""`suanli doctor`: looks at everything that a venue needs, and says what to do about each fault."""

from collections.abc import Iterator
from dataclasses import asdict

import typer
from rich.table import Table
from rich.text import Text

from exchange.clock import wall_clock
from exchange.config import Settings
from exchange.names import Instant
from exchange.persistence import database, migrate, turn
from exchange.persistence.errors import OUTAGES, DatabaseUnavailable, explain
from exchange.persistence.queries import checkup as queries
from web.cli import checkup, venue
from web.cli.checkup import Finding, Verdict
from web.cli.folder import InUseError
from web.cli.options import DataDir, Json, Port
from web.cli.talk import ExitCode, commands, console, examples, say, write_json

app = commands()
EXAMPLES = examples("suanli doctor", "suanli doctor --json", "suanli doctor --port 9000")

CLOCKS_APART_S = 2  # more is odd on machines that keep the time by the network
CLOCKS_FAR_APART_S = 60
COLOUR = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAULT: "red"}


@app.command(epilog=EXAMPLES)
def doctor(*, data_dir: DataDir = None, port: Port = None, json: Json = False) -> None:
    """Look at Python, database, migrations, writer, clocks, port, jobs, disk and folder, and say what to do.

    The exit code is 1 if there is a fault; a warning is none.
    """
    findings = list(examine(venue.settings(data_dir, port=port)))
    faults = [finding for finding in findings if finding.verdict is Verdict.FAULT]
    if json:
        write_json({"healthy": not faults, "checks": [asdict(finding) for finding in findings]})
    else:
        _show(findings)
        say(f"{len(faults)} faults." if len(faults) != 1 else "1 fault.")
    if faults:
        raise typer.Exit(ExitCode.FAILED)


def examine(settings: Settings) -> Iterator[Finding]:
    """Everything there is to look at."""
    yield checkup.python()
    yield checkup.matcher()
    yield checkup.binaries(settings)
    yield checkup.folder(settings)
    yield from checkup.disks(settings)
    yield checkup.port(settings)
    yield checkup.jobs(settings, wall_clock())
    yield from _database(settings)
    yield checkup.browser()


def _database(settings: Settings) -> Iterator[Finding]:
    """The database and what is in it; what can't be looked at without the one before is left out."""
    if settings.database_url is None and not (settings.data_dir / "cluster").exists():
        yield Finding("database", Verdict.OK, f"none in {settings.data_dir} yet: suanli serve makes one")
        return
    try:
        with venue.database_to_read(settings) as url:
            server, holder = venue.run(_server(url))
            yield Finding("database", Verdict.OK, f"{settings.database}: PostgreSQL {server.version}")
            yield _clocks(server.clock, wall_clock())
            migrations = _migrations(url)
            yield migrations
            if migrations.verdict is not Verdict.FAULT:
                yield from _writing(venue.run(_venue(url)), holder, wall_clock())
    except (DatabaseUnavailable, *OUTAGES) as fault:
        yield Finding("database", Verdict.FAULT, f"{settings.database} can't be used", explain(fault))
    except InUseError as fault:
        yield Finding("database", Verdict.WARN, f"not looked at: {fault}", "Wait for it, then look again.")


async def _server(url: str) -> tuple[queries.Server, str | None]:
    connection = await database.connect(url, database.NO_ROLE)
    try:
        return await queries.server(connection), await turn.holder(connection)
    finally:
        await connection.close()


async def _venue(url: str) -> queries.Writing:
    connection = await database.connect(url)
    try:
        return await queries.writing(connection)
    finally:
        await connection.close()


def _migrations(url: str) -> Finding:
    if missing := migrate.missing(url):
        usual = "Run suanli db upgrade as the user who owns it; an embedded database is upgraded when a venue opens it."
        advice = migrate.obstacle(url) or usual
        return Finding("migrations", Verdict.FAULT, f"{', '.join(missing)} not run yet", advice)
    if drift := migrate.drift(url):
        advice = "See suanli db check: somebody has changed tables by hand, or restored an old backup."
        return Finding("migrations", Verdict.FAULT, f"{len(drift)} differences from this version", advice)
    return Finding("migrations", Verdict.OK, "all run")


def _clocks(theirs: Instant, ours: Instant) -> Finding:
    apart = abs(theirs - ours)
    found = f"the database's and ours are {apart} s apart"
    if apart > CLOCKS_APART_S:
        verdict = Verdict.FAULT if apart > CLOCKS_FAR_APART_S else Verdict.WARN
        return Finding("clock", verdict, found, "Set both machines by network time, for example with chrony.")
    return Finding("clock", Verdict.OK, found)


def _writing(venue: queries.Writing, holder: str | None, now: Instant) -> Iterator[Finding]:
    """Who writes, and that the venue's clock has not run ahead: it never goes back."""
    at_work = "nobody writes now" if holder is None else f"one at work {holder}"
    yield Finding("writer", Verdict.OK, f"epoch {venue.epoch}, {at_work}")
    if venue.now is None:
        yield Finding("venue clock", Verdict.OK, "has not ticked yet")
    elif venue.now > now:
        advice = "Set this machine's clock right, or wait: the venue goes on when that time has come. A demo runs ahead."
        yield Finding(
            "venue clock", Verdict.FAULT, f"{(venue.now - now) // 60} minutes ahead of ours", advice
        )
    else:
        yield Finding("venue clock", Verdict.OK, f"{(now - venue.now) // 60} minutes behind ours")


def _show(findings: list[Finding]) -> None:
    table = Table("check", "", "found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        verdict = Text(finding.verdict, COLOUR[finding.verdict])
        table.add_row(finding.check, verdict, finding.found, finding.advice)
    console().print(table)
