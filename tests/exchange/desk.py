"""The closing job at a venue in memory: meters report to it, and it closes periods by the real job and the real core."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from exchange.closing.commands import BeginClose, CutUsage, FinishClose, LeaseSum, PostStatements
from exchange.closing.events import StatementPosted
from exchange.commands import Command
from exchange.jobs import contract_parts, contract_sums
from exchange.names import ContractId, LeaseId, RunId
from exchange.periods import periods_between
from exchange.persistence.queries.closing import ContractSpan
from exchange.rejections import Rejected
from exchange.state import CloseRun, LeaseTerms, LiveContract
from settlement.agreements import PairAgreement
from settlement.jobs import close_period as job
from settlement.rating.tokens import Tokens
from settlement.segments import LeaseShape, Segment, ServicePeriod
from tests.exchange.house import CLERK, House


@dataclass(frozen=True)
class Use:
    """Tokens used under a contract at an instant, and the batch that told of them."""

    contract: ContractId
    at: int
    tokens: Tokens
    batch: int


class Desk:
    """Where usage comes in, each report a batch of its own, and where periods are closed."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.batches = 0
        self.deliveries: dict[tuple[LeaseId, int], tuple[int, int]] = {}
        self.tokens: list[Use] = []
        self.before: CloseRun | None = None

    def deliver(self, lease: LeaseTerms, slots: range, lost: int = 0) -> str:
        """Report slots of a lease, counted from new year, each short of `lost` card-seconds. Says what came of it."""
        self.batches += 1
        rules, now = self.house.state.rules, self.house.state.now
        for slot in slots:
            ended = rules.instant_of(self.house.first + slot + 1)
            assert ended <= now, "nobody reports what is not over"
            if ended + rules.late_window_seconds <= now:
                return "too_late"
            whole = lease.cards * rules.slot_seconds
            self.deliveries[lease.id, self.house.first + slot] = (self.batches, whole - lost)
        return "accepted"

    def use(
        self,
        contract: ContractId,
        slot: int,
        input_tokens: int = 0,
        output_tokens: int = 0,
        cached_input_tokens: int = 0,
    ) -> None:
        """Report tokens that were used at the beginning of a slot."""
        self.batches += 1
        at = self.house.state.rules.instant_of(self.house.first + slot)
        tokens = Tokens(input_tokens, cached_input_tokens, output_tokens)
        self.tokens.append(Use(contract, at, tokens, self.batches))

    def close(self, period: str) -> list[StatementPosted]:
        """Close a period by the job, and give its statements."""
        known = len(self.house.log)
        asyncio.run(job.close_period(self, period))
        self.before = self.house.state.last_run
        happened = [event for _, _, step in self.house.log[known:] for event, _ in step]
        return [event for event in happened if isinstance(event, StatementPosted)]

    async def begin(self, period: str) -> job.Run | None:
        if self.house.state.open_run is None:
            self._ask(BeginClose(period))
            self._ask(CutUsage(self._open_run().id, self.batches))
        return self._job_run(self._open_run())

    async def leases(self, run: job.Run, at_once: int) -> AsyncIterator[list[LeaseShape]]:
        shapes = [shape_of(live.terms) for live in self.house.state.leases.values()]
        assert len(shapes) <= at_once
        yield [shape for shape in shapes if shape.runs[0][0] < run.ends]

    async def agreements(self) -> Sequence[PairAgreement]:
        return self.house.state.agreements

    async def reported(self, run: job.Run, parts: Sequence[Segment]) -> list[job.Reported]:
        return [self._reported(run, part) for part in parts]

    def _reported(self, run: job.Run, part: Segment) -> job.Reported:
        known = {
            slot: record
            for slot in range(part.start, part.end)
            if (record := self.deliveries.get((LeaseId(part.lease), slot))) and record[0] <= run.usage_batch
        }
        new = [
            delivered
            for slot, (batch, delivered) in known.items()
            if not (slot < run.ends_before and batch <= run.usage_batch_before)
        ]
        overdue = [slot for slot in known if run.late_until_before <= slot < run.late_until]
        return job.Reported(len(new), sum(new), len(overdue))

    async def post_leases(self, run: job.Run, sums: Sequence[job.Settled]) -> None:
        parts = [
            LeaseSum(
                LeaseId(one.lease),
                one.service_period,
                one.price,
                one.agreement,
                one.slots,
                one.lost,
            )
            for one in sums
        ]
        self._ask(PostStatements(RunId(run.id), leases=tuple(parts)))

    async def post_contracts(self, run: job.Run) -> None:
        for live in tuple(self.house.state.contracts.values()):
            if live.last_run != run.id:
                self.post_contract(run, live)

    def post_contract(self, run: job.Run, live: LiveContract) -> None:
        """Sum what was used under a contract, and post its statement."""
        terms, packages = live.terms, list(live.packages.values())
        span = ContractSpan(
            *(terms.id, terms.source, terms.destination, terms.begins, terms.ends, tuple(live.tariffs)),
            validities=tuple((one.terms.valid_from, one.terms.valid_to) for one in packages),
            due=tuple(one.terms.valid_from for one in packages if one.due),
        )
        parts = contract_parts(span, run, self.house.state.agreements, self.house.state.rules)
        sums = contract_sums(span, parts, [self._used(run, part) for part in parts], run.slot_seconds)
        if sums:
            self._ask(PostStatements(RunId(run.id), contracts=sums))

    def _used(self, run: job.Run, part: Segment) -> Tokens:
        seconds = run.slot_seconds
        used = [
            record.tokens
            for record in self.tokens
            if record.contract == part.lease
            and part.start * seconds <= record.at < part.end * seconds
            and record.batch <= run.usage_batch
            and not (record.at < run.ends_before * seconds and record.batch <= run.usage_batch_before)
        ]
        return sum(used, start=Tokens(0, 0, 0))

    async def finish(self, run: job.Run) -> None:
        self._ask(FinishClose(RunId(run.id)))

    async def report(self, period: str) -> job.CloseReport:
        return job.CloseReport("", period, 0, 0, 0, 0, 0)

    def _open_run(self) -> CloseRun:
        run = self.house.state.open_run
        assert run is not None
        return run

    def _job_run(self, run: CloseRun) -> job.Run:
        rules, before = self.house.state.rules, self.before
        slot = rules.slot_of
        months = periods_between(rules.instant_of(self.house.first), run.ends, rules.utc_offset_seconds)
        assert run.usage_batch is not None
        return job.Run(
            id=run.id,
            period=run.period,
            periods=tuple(
                ServicePeriod(month.name, slot(month.begins), slot(month.ends)) for month in months
            ),
            slot_seconds=rules.slot_seconds,
            ends=slot(run.ends),
            usage_batch=run.usage_batch,
            late_until=slot(run.late_until),
            ends_before=slot(before.ends) if before else 0,
            usage_batch_before=(before.usage_batch or 0) if before else 0,
            late_until_before=slot(before.late_until) if before else 0,
        )

    def _ask(self, command: Command) -> None:
        refused = [event for event in self.house.ask(CLERK, command) if isinstance(event, Rejected)]
        assert not refused, refused


def shape_of(lease: LeaseTerms) -> LeaseShape:
    runs = tuple((run.window.start, run.window.end, run.price) for run in lease.runs)
    return LeaseShape(lease.id, lease.source, lease.destination, lease.cards, runs)
