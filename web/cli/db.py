"""`suanli db`: whether the database has the shape that this version needs, and giving it that shape."""

import asyncio

import typer

from exchange.config import Settings
from exchange.persistence import migrate
from exchange.persistence.turn import sole_writer
from web.cli import venue
from web.cli.options import DataDir, Json
from web.cli.talk import ExitCode, commands, examples, write, write_json

app = commands("Look at the database's shape, or bring it up to date.")


@app.command(epilog=examples("suanli db check", "suanli db check --json"))
def check(*, data_dir: DataDir = None, json: Json = False) -> None:
    """Say which migrations the database lacks, and where its tables differ from this version's.

    The exit code is 1 if anything is amiss.
    """
    chosen = venue.settings(data_dir)
    with venue.database_to_read(chosen) as url:
        missing = migrate.missing(url)
        drift = [] if missing else migrate.drift(url)
    if json:
        write_json({"database": chosen.database, "missing": missing, "drift": drift})
    else:
        for line in _told(chosen, missing, drift):
            write(line)
    if missing or drift:
        raise typer.Exit(ExitCode.FAILED)


@app.command(epilog=examples("DATABASE_URL=postgresql://user@host/suanli suanli db upgrade"))
def upgrade(*, data_dir: DataDir = None) -> None:
    """Run the migrations that the database lacks. No venue may be at work on it.

    The embedded database is also upgraded whenever a venue opens it.
    """
    chosen = venue.settings(data_dir)
    if chosen.database_url is None:
        with venue.database(chosen):
            write(f"{_capital(chosen.database)} is up to date.")
        return
    missing = migrate.missing(chosen.database_url)
    venue.run(_upgrade(chosen.database_url))
    write(f"{_capital(chosen.database)} is up to date. Migrations run: {', '.join(missing) or 'none'}.")


async def _upgrade(url: str) -> None:
    async with sole_writer(url):
        await asyncio.to_thread(migrate.upgrade, url)


def _told(chosen: Settings, missing: list[str], drift: list[str]) -> list[str]:
    if missing:
        return [f"{_capital(chosen.database)} lacks {', '.join(missing)}: run suanli db upgrade."]
    if drift:
        return [
            f"{_capital(chosen.database)} differs from this version in ways that no migration explains:",
            *drift,
        ]
    return [f"{_capital(chosen.database)} is up to date."]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
