"""The venue's own timer at work: what it missed it makes up for, and what can't be done now it leaves due."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from exchange.clock import wall_clock
from exchange.names import Instant
from tests.web.cli.conftest import Suanli, at_work
from tests.web.cli.servers import PATIENCE, process
from web.cli.runs import Record, Run, carry_out
from web.cli.schedule import JobName, read_schedule

pytestmark = pytest.mark.integration

DAY = 86_400


def test_a_month_that_was_missed_is_closed_when_the_timer_comes_back(
    suanli: Suanli, data_dir: Path, month: str, database_url: str
) -> None:
    stood_still(data_dir)
    runs = timed(data_dir, database_url, lambda runs: asked(runs, month) != [])
    (run,) = asked(runs, month)
    assert (run.exit_code, run.sentence) == (0, f"{month} is closed (run-1).")
    assert json.loads(suanli("close", month, "--plan", "--json").stdout)["status"] == "closed"
    runs = timed(data_dir, database_url, lambda _: True)
    assert len(asked(runs, month)) == 1, "a timer that starts anew finds it done"


def test_a_timer_that_starts_for_the_first_time_has_missed_nothing(
    suanli: Suanli, data_dir: Path, month: str, database_url: str
) -> None:
    runs = timed(data_dir, database_url, lambda runs: runs != [])
    assert [run.command for run in runs] == [()]
    assert json.loads(suanli("close", month, "--plan", "--json").stdout)["status"] == "due"


def test_beside_another_run_it_does_nothing_and_stays_due(
    suanli: Suanli, data_dir: Path, month: str, database_url: str
) -> None:
    stood_still(data_dir)
    with at_work(database_url):
        runs = timed(data_dir, database_url, lambda runs: asked(runs, month) != [])
    (run,) = asked(runs, month)
    assert run.exit_code == 6
    assert "Another run of the job close is at work" in run.sentence
    assert json.loads(suanli("close", month, "--plan", "--json").stdout)["status"] == "due"
    listed = suanli("jobs", "list")
    assert listed.exit_code == 1
    assert "Another run of the job close" in " ".join(listed.stdout.split())
    again = suanli("jobs", "again", "close")
    assert again.exit_code == 0, again.stdout
    assert f"{month} is closed (run-1)." in again.stdout
    assert Record(data_dir).runs()[-1].is_done


def test_a_database_that_cant_be_reached_leaves_it_due(
    suanli: Suanli, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:secret@127.0.0.1:1/venue")
    stood_still(data_dir)
    told = suanli("jobs", "again", "close")
    assert told.exit_code == 3
    assert "No database server answers there" in told.stdout
    assert not Record(data_dir).runs()[-1].is_done


@pytest.mark.anyio
async def test_a_timer_that_is_stopped_stops_its_job(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, begun = tmp_path / "job", tmp_path / "begun"
    stub.write_text(f"#!/bin/sh\necho $$ > {begun}.new\nmv {begun}.new {begun}\nexec sleep 600\n")
    stub.chmod(0o700)
    monkeypatch.setattr("web.cli.runs.sys.executable", str(stub))
    (job,) = read_schedule(data_dir) or []
    running = asyncio.create_task(carry_out(job, wall_clock(), data_dir))
    while not begun.exists():  # noqa: ASYNC110 - another process makes it
        await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)


def stood_still(data_dir: Path) -> None:
    """The timer has not run since the venue opened."""
    opened = Instant(wall_clock() - 40 * DAY)
    Record(data_dir).add(Run(JobName.CLOSE, opened, (), opened, 0, "Scheduled from here on."))


def asked(runs: list[Run], month: str) -> list[Run]:
    """Those that were to close a month."""
    return [run for run in runs if run.command == ("close", month, "--yes")]


def timed(data_dir: Path, database_url: str, until: Callable[[list[Run]], bool]) -> list[Run]:
    """Let a timer run until the record is as it should be, tell it to stop, and see that it does."""
    record = Record(data_dir)
    with process("jobs", "run", "--data-dir", data_dir, database_url=database_url) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("The timer runs 1 jobs.")
        deadline = time.monotonic() + PATIENCE
        while not until(record.runs()):
            assert time.monotonic() < deadline, record.runs()
            time.sleep(0.1)
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, said
    assert said.endswith("The timer has stopped.\n")
    return record.runs()
