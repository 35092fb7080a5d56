"""Batch jobs on the command line: each shows its plan, asks, runs beside a bar, and says what it came to."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import httpx
from pydantic_core import to_jsonable_python

from exchange.config import Settings
from web.cli.desk import at_desk
from web.cli.talk import confirm, progress_bar, say, write, write_json
from web.client import Client
from web.problems import ProblemError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LOOK_SECONDS = 0.5

D = TypeVar("D")
Given_co = TypeVar("Given_co", covariant=True)
Taken_contra = TypeVar("Taken_contra", contravariant=True)
P = TypeVar("P", bound="DataclassInstance")
R = TypeVar("R", bound="DataclassInstance")
T = TypeVar("T")


class Told(NamedTuple):
    """A plan or a report in words: a sentence, and figures by their names."""

    sentence: str
    figures: Mapping[str, str]


class Place(Protocol[Given_co]):
    """Where a job works, and what it gets there: the clerk's desk with a client of the API, or the database."""

    def __call__(self, work: Callable[[Given_co], Coroutine[Any, Any, T]]) -> T:
        """Have some work done there."""
        ...


class Job(Protocol[Taken_contra, P, R]):
    """What makes one batch job. It keeps nothing itself.

    A job can be stopped anywhere and run again: `run` goes on where it was left, and only reports where all is done.
    The venue sees to it that no two runs of a kind are at work at once.
    """

    @property
    def doing(self) -> str:
        """What is being done, such as `Closing 2026-10`."""
        ...

    @property
    def question(self) -> str:
        """What to ask before, such as `Close 2026-10 for good?`."""
        ...

    async def plan(self, door: Taken_contra, /) -> P:
        """What it would do now. Nothing is changed."""
        ...

    def is_done(self, plan: P) -> bool:
        """Whether there is nothing left to do."""
        ...

    async def run(self, door: Taken_contra, /) -> R:
        """Do it, to the end."""
        ...

    async def progress(self, door: Taken_contra, plan: P, /) -> tuple[int, int]:
        """How much is done by now, and of how much."""
        ...

    def tell_plan(self, plan: P) -> Told:
        """The plan in words."""
        ...

    def tell_report(self, report: R) -> Told:
        """What it came to, in words."""
        ...


def carry_out(job: Job[Client, P, R], settings: Settings, *, plan: bool, yes: bool, json: bool) -> None:
    """Carry out a job at the clerk's desk."""

    def desk(work: Callable[[Client], Coroutine[Any, Any, T]]) -> T:
        return at_desk(settings, work)

    carry_out_at(desk, job, plan=plan, yes=yes, json=json)


def carry_out_at(place: Place[D], job: Job[D, P, R], *, plan: bool, yes: bool, json: bool) -> None:
    """Show what a job would do; unless only the plan is wanted ask, do it, and say what it came to."""
    planned = place(job.plan)
    if plan:
        _write(planned, job.tell_plan(planned), json=json)
        return
    if not job.is_done(planned):
        for line in _lines(job.tell_plan(planned)):
            say(line)
        confirm(job.question, yes=yes)
    report = place(lambda door: _watched(job, door, planned))
    _write(report, job.tell_report(report), json=json)


async def _watched(job: Job[D, P, R], door: D, plan: P) -> R:
    """Run, and show how far it has come."""
    running = asyncio.create_task(job.run(door))
    with progress_bar(job.doing) as show:
        while not running.done():
            await asyncio.wait({running}, timeout=LOOK_SECONDS)
            with suppress(
                httpx.TransportError, ProblemError
            ):  # it goes on, also where nobody can tell for a moment
                show(*await job.progress(door, plan))
    return running.result()


def _write(value: Any, told: Told, *, json: bool) -> None:
    if json:
        write_json(to_jsonable_python(value))
    else:
        for line in _lines(told):
            write(line)


def _lines(told: Told) -> list[str]:
    width = max(map(len, told.figures), default=0)
    return [told.sentence, *(f"  {name:{width}} {value:>20}" for name, value in told.figures.items())]
