"""Databases that are old, new, altered, busy or not there: each gets its sentence."""

import asyncio
import json
from typing import Any

import pytest

from exchange.persistence import database
from exchange.persistence.turn import sole_writer
from tests.web.cli.conftest import Suanli

UNREACHABLE = "postgresql://ann:secret@127.0.0.1:1/venue"


def _execute(url: str, statement: str) -> list[Any]:
    async def execute() -> list[Any]:
        connection = await database.connect(url, database.NO_ROLE)
        rows: list[Any] = await connection.fetch(statement)
        await connection.close()
        return rows

    return asyncio.run(execute())


def test_a_database_that_is_up_to_date(
    suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    told = suanli("db", "check", "--json")
    assert told.exit_code == 0
    assert json.loads(told.stdout)["missing"] == json.loads(told.stdout)["drift"] == []
    assert suanli("db", "upgrade").exit_code == 0


def test_an_old_database_is_named_and_upgraded(
    suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    _execute(database_url, "DROP SCHEMA public CASCADE")
    _execute(database_url, "CREATE SCHEMA public")
    checked = suanli("db", "check")
    assert checked.exit_code == 1
    assert "run suanli db upgrade" in checked.stdout
    refused = suanli("replay", "--scale", 10)
    assert refused.exit_code == 3
    assert "run suanli db upgrade" in refused.stderr
    assert suanli("db", "upgrade").exit_code == 0
    assert suanli("db", "check").exit_code == 0


def test_a_database_that_was_changed_by_hand(
    suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    _execute(database_url, "ALTER TABLE parties ADD COLUMN nickname text")
    checked = suanli("db", "check", "--json")
    assert checked.exit_code == 1
    assert "nickname" in json.loads(checked.stdout)["drift"][0]


def test_a_database_of_a_newer_version(
    suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    _execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    for command in (("db", "check"), ("db", "upgrade")):
        told = suanli(*command)
        assert told.exit_code == 3
        assert told.stderr == "A newer Suanli has written this database: use that version, or a later one.\n"


def test_nothing_is_upgraded_under_a_venue_at_work(
    suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    at_work = sole_writer(database_url)
    with asyncio.Runner() as runner:
        runner.run(at_work.__aenter__())
        told = suanli("db", "upgrade")
        runner.run(at_work.__aexit__(None, None, None))
    assert told.exit_code == 3
    assert "Another process writes to this venue" in told.stderr


@pytest.mark.parametrize(
    "command", [("db", "check"), ("db", "upgrade"), ("serve",), ("replay", "--scale", "9")]
)
def test_no_database_gets_a_sentence_and_no_password(
    suanli: Suanli, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", UNREACHABLE)
    told = suanli(*command)
    assert told.exit_code == 3
    assert "No database server answers there" in told.stderr
    assert "secret" not in told.output


def test_what_pages_read_is_made_anew_from_the_log(
    suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert suanli("replay", "--scale", 5).exit_code == 0
    parties = "SELECT * FROM parties ORDER BY id"
    before = _execute(database_url, parties)
    _execute(database_url, "DELETE FROM parties WHERE id <> 'clerk'")
    told = suanli("db", "rebuild")
    assert told.exit_code == 0, told.stderr
    assert "rebuilt from" in told.stdout
    assert _execute(database_url, parties) == before


def test_no_embedded_database_yet(suanli: Suanli) -> None:
    told = suanli("db", "check")
    assert told.exit_code == 3
    assert told.stderr.startswith("There is no database in .suanli yet")
