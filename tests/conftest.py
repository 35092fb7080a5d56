"""One PostgreSQL server for all tests, an empty migrated database for each that asks, and marks by folder."""

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from exchange.persistence import embedded
from exchange.persistence.urls import normalise

_NUMBERS = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        path = item.path.as_posix()
        if "/tests/web/browser/" in path:
            item.add_marker("browser")
        if "/tests/integration/" in path or "postgres_server" in getattr(item, "fixturenames", ()):
            item.add_marker("integration")
    # Playwright keeps an event loop running once it has started: no asynchronous test may come after it.
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With SUANLI_NO_SKIPS set, as in CI, a skipped test is a failed run: nothing is left out unseen."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("SUANLI_NO_SKIPS") and reporter is not None and reporter.stats.get("skipped"):
        reporter.write_line("\nSkipped tests are not allowed here (SUANLI_NO_SKIPS).", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server on which tests may create databases: DATABASE_URL, or an embedded one."""
    if given := os.environ.get("DATABASE_URL"):
        yield normalise(given)
        return
    server = embedded.start(tmp_path_factory.mktemp("postgres"), durable=False)
    yield server.url
    server.stop()


@pytest.fixture
def database_url(postgres_server: str, _migrated: str) -> Iterator[str]:
    """The URL of an empty, migrated database for this test alone."""
    name = f"{_migrated}_{next(_NUMBERS)}"
    _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_migrated} STRATEGY file_copy")
    yield _at(postgres_server, name)
    _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _migrated(postgres_server: str) -> Iterator[str]:
    """The name of a database that is migrated once, to be copied: that takes a tenth of migrating."""
    from exchange.persistence.migrate import upgrade  # noqa: PLC0415 — for the tests that need it only

    name = f"suanli_test_{os.getpid()}"
    _execute(postgres_server, f"CREATE DATABASE {name}")
    _in_thread(lambda: upgrade(_at(postgres_server, name)))
    yield name
    _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def _at(server_url: str, database: str) -> str:
    return make_url(server_url).set(database=database).render_as_string(hide_password=False)


def _execute(url: str, statement: str) -> None:
    async def execute() -> None:
        engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()

    _in_thread(lambda: asyncio.run(execute()))


def _in_thread(work: Callable[[], None]) -> None:
    """Run to the end, even while an event loop runs in this thread, as it does under Playwright."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()
