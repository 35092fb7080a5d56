"""Brings a database to the shape that this version needs, and says whether it has it.

Everything here raises `DatabaseUnavailable`, with a sentence, for a database that can't be reached or is too new.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import asyncpg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from exchange.persistence import roles
from exchange.persistence.errors import DatabaseUnavailable, explain
from exchange.persistence.tables.every import metadata

T = TypeVar("T")

GRANTS = "grants"
"""Stands last among what a database lacks: the rights of the venue's roles, which are granted after any migration."""

_TOO_NEW = "A newer Suanli has written this database: use that version, or a later one."


def upgrade(url: str) -> None:
    """Run the migrations that the database lacks, and grant its roles their rights. Call it where no event loop runs."""

    def bring_up(connection: Connection) -> None:
        roles.make(connection)
        connection.commit()
        command.upgrade(_config(connection), "head")
        if not roles.granted(connection):
            roles.grant(connection)
        connection.commit()

    _run(url, bring_up)


def missing(url: str) -> list[str]:
    """Migrations that the database lacks, oldest first, then `GRANTS`. Call it where no event loop runs."""

    def steps(connection: Connection) -> list[str]:
        script = ScriptDirectory.from_config(_config(connection))
        current = MigrationContext.configure(connection).get_current_revision()
        revisions = [step.revision for step in script.iterate_revisions("head", current)][::-1]
        done = not roles.lacking(connection) and roles.granted(connection)
        return revisions if done else [*revisions, GRANTS]

    return _run(url, steps)


def obstacle(url: str) -> str | None:
    """What only an administrator of the server can do before `upgrade`, in a sentence. Call it where no event loop runs."""
    return _run(url, roles.obstacle)


def drift(url: str) -> list[str]:
    """Where the database's tables differ from `tables/`. Call it where no event loop runs."""

    def differences(connection: Connection) -> list[str]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(context, metadata)]

    return _run(url, differences)


def revise(url: str, message: str) -> None:
    """Write the step from the database's tables to `tables/`, to be read and finished by hand."""
    _run(url, lambda connection: command.revision(_config(connection), message, autogenerate=True))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def _run(url: str, work: Callable[[Connection], T]) -> T:
    async def run() -> T:
        engine = create_async_engine(url, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    try:
        return asyncio.run(run())
    except (RevisionError, CommandError) as fault:
        raise DatabaseUnavailable(_TOO_NEW) from fault
    except (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        raise DatabaseUnavailable(explain(fault)) from fault
