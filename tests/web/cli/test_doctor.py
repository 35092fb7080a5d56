"""The check-up, with one fault after the other put in its way."""

import importlib.util
import json
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from exchange.config import Settings
from exchange.names import Instant
from exchange.persistence import embedded
from exchange.persistence.queries.checkup import Writing
from tests.web.cli.conftest import Suanli
from web.cli import checkup, doctor
from web.cli.checkup import Verdict
from web.cli.folder import keep_clerk_token


def _checks(told: Any) -> dict[str, tuple[str, str]]:
    return {
        check["check"]: (check["verdict"], check["advice"]) for check in json.loads(told.stdout)["checks"]
    }


def test_a_machine_without_a_venue_is_well(suanli: Suanli) -> None:
    told = suanli("doctor", "--json", "--port", 0)
    assert told.exit_code == 0, told.stdout
    assert json.loads(told.stdout)["healthy"]
    assert set(_checks(told)) >= {
        "python",
        "postgresql",
        "data directory",
        "disk",
        "port",
        "database",
        "browser",
    }


def test_people_get_a_table(suanli: Suanli) -> None:
    told = suanli("doctor", "--port", 0)
    assert "what to do" in told.stdout
    assert told.stderr == "0 faults.\n"


def test_a_healthy_database(suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    checks = _checks(suanli("doctor", "--json", "--port", 0))
    names = ("database", "clock", "migrations", "writer", "venue clock")
    assert {name: checks[name][0] for name in names} == dict.fromkeys(names, "ok")


def test_an_unreachable_database(suanli: Suanli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://ann:secret@127.0.0.1:1/venue")
    told = suanli("doctor", "--json", "--port", 0)
    assert told.exit_code == 1
    verdict, advice = _checks(told)["database"]
    assert verdict == "fault"
    assert advice.startswith("No database server answers there")
    assert "secret" not in told.output


@pytest.mark.integration
def test_an_old_embedded_database(suanli: Suanli, tmp_path: Path) -> None:
    embedded.start(tmp_path / ".suanli", durable=False).stop()
    told = suanli("doctor", "--json", "--port", 0)
    assert told.exit_code == 1
    verdict, advice = _checks(told)["migrations"]
    assert verdict == "fault"
    assert "suanli db upgrade" in advice


def test_a_port_that_is_taken(suanli: Suanli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = suanli("doctor", "--json", "--port", taken.getsockname()[1])
    assert told.exit_code == 1
    assert _checks(told)["port"][0] == "fault"


def test_a_folder_that_cannot_be_one(suanli: Suanli, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = suanli("doctor", "--json", "--port", 0, "--data-dir", tmp_path / "file" / "venue")
    assert told.exit_code == 1
    assert _checks(told)["data directory"] == ("fault", "Choose another --data-dir.")


def test_a_folder_that_cannot_be_written_to(
    suanli: Suanli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkup, "_read_only", lambda _: True)
    told = suanli("doctor", "--json", "--port", 0, "--data-dir", tmp_path)
    assert told.exit_code == 1
    assert "can't be written to" in told.stdout


def test_a_folder_that_is_there_is_seen(tmp_path: Path) -> None:
    (tmp_path / ".suanli").mkdir(mode=0o700)  # the working folder is this test's own
    assert checkup.folder(Settings()).found.endswith("yours alone")


def test_keys_that_others_may_read(tmp_path: Path) -> None:
    folder = tmp_path / "venue"
    folder.mkdir(mode=0o700)
    keep_clerk_token(folder, "token")
    assert checkup.folder(Settings(data_dir=folder)).verdict is Verdict.OK
    (folder / "clerk.key").chmod(0o644)
    assert checkup.folder(Settings(data_dir=folder)).verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("free", "verdict"), [(10**12, Verdict.OK), (10**9, Verdict.WARN), (10**7, Verdict.FAULT)]
)
def test_room_on_the_disk(monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict) -> None:
    usage = shutil.disk_usage("/")._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert {finding.verdict for finding in checkup.disks(Settings())} == {verdict}


@pytest.mark.parametrize(("apart", "verdict"), [(1, Verdict.OK), (-30, Verdict.WARN), (3600, Verdict.FAULT)])
def test_clocks_apart(apart: int, verdict: Verdict) -> None:
    assert doctor._clocks(Instant(10_000 + apart), Instant(10_000)).verdict is verdict


def test_a_venue_clock_that_is_ahead() -> None:
    def verdict(now: int) -> Verdict:
        writing = Writing(1, Instant(now))
        return list(doctor._writing(writing, None, Instant(10_000)))[-1].verdict

    assert (verdict(9_000), verdict(11_000)) == (Verdict.OK, Verdict.FAULT)


def test_binaries_that_do_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert checkup.binaries(Settings()).verdict is Verdict.FAULT
    assert checkup.binaries(Settings(database_url="postgresql://db.example/venue")).verdict is Verdict.OK
