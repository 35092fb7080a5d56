"""The server hangs up on whoever is slow, stops when told to, and is found on this machine alone."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from litestar import get
from litestar.response import Stream

from tests.web.house import Door
from tests.web.nasty import HOST, JSON
from tests.web.test_nasty import send
from web import server
from web.app import create_app
from web.server import DoorProtocol, serving
from web.settings import WebSettings

pytestmark = pytest.mark.anyio

SHORT = 0.4  # seconds, in place of the usual deadlines


async def hello(scope: Any, _: Any, answer: Any) -> None:
    """An application that answers at once, whatever it is asked."""
    assert scope["type"] == "http"
    await answer({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await answer({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DoorProtocol, "head_seconds", SHORT)
    monkeypatch.setattr(DoorProtocol, "body_seconds", SHORT)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"", b"408"),
        (b"\r\n", b"408"),
        (b"GET / HT", b"408"),
        (b"GET / HTTP/1.1\r\nHost: venue\r\n", b"408"),
        (b"POST / HTTP/1.1\r\nHost: venue\r\nContent-Length: 9\r\n\r\n{", b"200"),
    ],
)
async def test_half_a_request_is_hung_up_on(sent: bytes, answered: bytes) -> None:
    """A hundred at once do not keep anybody else waiting."""
    async with serving(hello, port=0) as address:
        began = time.monotonic()
        slow = [asyncio.create_task(until_hung_up(address, sent)) for _ in range(100)]
        async with httpx.AsyncClient() as client:
            assert (await client.get(address)).text == "ok"
        answers = await asyncio.gather(*slow)
        assert SHORT * 0.9 < time.monotonic() - began < 10 * SHORT
    assert {answer.split(b" ")[1] for answer in answers} == {answered}


@pytest.mark.usefixtures("short")
async def test_dripping_bytes_buy_no_time() -> None:
    async with serving(hello, port=0) as address:
        for begun in (
            b"GET / HTTP/1.1\r\nA: ",
            b"POST / HTTP/1.1\r\nHost: venue\r\nContent-Length: 999\r\n\r\n",
        ):
            began = time.monotonic()
            await drip_until_hung_up(address, begun)
            assert time.monotonic() - began < 10 * SHORT


async def test_half_a_body_is_a_problem_of_the_application(market: Door) -> None:
    """The application's own deadline comes first, and its answer says which request it was."""
    app = create_app(market.exchange, WebSettings(secret="for tests only", body_seconds=SHORT))
    head = (
        f"POST /v1/orders HTTP/1.1\r\nHost: venue\r\nContent-Type: {JSON}\r\nContent-Length: 999\r\n"
        f"Idempotency-Key: slow\r\nAuthorization: Bearer {market.tokens['buyer']}\r\n\r\n"
    )
    async with serving(app, port=0) as address:
        answer = await until_hung_up(address, head.encode() + b'{"tier": ')
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_too_slow"' in answer


async def test_who_leaves_in_the_middle_is_no_fault(market: Door, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(market.app, port=0) as address:
        _, writer = await connect(address)
        writer.write(
            f"POST /v1/orders HTTP/1.1\r\nHost: venue\r\nContent-Type: {JSON}\r\nContent-Length: 999\r\n"
            f"Authorization: Bearer {market.tokens['buyer']}\r\n\r\n{{".encode()
        )
        await asyncio.sleep(0.1)
        writer.close()
        await asyncio.sleep(0.1)
    assert caplog.records == []


async def test_a_bad_request_does_not_answer_for_the_one_before() -> None:
    """What follows a request on its connection can't put an answer of its own in place of that request's."""

    async def slow(scope: Any, ask: Any, answer: Any) -> None:
        await asyncio.sleep(0.2)
        await hello(scope, ask, answer)

    async with serving(slow, port=0) as address:
        assert await send(address, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n" + b"nonsense\r\n\r\n") == b""


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving(hello, port=0) as address:
        request = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
        last = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
        answer = await until_hung_up(address, request * 3 + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 4


async def test_open_streams_do_not_keep_it_from_stopping(
    monkeypatch: pytest.MonkeyPatch, market: Door
) -> None:
    monkeypatch.setattr(server, "SHUTDOWN_SECONDS", 1)

    @get("/stream")
    async def stream() -> Stream:
        async def forever() -> AsyncIterator[bytes]:
            while True:
                yield b"tick\n"
                await asyncio.sleep(0.05)

        return Stream(forever())

    market.app.register(stream)
    async with serving(market.app, port=0) as address:
        reader, writer = await connect(address)
        writer.write(b"GET /stream HTTP/1.1\r\n" + HOST + b"\r\n")
        assert b"tick" in await reader.readuntil(b"tick")
        began = time.monotonic()
    assert time.monotonic() - began < 3
    writer.close()


async def test_when_the_block_ends_nobody_answers() -> None:
    async with serving(hello, port=0) as address:
        assert address.startswith("http://127.0.0.1:"), "this machine alone"
    with pytest.raises(OSError, match=r"Connect|refused"):
        await connect(address)


async def test_answers_are_not_held_back() -> None:
    """Fifty in a row on one connection: each would take 40 ms if its second packet waited for a receipt."""
    async with serving(hello, port=0) as address, httpx.AsyncClient() as client:
        await client.get(address)
        began = time.monotonic()
        for _ in range(50):
            await client.get(address)
        assert time.monotonic() - began < 1.5


async def test_a_port_that_is_taken_is_said_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        async with serving(hello, port=taken.getsockname()[1]):
            pass


async def test_it_speaks_ipv6() -> None:
    async with serving(hello, host="::1", port=0) as address, httpx.AsyncClient() as client:
        assert address.startswith("http://[::1]:")
        assert (await client.get(address)).text == "ok"


async def connect(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))


async def until_hung_up(address: str, sent: bytes) -> bytes:
    """All that comes back before the connection is closed, while nothing more is sent."""
    reader, writer = await connect(address)
    writer.write(sent)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


async def drip_until_hung_up(address: str, sent: bytes) -> None:
    """Send a byte now and then until the connection is closed."""
    reader, writer = await connect(address)
    writer.write(sent)
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(10):
            while not reader.at_eof():
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(SHORT / 10)
    writer.close()
