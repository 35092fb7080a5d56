"""Keeping a venue's time by the wall clock, so that it is never behind what it is asked."""

import asyncio

from exchange.app import Exchange
from exchange.bus import BusyError, HaltedError
from exchange.clock import wall_clock
from exchange.names import Instant
from exchange.persistence.queries.replay import first_tick
from exchange.venue.commands import Tick

OURS = "tick-"  # how the ids of these ticks begin; those of a script begin otherwise
LOOK_SECONDS = 10  # at most between two looks at the clock: somebody may set it, and machines sleep
BUSY_SECONDS = 1


async def keep_time(exchange: Exchange) -> None:
    """Tick at the start of every slot, until cancelled or until the writer halts."""
    rules = exchange.terms
    while True:
        now = wall_clock()
        try:
            await come_to(exchange, now)
        except BusyError:
            await asyncio.sleep(BUSY_SECONDS)
        except HaltedError:
            return
        else:
            await asyncio.sleep(min(rules.instant_of(rules.slot_of(now) + 1) - now, LOOK_SECONDS))


async def come_to(exchange: Exchange, now: Instant) -> None:
    """Let the venue come to the slot that `now` lies in. Where a script plays its time, only that goes on with it."""
    slot = exchange.terms.slot_of(now)
    if slot <= exchange.engine.state.market.now:
        return
    first = await first_tick(exchange.readers)
    if first is None or first.startswith(OURS):
        await exchange.as_venue(f"{OURS}{slot}", Tick(exchange.terms.instant_of(slot)))
