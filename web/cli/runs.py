"""What came of scheduled jobs: each is a command in a process of its own, and its end is a line of `jobs.jsonl`.

The file stands beside the database and not in it: that a job could not reach the database is to be told, too.
"""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from exchange.clock import wall_clock
from exchange.names import Instant
from web.cli.schedule import JobName, Scheduled
from web.cli.talk import ExitCode

FILE = "jobs.jsonl"
LATE_SECONDS = 3600  # a job that is due for longer is not being done: there is no timer, or it is held up
NOT_DONE = {ExitCode.UNAVAILABLE, ExitCode.AT_WORK}
"""A job that ends so has done nothing: it stays due."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a job that was due has ended, and all that it said."""

    job: JobName
    due: Instant
    command: tuple[str, ...]
    ended: Instant
    exit_code: int
    said: str

    @property
    def is_done(self) -> bool:
        """Whether it is due no more, however it ended."""
        return self.exit_code not in NOT_DONE

    @property
    def sentence(self) -> str:
        """The last thing that it said; figures are set in from it."""
        sentences = [line for line in self.said.splitlines() if line and not line.startswith(" ")]
        return sentences[-1] if sentences else f"It ended with the exit code {self.exit_code}."


_LINE = TypeAdapter(Run)


@dataclass(frozen=True, slots=True)
class Record:
    """The runs of a venue's jobs, as its folder keeps them."""

    folder: Path

    def add(self, run: Run) -> None:
        """Add a run."""
        with (self.folder / FILE).open("ab") as file:
            file.write(_LINE.dump_json(run) + b"\n")

    def runs(self) -> list[Run]:
        """Every run, in the order of their ends. A line that was cut short tells nothing: its job is still due."""
        found = []
        with suppress(FileNotFoundError):
            for line in (self.folder / FILE).read_bytes().splitlines():
                with suppress(ValidationError):
                    found.append(_LINE.validate_json(line))
        return found

    def last(self) -> Mapping[JobName, Run]:
        """The last run of each job."""
        return {run.job: run for run in self.runs()}

    def done_until(self) -> Mapping[JobName, Instant]:
        """For each job that was ever done the last time that it was due then."""
        return {run.job: run.due for run in self.runs() if run.is_done}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a scheduled job stands: when it is due next, its last run, and what is wrong with it, if anything."""

    job: Scheduled
    due: Instant
    last: Run | None
    wrong: str | None


def standings(jobs: Sequence[Scheduled], record: Record, now: Instant) -> list[Standing]:
    """How each job stands now. One that was never done is due after now."""
    done, last = record.done_until(), record.last()
    return [
        _standing(job, job.next_due(done.get(job.name, now), now), last.get(job.name), now) for job in jobs
    ]


def _standing(job: Scheduled, due: Instant, last: Run | None, now: Instant) -> Standing:
    if last is not None and last.exit_code != ExitCode.OK:
        return Standing(job, due, last, last.sentence)
    late = now - due > LATE_SECONDS
    return Standing(job, due, last, f"It has been due for {(now - due) // 60} minutes." if late else None)


async def carry_out(job: Scheduled, due: Instant, folder: Path) -> Run:
    """Do what a job is due for. If this is cancelled the command is stopped: it goes on when it is given again."""
    command = job.command(due)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "web.cli", *command, "--data-dir", str(folder)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        said, _ = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    assert process.returncode is not None, "who has said everything has ended"
    return Run(job.name, due, command, wall_clock(), process.returncode, said.decode(errors="replace"))
