"""`suanli jobs`: the venue's own timer, for where neither cron nor systemd runs its batch jobs."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from exchange.clock import wall_clock
from exchange.config import Settings
from exchange.names import Instant
from web.cli import venue
from web.cli.folder import has_timer, sole_timer
from web.cli.options import DataDir, Json
from web.cli.runs import Record, Run, Standing, carry_out, standings
from web.cli.schedule import FILE, JobName, Scheduled, read_schedule
from web.cli.site import SIGNALS
from web.cli.talk import ExitCode, Failure, commands, examples, say, write, write_json, write_table

LOOK_SECONDS = 30  # a machine that slept, or whose clock was set, is noticed so soon
AGAIN_SECONDS = 600  # until a job is given again that could not reach the venue

app = commands("Run batch jobs by the venue's own timer, and see what came of them.")


@app.command(name="run", epilog=examples("suanli jobs run", "suanli jobs run --data-dir venue"))
def run_jobs(*, data_dir: DataDir = None) -> None:
    """Run each job when it is due, until Ctrl-C or SIGTERM.

    Jobs stand in the data directory's jobs.toml. They run one at a time, in the order in which they are due. What was
    missed meanwhile is made up for once; a job that can't reach the venue stays due and is given again.
    """
    settings = venue.settings(data_dir)
    jobs = _schedule(settings)
    with sole_timer(settings.data_dir):
        venue.run(_until_told(jobs, Record(settings.data_dir)))
    say("The timer has stopped.")


@app.command(name="list", epilog=examples("suanli jobs list", "suanli jobs list --json"))
def list_jobs(*, data_dir: DataDir = None, json: Json = False) -> None:
    """Show each job, what its last run came to, and when it is due next.

    The exit code is 1 if the last run of one has failed, one is overdue, or no timer runs.
    """
    settings = venue.settings(data_dir)
    found = standings(_schedule(settings), Record(settings.data_dir), wall_clock())
    timer = has_timer(settings.data_dir)
    if json:
        write_json({"timer": timer, "jobs": [_document(one) for one in found]})
    else:
        write_table("", [_row(one) for one in found])
        if not timer:
            say("No timer runs: start suanli jobs run.")
    if not timer or any(one.wrong for one in found):
        raise typer.Exit(ExitCode.FAILED)


@app.command(epilog=examples("suanli jobs again close"))
def again(
    job: Annotated[JobName, typer.Argument(show_default=False, help="A job of the schedule.")],
    *,
    data_dir: DataDir = None,
) -> None:
    """Run a job once more for the time when it was due last: after a fault was cured, say.

    It ends with the job's exit code, and counts as the job's last run.
    """
    settings = venue.settings(data_dir)
    record = Record(settings.data_dir)
    scheduled = next((one for one in _schedule(settings) if one.name is job), None)
    if scheduled is None:
        raise Failure(f"{job} does not stand in {settings.data_dir / FILE}.", ExitCode.USAGE)
    last = record.last().get(job)
    run = venue.run(carry_out(scheduled, last.due if last else wall_clock(), settings.data_dir))
    record.add(run)
    write(run.said.rstrip())
    raise typer.Exit(run.exit_code)


def _schedule(settings: Settings) -> list[Scheduled]:
    jobs = read_schedule(settings.data_dir)
    if jobs is None:
        raise Failure(
            f"No jobs are scheduled: write {settings.data_dir / FILE}, as docs/operating.md shows.",
            ExitCode.USAGE,
        )
    return jobs


async def _until_told(jobs: Sequence[Scheduled], record: Record) -> None:
    """Run jobs until a signal says to stop."""
    keeping = asyncio.create_task(_keep(jobs, record))
    for number in SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, keeping.cancel)
    say(f"The timer runs {len(jobs)} jobs. Ctrl-C stops it.")
    with suppress(asyncio.CancelledError):
        await keeping


async def _keep(jobs: Sequence[Scheduled], record: Record) -> None:
    """Run jobs one at a time, the one first that is due first. From its first start on the timer knows what it missed."""
    began = wall_clock()
    for job in jobs:
        if job.name not in record.done_until():
            record.add(Run(job.name, began, (), began, ExitCode.OK, "Scheduled from here on."))
    while True:
        now, done = wall_clock(), record.done_until()
        due, job = min(((job.next_due(done[job.name], now), job) for job in jobs), key=lambda one: one[0])
        if due > now:
            await asyncio.sleep(min(due - now, LOOK_SECONDS))
            continue
        run = await carry_out(job, due, record.folder)
        record.add(run)
        _tell(job, run)
        if not run.is_done:
            await asyncio.sleep(AGAIN_SECONDS)


def _tell(job: Scheduled, run: Run) -> None:
    line = f"{_local(job, run.ended)} {' '.join(run.command)}: {run.sentence}"
    if run.exit_code == ExitCode.OK:
        write(line)
    else:
        say(f"{line} It ended with the exit code {run.exit_code}.")


def _row(one: Standing) -> dict[str, object]:
    last = one.last
    return {
        "job": one.job.name,
        "when": one.job.cron,
        "last run": _local(one.job, last.ended) if last else None,
        "command": " ".join(last.command) if last else None,
        "state": "well" if one.wrong is None else "failed",
        "result": one.wrong or (last.sentence if last else None),
        "next": _local(one.job, one.due),
    }


def _document(one: Standing) -> dict[str, object]:
    last = asdict(one.last) if one.last else None
    return {"job": one.job.name, "cron": one.job.cron, "due": one.due, "wrong": one.wrong, "last": last}


def _local(job: Scheduled, instant: Instant) -> str:
    return f"{datetime.fromtimestamp(instant, job.zone):%Y-%m-%d %H:%M}"
