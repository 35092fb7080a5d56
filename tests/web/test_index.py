"""The index of a venue is what anybody makes of its public tape, and whoever tells another one is found out."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from exchange.persistence import database
from exchange.state import Role
from tests.web.house import H100, HORINGER, SHANGHAI, Door, code_of, listing, order, straight_to
from web.bodies.market import TradeOut
from web.cli.index_check import check_day
from web.cli.main import app
from web.client import Client
from web.server import serving

pytestmark = pytest.mark.anyio

Json = Any
DAY = date(2026, 11, 30)
ASCEND = "ascend-910b-64g"
BOTH = f"{H100}@{HORINGER}/on_demand"


@pytest.fixture
async def traded(market: Door) -> Door:
    """A day of trade between three buyers and two sellers, at different prices, and a day after it."""
    await market.admit("third", Role.BUYER, fen=10**9)
    await market.admit("other-dc", Role.SELLER, region=HORINGER)
    dearer = {"on_demand": [{"price_micro_yuan_per_card_hour": 9_500_000}]}
    weaker = {"on_demand": [{"price_micro_yuan_per_card_hour": 3_000_000}]}
    for body in (listing(asks=dearer, cards=24), listing(asks=weaker, chip=ASCEND, region=SHANGHAI)):
        await market.ask("POST", "/v1/listings", by="other-dc", json=body)
    for hour in range(3):
        await market.at(f"2026-11-30T{4 * hour + 2:02}:00:00Z")
        for buyer in ("buyer", "rival", "third"):
            body = order(cards=32, prefer="earliest")
            assert (await market.ask("POST", "/v1/orders", by=buyer, json=body)).status_code == 201
    only = order(chips={ASCEND: 1000}, regions=[SHANGHAI])
    await market.ask("POST", "/v1/orders", by="buyer", json=only)
    await market.at("2026-12-01T17:00:00Z")
    return market


class Altered(httpx.AsyncBaseTransport):
    """A way to a venue on which some answers are altered."""

    def __init__(self, door: Door, path: str, alter: Callable[[Json], None]) -> None:
        self.way, self.path, self.alter = straight_to(door.app), path, alter

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.way.handle_async_request(request)
        if not request.url.path.endswith(self.path):
            return answer
        document = json.loads(await answer.aread())
        self.alter(document)
        return httpx.Response(answer.status_code, json=document)


@pytest.fixture
async def anybody(traded: Door) -> AsyncIterator[Client]:
    async with Client("http://venue", transport=straight_to(traded.app)) as client:
        yield client


async def test_the_index_is_what_the_tape_makes_of_it(anybody: Client) -> None:
    checked = await check_day(anybody, DAY)
    assert checked.differences == []
    told = {value.resource: value for value in (await anybody.index(DAY.isoformat())).values}
    assert told.keys() == {
        BOTH,
        f"{H100}@inner-mongolia/on_demand",
        f"{H100}@all/on_demand",
        f"{ASCEND}@{SHANGHAI}/on_demand",
        f"{ASCEND}@all/on_demand",
        "standard@all/on_demand",
    }
    assert checked.values == len(told)
    firm = told[BOTH]
    assert firm.value_micro_yuan_per_card_hour is not None
    assert 9_000_000 <= firm.value_micro_yuan_per_card_hour <= 9_500_000
    assert told[f"{ASCEND}@all/on_demand"].no_value == "too_few_trades"
    history = await anybody.index_history(BOTH, days=5)
    assert [(value.day, value.no_value) for value in history.values] == [
        (DAY, None),
        (date(2026, 12, 1), "no_trades"),
    ]
    assert (await anybody.index()).values == [], "nothing was traded on the last day that is over"


def one_more(document: Json) -> None:
    value = next(value for value in document["values"] if value["value_micro_yuan_per_card_hour"])
    value["value_micro_yuan_per_card_hour"] += 1


def without_one(document: Json) -> None:
    del document["values"][0]


def another_cost(document: Json) -> None:
    document["rows"][0]["cost_micro_yuan"] += 1


def another_pair(document: Json) -> None:
    document["rows"][0]["pair"] = 9


def another_trade(document: Json) -> None:
    document["items"][0]["cost_micro_yuan"] += 1


@pytest.mark.parametrize(
    ("path", "alter"),
    [
        ("/index", one_more),
        ("/index", without_one),
        ("/inputs", another_cost),
        ("/inputs", another_pair),
        ("/trades", another_trade),
    ],
)
async def test_whoever_alters_a_figure_is_found_out(
    traded: Door, path: str, alter: Callable[[Json], None]
) -> None:
    async with Client("http://venue", transport=Altered(traded, path, alter)) as client:
        assert (await check_day(client, DAY)).differences != []


async def test_a_day_that_runs_has_no_value_yet(traded: Door) -> None:
    running = {"day": "2026-12-02"}
    assert (await traded.ask("GET", "/v1/index", params=running)).json()["values"] == []
    inputs = await traded.ask("GET", "/v1/index/standard@all/on_demand/2026-12-02/inputs")
    assert code_of(inputs) == (404, "unknown_id")
    far = (await traded.ask("GET", "/v1/index", params={"day": "2099-12-31"})).json()
    assert far["values"] == []


async def test_what_is_no_day_or_resource_is_refused(traded: Door) -> None:
    for day in ("today", "2026-02-30", "20261130", "2026-W49-1", "9999-12-31"):
        assert code_of(await traded.ask("GET", "/v1/index", params={"day": day})) == (
            422,
            "invalid_parameter",
        )
    for resource in ("standard@150100", "abacus@all", "nonsense"):
        assert code_of(await traded.ask("GET", f"/v1/index/{resource}/spot")) == (404, "unknown_id")


async def test_what_becomes_of_a_lease_changes_neither_tape_nor_index(traded: Door, anybody: Client) -> None:
    """As when a lease is cut short later: then its row has another end and cost."""
    tape, values = await anybody.trades(), await anybody.index(DAY.isoformat())
    async with traded.exchange.usage.acquire() as connection:
        await connection.execute("UPDATE leases SET end_slot = start_slot + 1, cost = cost / 4")
    async with Client("http://venue", transport=straight_to(traded.app)) as again:
        assert (await again.trades()).items == tape.items
        assert await again.index(DAY.isoformat()) == values
        assert (await check_day(again, DAY)).differences == []


async def test_the_command_says_yes_or_no(traded: Door) -> None:
    """The values are kept, so a tape that is changed behind them no longer makes them."""

    async def run(*arguments: str) -> tuple[int, str]:
        ran = await asyncio.to_thread(CliRunner().invoke, app, ["index", *arguments, "--url", url])
        return ran.exit_code, ran.output

    async with serving(traded.app, port=0) as url:
        shown, table = await run(DAY.isoformat())
        assert (shown, BOTH in table, "too_few_trades" in table) == (0, True, True)
        code, said = await run(DAY.isoformat(), "--verify")
        assert (code, said.splitlines()[-1]) == (
            0,
            "6 values were worked out again, and 0 things differ.",
        )
        connection = await database.connect(traded.exchange.url, database.NO_ROLE)
        await connection.execute("UPDATE trades SET cost = cost + 1 WHERE number = 1")
        await connection.close()
        code, said = await run(DAY.isoformat(), "--verify", "--json")
        assert code == 1
        assert f"{BOTH}: its rows are not those of the tape." in said


async def test_bars_are_those_of_the_tape(traded: Door, anybody: Client) -> None:
    trades = (await anybody.trades(chip=H100)).items
    (day,) = await anybody.bars(BOTH)
    assert (day.trades, day.turnover_micro_yuan) == (len(trades), sum(one.cost_micro_yuan for one in trades))
    first, last = (
        [one for one in trades if one.traded_in == end.traded_in] for end in (trades[-1], trades[0])
    )
    assert (day.open_micro_yuan_per_card_hour, day.close_micro_yuan_per_card_hour) == (
        mean(first),
        mean(last),
    )
    hours = await anybody.bars(BOTH, "hour")
    assert [bar.start.hour for bar in hours] == sorted({one.traded_in.hour for one in trades})
    assert sum(bar.card_seconds for bar in hours) == day.card_seconds
    assert hours == await anybody.bars(BOTH, "hour"), "from what is kept"
    await traded.ask("POST", "/v1/orders", by="buyer", json=order(window=LATER))
    assert [bar.trades for bar in await anybody.bars(BOTH)] == [len(trades), 1]
    assert await anybody.bars(BOTH, start="2026-12-01T16:00:00Z") == (await anybody.bars(BOTH))[1:]
    asked = {"length": "hour", "start": "2020-01-01T00:00:00Z"}
    answer = await traded.ask("GET", f"/v1/instruments/{BOTH}/bars", params=asked)
    assert code_of(answer) == (422, "invalid_parameter")


def mean(trades: list[TradeOut]) -> int:
    cost, seconds = (sum(one.cost_micro_yuan for one in trades), sum(one.card_seconds for one in trades))
    return round(cost * 3600 / seconds)


LATER = {"start": "2026-12-01T17:00:00Z", "end": "2026-12-02T00:00:00Z"}
