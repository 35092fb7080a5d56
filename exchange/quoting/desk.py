"""Where quotes are asked for: a process of its own answers them, so that a search never takes the writer's time."""

import asyncio
import logging
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import connection, get_context, parent_process
from typing import Any, ParamSpec, TypeVar

from exchange.bus import BusyError, ClosingError
from exchange.catalogue.catalogue import load_catalogue
from exchange.names import PartyId
from exchange.orders.commands import PlaceOrder
from exchange.persistence import database
from exchange.persistence.errors import OUTAGES, DatabaseUnavailable, explain
from exchange.quoting.follower import Follower
from exchange.quoting.quote import Quote

P = ParamSpec("P")
T = TypeVar("T")

TAIL_SECONDS = 0.5
WAITING_MAX = 200  # questions: seconds of work, so who asks after them had better ask again
WAITING_OF_ONE_MAX = 20  # questions of one party, which leaves room for others

_log = logging.getLogger("suanli.quotes")


@dataclass(slots=True)
class QuoteDesk:
    """Asks the follower's process, which is started by the first question, and again after it has died.

    Once it refuses, whoever waits for a quote or asks for one is told so by a `ClosingError`.
    """

    url: str
    waiting: Counter[PartyId] = field(default_factory=Counter)
    closed: bool = False
    _awaited: set[asyncio.Future[Any]] = field(default_factory=set, repr=False)
    _process: ProcessPoolExecutor | None = field(default=None, repr=False)

    async def quote(self, party: PartyId, command: PlaceOrder) -> Quote:
        """What `party` would get for an order, now. Raises `BusyError`, `ClosingError` or `DatabaseUnavailable`."""
        if self.waiting[party] >= WAITING_OF_ONE_MAX or self.waiting.total() >= WAITING_MAX:
            raise BusyError("too many quotes are waiting")
        self.waiting[party] += 1
        try:
            return await self._ask(_quote, party, command)
        finally:
            self.waiting[party] -= 1

    async def tail(self) -> None:
        """Keep the follower close to the log's end until cancelled, so that a quote finds little left to read.

        A database that is lost is waited for, and told of once: whoever asks for a quote meanwhile hears of it anyway.
        """
        lost = False
        while True:
            try:
                await self._ask(_catch_up)
            except ClosingError:
                return
            except (BusyError, DatabaseUnavailable) as fault:
                if not lost:
                    _log.warning("the log can't be followed: %s", fault)
                lost = True
            else:
                if lost:
                    _log.warning("the log is followed again")
                lost = False
            await asyncio.sleep(TAIL_SECONDS)

    def refuse(self) -> None:
        """Take no more questions, and wait for no answer."""
        self.closed = True
        for answer in self._awaited:
            answer.cancel()

    async def close(self) -> None:
        """End the process. It finishes its answer, but nobody waits for a database that doesn't answer any more."""
        self.refuse()
        if self._process is not None:
            process, self._process = self._process, None
            children = [*process._processes.values()]  # noqa: SLF001 - `kill_workers` comes with Python 3.14
            ending = asyncio.create_task(asyncio.to_thread(process.shutdown, cancel_futures=True))
            if not (await asyncio.wait({ending}, timeout=database.CLOSE_SECONDS))[0]:
                for child in children:
                    child.kill()
            await ending

    async def _ask(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask the process. One that has died meanwhile knew nothing that the log does not tell its successor.

        All who waited for it ask the same successor. If that dies over it, too, they may well come again.
        """
        process = self._running()
        try:
            return await self._answer(process.submit(question, *args, **kwargs))
        except BrokenProcessPool:
            if self._process is process:
                _log.warning("the process that answers quotes has died: another one takes its place")
                self._process = None
        try:
            return await self._answer(self._running().submit(question, *args, **kwargs))
        except BrokenProcessPool:
            raise BusyError("the process that answers quotes has died twice") from None

    async def _answer(self, asked: Future[T]) -> T:
        """What comes of a question that was asked, unless nobody waits for that any more."""
        answer = asyncio.wrap_future(asked)
        self._awaited.add(answer)
        try:
            return await answer
        except asyncio.CancelledError:
            if self.closed:
                raise ClosingError("no more quotes are answered") from None
            raise
        finally:
            self._awaited.discard(answer)

    def _running(self) -> ProcessPoolExecutor:
        if self.closed:
            raise ClosingError("no more quotes are answered")
        if self._process is None:
            self._process = ProcessPoolExecutor(1, get_context("spawn"), _open, (self.url,))
        return self._process


# In the process


@dataclass(slots=True)
class _Here:
    """What the process works with, from one question to the next."""

    loop: asyncio.Runner
    url: str
    follower: Follower | None = None


_here: list[_Here] = []


def _open(url: str) -> None:
    """Get ready. The process ends with its parent, however that ends, and Ctrl-C is for the parent to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None, "a process that was spawned has a parent"
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    _here.append(_Here(asyncio.Runner(), url))


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(0)


def _quote(party: PartyId, command: PlaceOrder) -> Quote:
    (here,) = _here
    return _asked(lambda follower: here.loop.run(follower.quote(party, command)))


def _catch_up() -> None:
    (here,) = _here
    _asked(lambda follower: here.loop.run(follower.catch_up()))


def _asked(question: Callable[[Follower], T]) -> T:
    """Ask the follower, which connects when it is first asked. An outage is told in words, which travel better."""
    (here,) = _here
    try:
        if here.follower is None:
            readers = here.loop.run(database.reading_pool(here.url))
            here.follower = Follower(readers, load_catalogue())
        return question(here.follower)
    except OUTAGES as fault:
        raise DatabaseUnavailable(explain(fault)) from None
    except AssertionError:
        here.follower = None  # it may have let half a page happen: the next question reads the log anew
        raise
