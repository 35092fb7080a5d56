"""The market's table is worked out once for each place in the log, however many look at it."""

import asyncio
import threading
from collections.abc import Iterable

import pytest

from exchange.persistence.queries.market import Offered
from exchange.persistence.queries.tape import Trade
from matching.terms import Slot
from tests.web.house import Door, order
from web.pages import board, offers
from web.pages.offers import Quoted

pytestmark = pytest.mark.anyio

INSTRUMENTS = "/v1/instruments"


@pytest.fixture
def worked_out(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """The thread of each table that is worked out, as they come."""
    threads: list[threading.Thread] = []

    def noted(offered: Iterable[Offered], trades: Iterable[Trade], now: Slot, ahead: int) -> list[Quoted]:
        threads.append(threading.current_thread())
        return offers.market_table(offered, trades, now, ahead)

    monkeypatch.setattr(board, "market_table", noted)
    return threads


async def test_who_looks_at_once_shares_one_table(market: Door, worked_out: list[threading.Thread]) -> None:
    answers = await asyncio.gather(*(market.ask("GET", INSTRUMENTS) for _ in range(20)))
    assert {answer.text for answer in answers} == {answers[0].text}
    await market.ask("GET", INSTRUMENTS)
    assert len(worked_out) == 1
    assert worked_out[0] is not threading.current_thread(), "the writer's event loop has other things to do"
    for path in ("/", "/market/rows", "/?tier=spot"):
        assert (await market.client.get(path)).status_code == 200
    assert len(worked_out) == 2, "the page looks a week ahead, and programs as far as the venue trades"


async def test_what_was_answered_is_in_the_next_table(
    market: Door, worked_out: list[threading.Thread]
) -> None:
    async def free() -> int:
        rows = (await market.ask("GET", INSTRUMENTS)).json()
        return int(rows[0]["free_cards_now"])

    before = await free()
    await market.ask("POST", "/v1/orders", by="buyer", json=order())
    assert await free() == before - 8
    await market.at("2026-11-30T04:00:00Z")
    assert await free() == before, "time is a command, too"
    assert len(worked_out) == 3


async def test_a_table_that_failed_is_worked_out_by_the_next(
    market: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(board, "market_table", None)
        assert (await market.client.get(INSTRUMENTS)).status_code == 500
    assert (await market.ask("GET", INSTRUMENTS)).status_code == 200
