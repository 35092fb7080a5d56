"""A database in which a venue has lived for two months, for the tests that only look at it."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from tests.integration.season import live


@pytest.fixture(scope="session")
def season_url(postgres_server: str, _migrated: str) -> Iterator[str]:
    """The URL of a database in which a venue has lived for two months. What a test does to it, it takes back."""
    name = f"{_migrated}_season"
    execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_migrated} STRATEGY file_copy")
    url = make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    asyncio.run(live(url))
    yield url
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def execute(url: str, *statements: str) -> None:
    """Carry out statements on a connection of their own."""

    async def run() -> None:
        dsn = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(dsn)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())
