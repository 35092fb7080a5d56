"""Every nasty input gets its answer, never a fault of ours, and nothing of it comes back."""

import asyncio
import json

import httpx
import pytest

from tests.web.house import Door, check, code_of, order
from tests.web.nasty import ADDRESSES, BODIES, HEADS, JSON, READABLE, SECRET, SOCKET, TEXTS, Bytes
from web.server import serving

pytestmark = pytest.mark.anyio


async def test_bodies(market: Door) -> None:
    found = {}
    for row in BODIES:
        answer = await market.ask(
            "POST", "/v1/orders", by="buyer", content=row.raw, headers={"Content-Type": JSON}
        )
        found[row.name] = code_of(answer)
    assert found == {row.name: (row.status, row.code) for row in BODIES}


async def test_texts(market: Door) -> None:
    def party(name: str, n: int = 0) -> dict[str, object]:
        return {"id": f"party-{n}", "name": name, "roles": ["buyer"], "region": "310000"}

    found = {}
    for what, name, _ in TEXTS:
        answer = await market.ask("POST", "/v1/parties", by="clerk", json=party(name))
        found[what] = answer.json()["code"]
        assert answer.status_code == 422, what
    assert found == {what: code for what, _, code in TEXTS}
    for n, name in enumerate(READABLE):
        answer = await market.ask("POST", "/v1/parties", by="clerk", json=party(name, n))
        assert (answer.status_code, answer.json()["name"]) == (201, name)


async def test_heads(market: Door) -> None:
    found: dict[str, tuple[int, str]] = {}
    for row in HEADS:
        usual = {"Authorization": f"Bearer {market.tokens['buyer']}", "Content-Type": JSON}
        headers = {"Idempotency-Key": f"head-{len(found)}"} | usual | row.headers
        content = json.dumps(order()).encode()
        answer = await market.ask("POST", "/v1/orders", key=None, content=content, headers=headers)
        found[row.name] = code_of(answer)
    assert found == {row.name: (row.status, row.code) for row in HEADS}


async def test_addresses(market: Door) -> None:
    found = {row.path: code_of(await market.ask("GET", row.path, by="buyer")) for row in ADDRESSES}
    assert found == {row.path: (row.status, row.code) for row in ADDRESSES}


async def test_bytes(market: Door) -> None:
    async with serving(market.app, port=0) as address:
        answers = await asyncio.gather(*(send(address, row.raw) for row in SOCKET))
    found = {row.name: told(row, answer) for row, answer in zip(SOCKET, answers, strict=True)}
    assert found == {row.name: (row.status, row.code) for row in SOCKET}


async def send(address: str, raw: bytes) -> bytes:
    """What comes back for some bytes, until it ends or nothing more comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    answer = b""
    try:
        writer.write(raw)
        async with asyncio.timeout(5):
            while not complete(answer) and (more := await reader.read(65_536)):
                answer += more
    except ConnectionResetError:
        pass  # it hung up while we still sent, as it may
    finally:
        writer.close()
    return answer


def complete(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return bool(end) and len(body) >= int(line.partition(b":")[2])
    return False


def told(row: Bytes, raw: bytes) -> tuple[int, str]:
    """Status and code of an answer, which is like every other and repeats nothing of a long request."""
    assert SECRET not in raw, row.name
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    request = httpx.Request("GET", "http://venue/")
    answer = httpx.Response(int(status.split()[1]), headers=headers, content=body, request=request)
    check(answer)
    return code_of(answer)
