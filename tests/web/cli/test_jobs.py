"""What is on record of scheduled jobs, and how loudly it is told that one has failed."""

import json
from pathlib import Path

import pytest

from exchange.clock import wall_clock
from exchange.names import Instant
from tests.web.cli.conftest import Suanli
from web.cli import folder
from web.cli.runs import FILE, Record, Run
from web.cli.schedule import FILE as SCHEDULE
from web.cli.schedule import JobName

DAY = 86_400


def ended(
    exit_code: int, *, due: int | None = None, said: str = "2026-10 is closed (run-1).\n  lines  3\n"
) -> Run:
    now = wall_clock()
    return Run(JobName.CLOSE, Instant(due or now), ("close", "2026-10", "--yes"), now, exit_code, said)


def test_without_a_schedule_there_is_nothing_to_run(suanli: Suanli, tmp_path: Path) -> None:
    for words in (["run"], ["list"], ["again", "close"]):
        told = suanli("jobs", *words, "--data-dir", tmp_path)
        assert (told.exit_code, told.stdout) == (2, "")
        assert f"write {tmp_path / SCHEDULE}" in told.stderr


def test_a_schedule_that_cant_be_used_is_bad_usage(suanli: Suanli, data_dir: Path) -> None:
    (data_dir / SCHEDULE).write_text('[jobs]\nclose = "daily"')
    told = suanli("jobs", "run")
    assert told.exit_code == 2
    assert "jobs.close: daily is no cron expression" in told.stderr
    doctor = json.loads(suanli("doctor", "--json", "--port", 0).stdout)
    assert [one["verdict"] for one in doctor["checks"] if one["check"] == "jobs"] == ["fault"]


@pytest.mark.parametrize(
    ("last", "wrong"),
    [
        (ended(0), None),
        (
            ended(4, said="It is to be settled.\n  leases  3\nThe venue has refused.\n"),
            "The venue has refused.",
        ),
        (ended(1, said=""), "It ended with the exit code 1."),
        (ended(3, said="Nobody answers.\n"), "Nobody answers."),
        (ended(0, due=wall_clock() - 40 * DAY), "It has been due for"),
    ],
    ids=["done", "refused", "silent", "not reached", "overdue"],
)
def test_the_on_call_is_told_how_jobs_stand(
    suanli: Suanli, data_dir: Path, last: Run, wrong: str | None
) -> None:
    Record(data_dir).add(last)
    with folder.sole_timer(data_dir):
        told, told_as_json = suanli("jobs", "list"), suanli("jobs", "list", "--json")
        doctor = suanli("doctor", "--port", 0, "--json")
    expected = 0 if wrong is None else 1
    assert (told.exit_code, told_as_json.exit_code, doctor.exit_code) == (expected,) * 3
    assert (wrong or "2026-10 is closed (run-1).") in told.stdout
    (job,) = json.loads(told_as_json.stdout)["jobs"]
    assert (job["wrong"] or "").startswith(wrong or "")
    assert job["last"]["exit_code"] == last.exit_code
    (found,) = [one for one in json.loads(doctor.stdout)["checks"] if one["check"] == "jobs"]
    assert found["verdict"] == ("ok" if wrong is None else "fault")
    assert (wrong or "all is well") in found["found"]


def test_that_no_timer_runs_is_told_loudly(suanli: Suanli, data_dir: Path) -> None:
    Record(data_dir).add(ended(0))
    told = suanli("jobs", "list")
    assert told.exit_code == 1
    assert "No timer runs: start suanli jobs run." in told.stderr
    doctor = json.loads(suanli("doctor", "--json", "--port", 0).stdout)
    assert [one["advice"] for one in doctor["checks"] if one["check"] == "jobs"] == ["Start suanli jobs run."]


def test_a_second_timer_is_refused(suanli: Suanli, data_dir: Path) -> None:
    with folder.sole_timer(data_dir):
        told = suanli("jobs", "run")
    assert told.exit_code == 3
    assert "Another timer runs the jobs" in told.stderr


def test_a_line_that_was_cut_short_leaves_its_job_due(data_dir: Path) -> None:
    record, first, second = Record(data_dir), ended(0, due=1000), ended(0, due=2000)
    record.add(first)
    record.add(second)
    whole = (data_dir / FILE).read_bytes()
    (data_dir / FILE).write_bytes(whole[:-20])
    assert record.done_until() == {JobName.CLOSE: 1000}


def test_what_could_not_be_reached_stays_due(data_dir: Path) -> None:
    record = Record(data_dir)
    for exit_code, due in ((0, 1000), (3, 2000), (6, 3000)):
        record.add(ended(exit_code, due=due))
    assert record.done_until() == {JobName.CLOSE: 1000}
    record.add(ended(4, due=3000))
    assert record.done_until() == {JobName.CLOSE: 3000}


def test_a_job_that_is_not_scheduled_is_not_run_again(suanli: Suanli, data_dir: Path) -> None:
    told = suanli("jobs", "again", "payout")
    assert told.exit_code == 2
    assert f"payout does not stand in {data_dir.relative_to(Path.cwd()) / SCHEDULE}" in told.stderr
