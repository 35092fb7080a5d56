"""When which batch job is due: the schedule that a venue's folder has in `jobs.toml`, as cron expressions."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from exchange.config import SettingsError
from exchange.names import Instant

FILE = "jobs.toml"
LAST_MONTH = "LAST_MONTH"


class JobName(StrEnum):
    """The jobs that can be scheduled, each by the command that it is."""

    CLOSE = "close"
    SEAL = "seal"
    EXPORT = "export"
    PAYOUT = "payout"
    RECONCILE = "reconcile"
    AUDIT = "audit"


COMMANDS: Mapping[JobName, tuple[str, ...]] = {
    JobName.CLOSE: ("close", LAST_MONTH, "--yes"),
    JobName.SEAL: ("seal", LAST_MONTH),
    JobName.EXPORT: ("export", LAST_MONTH, "--yes"),
    JobName.PAYOUT: ("payout", "--yes"),
    JobName.RECONCILE: ("reconcile", "--yes"),
    JobName.AUDIT: ("audit",),
}
"""What each gives to `suanli`. Last month is the one before that in which the job is due."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A job, and when it is due: a cron expression, read in a time zone."""

    name: JobName
    cron: str
    zone: ZoneInfo

    def times(self, after: Instant) -> Iterator[Instant]:
        """Every time when it is due, from the first after an instant on."""
        for due in CronSim(self.cron, datetime.fromtimestamp(after, self.zone)):
            yield Instant(int(due.timestamp()))

    def next_due(self, done: Instant, now: Instant) -> Instant:
        """When it is due next, if all was done that was due until `done`.

        Of times that are past and ask for the same command only the last counts: a venue that stood still compares its
        books once, and closes each month.
        """
        times = self.times(done)
        due = next(times)
        for following in times:
            if following > now or self.command(following) != self.command(due):
                break
            due = following
        return due

    def command(self, due: Instant) -> tuple[str, ...]:
        """What it gives to `suanli` when it is due."""
        first = datetime.fromtimestamp(due, self.zone).replace(day=1)
        last_month = f"{first - timedelta(days=1):%Y-%m}"
        return tuple(last_month if word == LAST_MONTH else word for word in COMMANDS[self.name])


def read_schedule(folder: Path) -> list[Scheduled] | None:
    """The jobs that a venue's folder schedules, in the file's order; None where it has no such file.

    Raises `SettingsError` for a file that can't be used.
    """
    try:
        written = _Schedule.model_validate(tomllib.loads((folder / FILE).read_text()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as fault:
        raise SettingsError(f"{folder / FILE} can't be read: {fault.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{folder / FILE} is no TOML file: {fault}.") from None
    except ValidationError as invalid:
        raise SettingsError(f"{folder / FILE} can't be used: {_sentence(invalid)}.") from None
    return [Scheduled(name, cron, written.time_zone) for name, cron in written.jobs.items()]


def _cron(expression: str) -> str:
    try:
        due = next(CronSim(expression, datetime(2026, 1, 1)), None)  # noqa: DTZ001 - any time, in any zone
    except CronSimError as fault:
        raise ValueError(f"{expression} is no cron expression ({fault})") from None
    if due is None:
        raise ValueError(f"{expression} is never due")
    return expression


class _Schedule(BaseModel):
    model_config = ConfigDict(extra="forbid")

    time_zone: ZoneInfo = ZoneInfo("Asia/Shanghai")
    jobs: Annotated[dict[JobName, Annotated[str, AfterValidator(_cron)]], Field(min_length=1)]


def _sentence(invalid: ValidationError) -> str:
    fault = invalid.errors(include_url=False)[0]
    where = ".".join(map(str, fault["loc"][:2]))
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"
