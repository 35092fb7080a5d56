"""Batch jobs on the command line: each shows its plan, asks, runs beside a bar, and says what it came to."""

import asyncio
from collections.abc import Mapping
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

P = TypeVar("P", bound="DataclassInstance")
R = TypeVar("R", bound="DataclassInstance")


class Told(NamedTuple):
    """A plan or a report in words: a sentence, and figures by their names."""

    sentence: str
    figures: Mapping[str, str]


class Job(Protocol[P, R]):
    """What makes one batch job of the clerk's. It asks the venue through the API, and keeps nothing itself.

    A job can be stopped anywhere and run again: `run` goes on where it was left, and only reports where all is done.
    The venue sees to it that no two runs are at work at once (`job_at_work`).
    """

    @property
    def doing(self) -> str:
        """What is being done, such as `Closing 2026-10`."""
        ...

    @property
    def question(self) -> str:
        """What to ask before, such as `Close 2026-10 for good?`."""
        ...

    async def plan(self, client: Client) -> P:
        """What it would do now. Nothing is changed."""
        ...

    def is_done(self, plan: P) -> bool:
        """Whether there is nothing left to do."""
        ...

    async def run(self, client: Client) -> R:
        """Do it, to the end."""
        ...

    async def progress(self, client: Client, plan: P) -> tuple[int, int]:
        """How much is done by now, and of how much."""
        ...

    def tell_plan(self, plan: P) -> Told:
        """The plan in words."""
        ...

    def tell_report(self, report: R) -> Told:
        """What it came to, in words."""
        ...


def carry_out(job: Job[P, R], settings: Settings, *, plan: bool, yes: bool, json: bool) -> None:
    """Show what a job would do; unless only the plan is wanted ask, do it, and say what it came to."""
    planned = at_desk(settings, job.plan)
    if plan:
        _write(planned, job.tell_plan(planned), json=json)
        return
    if not job.is_done(planned):
        for line in _lines(job.tell_plan(planned)):
            say(line)
        confirm(job.question, yes=yes)
    report = at_desk(settings, lambda client: _watched(job, client, planned))
    _write(report, job.tell_report(report), json=json)


async def _watched(job: Job[P, R], client: Client, plan: P) -> R:
    """Run, and show how far it has come."""
    running = asyncio.create_task(job.run(client))
    with progress_bar(job.doing) as show:
        while not running.done():
            await asyncio.wait({running}, timeout=LOOK_SECONDS)
            with suppress(
                httpx.TransportError, ProblemError
            ):  # it goes on, also where nobody can tell for a moment
                show(*await job.progress(client, plan))
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
