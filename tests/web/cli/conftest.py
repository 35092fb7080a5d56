"""Runs commands in this process, away from the settings of whoever runs the tests."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from exchange.config import VARIABLES
from web.cli.main import app

Suanli = Callable[..., Result]


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests, and a working folder of the test's own."""
    for variable in VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
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
