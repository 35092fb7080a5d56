"""Ids of commands that the venue gives in a party's name: no request of that party can have used them up."""

import re
from itertools import islice
from pathlib import Path

import pytest

from exchange.app import open_exchange
from exchange.persistence import database
from exchange.replay.demo import DEMO
from exchange.replay.plan import plan_market
from exchange.replay.reference import reference_offers, reference_trace
from exchange.replay.script import Ask, script
from tests.exchange.house import HOURS
from web.api.asking import KEY_PATTERN
from web.cli.clerk import CLERK, token_of_clerk

pytestmark = pytest.mark.anyio


def can_be_sent(command_id: str) -> bool:
    return re.fullmatch(KEY_PATTERN, command_id) is not None


async def ids(url: str, query: str) -> list[str]:
    connection = await database.connect(url)
    rows = await connection.fetch(query)
    await connection.close()
    return [row["id"] for row in rows]


async def test_the_closing_jobs_ids_are_its_own(season_url: str) -> None:
    kinds = "('BeginClose', 'CutUsage', 'PostStatements', 'FinishClose')"
    given = await ids(season_url, f"SELECT id FROM commands WHERE kind IN {kinds} ORDER BY seq")
    assert given[1] == "run-1/cut"
    assert not any(map(can_be_sent, given))


def test_a_replays_ids_are_its_own() -> None:
    plan = plan_market(reference_trace(), reference_offers(), DEMO, 20)
    asked = (line.envelope.id for line in script(plan, HOURS) if isinstance(line, Ask))
    given = list(islice(asked, 100))
    assert given
    assert not any(map(can_be_sent, given))


async def test_keys_are_issued_under_ids_that_no_clerk_can_send(database_url: str, tmp_path: Path) -> None:
    async with open_exchange(database_url, HOURS) as exchange:
        await token_of_clerk(exchange, tmp_path)
    (given,) = await ids(database_url, f"SELECT id FROM commands WHERE party = '{CLERK}'")
    assert not can_be_sent(given)
