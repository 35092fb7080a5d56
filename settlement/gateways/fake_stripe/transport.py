"""The two ways to the fake: in this process by the library's own hook, and over this machine's loopback by HTTP."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import stripe

from settlement.gateways.fake_stripe.fake import FakeStripe, LineBrokenError, Request
from settlement.gateways.fake_stripe.replies import Reply


class InProcess(stripe.HTTPClient):
    """The library's own hook: all of the library runs, but for the network. Nothing sleeps between two tries."""

    name = "fake"

    def __init__(self, fake: FakeStripe) -> None:
        super().__init__()
        self._fake = fake

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """An answer: body, status and headers, whose names are in lower case. Raises the library's own error where the line breaks."""
        named = {name.lower(): value for name, value in (headers or {}).items()}
        try:
            reply = self._fake.answer(Request(method.upper(), url, named, post_data or ""))
        except LineBrokenError as broken:
            raise stripe.APIConnectionError("The line broke.", should_retry=True) from broken  # type: ignore[no-untyped-call]  # the library's
        return _body(reply), reply.status, {name.lower(): value for name, value in reply.headers.items()}

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """An answer, as `request` gives it."""
        body, status, named = self.request(method, url, headers, post_data)
        return body.encode(), status, named

    async def sleep_async(self, secs: float) -> None:
        """Nobody waits for a fake."""

    def close(self) -> None:
        """There is nothing to close."""

    async def close_async(self) -> None:
        """There is nothing to close."""


@contextmanager
def serving(fake: FakeStripe) -> Iterator[str]:
    """The fake over HTTP on this machine for as long as the block lasts; gives its address."""
    handler = type("Handler", (_Handler,), {"fake": fake})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One request over HTTP. A line that breaks is hung up."""

    fake: FakeStripe
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a question."""
        self._answer("")

    def do_POST(self) -> None:
        """Answer a request that changes something."""
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

    def _answer(self, body: str) -> None:
        named = {name.lower(): value for name, value in self.headers.items()}
        try:
            reply = self.fake.answer(Request(self.command, self.path, named, body))
        except LineBrokenError:
            self.close_connection = True
            return
        sent = _body(reply).encode()
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the server's own name for it
        """A fake keeps no log."""


def _body(reply: Reply) -> str:
    return json.dumps(reply.document)
