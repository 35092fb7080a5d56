"""Quotes on a real database: a preview that books nothing, and that the order then keeps."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path
from random import Random

import pytest

from exchange.app import Exchange, open_exchange, running
from exchange.bus import BusyError
from exchange.checks.decisions import picture
from exchange.names import PartyId
from exchange.orders.commands import PlaceOrder, Quoted
from exchange.orders.events import LeaseGranted, OrderAccepted
from exchange.persistence import database
from exchange.persistence.errors import DatabaseUnavailable
from exchange.quoting import desk
from exchange.quoting.desk import QuoteDesk
from exchange.quoting.follower import Follower
from exchange.quoting.quote import FoundLeg
from matching.relaxing import Dimension
from matching.terms import Milli, Seq
from tests.exchange.house import BUYER, HOURS, YUAN, House
from tests.exchange.story import Teller, told
from tests.integration.season import ask, tell
from tests.paths import PROJECT

pytestmark = pytest.mark.anyio
ANN = PartyId("ann")


async def placed(
    exchange: Exchange, name: str, command: PlaceOrder
) -> tuple[OrderAccepted, list[LeaseGranted]]:
    """The order, and what it got itself: others may go on in the same breath."""
    answer = await ask(exchange, ANN, name, command)
    accepted = next(event for event in answer.events if isinstance(event, OrderAccepted))
    order = accepted.opened.order.id
    granted = [event for event in answer.events if isinstance(event, LeaseGranted)]
    return accepted, [event for event in granted if event.lease.order == order]


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
            assert (quote.found is None) is (not granted)
            if quote.found is not None:
                for leg, lease in zip(quote.found.legs, granted, strict=True):
                    require_kept(leg, lease)
                found += 1
    assert 10 < found < 60, "both happened"


def require_kept(quoted: FoundLeg, granted: LeaseGranted) -> None:
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
            for limit in (10 * YUAN, 9 * YUAN, -1, 9 * YUAN + 1)
        ]
        assert await exchange.readers.fetchval("SELECT count(*) FROM commands") == len(house.log)
        assert exchange.engine.state.market.orders == {}
    fits, dear, nonsense, off_tick = quotes
    assert fits.found is not None
    assert fits.explanation is None
    assert (fits.found.total, fits.found.vat, fits.found.fee, fits.found.held) == (10_00, 57, 28, 10_00)
    assert (dear.found, dear.order_held) == (None, 8 * 9_00)
    assert dear.explanation is not None
    (cure, *_) = dear.explanation.cures
    assert (cure.dimension, cure.order.limit, cure.found.total) == (Dimension.LIMIT, 10 * YUAN, 10_00)
    refusals = [quote.refusal.code if quote.refusal else "" for quote in (nonsense, off_tick)]
    assert refusals == ["bad_price", "price_off_tick"]


async def test_a_promise_is_kept_or_the_order_is_not_placed(database_url: str) -> None:
    house = House()
    house.offer(price=5 * YUAN, cards=2)
    house.offer(price=6 * YUAN, cards=8)
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        command = house.order(cards=(2, 2), window=(0, 1))
        quote = await exchange.quotes.quote(BUYER, command)
        assert quote.found is not None
        promised = replace(command, quoted=Quoted(quote.version, quote.found.cost, quote.found.filled))
        first = await ask(exchange, BUYER, "first", promised)
        assert first.rejection is None, "the log stood where the quote was true"
        second = await ask(exchange, BUYER, "second", promised)
        assert second.rejection is not None
        assert second.rejection.code == "quote_passed", "the cheap ones are gone"
        patient = replace(promised, quoted=Quoted(quote.version, 12 * YUAN, quote.found.filled))
        third = await ask(exchange, BUYER, "third", patient)
        assert third.rejection is None
        dear = replace(promised, quoted=Quoted(Seq(third.seq), 1, quote.found.filled))
        assert (await ask(exchange, BUYER, "of another", dear)).rejection is not None, "whatever the version"
        hungry = replace(promised, quoted=Quoted(quote.version, 12 * YUAN, Milli(quote.found.filled + 1)))
        assert (await ask(exchange, BUYER, "fourth", hungry)).rejection is not None, "it would get less"


async def test_many_who_ask_at_once_apply_the_log_once(database_url: str) -> None:
    house = told(12, 400)
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        follower = Follower(exchange.readers, exchange.catalogue)
        # All connections are open, so that all who ask read the same pages at the same time.
        await asyncio.gather(*(exchange.readers.execute("SELECT pg_sleep(0.1)") for _ in range(10)))
        now = house.state.market.now - house.first
        command = house.order(limit=30 * YUAN, window=(now, now + 20))
        quotes = await asyncio.gather(*(follower.quote(ANN, command) for _ in range(30)))
        assert {quote.version for quote in quotes} == {len(house.log)}
        assert len({repr(quote) for quote in quotes}) == 1
        assert picture(follower.state) == picture(house.state)
        assert await exchange.quotes.quote(ANN, command) == quotes[0], (
            "nor does the way to it change anything"
        )


async def test_another_process_takes_the_place_of_one_that_dies(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    house.offer()
    others = set(active_children())
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        before = await exchange.quotes.quote(BUYER, house.order())
        (child,) = set(active_children()) - others
        child.kill()
        child.join()
        assert await exchange.quotes.quote(BUYER, house.order()) == before
    assert "another one takes its place" in caplog.text
    assert set(active_children()) <= others


async def test_all_who_waited_for_a_process_that_died_ask_the_same_other_one(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    house = House()
    house.offer()
    others = set(active_children())
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        before = await exchange.quotes.quote(BUYER, house.order())
        (child,) = set(active_children()) - others
        os.kill(child.pid or 0, signal.SIGSTOP)
        asked = [asyncio.create_task(exchange.quotes.quote(BUYER, house.order())) for _ in range(20)]
        await asyncio.sleep(0)
        child.kill()
        assert await asyncio.gather(*asked) == [before] * 20
        assert len(set(active_children()) - others) == 1
    assert len([record for record in caplog.records if "another one" in record.getMessage()]) == 1


async def test_a_question_that_kills_twice_makes_nobody_believe_in_a_mistake_of_the_venue(
    database_url: str,
) -> None:
    async with open_exchange(database_url, HOURS) as exchange:
        asked = (exchange.quotes._ask(os._exit, 1), exchange.quotes._ask(int))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(answers[0], BusyError)
        assert await exchange.quotes._ask(int) == 0, "and a third process takes over"


async def test_ctrl_c_is_for_the_venue_to_hear_and_not_for_what_answers_quotes() -> None:
    nowhere = QuoteDesk("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    try:
        assert await nowhere._ask(signal.getsignal, signal.SIGINT) is signal.SIG_IGN
    finally:
        await nowhere.close()


async def test_too_many_who_wait_are_told_so(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "WAITING_MAX", 4)
    monkeypatch.setattr(desk, "WAITING_OF_ONE_MAX", 3)
    house = told(12, 50)
    async with open_exchange(database_url, HOURS) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        asked = [exchange.quotes.quote(BUYER, house.order()) for _ in range(5)]
        others = [exchange.quotes.quote(ANN, house.order()) for _ in range(2)]
        answers = await asyncio.gather(*asked, *others, return_exceptions=True)
    busy = [isinstance(answer, BusyError) for answer in answers]
    assert busy == [False] * 3 + [True] * 2 + [False, True], "one of them leaves room for the other"


async def test_a_lost_database_is_told_once_and_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(desk, "TAIL_SECONDS", 0)
    lost = [True, True, False, False]

    async def ask_nobody(_: QuoteDesk, __: object) -> None:
        if not lost:
            await asyncio.Event().wait()
        if lost.pop(0):
            raise DatabaseUnavailable("nobody answers")

    monkeypatch.setattr(QuoteDesk, "_ask", ask_nobody)
    async with running(QuoteDesk("").tail(), "follower"), asyncio.timeout(10):
        while lost:  # noqa: ASYNC110 - nothing tells of a question that was asked
            await asyncio.sleep(0)
    told = [record.getMessage() for record in caplog.records if record.name == "suanli.quotes"]
    assert told == ["the log can't be followed: nobody answers", "the log is followed again"]


async def test_a_database_that_is_not_there_is_told_in_a_sentence() -> None:
    nowhere = QuoteDesk("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    try:
        with pytest.raises(DatabaseUnavailable, match="No database server answers there"):
            await nowhere.quote(BUYER, House().order())
    finally:
        await nowhere.close()


async def test_a_database_that_hangs_does_not_keep_the_venue_from_closing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database, "CLOSE_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        quotes = QuoteDesk(f"postgresql+asyncpg://nobody@127.0.0.1:{mute.getsockname()[1]}/nothing")
        await quotes._ask(int)
        async with running(quotes.tail(), "follower"):
            await asyncio.sleep(0.5)
        began = time.monotonic()
        await quotes.close()
        assert time.monotonic() - began < 20, "a connection is given up after a minute"


PARENT = """
import asyncio, multiprocessing
from exchange.quoting.desk import QuoteDesk

async def main():
    desk = QuoteDesk("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    try:
        await desk._ask(int)
    finally:
        (child,) = multiprocessing.active_children()
        print(child.pid, flush=True)
        await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_the_process_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(script)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
    for _ in range(500):
        if not is_running(child):
            return
        time.sleep(0.01)
    raise AssertionError("it outlives its parent")


def is_running(pid: int) -> bool:
    """Whether a process is there, and has not ended already without anybody asking how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
