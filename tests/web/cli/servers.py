"""Commands that run in a process of their own, as a server does."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from exchange.config import VARIABLES
from tests.paths import PROJECT

PATIENCE = 60  # seconds for a server to open, on a machine that has much to do


@contextmanager
def process(*arguments: object, database_url: str = "") -> Iterator[subprocess.Popen[str]]:
    """A command in a process of its own, killed at the end if it is still there. Usually its database is embedded."""
    environ = {name: value for name, value in os.environ.items() if name not in VARIABLES.values()}
    command = [sys.executable, "-m", "web.cli", *map(str, arguments)]
    env = {**environ, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1", "DATABASE_URL": database_url}
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def opened(running: subprocess.Popen[str]) -> str:
    """The address that a server prints, once it is open."""
    assert running.stdout is not None
    for line in running.stdout:
        if found := re.search(r"open at (http://\S+?)\. ", line):
            return found[1]
    assert running.stderr is not None
    raise AssertionError(running.stderr.read())
