"""A venue with its door open, and what keeps it going until it is told to stop."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from exchange.app import Exchange, running
from exchange.clock import wall_clock
from exchange.config import Settings
from exchange.payments import Payments
from web.app import create_app
from web.cli.clerk import token_of_clerk
from web.cli.faults import halted
from web.cli.folder import Server, announced, cookie_secret
from web.cli.gateways import MadeUpStripe, Till, till_of
from web.cli.talk import ExitCode, Failure
from web.server import serving
from web.settings import WebSettings

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LOOK_SECONDS = 0.2  # how soon a writer that has halted ends the process

_log = logging.getLogger("suanli.writer")


@asynccontextmanager
async def open_door(
    settings: Settings, exchange: Exchange, made_up: MadeUpStripe | None = None
) -> AsyncIterator[str]:
    """Open the door to a venue, give its address, and let commands find it while the block lasts.

    Money comes in as the settings say, or by a made-up Stripe. Leaving it gives no more quotes, takes no more requests, and
    lets answers finish.
    """
    await token_of_clerk(exchange, settings.data_dir)  # kept in the folder, for commands to come
    async with AsyncExitStack() as opened:
        till = made_up.till if made_up else await opened.enter_async_context(till_of(settings))
        payments = Payments(exchange, till.gateway, wall_clock)
        secret = cookie_secret(settings.data_dir)
        app = create_app(exchange, _web_settings(secret, till), payments)
        try:
            door = serving(app, settings.host, settings.port)
            url = await opened.enter_async_context(door)
        except OSError as fault:
            where = f"{settings.host}:{settings.port}"
            sentence = (
                f"Nobody can be served at {where} ({os.strerror(fault.errno or 0)}): choose another --port."
            )
            raise Failure(sentence, ExitCode.USAGE) from fault
        await opened.enter_async_context(running(exchange.quotes.tail(), "follower"))
        await opened.enter_async_context(running(payments.keep_going(), "payments"))
        if made_up is not None:
            await opened.enter_async_context(running(made_up.keep_telling(url), "made-up webhooks"))
        opened.enter_context(announced(settings.data_dir, Server(url, os.getpid(), settings.elsewhere)))
        # This comes first when the door is left: whoever waits for a quote is told so while it can be answered.
        opened.callback(exchange.quotes.refuse)
        yield url


def _web_settings(secret: str, till: Till) -> WebSettings:
    return WebSettings(
        secret=secret,
        webhook=till.webhook,
        publishable_key=till.publishable_key,
        made_up_form=till.made_up_form,
    )


async def until_told(exchange: Exchange, working: asyncio.Task[None]) -> None:
    """Let work go on until a signal says to stop. Raises a `Failure` where the writer halts, or what the work raises."""
    with _told_to_stop() as stopped:
        stopping = asyncio.create_task(stopped.wait())
        while exchange.engine.halted is None and not (stopping.done() or working.done()):
            await asyncio.wait({stopping, working}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    for task in (stopping, working):
        task.cancel()
    await asyncio.gather(stopping, working, return_exceptions=True)
    if exchange.engine.halted is not None:
        _log.error("the writer has halted", exc_info=exchange.engine.halted)
        raise Failure(halted(exchange.engine.halted), ExitCode.UNAVAILABLE)
    if not working.cancelled():
        working.result()


@contextmanager
def _told_to_stop() -> Iterator[asyncio.Event]:
    """An event that comes with the first signal. A second one ends the process at once, as it does before and after."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
