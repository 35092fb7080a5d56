"""Whoever waits for a quote while the venue closes is answered, and not cut off."""

import asyncio
import time
from pathlib import Path

import httpx
import pytest

from exchange.config import Settings
from exchange.names import PartyId
from exchange.orders.commands import PlaceOrder
from exchange.quoting import desk
from exchange.quoting.quote import Quote
from tests.web.house import Door, code_of, order
from web import server
from web.cli.site import open_door

pytestmark = pytest.mark.anyio

PROMPT = desk._quote
WAITING = 8


def slow(party: PartyId, command: PlaceOrder) -> Quote:
    """A quote that takes its time. It is answered in the process that answers quotes."""
    time.sleep(0.5)
    return PROMPT(party, command)


async def test_quotes_that_wait_are_refused_and_not_cut_off(
    market: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "SHUTDOWN_SECONDS", 1)
    monkeypatch.setattr(desk, "_quote", slow)
    headers = {"Authorization": f"Bearer {market.tokens['buyer']}"}
    async with httpx.AsyncClient(headers=headers, timeout=30) as client:
        async with open_door(Settings(data_dir=tmp_path, port=0), market.exchange) as url:
            first = await client.post(f"{url}/v1/quotes", json=order())
            assert first.status_code == 200, first.text
            waiting = [
                asyncio.create_task(client.post(f"{url}/v1/quotes", json=order())) for _ in range(WAITING)
            ]
            while market.exchange.quotes.waiting.total() < WAITING:  # noqa: ASYNC110 - nothing tells of who waits
                await asyncio.sleep(0.01)
        answers = await asyncio.gather(*waiting)
    refused = [
        answer for answer in answers if answer.status_code != 200
    ]  # some may have got theirs just before
    assert {(code_of(answer), answer.headers["Retry-After"]) for answer in refused} == {
        ((503, "closing"), "10")
    }
    assert refused, "nobody waited"
    late = await market.client.post("/v1/quotes", json=order(), headers=headers)
    assert code_of(late) == (503, "closing")
    placed = await market.ask("POST", "/v1/orders", by="buyer", json=order())
    assert placed.status_code == 201, "orders need no quote"
