"""The clerk's desk: a command goes to the folder's server, or else to a venue that is opened for it alone.

Both ways lead through the API, so a command means the same and is written down the same.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx

from exchange.clock import wall_clock
from exchange.config import Settings
from exchange.payments import Payments
from exchange.timekeeping import come_to
from web.app import create_app
from web.cli import venue
from web.cli.clerk import token_of_clerk
from web.cli.folder import Server, announced_server, clerk_token, cookie_secret
from web.cli.gateways import till_of
from web.cli.talk import ExitCode, Failure
from web.client import Client
from web.settings import WebSettings

T = TypeVar("T")
Work = Callable[[Client], Awaitable[T]]


def at_desk(settings: Settings, work: Work[T]) -> T:
    """Have the clerk do something. Raises what the client raises, or what opening a venue does."""
    server = announced_server(settings.data_dir)
    if server is not None and venue.run(_answers(server)):
        return venue.run(_at_server(server, settings, work))
    with venue.database(settings) as url:
        return venue.run(_at_own_venue(settings, url, work))


async def _answers(server: Server) -> bool:
    """Whether the server is there; the number of its process may be somebody else's by now."""
    try:
        async with Client(server.url) as client:
            await client.health()
    except httpx.ConnectError:
        return False
    return True


async def _at_server(server: Server, settings: Settings, work: Work[T]) -> T:
    if server.database != settings.elsewhere:
        sentence = f"The server at {server.url} has another database than {settings.database}: "
        raise Failure(f"{sentence}set DATABASE_URL alike, or name another --data-dir.", ExitCode.USAGE)
    async with Client(server.url, clerk_token(settings.data_dir) or "") as client:
        return await work(client)


async def _at_own_venue(settings: Settings, url: str, work: Work[T]) -> T:
    async with venue.venue(settings, url) as exchange:
        await come_to(exchange, wall_clock())
        token = await token_of_clerk(exchange, settings.data_dir)
        async with till_of(settings) as till:
            payments = Payments(exchange, till.gateway, wall_clock)
            app = create_app(exchange, WebSettings(secret=cookie_secret(settings.data_dir)), payments)
            async with Client("http://venue", token, httpx.ASGITransport(app)) as client:  # type: ignore[arg-type]  # ASGI, in other words
                return await work(client)
