"""The HTTP server: uvicorn on httptools, in this process, with the limits that it lacks (docs/adr/0009).

A request is all there within seconds or its connection is closed, its head is bounded, and it has one `Host`. What is
refused before the application is asked gets a problem document, too.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from web.failures import SECURITY_HEADERS, new_request_id
from web.problems import MEDIA_TYPE, DoorRejection, ProblemError

URL_MAX = 8 * 1024  # bytes
HEADERS_MAX = 16 * 1024  # bytes of all headers together
HEADERS_COUNT_MAX = 100
ONCE = (b"host", b"authorization", b"content-type", b"idempotency-key")  # which of two would be meant?
SHUTDOWN_SECONDS = 3  # for answers that are on their way; streams are cut after it


Application = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI application, in nobody's own words for the same protocol."""


class _RefusedError(Exception):
    """Stops the parser; the refusal is sent by `send_400_response`."""


class DoorProtocol(HttpToolsProtocol):
    """One connection. `head_seconds` is for a request's head to arrive, `body_seconds` for its body after that."""

    head_seconds = 5.0
    body_seconds = 9.0

    _timer: asyncio.TimerHandle | None = None
    _reading_head = True
    _head_bytes = 0
    _refusal = ProblemError(DoorRejection.MALFORMED_REQUEST)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's signature
        super().connection_made(transport)
        self._arm(self.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._reading_head:
            self._head_bytes += len(data)
            if self._timer is None:
                self._arm(self.head_seconds)
        super().data_received(data)
        if (
            self._reading_head
            and self._head_bytes > URL_MAX + HEADERS_MAX
            and not self.transport.is_closing()
        ):
            self._refuse(DoorRejection.HEADERS_TOO_LARGE)

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > URL_MAX:
            self._stop(DoorRejection.URL_TOO_LONG)

    def on_headers_complete(self) -> None:
        self._reading_head = False
        size = sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > HEADERS_MAX or len(self.headers) > HEADERS_COUNT_MAX:
            self._stop(DoorRejection.HEADERS_TOO_LARGE)
        names = [name for name, _ in self.headers]
        if any(names.count(name) > 1 for name in ONCE) or (
            b"host" not in names and self.parser.get_http_version() != "1.0"
        ):
            self._stop(DoorRejection.MALFORMED_REQUEST)
        self._arm(self.body_seconds)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._disarm()
        self._reading_head, self._head_bytes = True, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words are not shown
        """Answer a request that can't be read, or that was refused while it was read, and hang up.

        An answer that is owed to an earlier request, or has begun, is not mixed with this one.
        """
        current = None if self.cycle is None or self.cycle.response_complete else self.cycle  # type: ignore[redundant-expr]
        if current is None or not (self._reading_head or current.response_started):
            self.transport.write(_raw_answer(self._refusal))
        if current is not None:
            current.disconnected = True
        self.transport.close()

    def _stop(self, code: DoorRejection) -> None:
        self._refusal = ProblemError(code)
        raise _RefusedError

    def _refuse(self, code: DoorRejection) -> None:
        self._refusal = ProblemError(code)
        self.send_400_response("")

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self._refuse(DoorRejection.REQUEST_TOO_SLOW)


def _raw_answer(problem: ProblemError) -> bytes:
    """An answer for a connection that no application has been asked about."""
    request_id = new_request_id()
    body = msgspec.json.encode(problem.document(request_id))
    status = HTTPStatus(problem.kind.status)
    headers = SECURITY_HEADERS | {
        "Content-Type": MEDIA_TYPE,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Connection": "close",
        "X-Request-Id": request_id,
    }
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def serving(app: Application, host: str = "127.0.0.1", port: int = 8000) -> AsyncIterator[str]:
    """Answer requests for as long as the block lasts, and give it the address; port 0 takes any free one.

    Only this machine is served unless another host is named. Raises OSError where the address can't be had. Leaving
    lets answers finish for `SHUTDOWN_SECONDS`, then cuts what is still open.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=1024) as listener:
        # Connections inherit it. Without it the second packet of an answer waits for the first one's receipt.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server = uvicorn.Server(_loaded(app))
        server.lifespan = server.config.lifespan_class(server.config)
        # Not `Server.serve`, which takes the signals and ends the process before the venue has put its work away.
        await server.startup([listener])
        working = asyncio.create_task(server.main_loop(), name="http")
        try:
            yield _address(listener)
        finally:
            server.should_exit = True
            await working
            await server.shutdown([listener])


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _loaded(app: Application) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=DoorProtocol,
        ws="none",
        lifespan="off",  # the application has nothing to open or close: the exchange is opened before it
        interface="asgi3",
        log_config=None,
        log_level="error",  # what strangers send is no news
        access_log=False,
        proxy_headers=False,  # nobody's word is taken for where a request comes from
        server_header=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    config.load()
    return config
