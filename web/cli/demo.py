"""`suanli demo`: a venue where made-up buyers and sellers trade, to look around in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from exchange.app import Exchange
from exchange.catalogue.catalogue import load_catalogue
from exchange.collector import calm_collector
from exchange.config import Settings
from exchange.replay.demo import GUESTS, Demo, demo_terms, is_demo
from web.cli import venue
from web.cli.clerk import issue_token
from web.cli.folder import kept_or_passing
from web.cli.gateways import MadeUpStripe
from web.cli.options import DataDir, Port
from web.cli.site import open_door, until_told
from web.cli.talk import ExitCode, Failure, commands, examples, say, write

app = commands()
EXAMPLES = examples("suanli demo", "suanli demo --port 9000", "suanli demo --data-dir demo")

OPENING = 1  # the first command of every log: the venue adopts its terms


@app.command(epilog=EXAMPLES)
def demo(*, port: Port = None, data_dir: DataDir = None) -> None:
    """Open a venue of made-up buyers and sellers, who trade about an hour in each second.

    Prints its address and a key for each role: paste one on the sign-in page. Each start is a new market, unless
    --data-dir names a folder: there the demo is kept, and goes on when it is started again.
    """
    with kept_or_passing(data_dir) as folder:
        chosen = venue.settings(folder, port=port)
        with venue.database(chosen) as url:
            venue.run(_demo(chosen, url))
    passing = data_dir is None and chosen.database_url is None
    say(
        "The demo is closed, and its data are gone: --data-dir keeps them."
        if passing
        else "The demo is closed."
    )


async def _demo(settings: Settings, url: str) -> None:
    async with venue.venue(settings, url, demo_terms(load_catalogue())) as exchange:
        await _refuse_another_venue(settings, exchange)
        say("The first days are traded …")
        async with _playing(exchange) as market, open_door(settings, exchange, MadeUpStripe()) as address:
            calm_collector()
            write(f"The demo is open at {address}. Sign in with one of these keys:")
            for guest in GUESTS:
                write(f"  {guest.role:7} {guest.party:18} {await issue_token(exchange, guest.party)}")
            write(f"Its data are in {settings.database}. Ctrl-C stops it.")
            await until_told(exchange, market)


async def _refuse_another_venue(settings: Settings, exchange: Exchange) -> None:
    """Made-up trades have no place among real ones: the demo takes a new database, or one of its own."""
    if exchange.engine.seq != OPENING and not await is_demo(exchange):
        sentence = f"There is another venue in {settings.database}: choose another --data-dir for the demo."
        raise Failure(sentence, ExitCode.USAGE)


@asynccontextmanager
async def _playing(exchange: Exchange) -> AsyncIterator[asyncio.Task[None]]:
    """The market at play, from when its first days are behind it."""
    market = Demo(exchange)
    playing, ready = asyncio.create_task(market.play()), asyncio.create_task(market.ready.wait())
    try:
        await asyncio.wait({playing, ready}, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()
        yield playing
    finally:
        for task in (playing, ready):
            task.cancel()
        await asyncio.gather(playing, ready, return_exceptions=True)
