"""The composition root: from a database to a running venue. The only place where its parts are wired together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from exchange.bus import Answer, CommandBus, HaltedError
from exchange.catalogue.catalogue import Catalogue, load_catalogue
from exchange.clock import wall_clock
from exchange.commands import Command, Envelope
from exchange.core import evolve
from exchange.engine import Engine
from exchange.persistence import database
from exchange.persistence.log import Log, events_after
from exchange.state import VENUE, State, VenueTerms
from exchange.venue.commands import AdoptTerms, Tick
from matching.market import Market


@dataclass(frozen=True, slots=True)
class Exchange:
    """A venue at work: its writer, the way to ask it, and connections for reading."""

    engine: Engine
    readers: asyncpg.Pool
    catalogue: Catalogue

    @property
    def bus(self) -> CommandBus:
        """The door to the writer."""
        return self.engine

    async def as_venue(self, command_id: str, command: Command) -> Answer:
        """Give a command in the venue's own name."""
        return await self.engine.submit(Envelope(VENUE, command_id, command))


def empty_state(catalogue: Catalogue) -> State:
    """The state before the first command: a market of the catalogue's chips and regions."""
    return State(market=Market(chips=frozenset(catalogue.chips), regions=frozenset(catalogue.regions)))


async def recover(connection: asyncpg.Connection, state: State) -> None:
    """Let everything that is in the log have happened. Starting and recovering are the same."""
    async for _, event in events_after(connection, 0):
        evolve(state, event)


@asynccontextmanager
async def open_exchange(url: str, terms: VenueTerms) -> AsyncIterator[Exchange]:
    """Run a venue on a migrated database. A new one adopts `terms`; one that has terms keeps its own.

    Leaving it carries out what was asked before, then stops. If the writer halts, so does whoever is inside.
    """
    catalogue = load_catalogue()
    state = empty_state(catalogue)
    connection = await database.connect(url)
    readers = await database.pool(url)
    try:
        log = await Log.take_over(connection)
        await recover(connection, state)
        engine = Engine(state, log)
        exchange = Exchange(engine, readers, catalogue)
        writing = asyncio.create_task(engine.serve(), name="writer")
        try:
            if state.terms is None:
                await exchange.as_venue("open", AdoptTerms(terms))
            yield exchange
            await engine.drain()
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
    finally:
        await readers.close()
        await connection.close()


async def keep_time(exchange: Exchange) -> None:
    """Tick at the start of every slot, by the wall clock, until cancelled."""
    rules = exchange.engine.state.rules
    while True:
        now = wall_clock()
        slot = rules.slot_of(now)
        if slot > exchange.engine.state.market.now:
            try:
                await exchange.as_venue(f"tick-{slot}", Tick(rules.instant_of(slot)))
            except HaltedError:
                return
        await asyncio.sleep(rules.instant_of(slot + 1) - now)
