"""Databases for the tests here: one in which a venue has lived for two months, and others that are empty."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from sqlalchemy.engine import make_url

from exchange.persistence import database
from tests.integration.season import live

_NUMBERS = count(1)


@pytest.fixture(scope="session")
def season_url(postgres_server: str, _migrated: str) -> Iterator[str]:
    """The URL of a database in which a venue has a past. What a test does to it, it takes back."""
    name = f"{_migrated}_season"
    execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_migrated} STRATEGY file_copy")
    asyncio.run(live(at(postgres_server, name)))
    yield at(postgres_server, name)
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(postgres_server: str, _migrated: str) -> Iterator[str]:
    """The URL of a database without any tables."""
    name = f"{_migrated}_empty_{next(_NUMBERS)}"
    execute(postgres_server, f"CREATE DATABASE {name}")
    yield at(postgres_server, name)
    execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def another_database(postgres_server: str, _migrated: str) -> Iterator[Callable[[str | None], str]]:
    """Makes databases for a test that needs several: empty and migrated, or copies of the one whose URL is given."""
    made: list[str] = []

    def make(original: str | None = None) -> str:
        template = _migrated if original is None else make_url(original).database
        made.append(f"{_migrated}_more_{next(_NUMBERS)}")
        execute(postgres_server, f"CREATE DATABASE {made[-1]} TEMPLATE {template} STRATEGY file_copy")
        return at(postgres_server, made[-1])

    yield make
    for name in made:
        execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def at(server_url: str, name: str) -> str:
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def execute(url: str, statement: str) -> None:
    """Carry out a statement on a connection of its own, even while an event loop runs in this thread."""

    async def run() -> None:
        connection = await database.connect(url, database.NO_ROLE)
        await connection.execute(statement)
        await connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, run()).result()
