"""The frame of batch jobs: a plan, a question, a run and a report; and two runs are never at work at once."""

import json
from types import SimpleNamespace

import pytest

from tests.web.cli.conftest import Suanli, at_work

pytestmark = pytest.mark.integration


def test_a_job_shows_its_plan_asks_runs_and_reports(suanli: Suanli, month: str) -> None:
    planned = suanli("close", month, "--plan", "--json")
    assert (planned.exit_code, planned.stderr) == (0, "")
    assert json.loads(planned.stdout) | {"period": month, "status": "due", "slots": 0} == json.loads(
        planned.stdout
    )
    assert f"{month} is to be settled" in suanli("close", month, "--plan").stdout

    unasked = suanli("close", month)
    assert (unasked.exit_code, unasked.stdout) == (2, "")
    assert unasked.stderr.startswith(f"{month} is to be settled")
    assert unasked.stderr.endswith("This needs a yes: run it again with --yes.\n")
    assert json.loads(suanli("close", month, "--plan", "--json").stdout)["status"] == "due"

    done = suanli("close", month, "--yes", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["run"] == "run-1"
    assert json.loads(suanli("close", month, "--plan", "--json").stdout)["status"] == "closed"
    again = suanli("close", month, "--json")
    assert (again.exit_code, again.stdout, again.stderr) == (0, done.stdout, "")


def test_who_answers_no_has_done_nothing(suanli: Suanli, month: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal, which is told from the standard input."""
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("web.cli.talk.sys", terminal)
    told = suanli("close", month, typed="n\n")
    assert told.exit_code == 1
    assert f"Close {month} for good? [y/N]" in told.stderr
    assert told.stderr.endswith("Nothing was done.\n")
    assert suanli("close", month, typed="y\n").exit_code == 0


def test_a_second_run_ends_with_a_code_of_its_own(suanli: Suanli, month: str, database_url: str) -> None:
    with at_work(database_url):
        told = suanli("close", month, "--yes")
    assert told.exit_code == 6
    assert "Another run of the job close is at work" in told.stderr
    assert suanli("close", month, "--yes").exit_code == 0
