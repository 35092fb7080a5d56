"""The one writer before a storage that can be slow, full or broken: who is answered what, and when."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from exchange import engine as module
from exchange.bus import Answer, BusyError, DifferentCommandError, HaltedError
from exchange.closing.commands import PostStatements
from exchange.commands import STATEMENTS_WEIGH, Command, Envelope
from exchange.engine import BATCH_MAX, Engine
from exchange.names import VENUE, PartyId, RunId
from exchange.parties.commands import Deposit
from exchange.storage import Logged, Prepared, Step
from exchange.venue.commands import AdoptTerms
from matching.terms import Seq
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.ledger.journal import Balances
from settlement.money import Fen
from tests.exchange.house import BUYER, HOURS, House, empty_state

pytestmark = pytest.mark.anyio


class Memory:
    """A log in memory. It stores when `open` is set, and breaks when it is told to."""

    def __init__(self) -> None:
        self.seq = Seq(0)
        self.stored: list[Step] = []
        self.batches: list[int] = []
        self.open = asyncio.Event()
        self.open.set()
        self.breaks = False
        self._prepared: dict[int, list[Step]] = {}

    async def seen(self, asked: Sequence[Envelope]) -> dict[tuple[PartyId, str], Logged]:
        await asyncio.sleep(0)
        wanted = {(envelope.by, envelope.id) for envelope in asked}
        known = [step for step in self.stored if (step.envelope.by, step.envelope.id) in wanted]
        return {
            (step.envelope.by, step.envelope.id): Logged(
                step.seq, step.envelope.command, [event for event, _ in step.happened]
            )
            for step in known
        }

    def prepare(self, steps: Sequence[Step], balances: Balances) -> Prepared:
        assert not any(balances.totals().values())
        self._prepared[steps[-1].seq] = list(steps)
        return Prepared(steps[-1].seq, b"", ())

    async def store(self, prepared: Prepared) -> None:
        await self.open.wait()
        if self.breaks:
            raise OSError("the disk is full")
        steps = self._prepared.pop(prepared.seq)
        assert steps[0].seq == self.seq + 1, "batches are stored in order"
        self.stored += steps
        self.batches.append(len(steps))
        self.seq = prepared.seq


@asynccontextmanager
async def serving(memory: Memory, batch_max: int = 500) -> AsyncIterator[Engine]:
    """An engine at work, on a venue that has adopted its terms and admitted a buyer."""
    engine = Engine(empty_state(), memory, batch_max)
    task = asyncio.create_task(engine.serve())
    for _, envelope, _ in House().log[:4]:
        await engine.submit(envelope)
    memory.batches.clear()
    yield engine
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def deposit(number: int, amount: int = 1, command_id: str = "") -> Envelope:
    return Envelope(VENUE, command_id or f"deposit-{number}", Deposit(BUYER, Fen(amount), f"slip {number}"))


def statements(number: int) -> Envelope:
    return Envelope(VENUE, f"run-1/lse-{number}", PostStatements(RunId("run-1")))


def balance(engine: Engine) -> int:
    return engine.state.balances.of(LedgerAccount(BUYER, AccountKind.AVAILABLE))


async def settle() -> None:
    """Let everything come as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_nobody_is_answered_before_it_is_stored() -> None:
    memory = Memory()
    async with serving(memory) as engine:
        memory.open.clear()
        asked = [asyncio.create_task(engine.submit(deposit(n))) for n in range(3)]
        await settle()
        assert not any(task.done() for task in asked)
        assert engine.seq == 4, "the place that is durable"
        memory.open.set()
        answers = await asyncio.gather(*asked)
        assert [answer.seq for answer in answers] == [5, 6, 7]
        assert memory.seq == engine.seq == 7


async def test_what_waits_is_stored_together_and_the_next_batch_is_decided_meanwhile() -> None:
    memory = Memory()
    async with serving(memory, batch_max=4) as engine:
        memory.open.clear()
        asked = [asyncio.create_task(engine.submit(deposit(n))) for n in range(14)]
        await settle()
        assert balance(engine) == 1_000_000_00 + 8, "one batch on its way, one ready to follow it"
        assert engine.waiting == 6
        memory.open.set()
        await asyncio.gather(*asked)
        assert memory.batches == [4, 4, 4, 2]


async def test_what_a_closing_job_asks_is_stored_in_parts_so_that_the_next_is_decided_meanwhile() -> None:
    memory, at_once = Memory(), BATCH_MAX // STATEMENTS_WEIGH
    async with serving(memory) as engine:
        memory.open.clear()
        asked = [asyncio.create_task(engine.submit(statements(n))) for n in range(3 * at_once)]
        asked.append(asyncio.create_task(engine.submit(deposit(1))))
        await settle()
        assert engine.waiting == at_once + 1, "one part on its way, one ready to follow it"
        memory.open.set()
        await asyncio.gather(*asked)
        assert memory.batches == [at_once, at_once, at_once, 1]


