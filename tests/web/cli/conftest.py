"""Runs commands in this process, away from the settings of whoever runs the tests."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from typer.testing import CliRunner, Result

from exchange.clock import wall_clock
from exchange.config import VARIABLES
from exchange.names import Instant
from exchange.periods import period_of
from exchange.persistence.turn import sole_run
from tests.paths import PROJECT
from web.cli import venue
from web.cli.main import app
from web.cli.schedule import FILE as SCHEDULE

Suanli = Callable[..., Result]


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests, a working folder of the test's own, and our sources for what it starts."""
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(PROJECT))
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def suanli() -> Suanli:
    """Runs a command in this process, as the shell would."""
    runner = CliRunner()

    def run(*arguments: object, typed: str | None = None) -> Result:
        return runner.invoke(
            app, [str(argument) for argument in arguments], input=typed, catch_exceptions=False
        )

    return run


@pytest.fixture
def month(suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The month in which a venue opened: over by now, and nothing was traded in it."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    opened = Instant(wall_clock() - 40 * 86_400)
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr("web.cli.desk.wall_clock", lambda: opened)
        assert suanli("party", "list").exit_code == 0
    return period_of(opened, 8 * 3600).name


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The data directory of a venue that closes each month on the fifth of the next."""
    place = tmp_path / ".suanli"
    place.mkdir(mode=0o700)
    (place / SCHEDULE).write_text('[jobs]\nclose = "30 2 5 * *"\n')
    return place


@contextmanager
def at_work(url: str) -> Iterator[None]:
    """Another run of the job, for as long as the block lasts."""
    begun, over = Event(), Event()

    async def hold() -> None:
        async with sole_run(url, "close"):
            begun.set()
            over.wait()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(venue.run, hold())
        assert begun.wait(30)
        try:
            yield
        finally:
            over.set()
    running.result()
