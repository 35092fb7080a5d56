"""Closing jobs killed in the middle of their work and given again: the month comes to what it would have come to."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random

import pytest

from exchange.app import open_exchange
from exchange.persistence.turn import JobAtWorkError, sole_run
from settlement.jobs import close_period as job
from tests.exchange.house import CLERK, PROMISING
from tests.integration import close_child
from tests.integration.test_closing_job import require_sound, rows, settled, traded
from tests.paths import PROJECT

PAUSE_MAX = 0.02  # seconds from a command's being told to the kill: some are stored by then


@contextmanager
def jobs(url: str) -> Iterator[Callable[[str, int, float], str]]:
    """Runs jobs of one kind, kills each after so many commands and a pause, and tells how it has ended."""
    command = [sys.executable, "-m", "tests.integration.close_child", url]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        asked, told = process.stdin, process.stdout

        def run(how: str, patience: int, pause: float) -> str:
            asked.write(f"{how}\n")
            pid = int(told.readline().removeprefix("child "))
            while (line := told.readline()).startswith("asks "):
                patience -= 1
                if patience == 0:
                    time.sleep(pause)
                    with suppress(ProcessLookupError):  # it was quicker
                        os.kill(pid, signal.SIGKILL)
            return line.strip()

        yield run
        process.kill()


async def whole(url: str) -> None:
    async with open_exchange(url, PROMISING) as exchange:
        await exchange.closing(CLERK).close("2026-01")


def kills_until_closed(url: str, how: str) -> int:
    """Kill one job after another, each within its first commands, until one comes to its end."""
    seed = int(os.environ.get("SUANLI_SEED") or int.from_bytes(os.urandom(4)))
    print(f"SUANLI_SEED={seed}")  # shown when a test fails
    chance, kills = Random(seed), 0
    with jobs(url) as run:
        while (end := run(how, chance.randint(1, 3), chance.uniform(0, PAUSE_MAX))) == "killed":
            kills += 1
    assert end == "done"
    return kills


@pytest.fixture
def unclosed(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A venue with a month to close, which takes many commands."""
    monkeypatch.setattr(job, "LEASES_AT_ONCE", close_child.LEASES_AT_ONCE)
    monkeypatch.setattr(job, "SUMS_MAX", close_child.SUMS_MAX)
    asyncio.run(traded(database_url, 200))
    return database_url


def test_a_job_that_is_killed_anywhere_goes_on_to_the_same_end(
    unclosed: str, another_database: Callable[[str | None], str]
) -> None:
    killed = another_database(unclosed)
    asyncio.run(whole(unclosed))
    assert kills_until_closed(killed, "sound") >= 3
    assert asyncio.run(settled(killed)) == asyncio.run(settled(unclosed))
    log = "SELECT seq, party, id, kind, body::text, digest FROM commands ORDER BY seq"
    assert asyncio.run(rows(killed, log)) == asyncio.run(rows(unclosed, log)), "and by the same commands"
    asyncio.run(require_sound(killed))


def test_a_job_that_takes_an_open_run_for_a_finished_one_is_seen(
    unclosed: str, another_database: Callable[[str | None], str]
) -> None:
    killed = another_database(unclosed)
    asyncio.run(whole(unclosed))
    assert kills_until_closed(killed, "hasty") >= 1
    assert asyncio.run(settled(killed)) != asyncio.run(settled(unclosed))


def test_two_runs_of_a_job_are_never_at_work_at_once(database_url: str) -> None:
    async def story() -> None:
        await traded(database_url, 40)
        async with open_exchange(database_url, PROMISING) as exchange:
            async with sole_run(database_url, "close"):
                with pytest.raises(JobAtWorkError, match=r"the job close is at work \(.*since 20"):
                    await exchange.closing(CLERK).close("2026-01")
                async with sole_run(database_url, "payout"):
                    pass
            await exchange.closing(CLERK).close("2026-01")
        assert len(await rows(database_url, "SELECT * FROM runs")) == 1

    asyncio.run(story())
