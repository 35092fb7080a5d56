"""`suanli serve`: the venue, open on this machine until it is told to stop."""

import asyncio
from typing import Annotated

import typer

from exchange.clock import wall_clock
from exchange.collector import calm_collector
from exchange.config import Settings
from exchange.timekeeping import come_to, keep_time
from web.cli import venue
from web.cli.folder import CLERK_KEY
from web.cli.options import DataDir, Port
from web.cli.site import open_door, until_told
from web.cli.talk import commands, examples, say, write

app = commands()
EXAMPLES = examples(
    "suanli serve", "suanli serve --port 9000 --data-dir venue", "suanli serve --slot-seconds 900"
)

Host = Annotated[
    str | None,
    typer.Option(
        show_default=False, help="Address of this machine to serve on. Usually 127.0.0.1; never a public one."
    ),
]
SlotSeconds = Annotated[
    int | None,
    typer.Option(show_default=False, help="Slots of a new venue: 900, 1800 or 3600 seconds. Usually 3600."),
]


@app.command(epilog=EXAMPLES)
def serve(
    *, data_dir: DataDir = None, host: Host = None, port: Port = None, slot_seconds: SlotSeconds = None
) -> None:
    """Open the venue on this machine, and keep its time, until Ctrl-C or SIGTERM.

    The database is an embedded PostgreSQL in the data directory, or the one that DATABASE_URL names. Stopping takes
    no more requests, carries out what was asked, and then stops the embedded database.
    """
    chosen = venue.settings(data_dir, host=host, port=port, slot_seconds=slot_seconds)
    with venue.database(chosen) as url:
        venue.run(_serve(chosen, url))
    say("The venue is closed.")


async def _serve(settings: Settings, url: str) -> None:
    async with venue.venue(settings, url) as exchange:
        await come_to(exchange, wall_clock())  # before anybody asks: what was on offer till now is over
        async with open_door(settings, exchange) as address:
            calm_collector()
            write(f"The venue is open at {address}. Its data are in {settings.database}.")
            write(f"Sign in as its clerk with the key in {settings.data_dir / CLERK_KEY}. Ctrl-C stops it.")
            await until_told(exchange, asyncio.create_task(keep_time(exchange)))
