"""`suanli db`: the shape of the database, and what in it can be made anew."""

import asyncio

import typer

from exchange.config import Settings
from exchange.persistence import database, migrate
from exchange.persistence.rebuild import rebuild as rebuild_projections
from exchange.persistence.turn import sole_writer
from web.cli import venue
from web.cli.options import DataDir, Json
from web.cli.talk import ExitCode, commands, examples, status, write, write_json

app = commands("Look at the database, bring it up to date, or rebuild what pages read.")


@app.command(epilog=examples("suanli db check", "suanli db check --json"))
def check(*, data_dir: DataDir = None, json: Json = False) -> None:
    """Say which migrations and grants the database lacks, and where its tables differ from this version's.

    The exit code is 1 if anything is amiss.
    """
    chosen = venue.settings(data_dir)
    with venue.database_to_read(chosen) as url:
        missing = migrate.missing(url)
        drift = [] if missing else migrate.drift(url)
        obstacle = migrate.obstacle(url) if missing else None
    if json:
        told = {"database": chosen.database, "missing": missing, "drift": drift, "obstacle": obstacle}
        write_json(told)
    else:
        for line in _told(chosen, missing, drift, obstacle):
            write(line)
    if missing or drift:
        raise typer.Exit(ExitCode.FAILED)


@app.command(epilog=examples("DATABASE_URL=postgresql://user@host/suanli suanli db upgrade"))
def upgrade(*, data_dir: DataDir = None) -> None:
    """Run the migrations that the database lacks, and grant the venue's roles their rights. No venue may be at work on it.

    The embedded database is also upgraded whenever a venue opens it.
    """
    chosen = venue.settings(data_dir)
    if chosen.database_url is None:
        with venue.database(chosen):
            write(f"{_subject(chosen)} is up to date.")
        return
    missing = migrate.missing(chosen.database_url)
    venue.run(_upgrade(chosen.database_url))
    write(f"{_subject(chosen)} is up to date. Migrations run: {', '.join(missing) or 'none'}.")


@app.command(epilog=examples("suanli db rebuild", "suanli db rebuild --data-dir venue"))
def rebuild(*, data_dir: DataDir = None) -> None:
    """Make all that pages read anew from the log, as the user who owns the database. No venue may be at work on it.

    It is what to do where suanli audit finds that a projection differs, and the log itself is sound.
    """
    chosen = venue.settings(data_dir)
    with venue.database(chosen) as url, status("Going through the log"):
        events = venue.run(_rebuild(url))
    write(f"{_subject(chosen)}: rebuilt from {events:,} events.")


async def _rebuild(url: str) -> int:
    async with sole_writer(url):
        connection = await database.connect(url, database.NO_ROLE)
        try:
            return await rebuild_projections(connection)
        finally:
            await connection.close()


async def _upgrade(url: str) -> None:
    async with sole_writer(url):
        await asyncio.to_thread(migrate.upgrade, url)


def _told(chosen: Settings, missing: list[str], drift: list[str], obstacle: str | None) -> list[str]:
    if missing:
        lacks = (
            f"{_subject(chosen)} lacks {', '.join(missing)}: run suanli db upgrade, as the user who owns it."
        )
        return [lacks] if obstacle is None else [lacks, obstacle]
    if drift:
        return [
            f"{_subject(chosen)} differs from this version in ways that no migration explains:",
            *drift,
        ]
    return [f"{_subject(chosen)} is up to date."]


def _subject(chosen: Settings) -> str:
    """The database at the beginning of a sentence."""
    if chosen.elsewhere is None:
        return f"The embedded database in {chosen.data_dir}"
    return f"The database {chosen.elsewhere}"
