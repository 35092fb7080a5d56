import asyncio
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from exchange.persistence.turn import sole_writer
from tests.web.cli.conftest import Suanli
from tests.web.cli.servers import PATIENCE, opened, process
from web.cli import folder

pytestmark = pytest.mark.integration

STOPS_WITHIN = 5  # seconds


def test_a_venue_opens_answers_and_closes(suanli: Suanli, tmp_path: Path) -> None:
    data_dir = tmp_path / "venue"
    with process("serve", "--data-dir", data_dir, "--port", 0) as running:
        url = opened(running)
        assert httpx.get(f"{url}/v1/health").json()["status"] == "ok"
        _commands_find_the_server(suanli, data_dir, url)
        began = time.monotonic()
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=PATIENCE)
        assert time.monotonic() - began < STOPS_WITHIN
    assert (running.returncode, said) == (0, "The venue is closed.\n")
    assert "database system is shut down" in (data_dir / "server.log").read_text()
    assert not (data_dir / folder.SERVER).exists()
    assert suanli("db", "check", "--data-dir", data_dir).exit_code == 0


def _commands_find_the_server(suanli: Suanli, data_dir: Path, url: str) -> None:
    """Looking is let in beside a server, a second server is not, and what is secret is closed to others."""
    second = suanli("serve", "--data-dir", data_dir, "--port", 0)
    assert second.exit_code == 3
    assert f"The server at {url}" in second.stderr
    assert suanli("db", "check", "--data-dir", data_dir).exit_code == 0
    doctor = suanli("doctor", "--data-dir", data_dir, "--port", url.rpartition(":")[2])
    assert doctor.exit_code == 0, doctor.stdout
    assert "this venue's own server" in doctor.stdout
    secrets = [data_dir / name for name in (folder.SERVER, folder.CLERK_KEY, folder.COOKIE_KEY)]
    assert {path.stat().st_mode & 0o777 for path in secrets} == {0o600}
    token = (data_dir / folder.CLERK_KEY).read_text().strip()
    parties = httpx.get(f"{url}/v1/parties", headers={"Authorization": f"Bearer {token}"})
    assert [party["id"] for party in parties.json()["items"]] == ["clerk"]


def test_the_database_that_goes_away_ends_the_server_with_a_sentence(tmp_path: Path) -> None:
    with process("serve", "--data-dir", tmp_path, "--port", 0, "--slot-seconds", 900) as running:
        url = opened(running)
        os.kill(int((tmp_path / "cluster/postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        token = (tmp_path / folder.CLERK_KEY).read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "after-the-end"}
        body = {"party": "clerk", "amount_fen": 100, "reference": "too late"}
        with suppress(httpx.TransportError):  # it may have noticed by itself, and be gone
            assert httpx.post(f"{url}/v1/deposits", json=body, headers=headers).status_code == 503
        _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 3
    assert said.startswith("The venue has stopped writing rather than guess. The database server has closed")
    assert "Traceback" not in said


def test_a_port_that_is_taken(suanli: Suanli, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = suanli("serve", "--data-dir", tmp_path / "venue", "--port", port)
    assert told.exit_code == 2
    assert "choose another --port" in told.stderr


def test_a_database_that_another_machine_writes_to_is_left_alone(
    suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    at_work = sole_writer(database_url)
    with asyncio.Runner() as runner:
        runner.run(at_work.__aenter__())
        told = suanli("serve", "--port", 0)
        runner.run(at_work.__aexit__(None, None, None))
    assert told.exit_code == 3
    assert "Another process writes to this venue" in told.stderr


def test_the_demo_opens_with_a_key_for_each_role(tmp_path: Path) -> None:
    with process("demo", "--data-dir", tmp_path / "demo", "--port", 0) as running:
        url = opened(running)
        assert running.stdout is not None
        invited = dict(_invitation(running.stdout.readline()) for _ in range(4))
        assert set(invited) == {"buyer", "seller", "region", "clerk"}
        for token in invited.values():
            answer = httpx.get(f"{url}/v1/balance", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    assert said.endswith("The demo is closed.\n")


def _invitation(line: str) -> tuple[str, str]:
    role, _, token = line.split()
    return role, token
