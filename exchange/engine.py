"""The one writer: takes commands from a bounded queue, decides, appends a batch in one transaction, then answers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exchange.bus import Answer, BusyError, DifferentCommandError, HaltedError
from exchange.collector import look_at_young
from exchange.commands import Envelope, weight
from exchange.core import step
from exchange.names import PartyId
from exchange.state import State
from exchange.storage import Logged, Prepared, Step, Storage
from matching.terms import Seq

QUEUE_MAX = 10_000  # commands that may wait; beyond it callers are told to come again
BATCH_MAX = (
    500  # the weight of one transaction, in orders: a dial between throughput and the first one's wait
)
AHEAD_MAX = 2  # batches that are decided and not durable: one on its way to the disk, one ready to follow it

Known = dict[tuple[PartyId, str], Logged]


class _Waiting(NamedTuple):
    """A command in the queue, and who waits for its answer."""

    envelope: Envelope
    answer: asyncio.Future[Answer]


@dataclass(frozen=True, slots=True)
class _Decided:
    """A batch that is decided: what to store, if anything is new, and then whom to tell what."""

    batch: Sequence[_Waiting]
    answers: Sequence[Answer | DifferentCommandError]
    prepared: Prepared | None


class Engine:
    """Runs `serve()` as the only task that changes `state`. If a write fails it halts, and nobody is answered.

    While one batch is on its way to the disk the next is decided, from a state that is not durable yet: that is
    safe because batches are stored in order, and a failure halts the engine before anybody hears of what followed.
    """

    def __init__(self, state: State, storage: Storage, batch_max: int = BATCH_MAX) -> None:
        self.state = state
        self.halted: BaseException | None = None
        self._storage = storage
        self._batch_max = batch_max
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(QUEUE_MAX)
        self._decided: asyncio.Queue[_Decided] = asyncio.Queue()
        self._ahead = asyncio.Semaphore(AHEAD_MAX)
        self._undurable: Known = {}
        self._unanswered: dict[asyncio.Future[Answer], float] = {}  # by when they came, the oldest first
        self._seq = storage.seq

    @property
    def waiting(self) -> int:
        """Commands in the queue."""
        return self._queue.qsize()

    @property
    def oldest_seconds(self) -> int:
        """For how long the oldest command that is not answered has waited, in whole seconds."""
        now = asyncio.get_running_loop().time()
        return int(now - next(iter(self._unanswered.values()), now))

    @property
    def seq(self) -> Seq:
        """Place in the log of the last command that is durable."""
        return self._storage.seq

    async def submit(self, envelope: Envelope) -> Answer:
        """Carry out a command once, and answer when it is durable: see `CommandBus.submit`."""
        if self.halted is not None:
            raise HaltedError(str(self.halted)) from self.halted
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Answer] = loop.create_future()
        try:
            self._queue.put_nowait(_Waiting(envelope, answer))
        except asyncio.QueueFull:
            raise BusyError(f"{QUEUE_MAX} commands are waiting") from None
        self._unanswered[answer] = loop.time()
        answer.add_done_callback(self._unanswered.pop)
        return await answer

    async def drain(self) -> None:
        """Wait until everything asked so far is answered."""
        while self._unanswered:
            await asyncio.wait(self._unanswered)

    async def serve(self) -> None:
        """Decide and store batches until cancelled. A fault of the storage, or of ours, halts the engine for good."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._decide_batches())
                tasks.create_task(self._store_batches())
        except asyncio.CancelledError:
            self._halt(HaltedError("the venue is shutting down"))
            raise
        except BaseExceptionGroup as faults:
            self._halt(faults.exceptions[0])
            raise faults.exceptions[0] from None

    async def _decide_batches(self) -> None:
        while True:
            await self._ahead.acquire()
            self._decided.put_nowait(await self._decide(await self._next_batch()))

    async def _next_batch(self) -> Sequence[_Waiting]:
        """What waits, at least one command, until a transaction has its weight."""
        batch = [await self._queue.get()]
        weighs = weight(batch[0].envelope.command)
        while weighs < self._batch_max and not self._queue.empty():
            batch.append(self._queue.get_nowait())
            weighs += weight(batch[-1].envelope.command)
        return batch

    async def _store_batches(self) -> None:
        while True:
            decided = await self._decided.get()
            if decided.prepared is not None:
                await self._storage.store(decided.prepared)
            self._answer(decided)
            self._ahead.release()
            look_at_young()

    async def _decide(self, batch: Sequence[_Waiting]) -> _Decided:
        """Decide every command that is new. What was decided and is not durable yet is known, too."""
        undurable = dict(
            self._undurable
        )  # taken before we ask: what becomes durable meanwhile is in one of the two
        known = await self._storage.seen([waiting.envelope for waiting in batch]) | undurable
        steps: list[Step] = []
        answers: list[Answer | DifferentCommandError] = []
        for envelope, _ in batch:
            key = envelope.by, envelope.id
            logged = known.get(key)
            if logged is None:
                logged = known[key] = self._undurable[key] = self._carry_out(envelope, steps)
                answers.append(Answer(logged.seq, logged.events, replayed=False))
            elif logged.command == envelope.command:
                answers.append(Answer(logged.seq, logged.events, replayed=True))
            else:
                answers.append(DifferentCommandError(f"{envelope.id} was used for another command"))
        prepared = self._storage.prepare(steps, self.state.balances) if steps else None
        return _Decided(batch, answers, prepared)

    def _carry_out(self, envelope: Envelope, steps: list[Step]) -> Logged:
        self._seq = Seq(self._seq + 1)
        happened = step(self.state, self._seq, envelope)
        steps.append(Step(self._seq, envelope, happened))
        return Logged(self._seq, envelope.command, [event for event, _ in happened])

    def _answer(self, decided: _Decided) -> None:
        for (envelope, waiter), answer in zip(decided.batch, decided.answers, strict=True):
            self._undurable.pop((envelope.by, envelope.id), None)
            if waiter.done():  # whoever asked has gone; the id will tell it what happened
                continue
            if isinstance(answer, Answer):
                waiter.set_result(answer)
            else:
                waiter.set_exception(answer)

    def _halt(self, fault: BaseException) -> None:
        """Take no more commands, and tell everybody who waits that the outcome is unknown."""
        self.halted = fault
        for waiter in list(self._unanswered):
            if not waiter.done():
                halted = HaltedError(str(fault) or type(fault).__name__)
                halted.__cause__ = fault
                waiter.set_exception(halted)
