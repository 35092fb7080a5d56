"""The composition root: from a database to a running venue.

The only place where its parts are wired together.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from exchange.bus import Answer, CommandBus
from exchange.catalogue.catalogue import Catalogue, load_catalogue
from exchange.commands import Command, Envelope
from exchange.engine import Engine
from exchange.jobs import ClosingPorts
from exchange.metering import Metering
from exchange.names import VENUE, PartyId
from exchange.persistence import database
from exchange.persistence.database import Pool
from exchange.persistence.log import Log
from exchange.quoting.desk import QuoteDesk
from exchange.recovery import recover
from exchange.state import VenueTerms, before_all
from exchange.venue.commands import AdoptTerms


@dataclass(frozen=True, slots=True)
class Exchange:
    """A venue at work: the door to its writer, what takes usage in, what answers quotes, and what answers pages.

    `readers` are connections that can't write; pages and programs read the projections through them.
    """

    engine: Engine
    readers: Pool
    usage: Pool
    catalogue: Catalogue
    metering: Metering
    quotes: QuoteDesk
    url: str = field(repr=False)  # it may hold a password

    @property
    def bus(self) -> CommandBus:
        """The door to the writer."""
        return self.engine

    @property
    def terms(self) -> VenueTerms:
        """The terms in force."""
        return self.engine.state.rules

    def closing(self, clerk: PartyId) -> ClosingPorts:
        """The job that closes periods, in a clerk's name: `await exchange.closing(clerk).close("2026-01")`."""
        return ClosingPorts(self.engine, self.usage, self.terms, clerk, self.url)

    async def as_venue(self, command_id: str, command: Command) -> Answer:
        """Give a command in the venue's own name."""
        return await self.engine.submit(Envelope(VENUE, command_id, command))


@asynccontextmanager
async def open_exchange(url: str, terms: VenueTerms) -> AsyncIterator[Exchange]:
    """Run a venue on a migrated database. A new one adopts `terms`; one that has terms keeps its own.

    Leaving it carries out what was asked before, then stops.
    """
    catalogue = load_catalogue()
    async with AsyncExitStack() as opened:
        writing = await database.connect(url, {**database.WRITING, **database.BY_KEY})
        opened.push_async_callback(database.hang_up, writing)
        reading = await database.connect(url, {**database.READING, **database.BY_KEY})
        opened.push_async_callback(database.hang_up, reading)
        readers = await database.reading_pool(url)
        opened.push_async_callback(database.hang_up, readers)
        usage = await database.usage_pool(url)
        opened.push_async_callback(database.hang_up, usage)

        log = await Log.take_over(writing, reading)
        state = before_all(catalogue)
        await recover(reading, state)
        engine, quotes = Engine(state, log), QuoteDesk(url)
        opened.push_async_callback(quotes.close)
        await opened.enter_async_context(running(engine.serve(), "writer"))
        exchange = Exchange(engine, readers, usage, catalogue, Metering(usage), quotes, url)
        if state.terms is None:
            await exchange.as_venue("open", AdoptTerms(terms))
        yield exchange
        await engine.drain()


@asynccontextmanager
async def running(work: Coroutine[None, None, None], name: str) -> AsyncIterator[None]:
    """A task that runs for as long as the block lasts."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
