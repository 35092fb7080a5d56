"""The settlement jobs' ports, wired to this venue: they read its tables, and what they want done is a command."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice, pairwise

from exchange.bus import Answer, CommandBus
from exchange.closing.commands import (
    BeginClose,
    ContractSum,
    CutUsage,
    FinishClose,
    LeaseSum,
    PostStatements,
)
from exchange.commands import Command, Envelope
from exchange.names import Instant, LeaseId, PartyId, RunId
from exchange.periods import periods_between
from exchange.persistence import usage
from exchange.persistence.database import Connection, Pool
from exchange.persistence.log import last_seq
from exchange.persistence.queries import closing
from exchange.persistence.turn import sole_run
from exchange.pipeline import Pipeline
from exchange.rejections import Rejected
from exchange.state import CloseRun, VenueTerms
from settlement.agreements import PairAgreement
from settlement.jobs import close_period as job
from settlement.rating.tokens import Tokens
from settlement.segments import LeaseShape, Segment, ServicePeriod, segments

CLOSE = "close"  # the job's name, by which its runs take turns
AT_ONCE = 12  # commands on their way while nobody else asks: four stored, four decided, four to follow
BESIDE_OTHERS = 1  # and while somebody does, whose orders wait for no more than it
REST = 0.5  # of a command's time, after which the next is given: what others asked meanwhile is stored and answered then
QUIET_SECONDS = 1.0  # without a command of anybody else


@dataclass(slots=True)
class Pace:
    """How many commands of a job may be on their way. A gap between the places of two tells that somebody else asks."""

    seq: int = 0
    others_at: float = 0.0

    def after(self, seq: int, now: float) -> int:
        """The number from now on, after a command that got the place `seq`. `now` is in seconds of any clock."""
        if seq > self.seq + 1:
            self.others_at = now
        self.seq = seq
        return AT_ONCE if now - self.others_at > QUIET_SECONDS else BESIDE_OTHERS


class RefusedError(Exception):
    """The venue refused a command of a job."""

    def __init__(self, rejection: Rejected) -> None:
        super().__init__(rejection.explain)
        self.rejection = rejection


@dataclass(frozen=True, slots=True)
class ClosingPorts:
    """A venue as the closing job sees it. `by` is the clerk in whose name it closes."""

    bus: CommandBus
    pool: Pool
    terms: VenueTerms
    by: PartyId
    url: str = field(repr=False)
    sent: Pipeline = field(default_factory=lambda: Pipeline(BESIDE_OTHERS), init=False, repr=False)
    pace: Pace = field(default_factory=Pace, init=False, repr=False)

    async def close(self, period: str, progress: Callable[[int], None] = lambda _: None) -> job.CloseReport:
        """Close a period, or go on where it was left.

        Raises `RefusedError`, `JobAtWorkError` where another run closes something, or what the bus raises.
        """
        async with sole_run(self.url, CLOSE), self.sent:
            return await job.close_period(self, period, progress)

    async def begin(self, period: str) -> job.Run | None:
        """Begin the run of a period, or find it where it was left; None when it is closed."""
        async with self.pool.acquire() as connection:
            known = await closing.run_of(connection, period)
            if known is None:
                # A refusal stays a refusal for its id, so each attempt has one of its own.
                attempt = await last_seq(connection)
                await self._ask(f"close/{period}/{attempt}", BeginClose(period))
                known = await closing.run_of(connection, period)
            assert known is not None, "a run that was begun is in the tables"
            run, status = known
            if status == "closed":
                return None
            if run.usage_batch is None:
                cut = CutUsage(run.id, await usage.last_batch(connection))
                await self._ask(f"{run.id}/cut", cut)
                known = await closing.run_of(connection, period)
                assert known is not None, "a run stays in the tables"
            begins = await closing.first_unsettled(connection)
            return await run_in_slots(connection, known[0], begins, self.terms)

    async def leases(self, run: job.Run, at_once: int) -> AsyncIterator[list[LeaseShape]]:
        """Leases that may have something to settle and have no statement in this run yet."""
        after = (0, "")
        while True:
            async with self.pool.acquire() as connection:
                rows = await closing.leases_to_settle(connection, run.id, run.ends, after, at_once)
            if not rows:
                return
            after = rows[-1][0]
            yield [shape for _, shape in rows]

    async def agreements(self) -> Sequence[PairAgreement]:
        """Every agreement ever recorded."""
        async with self.pool.acquire() as connection:
            return await closing.agreements(connection)

    async def reported(self, run: job.Run, parts: Sequence[Segment]) -> list[job.Reported]:
        """Sum the delivery records of each segment."""
        async with self.pool.acquire() as connection:
            rows = await usage.delivered(
                connection,
                slot_marks(run),
                [part.lease for part in parts],
                [part.start for part in parts],
                [part.end for part in parts],
            )
        return [job.Reported(*row) for row in rows]

    async def post_leases(self, run: job.Run, sums: Sequence[job.Settled]) -> None:
        """Send the statements of whole leases on their way. The first one's id names the command: it is posted once."""
        parts = tuple(
            LeaseSum(LeaseId(one.lease), one.service_period, one.price, one.agreement, one.slots, one.lost)
            for one in sums
        )
        command = PostStatements(RunId(run.id), leases=parts)
        await self.sent.give(partial(self._post, f"{run.id}/{parts[0].lease}", command))

    async def post_contracts(self, run: job.Run) -> None:
        """Sum the tokens used under each contract, and send their statements on their way."""
        agreements = await self.agreements()
        async with self.pool.acquire() as connection:
            known = await closing.run_of(connection, run.period)
            assert known is not None, "the run that is open is in the tables"
            for span in await closing.contracts_to_settle(connection, known[0]):
                parts = contract_parts(span, run, agreements, self.terms)
                used = await usage.tokens_used(
                    connection,
                    second_marks(run),
                    [span.contract] * len(parts),
                    [part.start * run.slot_seconds for part in parts],
                    [part.end * run.slot_seconds for part in parts],
                )
                sums = contract_sums(span, parts, used, run.slot_seconds)
                if sums:
                    command = PostStatements(RunId(run.id), contracts=sums)
                    await self.sent.give(partial(self._post, f"{run.id}/{span.contract}", command))

    async def finish(self, run: job.Run) -> None:
        """Close the period for good, once everything is posted."""
        await self.sent.all_done()
        await self._ask(f"{run.id}/finish", FinishClose(RunId(run.id)))

    async def report(self, period: str) -> job.CloseReport:
        """What a period came to."""
        async with self.pool.acquire() as connection:
            return await closing.report(connection, period)

    async def _post(self, command_id: str, command: PostStatements) -> None:
        now = asyncio.get_running_loop().time
        began = now()
        answer = await self._ask(command_id, command)
        took = now() - began
        self.sent.most = self.pace.after(answer.seq, now())
        if self.sent.most == BESIDE_OTHERS:
            await asyncio.sleep(REST * took)

    async def _ask(self, command_id: str, command: Command) -> Answer:
        answer = await self.bus.submit(Envelope(self.by, command_id, command))
        if answer.rejection is not None:
            raise RefusedError(answer.rejection)
        return answer


