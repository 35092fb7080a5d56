"""What a server and its commands share in the data directory, for their owner's eyes only.

server.json   where the server answers, which process it is, and which database it serves
clerk.key     the token with which commands speak to it as its clerk
cookie.key    signs the page cookie, so that a restart signs nobody out
in_use        locked by the process that serves, or that runs the embedded database
timer         locked by the process that runs scheduled jobs
"""

import fcntl
import json
import logging
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

SERVER, CLERK_KEY, COOKIE_KEY, IN_USE, TIMER = "server.json", "clerk.key", "cookie.key", "in_use", "timer"
LOG, LOG_BYTES, LOGS_BEFORE = "suanli.log", 10_000_000, 3


@dataclass(frozen=True, slots=True)
class Server:
    """A server of this folder: its address, its process, and its database in words, None for the embedded one."""

    url: str
    pid: int
    database: str | None


class InUseError(Exception):
    """Another process works on this folder."""


@contextmanager
def occupied(folder: Path) -> Iterator[None]:
    """Be the one process that works on the folder, and logs there. Raises `InUseError` where another is."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / IN_USE).open("w") as file:
        if not _locked(file):
            server = announced_server(folder)
            who = f"The server at {server.url} (process {server.pid})" if server else "Another suanli command"
            raise InUseError(f"{who} is at work on {folder}.")
        with _logging_to(folder / LOG):
            yield


@contextmanager
def sole_timer(folder: Path) -> Iterator[None]:
    """Be the one process that runs the folder's scheduled jobs. Raises `InUseError` where another does."""
    with (folder / TIMER).open("w") as file:
        if not _locked(file):
            raise InUseError(f"Another timer runs the jobs of {folder}.")
        yield


def has_timer(folder: Path) -> bool:
    """Whether a process runs the folder's scheduled jobs."""
    try:
        with (folder / TIMER).open() as file:
            return not _locked(file)
    except FileNotFoundError:
        return False


@contextmanager
def kept_or_passing(folder: Path | None) -> Iterator[Path]:
    """The folder that was named, or else one that is gone afterwards."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="suanli-") as passing:
        yield Path(passing)


@contextmanager
def announced(folder: Path, server: Server) -> Iterator[None]:
    """Let commands find the server for as long as the block lasts."""
    _write(folder / SERVER, json.dumps(asdict(server)))
    try:
        yield
    finally:
        (folder / SERVER).unlink(missing_ok=True)


def announced_server(folder: Path) -> Server | None:
    """The server that announced itself here, unless its process has ended."""
    try:
        server = Server(**json.loads((folder / SERVER).read_text()))
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError):
        return None
    return server if _lives(server.pid) else None


def clerk_token(folder: Path) -> str | None:
    """The token of the clerk, if one was kept here."""
    return _read(folder / CLERK_KEY)


def keep_clerk_token(folder: Path, token: str) -> None:
    """Keep the clerk's token for commands to come."""
    _write(folder / CLERK_KEY, token)


def cookie_secret(folder: Path) -> str:
    """The secret that signs cookies: made once, then kept."""
    secret = _read(folder / COOKIE_KEY)
    if secret is None:
        secret = secrets.token_urlsafe(32)
        _write(folder / COOKIE_KEY, secret)
    return secret


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """Keep warnings, tracebacks included, in a file: the terminal is for sentences."""
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOGS_BEFORE, delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()


def _locked(file: IO[str]) -> bool:
    """Lock a file until it is closed, or say that another process has done so."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except FileNotFoundError:
        return None


def _write(path: Path, text: str) -> None:
    """Replace a file at once and whole. It is its owner's alone from the beginning, as such files are made."""
    descriptor, half_done = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{text}\n")
    Path(half_done).replace(path)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # somebody else's, and alive
    return True
