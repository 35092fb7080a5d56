"""Servers in processes of their own: they open, obey their clerk, halt and close."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from exchange.app import Exchange
from exchange.clock import wall_clock
from exchange.config import Settings
from exchange.persistence.turn import sole_writer
from exchange.state import Role
from tests.web.cli.conftest import Suanli
from tests.web.cli.servers import PATIENCE, opened, process
from web.cli import folder, serve

pytestmark = pytest.mark.integration


def test_a_venue_opens_answers_and_closes(suanli: Suanli, tmp_path: Path) -> None:
    data_dir = tmp_path / "venue"
    with process("serve", "--data-dir", data_dir, "--port", 0) as running:
        url = opened(running)
        assert httpx.get(f"{url}/v1/health").json()["status"] == "ok"
        _commands_find_the_server(suanli, data_dir, url)
        running.send_signal(signal.SIGTERM)
        _, said = running.communicate(timeout=PATIENCE)
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


def test_a_venue_has_come_to_now_when_its_door_opens(
    suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the first to ask would trade in the slot in which the venue was closed."""
    stood: list[tuple[int, int]] = []

    @asynccontextmanager
    async def door(_: Settings, exchange: Exchange) -> AsyncIterator[str]:
        stood.append((exchange.engine.state.market.now, exchange.terms.slot_of(wall_clock())))
        yield "an address"

    async def told_at_once(_: Exchange, working: asyncio.Task[None]) -> None:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setattr(serve, "open_door", door)
    monkeypatch.setattr(serve, "until_told", told_at_once)
    assert suanli("serve").exit_code == 0
    ((now, present),) = stood
    assert now in {present, present - 1}, "unless a slot began between the two looks"


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


def test_a_demo_invites_obeys_its_clerk_ends_with_its_database_and_goes_on(
    suanli: Suanli, tmp_path: Path
) -> None:
    data_dir = tmp_path / "demo"
    with process("demo", "--data-dir", data_dir, "--port", 0) as running:
        url = opened(running)
        assert running.stdout is not None
        tokens = dict(_invitation(running.stdout.readline()) for _ in Role)
        assert set(tokens) == set(Role)
        for token in tokens.values():
            answer = httpx.get(f"{url}/v1/balance", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200
        _clerk_is_obeyed(suanli, data_dir)
        os.kill(int((data_dir / "cluster/postmaster.pid").read_text().split()[0]), signal.SIGQUIT)
        _, said = running.communicate(timeout=PATIENCE)
    assert running.returncode == 3
    told = said.splitlines()[-1]
    assert told.startswith("The venue has stopped writing rather than guess. The database server has closed")
    assert "Traceback" not in said
    with process("demo", "--data-dir", data_dir, "--port", 0) as again:
        assert httpx.get(f"{opened(again)}/v1/health").json()["status"] == "ok"


def _clerk_is_obeyed(suanli: Suanli, data_dir: Path) -> None:
    """Commands go to the server. The demo has closed its first month by itself: closing it again only reports it."""
    here = ("--data-dir", data_dir)
    booked = suanli("deposit", "buyer-01", "10.00", *here, "--json")
    assert booked.exit_code == 0, booked.stderr
    report = suanli("close", "2026-01", "--json", *here)
    assert report.exit_code == 0, report.stderr
    assert json.loads(report.stdout)["statements"] > 0
    assert "charged" in suanli("close", "2026-01", *here).stdout


def _invitation(line: str) -> tuple[str, str]:
    role, _, token = line.split()
    return role, token
