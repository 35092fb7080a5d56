"""The one writer: takes commands from a bounded queue, decides, appends a batch in one transaction, then answers."""

import asyncio
from typing import NamedTuple

from exchange.bus import Answer, BusyError, DifferentCommandError, HaltedError
from exchange.commands import Envelope
from exchange.core import step
from exchange.state import State
from exchange.storage import Logged, Step, Storage
from matching.terms import Seq

QUEUE_MAX = 10_000  # commands that may wait; beyond it callers are told to come again
BATCH_MAX = 500  # commands in one transaction: a dial between throughput and the first one's wait


class _Waiting(NamedTuple):
    """A command in the queue, and who waits for its answer."""

    envelope: Envelope
    answer: asyncio.Future[Answer]


class Engine:
    """Runs `serve()` as the only task that changes `state`. If a write fails it halts, and nobody is answered."""

    def __init__(self, state: State, storage: Storage, batch_max: int = BATCH_MAX) -> None:
        self.state = state
        self._storage = storage
        self._batch_max = batch_max
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(QUEUE_MAX)
        self.halted: BaseException | None = None

    @property
    def waiting(self) -> int:
        """Commands in the queue."""
        return self._queue.qsize()

    @property
    def seq(self) -> Seq:
        """Place in the log of the last command carried out."""
        return self._storage.seq

    async def submit(self, envelope: Envelope) -> Answer:
        """Carry out a command once, and answer when it is durable: see `CommandBus.submit`."""
        if self.halted is not None:
            raise HaltedError(str(self.halted))
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait(_Waiting(envelope, answer))
        except asyncio.QueueFull:
            raise BusyError(f"{QUEUE_MAX} commands are waiting") from None
        return await answer

    async def drain(self) -> None:
        """Wait until everything asked so far is answered."""
        await self._queue.join()

    async def serve(self) -> None:
        """Take batches until cancelled. A fault of the storage, or of ours, halts the engine for good."""
        batch: list[_Waiting] = []
        try:
            while True:
                batch = await self._next_batch()
                await self._carry_out(batch)
                self._forget(batch)
        except asyncio.CancelledError:
            self._halt(HaltedError("the venue is shutting down"), batch)
            raise
        except BaseException as fault:
            self._halt(fault, batch)
            raise

    async def _next_batch(self) -> list[_Waiting]:
        batch = [await self._queue.get()]
        while len(batch) < self._batch_max and not self._queue.empty():
            batch.append(self._queue.get_nowait())
        return batch

    async def _carry_out(self, batch: list[_Waiting]) -> None:
        """Decide every command that is new, store them together, and only then answer."""
        known = await self._storage.seen([waiting.envelope for waiting in batch])
        steps: list[Step] = []
        answers: list[Answer | DifferentCommandError] = []
        for envelope, _ in batch:
            logged = known.get((envelope.by, envelope.id))
            if logged is None:
                logged = self._decide(envelope, Seq(self._storage.seq + len(steps) + 1), steps)
                known[envelope.by, envelope.id] = logged
                answers.append(Answer(logged.seq, logged.events, replayed=False))
            elif logged.command == envelope.command:
                answers.append(Answer(logged.seq, logged.events, replayed=True))
            else:
                answers.append(DifferentCommandError(f"{envelope.id} was used for another command"))
        if steps:
            await self._storage.append(steps, self.state.balances)
        for (_, waiter), answer in zip(batch, answers, strict=True):
            if waiter.done():  # whoever asked has gone; the id will tell it what happened
                continue
            if isinstance(answer, Answer):
                waiter.set_result(answer)
            else:
                waiter.set_exception(answer)

    def _decide(self, envelope: Envelope, seq: Seq, steps: list[Step]) -> Logged:
        happened = step(self.state, seq, envelope)
        steps.append(Step(seq, envelope, happened))
        return Logged(seq, envelope.command, [event for event, _ in happened])

    def _halt(self, fault: BaseException, batch: list[_Waiting]) -> None:
        """Take no more commands, and tell everybody who waits that the outcome is unknown."""
        self.halted = fault
        while not self._queue.empty():
            batch.append(self._queue.get_nowait())
        for _, waiter in batch:
            if not waiter.done():
                waiter.set_exception(HaltedError(str(fault) or type(fault).__name__))
        self._forget(batch)

    def _forget(self, batch: list[_Waiting]) -> None:
        for _ in batch:
            self._queue.task_done()
        batch.clear()
