"""A filled venue on a real port, and a Chromium in which nothing may go wrong unseen."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from exchange.app import Exchange, open_exchange
from exchange.clock import wall_clock
from exchange.payments import Payments
from tests.conftest import _at as database_at
from tests.conftest import _execute as run_sql
from tests.web import seed
from web.app import create_app
from web.cli.gateways import MadeUpStripe
from web.server import serving
from web.settings import WebSettings

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
PATIENCE = 10_000  # milliseconds that a page may take to show something on a busy machine
T = TypeVar("T")


@dataclass
class Site:
    """A venue that answers on a port, in a thread of its own."""

    address: str
    exchange: Exchange
    loop: asyncio.AbstractEventLoop
    made_up: MadeUpStripe

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the venue's own thread."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)


@dataclass
class Visitor:
    """A tab in a browser of its own; what goes wrong in it is kept, and fails the test at its end."""

    page: Page
    context: BrowserContext
    site: Site
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda said: self._note(said.type, said.text))
        self.page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        self.context.on("request", lambda request: self._note_request(request.url))

    def open(self, path: str) -> "Visitor":
        self.page.goto(self.site.address + path)
        return self

    def sign_in(self, party: str) -> "Visitor":
        self.open("/sign-in")
        self.page.get_by_label("API key").fill(seed.token_of(party))
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()
        return self

    def text(self) -> str:
        return self.page.get_by_role("main").inner_text()

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.faults.append(f"{kind}: {text}")

    def _note_request(self, url: str) -> None:
        if not url.startswith((self.site.address, "data:")):
            self.faults.append(f"asked elsewhere: {url}")


@pytest.fixture(scope="session")
def site(postgres_server: str, _migrated: str) -> Iterator[Site]:
    """One venue for all visitors of this run."""
    name = f"{_migrated}_browser"
    run_sql(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_migrated} STRATEGY file_copy")
    up, down = threading.Event(), asyncio.Event()
    found: list[Site] = []

    async def serve() -> None:
        async with open_exchange(database_at(postgres_server, name), seed.terms()) as exchange:
            await seed.fill(exchange)
            made_up = MadeUpStripe()
            payments = Payments(exchange, made_up.till.gateway, wall_clock)
            settings = WebSettings(secret="for tests only", publishable_key="pk_test_1")
            app = create_app(exchange, settings, payments)
            async with serving(app, port=0) as address:
                found.append(Site(address, exchange, asyncio.get_running_loop(), made_up))
                up.set()
                await down.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="site")
    thread.start()
    assert up.wait(60), "the venue did not open"
    yield found[0]
    found[0].loop.call_soon_threadsafe(down.set)
    thread.join(30)
    run_sql(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium: without it the tests are skipped, and CI fails."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: make system")
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Visit]:
    """Opens browsers: `visit()`, or with what a context of Playwright takes, such as `color_scheme="dark"`."""
    visitors: list[Visitor] = []

    def open_browser(**options: Any) -> Visitor:
        context = chromium.new_context(
            viewport=options.pop("viewport", {"width": 1280, "height": 800}), **options
        )
        visitors.append(Visitor(context.new_page(), context, site))
        return visitors[-1]

    yield open_browser
    for visitor in visitors:
        visitor.context.close()
    faults = [fault for visitor in visitors for fault in visitor.faults]
    assert not faults, "\n".join(faults)
