"""Quotes on a real database: a preview that books nothing, and that the order then keeps."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import cast

import asyncpg
import pytest

from exchange import quotes as module
from exchange.app import Exchange, empty_state, open_exchange, running
from exchange.checks.decisions import picture
from exchange.orders.commands import PlaceOrder
from exchange.orders.events import LeaseGranted, OrderAccepted
from exchange.persistence.database import Pool
from exchange.quotes import Follower, Found
from exchange.state import PartyId
from tests.exchange.house import BUYER, HOURS, YUAN, House, only
from tests.exchange.story import Teller, told
from tests.integration.season import ask, tell

pytestmark = pytest.mark.anyio
ANN = PartyId("ann")


async def placed(
    exchange: Exchange, name: str, command: PlaceOrder
) -> tuple[OrderAccepted, LeaseGranted | None]:
    events = list((await ask(exchange, ANN, name, command)).events)
    granted = [event for event in events if isinstance(event, LeaseGranted)]
    return only(OrderAccepted, events), granted[0] if granted else None


async def test_an_order_gets_what_was_quoted(database_url: str) -> None:
    house = told(12, 300)
    teller = Teller(house, Random(12))
    found = 0
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        for number in range(60):
            _, command = teller.order()
            assert isinstance(command, PlaceOrder)
            quote = await exchange.quotes.quote(ANN, command)
            assert quote.version == exchange.engine.seq
            accepted, granted = await placed(exchange, f"order-{number}", command)
            assert quote.order_held == accepted.held
            assert (quote.found is None) is (granted is None)
            if quote.found is not None and granted is not None:
                require_kept(quote.found, granted)
                found += 1
    assert 10 < found < 60, "both happened"


def require_kept(quoted: Found, granted: LeaseGranted) -> None:
    lease = granted.lease
    assert (quoted.listing, quoted.region, quoted.cards) == (lease.listing, lease.destination, lease.cards)
    assert (quoted.window, quoted.runs, quoted.held) == (granted.leased.window, lease.runs, granted.held)
    assert abs(quoted.total * 10_000 - granted.leased.cost) <= 5_000


async def test_a_quote_books_nothing_and_says_why_nothing_was_found(database_url: str) -> None:
    house = House()
    house.offer()
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        quotes = [
            await exchange.quotes.quote(BUYER, house.order(limit=limit))
            for limit in (10 * YUAN, 9 * YUAN, -1)
        ]
        assert [quote.found is not None for quote in quotes] == [True, False, False]
        assert [quote.reason for quote in quotes] == [
            "",
            "Nothing free fits all of the order's terms now.",
            "Prices are not negative; a curve rises slot by slot and begins with the window.",
        ]
        assert await exchange.readers.fetchval("SELECT count(*) FROM commands") == len(house.log)
        assert exchange.engine.state.market.orders == {}
        found = quotes[0].found
        assert found is not None
        assert (found.total, found.vat, found.fee, found.held) == (10_00, 57, 28, 10_00)


async def test_many_who_ask_at_once_apply_the_log_once(database_url: str) -> None:
    house = told(12, 400)
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        # All connections are open, so that all who ask read the same pages at the same time.
        await asyncio.gather(*(exchange.readers.execute("SELECT pg_sleep(0.1)") for _ in range(10)))
        now = house.state.market.now - house.first
        command = house.order(limit=30 * YUAN, window=(now, now + 20))
        quotes = await asyncio.gather(*(exchange.quotes.quote(ANN, command) for _ in range(30)))
        assert {quote.version for quote in quotes} == {len(house.log)}
        assert len({repr(quote) for quote in quotes}) == 1
        assert picture(exchange.quotes.state) == picture(house.state)


@dataclass
class Flaky:
    """Connections to a database that is lost for so many questions."""

    pool: Pool
    faults: list[Exception]

    def acquire(self) -> object:
        if self.faults:
            raise self.faults.pop()
        return self.pool.acquire()


async def test_the_follower_outlives_a_lost_database(
    database_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "TAIL_SECONDS", 0.01)
    house = told(12, 50)
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        faults = [ConnectionResetError(), asyncpg.InterfaceError("connection is closed"), TimeoutError()]
        pool = cast(Pool, Flaky(exchange.readers, faults))
        follower = Follower(pool, empty_state(exchange.catalogue))
        async with running(follower.tail(), "follower"), asyncio.timeout(10):
            while "followed again" not in caplog.text:  # noqa: ASYNC110 - nothing else tells of it
                await asyncio.sleep(0.01)
        assert follower.seq == exchange.engine.seq
    assert faults == []
    lost, found = (record.getMessage() for record in caplog.records if record.name == "suanli.quotes")
    assert lost.startswith("the log can't be followed: The database did not answer in time")
    assert found == "the log is followed again"
