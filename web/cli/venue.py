"""Opens the venue for a command: a database that fits this version, and the sole turn to write to it."""

import os
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import uvloop

from exchange.app import Exchange, open_exchange
from exchange.catalogue.catalogue import load_catalogue
from exchange.clock import wall_clock
from exchange.config import Settings
from exchange.defaults import venue_terms
from exchange.persistence import embedded, migrate
from exchange.persistence.errors import DatabaseUnavailable
from exchange.persistence.turn import sole_writer
from exchange.state import VenueTerms
from web.cli.folder import InUseError, announced_server, occupied
from web.cli.talk import ExitCode, Failure

T = TypeVar("T")


def settings(data_dir: Path | None = None, **options: object) -> Settings:
    """The settings of this run: options first, then the environment, which nobody else reads."""
    return Settings.from_env(os.environ, data_dir=data_dir, **options)


def address(data_dir: Path | None) -> str:
    """Where the venue on this machine answers. Raises a `Failure` where none does."""
    server = announced_server(settings(data_dir).data_dir)
    if server is None:
        raise Failure(
            "No venue answers on this machine: start suanli serve, or give --url.", ExitCode.UNAVAILABLE
        )
    return server.url


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end on the fast event loop. Interrupted, the work is cancelled and may clean up."""
    return uvloop.run(work)


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of a database that fits this version, for a command that may write to it.

    The embedded one is started, made if missing, and upgraded. No other command may use the folder meanwhile. Raises
    `DatabaseUnavailable` or `InUseError`. Call it from the main thread, where no event loop runs.
    """
    with occupied(settings.data_dir):
        if settings.database_url is not None:
            refuse_unfit(settings.database_url)
            yield settings.database_url
            return
        with _started(settings) as url:
            if migrate.missing(url):
                migrate.upgrade(url)
            yield url


@contextmanager
def database_to_read(settings: Settings) -> Iterator[str]:
    """The URL of a database as it is, for a command that only looks, also while a server of ours works on it."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    if not (settings.data_dir / "cluster").exists():
        raise DatabaseUnavailable(
            f"There is no database in {settings.data_dir} yet: suanli serve makes one, or name another --data-dir."
        )
    try:
        with occupied(settings.data_dir), _started(settings) as url:
            yield url
    except InUseError:
        if announced_server(settings.data_dir) is None:
            raise
        with _started(settings) as url:
            yield url


@asynccontextmanager
async def venue(settings: Settings, url: str, terms: VenueTerms | None = None) -> AsyncIterator[Exchange]:
    """A venue at work in this process, the only one that writes. Raises `WriterAtWorkError` where another does."""
    async with sole_writer(url), open_exchange(url, terms or _usual_terms(settings)) as exchange:
        yield exchange


def _usual_terms(settings: Settings) -> VenueTerms:
    today = datetime.fromtimestamp(wall_clock(), UTC)
    return venue_terms(load_catalogue(), today, slot_seconds=settings.slot_seconds)


@contextmanager
def _started(settings: Settings) -> Iterator[str]:
    server = embedded.start(settings.data_dir)
    try:
        yield server.url
    finally:
        server.stop()


def refuse_unfit(url: str) -> None:
    """Raise `DatabaseUnavailable` for a database that this version can't work on before it is upgraded."""
    if lacking := migrate.missing(url):
        raise DatabaseUnavailable(
            f"The database lacks {', '.join(lacking)}: run suanli db upgrade, as the user who owns it."
        )
