"""The audit on the command line: it agrees, until somebody changes what is stored."""

import asyncio
import json

import pytest

from exchange.persistence import database
from tests.web.cli.conftest import Suanli


def test_an_audit_agrees_until_somebody_changes_what_is_stored(
    suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert suanli("replay", "--scale", 20).exit_code == 0
    sound = suanli("audit", "--replay", "--json")
    assert sound.exit_code == 0, sound.stdout
    document = json.loads(sound.stdout)
    examined = {check["name"]: check["examined"] for check in document["checks"]}
    assert document["agrees"]
    assert examined["decisions"] == examined["log"] > 0

    async def tamper() -> None:
        connection = await database.connect(database_url, database.NO_ROLE)
        await connection.execute("UPDATE balances SET amount = amount + 1 WHERE kind = 'available'")
        await connection.close()

    asyncio.run(tamper())
    told = suanli("audit")
    assert told.exit_code == 1
    assert "differs " in told.stdout
    assert " 1 differ.\nPayouts are frozen" in told.stderr
    assert not json.loads(suanli("audit", "--json").stdout)["agrees"]