async def test_a_command_that_comes_twice_happens_once_wherever_the_first_is() -> None:
    memory = Memory()
    async with serving(memory, batch_max=2) as engine:
        memory.open.clear()
        asked = [asyncio.create_task(engine.submit(deposit(1))) for _ in range(7)]
        await settle()
        memory.open.set()
        asked.append(asyncio.create_task(engine.submit(deposit(1))))
        answers = await asyncio.gather(*asked)
        assert [answer.replayed for answer in answers] == [False] + [True] * 7
        assert {answer.seq for answer in answers} == {5}
        assert balance(engine) == 1_000_000_00 + 1


@pytest.mark.parametrize("batch_max", [1, 500])
async def test_an_id_for_another_command_is_refused_and_nothing_is_recorded(batch_max: int) -> None:
    memory = Memory()
    async with serving(memory, batch_max) as engine:
        first, other = deposit(1), deposit(2, command_id="deposit-1", amount=2)
        answers = await asyncio.gather(engine.submit(first), engine.submit(other), return_exceptions=True)
        assert isinstance(answers[0], Answer)
        assert isinstance(answers[1], DifferentCommandError)
        with pytest.raises(DifferentCommandError):
            await engine.submit(other)
        assert len(memory.stored) == 5


async def test_an_id_is_its_partys_own() -> None:
    memory = Memory()
    async with serving(memory) as engine:
        mine = await engine.submit(deposit(1))
        other = await engine.submit(Envelope(BUYER, "deposit-1", Deposit(BUYER, Fen(1), "")))
        assert (mine.rejection, other.replayed) == (None, False)
        assert other.rejection is not None


async def test_a_full_queue_says_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUEUE_MAX", 5)
    memory = Memory()
    async with serving(memory, batch_max=1) as engine:
        memory.open.clear()
        asked = [asyncio.create_task(engine.submit(deposit(n))) for n in range(2)]
        await settle()
        asked += [asyncio.create_task(engine.submit(deposit(n))) for n in range(2, 7)]
        await settle()
        with pytest.raises(BusyError):
            await engine.submit(deposit(7))
        memory.open.set()
        assert len(await asyncio.gather(*asked)) == 7
        await engine.submit(deposit(7))


async def test_when_storing_fails_the_engine_halts_and_answers_nobody() -> None:
    memory = Memory()
    async with serving(memory, batch_max=2) as engine:
        memory.open.clear()
        asked = [asyncio.create_task(engine.submit(deposit(n))) for n in range(9)]
        await settle()
        memory.breaks = True
        memory.open.set()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(outcome, HaltedError) for outcome in outcomes)
        assert isinstance(engine.halted, OSError)
        assert {outcome.__cause__ for outcome in outcomes if isinstance(outcome, HaltedError)} == {
            engine.halted
        }
        with pytest.raises(HaltedError, match="the disk is full"):
            await engine.submit(deposit(1))
        assert memory.seq == 4
        await asyncio.wait_for(engine.drain(), timeout=5)


async def test_a_fault_of_ours_halts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    async with serving(memory) as engine:

        def broken(*_: object) -> None:
            raise AssertionError("we are wrong")

        monkeypatch.setattr(module, "step", broken)
        with pytest.raises(HaltedError, match="we are wrong"):
            await engine.submit(deposit(1))
        assert memory.seq == 4


async def test_whoever_leaves_before_the_answer_leaves_no_trouble() -> None:
    memory = Memory()
    async with serving(memory) as engine:
        memory.open.clear()
        gone = asyncio.create_task(engine.submit(deposit(1)))
        stays = asyncio.create_task(engine.submit(deposit(2)))
        await settle()
        gone.cancel()
        memory.open.set()
        assert (await stays).seq == 6
        assert (await engine.submit(deposit(1))).replayed, "it was carried out all the same"


async def test_shutting_down_tells_those_who_wait_that_the_outcome_is_unknown() -> None:
    memory = Memory()
    async with serving(memory) as engine:
        memory.open.clear()
        asked = [asyncio.create_task(engine.submit(deposit(n))) for n in range(3)]
        await settle()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(outcome, HaltedError) for outcome in outcomes)


async def test_draining_waits_for_every_answer() -> None:
    memory = Memory()
    async with serving(memory) as engine:
        memory.open.clear()
        asked = [asyncio.create_task(engine.submit(deposit(n))) for n in range(3)]
        draining = asyncio.create_task(engine.drain())
        await settle()
        assert not draining.done()
        memory.open.set()
        await draining
        assert all(task.done() for task in asked)


async def test_refusals_are_answers_and_have_a_place_in_the_log() -> None:
    memory = Memory()
    async with serving(memory) as engine:
        command: Command = AdoptTerms(HOURS)
        answer = await engine.submit(Envelope(BUYER, "mine", command))
        assert answer.rejection is not None
        assert (answer.rejection.code, answer.seq) == ("not_allowed", 5)
        assert (await engine.submit(Envelope(BUYER, "mine", command))).replayed
