"""A venue with its web door open, for tests: parties with keys, requests in, answers out, each one checked."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import httpx
from litestar import Litestar

from exchange.app import Exchange, open_exchange
from exchange.catalogue.catalogue import load_catalogue
from exchange.commands import Command
from exchange.defaults import venue_terms
from exchange.names import Instant, PartyId
from exchange.parties.commands import Deposit, IssueKey, RegisterParty
from exchange.payments import Payments
from exchange.state import Party, Role
from exchange.venue.commands import Tick
from matching.terms import OwnerGroup, RegionCode
from settlement.money import Fen
from web.app import create_app
from web.problems import MEDIA_TYPE, PROBLEMS
from web.session import new_key
from web.settings import WebSettings

OPENS = "2026-11-30T00:00:00Z"
SHANGHAI, HORINGER = "310000", "150100"
H100 = "nvidia-h100-80g"
YUAN = 1_000_000  # in micro-yuan
CHANGES = {"POST", "PATCH", "DELETE"}
SETTINGS = WebSettings(secret="for tests only")


def instant(text: str) -> Instant:
    return Instant(int(datetime.fromisoformat(text).timestamp()))


@dataclass
class Door:
    """The way in: every answer is checked to be what the door promises of all answers."""

    exchange: Exchange
    app: Litestar
    client: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    async def ask(
        self,
        method: str,
        path: str,
        by: str = "",
        key: str | None = "",
        *,
        json: object = None,
        content: bytes | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request, by whoever is named. What changes something has a fresh key, unless one is given or None."""
        headers = dict(headers or {})
        if by:
            headers["Authorization"] = f"Bearer {self.tokens[by]}"
        if key == "" and method in CHANGES:
            key = f"test-{next(self.numbers)}"
        if key:
            headers["Idempotency-Key"] = key
        answer = await self.client.request(
            method, path, headers=headers, json=json, content=content, params=params
        )
        check(answer)
        return answer

    async def at(self, time: str) -> None:
        """Let time come to an instant."""
        answer = await self.exchange.as_venue(f"tick-{next(self.numbers)}", Tick(instant(time)))
        assert answer.rejection is None

    async def admit(self, name: str, *roles: Role, region: str = SHANGHAI, fen: int = 0) -> None:
        """Register a party, with a key, and with money if so asked."""
        party = Party(PartyId(name), name.title(), frozenset(roles), RegionCode(region), OwnerGroup(name))
        key = new_key()
        commands: list[Command] = [RegisterParty(party), IssueKey(party.id, key.key, key.digest)]
        if fen:
            commands.append(Deposit(party.id, Fen(fen), "transfer"))
        for command in commands:
            answer = await self.exchange.as_venue(f"admit-{next(self.numbers)}", command)
            assert answer.rejection is None
        self.tokens[name] = key.token


def straight_to(app: Litestar) -> httpx.ASGITransport:
    """A way into an application without a socket."""
    return httpx.ASGITransport(app)  # type: ignore[arg-type]  # Litestar says the same in other words


@asynccontextmanager
async def open_door(url: str, slot_seconds: int = 3600) -> AsyncIterator[Door]:
    """A new venue at its opening, in a clerk's hands."""
    terms = venue_terms(load_catalogue(), datetime.fromisoformat(OPENS), slot_seconds)
    async with open_exchange(url, terms) as exchange:
        app = create_app(exchange, SETTINGS, Payments(exchange, None, lambda: instant(OPENS)))
        async with httpx.AsyncClient(transport=straight_to(app), base_url="http://venue") as client:
            door = Door(exchange, app, client)
            await door.at(OPENS)
            await door.admit("clerk", Role.CLERK)
            yield door


@asynccontextmanager
async def open_market(url: str) -> AsyncIterator[Door]:
    """A venue with a buyer, its rival, a seller, a region's office, and 64 cards on offer for two days."""
    async with open_door(url) as door:
        await door.admit("buyer", Role.BUYER, fen=10**9)
        await door.admit("rival", Role.BUYER, fen=10**9)
        await door.admit("seller", Role.SELLER, region=HORINGER)
        await door.admit("office", Role.REGION)
        answer = await door.ask("POST", "/v1/listings", by="seller", json=listing())
        assert answer.status_code == 201, answer.text
        yield door


def listing(**changed: object) -> dict[str, object]:
    """64 cards in Horinger for two days, at 9 yuan."""
    usual: dict[str, object] = {
        "chip": H100,
        "region": HORINGER,
        "window": {"start": "2026-11-30T00:00:00Z", "end": "2026-12-02T00:00:00Z"},
        "cards": 64,
        "lot": 8,
        "asks": {"on_demand": [{"price_micro_yuan_per_card_hour": 9 * YUAN}]},
    }
    return usual | changed


def order(**changed: object) -> dict[str, object]:
    """8 cards for four hours, for up to 10 yuan."""
    usual: dict[str, object] = {
        "tier": "on_demand",
        "chips": {H100: 1000},
        "regions": [HORINGER],
        "window": {"start": "2026-11-30T00:00:00Z", "end": "2026-12-01T00:00:00Z"},
        "cards": 8,
        "duration_minutes": 240,
        "limit_micro_yuan_per_card_hour": 10 * YUAN,
    }
    return usual | changed


def check(answer: httpx.Response) -> None:
    """What holds for every answer of the API."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    if answer.url.path.startswith("/v1/"):
        assert answer.headers["cache-control"] == "no-store"
    if answer.status_code >= 400:
        check_problem(answer)


def check_problem(answer: httpx.Response) -> None:
    """A refusal is a problem document whose status and title are those of its code."""
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "code", "request_id", "errors"}
    kind = {str(code): kind for code, kind in PROBLEMS.items()}[problem["code"]]
    assert (problem["status"], problem["title"]) == (answer.status_code, kind.title)
    assert kind.status == answer.status_code
    assert problem["type"] == f"/docs/problems#{problem['code']}"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert problem["detail"].endswith((".", "…")), "a sentence"


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, or the status and nothing."""
    return answer.status_code, answer.json()["code"] if answer.status_code >= 400 else ""
