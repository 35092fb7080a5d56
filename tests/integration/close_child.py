"""A closing job to be killed: forks one after another, each of which closes January and tells of every command.

Run as `python -m tests.integration.close_child URL`. For each line that it reads it forks a job; `child PID` comes back,
then `asks ID` before every command, then `killed` or `done`. Whatever the line says is done to the job first: `sound`
leaves it as it is, `hasty` lets one that finds a run open finish it without looking what is left.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from exchange.app import open_exchange
from exchange.bus import Answer, CommandBus
from exchange.commands import Envelope
from exchange.jobs import ClosingPorts
from settlement.jobs import close_period as job
from settlement.segments import LeaseShape
from tests.exchange.house import CLERK, PROMISING
from tests.integration.crash_child import write

LEASES_AT_ONCE, SUMS_MAX = 20, 6  # small, so that a close is made of many commands


@dataclass
class Telling:
    """A bus that tells of each command before it is given."""

    bus: CommandBus

    async def submit(self, envelope: Envelope) -> Answer:
        write(f"asks {envelope.id}")
        return await self.bus.submit(envelope)


async def close(url: str) -> None:
    async with open_exchange(url, PROMISING) as exchange:
        await replace(exchange.closing(CLERK), bus=Telling(exchange.bus)).close("2026-01")


def sabotage_going_on() -> None:
    """Take a run that is open for one that is done: what must never be, to show that it would be seen."""
    sound = ClosingPorts.leases

    async def leases(self: ClosingPorts, run: job.Run, at_once: int) -> AsyncIterator[list[LeaseShape]]:
        booked = await self.pool.fetchval("SELECT count(*) FROM statements WHERE run = $1", run.id)
        if not booked:
            async for page in sound(self, run, at_once):
                yield page

    ClosingPorts.leases = leases  # type: ignore[method-assign]


def fork_job(url: str, how: str) -> None:
    pid = os.fork()
    if pid == 0:
        if how == "hasty":
            sabotage_going_on()
        asyncio.run(close(url))
        os._exit(0)
    write(f"child {pid}")
    _, status = os.waitpid(pid, 0)
    write("killed" if os.WIFSIGNALED(status) else "done")


if __name__ == "__main__":
    job.LEASES_AT_ONCE, job.SUMS_MAX = LEASES_AT_ONCE, SUMS_MAX
    write("ready")
    for line in sys.stdin:
        fork_job(sys.argv[1], line.strip())
