"""A venue behind its pages for each test that asks, empty or filled, and browsers that remember their cookie."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import httpx
import pytest
from litestar import Litestar

from exchange.app import Exchange, open_exchange
from exchange.names import VENUE, PartyId
from exchange.parties.commands import IssueKey, RegisterParty
from exchange.state import Party, Role
from exchange.venue.commands import Tick
from matching.terms import OwnerGroup
from tests.conftest import _at as database_at
from tests.conftest import _execute as run_sql
from tests.conftest import _in_thread as in_thread
from tests.web import seed
from tests.web.house import straight_to
from tests.web.pages.reading import Reading, read
from web.app import create_app
from web.session import digest_of
from web.settings import WebSettings

_NUMBERS = count(1)
ORIGIN = "http://venue"
BY_ROLE = {
    None: "",
    Role.BUYER: "buyer-1",
    Role.SELLER: "seller-1",
    Role.REGION: "office-qingyang",
    Role.CLERK: "clerk-1",
}


@dataclass
class Visit:
    """An answer, read as a page if it is one."""

    status: int
    location: str
    page: Reading
    html: str
    headers: httpx.Headers


class Browser:
    """Somebody at the pages: keeps a cookie, sends forms as a browser does, and reads every page strictly."""

    def __init__(self, app: Litestar) -> None:
        self.client = httpx.AsyncClient(transport=straight_to(app), base_url=ORIGIN)

    async def get(self, path: str, **fields: str | list[str]) -> Visit:
        headers = {"accept": "text/html"}
        return self._visit(await self.client.get(path, params=fields or None, headers=headers))

    async def send(self, path: str, **fields: str | list[str]) -> Visit:
        headers = {"origin": ORIGIN, "accept": "text/html"}
        return self._visit(await self.client.post(path, data=fields, headers=headers))

    async def sign_in(self, party: str) -> "Browser":
        visit = await self.send("/sign-in", key=seed.token_of(party), next="/")
        assert visit.status == 303, visit.html
        return self

    def _visit(self, answer: httpx.Response) -> Visit:
        assert answer.status_code < 500, answer.text
        fragment = "suanli-as-of" in answer.headers
        is_file = "attachment" in answer.headers.get("content-disposition", "")
        policy = answer.headers["content-security-policy"]
        whole = not fragment
        page = Reading() if answer.is_redirect or is_file else read(answer.text, whole=whole, policy=policy)
        return Visit(
            answer.status_code, answer.headers.get("location", ""), page, answer.text, answer.headers
        )


@dataclass
class Venue:
    """A venue with its application."""

    exchange: Exchange
    app: Litestar

    def browser(self) -> Browser:
        return Browser(self.app)

    async def signed_in(self, role: Role | None) -> Browser:
        return await self.as_party(BY_ROLE[role]) if role is not None else self.browser()

    async def as_party(self, party: str) -> Browser:
        return await self.browser().sign_in(party)


@asynccontextmanager
async def _open(url: str) -> AsyncIterator[Venue]:
    async with open_exchange(url, seed.terms()) as exchange:
        yield Venue(exchange, create_app(exchange, WebSettings(secret="for tests only")))


@pytest.fixture(scope="session")
def _filled(postgres_server: str, _migrated: str) -> Iterator[str]:
    """The name of a database that is filled once, to be copied: that takes a tenth of filling."""
    name = f"{_migrated}_filled"
    run_sql(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_migrated} STRATEGY file_copy")

    async def fill() -> None:
        async with _open(database_at(postgres_server, name)) as opened:
            await seed.fill(opened.exchange)

    in_thread(lambda: asyncio.run(fill()))
    yield name
    run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def filled_url(postgres_server: str, _filled: str) -> Iterator[str]:
    """The URL of a filled database for this test alone."""
    name = f"{_filled}_{next(_NUMBERS)}"
    run_sql(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_filled} STRATEGY file_copy")
    yield database_at(postgres_server, name)
    run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
async def calm(postgres_server: str, _filled: str) -> AsyncIterator[Venue]:
    """Seven weeks of trade, for tests that only look, or are refused: they share it."""
    name = f"{_filled}_calm"
    run_sql(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_filled} STRATEGY file_copy")
    async with _open(database_at(postgres_server, name)) as opened:
        yield opened
    run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def venue(filled_url: str) -> AsyncIterator[Venue]:
    """Seven weeks of trade, to go on with."""
    async with _open(filled_url) as opened:
        yield opened


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[Venue]:
    """Nobody but a party of each role, and nothing done."""
    async with _open(database_url) as opened:
        await opened.exchange.as_venue("tick", Tick(seed.NOW))
        for role, name in BY_ROLE.items():
            if role is not None:
                await admit(opened.exchange, name, role)
        yield opened


async def admit(exchange: Exchange, name: str, *roles: Role, called: str = "") -> None:
    """Register a party with the key that the seed would give it."""
    party = Party(PartyId(name), called or name, frozenset(roles), seed.QINGYANG, OwnerGroup(name))
    token = seed.token_of(name)
    for command in (RegisterParty(party), IssueKey(party.id, token.split("_")[1], digest_of(token))):
        answer = await exchange.as_venue(f"{type(command).__name__}-{name}", command)
        assert answer.rejection is None, (VENUE, answer.rejection)
