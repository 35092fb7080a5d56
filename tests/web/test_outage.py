"""A machine that is unwell says so in a problem document, and never with a traceback."""

import asyncio

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from exchange.bus import BusyError
from exchange.commands import Envelope
from tests.web.house import SETTINGS, Door, order
from web.app import create_app

pytestmark = pytest.mark.anyio

READS = ("/v1/orders", "/v1/balance", "/v1/instruments", "/v1/health", "/v1/commands/x")


async def test_a_database_that_is_gone_is_a_503(market: Door, database_url: str) -> None:
    await shut(database_url)
    for path in READS:
        answer = await unwell(market, "GET", path)
        assert answer == (503, "database_unavailable")
    assert await unwell(market, "POST", "/v1/orders") == (503, "database_unavailable")
    catalogue = await market.client.get("/v1/chips")
    assert catalogue.status_code == 200, "the catalogue needs no database"


async def test_a_writer_that_has_stopped_is_a_503_and_reading_goes_on(market: Door) -> None:
    market.exchange.engine.halted = RuntimeError("the disk is full")
    assert await unwell(market, "POST", "/v1/orders") == (503, "halted")
    assert await unwell(market, "GET", "/v1/health") == (503, "halted")
    assert (await market.ask("GET", "/v1/orders", by="buyer")).status_code == 200


async def test_a_full_queue_is_a_503(market: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(_: Envelope) -> None:
        await asyncio.sleep(0)
        raise BusyError("10,000 commands are waiting")

    monkeypatch.setattr(market.exchange.engine, "submit", full)
    assert await unwell(market, "POST", "/v1/orders") == (503, "busy")


async def test_what_nobody_foresaw_is_written_down_and_not_told(
    market: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Envelope) -> None:
        await asyncio.sleep(0)
        raise KeyError("a secret of ours")

    monkeypatch.setattr(market.exchange.engine, "submit", broken)
    answer = await market.client.post("/v1/orders", json=order(), headers=headers(market))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.json()["request_id"] in caplog.text
    assert "a secret of ours" in caplog.text


async def test_an_application_is_put_together_without_its_database(market: Door, database_url: str) -> None:
    await shut(database_url)
    market.client._transport.app = create_app(market.exchange, SETTINGS)  # type: ignore[attr-defined]
    assert await unwell(market, "GET", "/v1/health") == (503, "database_unavailable")


def headers(door: Door) -> dict[str, str]:
    return {"Authorization": f"Bearer {door.tokens['buyer']}", "Idempotency-Key": f"k-{next(door.numbers)}"}


async def unwell(door: Door, method: str, path: str) -> tuple[int, str]:
    """Status and code of an answer that says when to come again."""
    sent = {"json": order()} if method == "POST" else {}
    answer = await door.client.request(method, path, headers=headers(door), **sent)  # type: ignore[arg-type]
    assert int(answer.headers["retry-after"]) >= 1
    assert "Traceback" not in answer.text
    return answer.status_code, answer.json()["code"]


async def shut(url: str) -> None:
    """Let nobody into a database any more, and put everybody out."""
    target = make_url(url).set(drivername="postgresql")
    connection = await asyncpg.connect(target.set(database="postgres").render_as_string(hide_password=False))
    await connection.execute(f'ALTER DATABASE "{target.database}" ALLOW_CONNECTIONS false')
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", target.database
    )
    await connection.close()
