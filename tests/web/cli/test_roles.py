"""Servers where not everybody may do everything: who provides the venue's roles, and a venue whose user owns nothing."""

import asyncio
import json
from collections.abc import Iterator

import asyncpg
import pytest

from exchange.persistence import database, embedded
from exchange.persistence.embedded import EmbeddedPostgres
from exchange.persistence.migrate import GRANTS, missing, upgrade
from tests.web.cli.conftest import Suanli

pytestmark = pytest.mark.integration

ROLES = "CREATE ROLE suanli_venue NOLOGIN; CREATE ROLE suanli_reader NOLOGIN; GRANT suanli_venue, suanli_reader TO ann"

WAITING = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock')"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = embedded.start(tmp_path_factory.mktemp("roles"), durable=False)
    execute(server.url, "CREATE ROLE ann LOGIN", "CREATE ROLE app LOGIN")
    yield server
    server.stop()


@pytest.fixture
def server(running: EmbeddedPostgres) -> Iterator[str]:
    """A server without the venue's roles, and with a database that is ann's, who may create no role."""
    execute(running.url, "CREATE DATABASE market OWNER ann")
    yield running.url
    execute(running.url, "DROP DATABASE market WITH (FORCE)", "DROP ROLE suanli_venue, suanli_reader")


def at(server: str, user: str) -> str:
    return server.replace("postgres@/suanli", f"{user}@/market")


def execute(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await database.connect(url, database.NO_ROLE)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def test_roles_that_are_made_meanwhile_for_another_database(server: str) -> None:
    async def run() -> None:
        other, watching = [await database.connect(server, database.NO_ROLE) for _ in range(2)]
        await other.execute("BEGIN; CREATE ROLE suanli_venue; CREATE ROLE suanli_reader")
        upgrading = asyncio.create_task(asyncio.to_thread(upgrade, at(server, "postgres")))
        while not await watching.fetchval(WAITING):
            assert not upgrading.done(), "it comes upon roles that it can't see yet"
            await asyncio.sleep(0.01)
        await other.execute("COMMIT")
        await upgrading
        await other.close()
        await watching.close()

    asyncio.run(run())
    assert missing(at(server, "postgres")) == []


def test_who_may_create_no_role_is_told_what_an_administrator_has_to_run(
    suanli: Suanli, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", at(server, "ann"))
    refused = suanli("db", "upgrade")
    assert refused.exit_code == 3
    assert f"let an administrator run {ROLES}; then run suanli db upgrade." in refused.stderr
    assert ROLES in suanli("db", "check").stdout
    checks = json.loads(suanli("doctor", "--json", "--port", 0).stdout)["checks"]
    assert any(check["check"] == "migrations" and ROLES in check["advice"] for check in checks)
    assert missing(at(server, "ann"))[0] == "0001", "nothing was migrated"

    execute(server, *ROLES.split("; "))
    assert suanli("db", "upgrade").exit_code == 0
    assert missing(at(server, "ann")) == []


def test_a_venue_may_log_in_as_a_user_who_owns_nothing(
    suanli: Suanli, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(server, *ROLES.split("; "), "GRANT suanli_venue, suanli_reader TO app")
    upgrade(at(server, "ann"))
    monkeypatch.setenv("DATABASE_URL", at(server, "app"))
    for command in (("db", "upgrade"), ("db", "check"), ("replay", "--scale", 5), ("audit",)):
        told = suanli(*command)
        assert told.exit_code == 0, told.output
    rebuilt = suanli("db", "rebuild")
    assert rebuilt.exit_code == 3
    assert rebuilt.stderr.startswith("The database user may not do this")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        execute(at(server, "app"), "SET ROLE NONE", "DELETE FROM postings")

    execute(at(server, "ann"), "REVOKE INSERT ON commands FROM suanli_venue")
    assert missing(at(server, "app")) == [GRANTS]
    for command, says in (
        (("replay", "--scale", 5), "lacks grants: run suanli db upgrade, as the user who owns it."),
        (("db", "upgrade"), "Only the user who owns the tables can grant"),
    ):
        told = suanli(*command)
        assert told.exit_code == 3
        assert says in told.stderr
