"""Which jobs a market is planned for, and how many cards of each chip they ask for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random

from exchange.replay.assumptions import HOUR_S, SLOT_S, WHOLE, AssumptionError, Assumptions
from exchange.replay.chance import chance
from exchange.replay.trace import Job, JobTrace, Node


def slots_of(seconds: int) -> int:
    """Whole slots that a job of this length needs."""
    return -(-seconds // SLOT_S)


def card_slots(job: Job) -> int:
    """What a job takes: its cards times its slots."""
    return job.cards * slots_of(job.seconds)


def scaled_jobs(trace: JobTrace, assumptions: Assumptions, scale: int | None) -> tuple[Job, ...]:
    """`scale` of the trace's jobs by time, or its own number where that is None.

    Fewer are drawn from the trace. More are the trace whole, then copies of it with times and lengths shifted,
    the last copy in part. All of the copies end within the span.
    """
    if scale is None or scale == len(trace.jobs):
        return trace.jobs
    if scale < 1:
        raise AssumptionError(f"scale should be at least 1 order, not {scale}.")
    copies, rest = divmod(scale, len(trace.jobs))
    drawn = chance(assumptions.seed, "scale").sample(trace.jobs, rest)
    if not copies:
        return tuple(sorted(drawn, key=_by_time))
    jobs = list(trace.jobs)
    shift = chance(assumptions.seed, "jitter")
    for copy in range(1, copies):
        jobs += [_shifted(job, copy, trace.span_s, assumptions, shift) for job in trace.jobs]
    jobs += [_shifted(job, copies, trace.span_s, assumptions, shift) for job in drawn]
    return tuple(sorted(jobs, key=_by_time))


def demand_by_chip(jobs: Iterable[Job], nodes: Sequence[Node]) -> dict[str, Fraction]:
    """Card-slots demanded of each chip that some node has, in order of the chips' names.

    A job that accepts several chips is spread over them by how many cards of each the nodes have. A job whose
    chips no node has is demanded of nobody.
    """
    cards: Counter[str] = Counter()
    for node in nodes:
        cards[node.chip] += node.cards
    wanted: Counter[tuple[str, ...]] = Counter()
    for job in jobs:
        wanted[job.chips] += card_slots(job)
    demand = dict.fromkeys(sorted(cards), Fraction(0))
    for chips, amount in wanted.items():
        offered = [chip for chip in chips or demand if chip in demand]
        total = sum(cards[chip] for chip in offered)
        for chip in offered:
            demand[chip] += Fraction(amount * cards[chip], total)
    return demand


def _by_time(job: Job) -> tuple[int, str]:
    return job.created_s, job.name


def _shifted(job: Job, copy: int, span_s: int, assumptions: Assumptions, shift: Random) -> Job:
    reach = assumptions.jitter_hours * HOUR_S
    moved = job.created_s + shift.randrange(-reach, reach + 1)
    created = min(max(moved, 0), span_s - SLOT_S)
    stretch = assumptions.jitter_length_milli
    seconds = job.seconds * (WHOLE + shift.randrange(-stretch, stretch + 1)) // WHOLE
    kept = min(max(seconds, 1), span_s - created)
    return replace(job, name=f"{job.name}~{copy}", created_s=created, seconds=kept)