async def run_in_slots(
    connection: Connection, run: CloseRun, begins: int | None, terms: VenueTerms
) -> job.Run:
    """The job's view of a run: in slots, with the marks of the run before it. Nothing it settles is before `begins`."""
    before = await closing.run_before(connection, run)
    earliest = min(begins or run.begins, run.begins)
    slot = terms.slot_of
    periods = periods_between(earliest, run.ends, terms.utc_offset_seconds)
    assert run.usage_batch is not None, "the usage is cut before anything is summed"
    return job.Run(
        id=run.id,
        period=run.period,
        periods=tuple(
            ServicePeriod(period.name, slot(period.begins), slot(period.ends)) for period in periods
        ),
        slot_seconds=terms.slot_seconds,
        ends=slot(run.ends),
        usage_batch=run.usage_batch,
        late_until=slot(run.late_until),
        ends_before=slot(before.ends) if before else 0,
        usage_batch_before=(before.usage_batch or 0) if before else 0,
        late_until_before=slot(before.late_until) if before else 0,
    )


def contract_parts(
    span: closing.ContractSpan, run: job.Run, agreements: Sequence[PairAgreement], terms: VenueTerms
) -> list[Segment]:
    """A contract is cut like a lease, whose price is here the number of a stretch, from 1.

    Another stretch begins with each version of the contract's prices, and wherever a package begins or ends: within one
    all use costs the same and may be taken from the same packages. Service periods and agreements change at slots, too.
    """
    first, until = terms.slot_of(span.begins), terms.slot_of(span.ends - 1) + 1
    cuts = {first, until}
    cuts |= {terms.slot_of(tariff.valid_from) for tariff in span.tariffs}
    for begins, ends in span.validities:
        cuts |= {terms.slot_of(begins), terms.slot_of(ends - 1) + 1}
    runs = tuple((start, end, n) for n, (start, end) in enumerate(pairwise(sorted(cuts)), 1))
    shape = LeaseShape(span.contract, span.source, span.destination, 1, runs)
    return list(segments(shape, run.periods, agreements, run.slot_seconds))


def contract_sums(
    span: closing.ContractSpan, parts: Sequence[Segment], used: Sequence[Tokens], slot_seconds: int
) -> tuple[ContractSum, ...]:
    """Parts that are billed alike are one sum: between two agreements there may be times without any.

    Where nothing was used and a package is due, the part in which it begins is a sum of nothing: it has a statement.
    """
    sums: dict[str, ContractSum] = {}
    for part, tokens in zip(parts, used, strict=True):
        if tokens.total:
            known = sums.get(part.name, _nothing(span, part, slot_seconds))
            sums[part.name] = replace(known, tokens=known.tokens + tokens)
    due = {begins // slot_seconds for begins in span.due}
    begun = (_nothing(span, part, slot_seconds) for part in parts if part.start in due)
    return tuple(sums.values()) or tuple(islice(begun, 1))


def _nothing(span: closing.ContractSpan, part: Segment, slot_seconds: int) -> ContractSum:
    begins = max(span.begins, Instant(part.start * slot_seconds))
    return ContractSum(span.contract, part.service_period, part.agreement, begins, Tokens(0, 0, 0))


def slot_marks(run: job.Run) -> usage.Marks:
    return usage.Marks(
        run.ends,
        run.usage_batch,
        run.late_until,
        run.ends_before,
        run.usage_batch_before,
        run.late_until_before,
    )


def second_marks(run: job.Run) -> usage.Marks:
    """The same marks in seconds, for records that carry an instant."""
    seconds = run.slot_seconds
    return usage.Marks(
        run.ends * seconds,
        run.usage_batch,
        run.late_until * seconds,
        run.ends_before * seconds,
        run.usage_batch_before,
        run.late_until_before * seconds,
    )
