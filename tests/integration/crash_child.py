"""A venue to be killed: forks one writer after another, each of which tells a story on and writes down every answer.

Run as `python -m tests.integration.crash_child URL STORY`, where STORY is a file of pickled commands. For each line
that it reads it forks a writer; `child PID` comes back, then `ack SEQ ID` for every answer, then `end`. Whatever the
line says is done to the writer first: `sound` leaves it as it is, `early` makes it answer before it has stored.
"""

import asyncio
import os
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

from exchange.app import open_exchange
from exchange.commands import Envelope
from exchange.engine import Engine
from tests.exchange.house import HOURS

AT_ONCE = 25


def write(line: str) -> None:
    """A line at once and whole, so that nothing is lost of it when the process is killed."""
    os.write(1, f"{line}\n".encode())


async def tell_on(url: str, story: Sequence[Envelope]) -> None:
    """Go on with a story where the log ends."""
    async with open_exchange(url, HOURS) as exchange:
        for start in range(exchange.engine.seq, len(story), AT_ONCE):
            waiting = story[start : start + AT_ONCE]
            await asyncio.gather(*(answered(exchange.engine, envelope) for envelope in waiting))


async def answered(engine: Engine, envelope: Envelope) -> None:
    answer = await engine.submit(envelope)
    write(f"ack {answer.seq} {envelope.id}")


def sabotage_answers() -> None:
    """Answer first and store later: what must never be, to show that it would be seen."""
    sound = Engine._answer

    async def store_batches(self: Engine) -> None:
        while True:
            decided = await self._decided.get()
            sound(self, decided)
            await asyncio.sleep(0.02)
            if decided.prepared is not None:
                await self._storage.store(decided.prepared)
            self._ahead.release()

    Engine._store_batches = store_batches  # type: ignore[method-assign]


def fork_writer(url: str, story: Sequence[Envelope], how: str) -> None:
    pid = os.fork()
    if pid == 0:
        if how == "early":
            sabotage_answers()
        asyncio.run(tell_on(url, story))
        os._exit(0)
    write(f"child {pid}")
    os.waitpid(pid, 0)
    write("end")


if __name__ == "__main__":
    commands: Sequence[Envelope] = pickle.loads(Path(sys.argv[2]).read_bytes())
    write("ready")
    for line in sys.stdin:
        fork_writer(sys.argv[1], commands, line.strip())
