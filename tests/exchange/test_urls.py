"""DATABASE_URL as people write it, and database errors as people should read them."""

import asyncio
import errno
import socket
from collections.abc import Callable

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from exchange.persistence.errors import DatabaseUnavailable, explain
from exchange.persistence.urls import describe, normalise

OURS = "postgresql+asyncpg://ann:s3cret@db.example:6543/suanli"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("postgres://ann:s3cret@db.example:6543/suanli", OURS),
        ("postgresql://ann:s3cret@db.example:6543/suanli", OURS),
        ("postgresql+psycopg2://ann:s3cret@db.example:6543/suanli", OURS),
        (OURS, OURS),
        (f"  {OURS}\n", OURS),
        (f"{OURS}?sslmode=require", f"{OURS}?ssl=require"),
        (f"{OURS}?sslmode=require&channel_binding=require&gssencmode=disable", f"{OURS}?ssl=require"),
        (f"{OURS}?connect_timeout=10&application_name=psql", OURS),
        (f"{OURS}?prepared_statement_cache_size=0", f"{OURS}?prepared_statement_cache_size=0"),
        ("postgres://u:p%40ss%2F@h/d", "postgresql+asyncpg://u:p%40ss%2F@h/d"),
        ("postgres://u@[::1]:5432/d", "postgresql+asyncpg://u@[::1]:5432/d"),
        ("postgresql://u@/d?host=/run/postgresql", "postgresql+asyncpg://u@/d?host=%2Frun%2Fpostgresql"),
        (
            "postgresql://u@/d?host=a:1&host=b:2&target_session_attrs=primary",
            "postgresql+asyncpg://u@/d?host=a%3A1&host=b%3A2&target_session_attrs=primary",
        ),
    ],
)
def test_normalise_writes_the_url_for_our_driver(raw: str, expected: str) -> None:
    assert make_url(normalise(raw)) == make_url(expected)
    assert normalise(normalise(raw)) == normalise(raw)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "PostgreSQL only"),
        ("suanli.db", "PostgreSQL only"),
        ("sqlite:///s3cret.db", "PostgreSQL only"),
        ("mysql://ann:s3cret@db/suanli", "PostgreSQL only"),
        ("postgresqlx://ann:s3cret@db/suanli", "PostgreSQL only"),
        ("postgres://ann:s3cret@db:port/suanli", "cannot be read"),
        ("postgres://ann:s3cret@db:99999/suanli", "a port that is none"),
        ("postgres://ann:s3cret@db/suanli?sslmode=maybe", "sslmode"),
        ("postgres://ann:s3cret@db/suanli?sslrootcert=/ca.pem", "PGSSLROOTCERT"),
    ],
)
def test_normalise_refuses_the_rest_and_keeps_the_password_to_itself(raw: str, says: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=says) as refused:
        normalise(raw)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (OURS, "suanli on db.example:6543"),
        ("postgresql+asyncpg://ann:s3cret@/d?host=a:1&host=b:2", "d on a:1, b:2"),
        ("postgresql+asyncpg://postgres@/suanli?host=%2Fdata%2F%E7%AE%97&port=5432", "suanli on /data/算"),
        ("postgresql+asyncpg://ann@db", "ann on db:5432"),
        ("postgresql+asyncpg:///d", "d on localhost:5432"),
    ],
)
def test_describe_names_the_database_without_the_password(url: str, words: str) -> None:
    assert describe(url) == words


def connection_failure(host: str) -> BaseException:
    """The error asyncpg really gives for a host where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OSError) as failed:
        asyncio.run(asyncpg.connect(host=host, port=port, user="u", password="p", database="d"))
    return failed.value


def hanging_failure() -> BaseException:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(TimeoutError) as failed:
        port = mute.getsockname()[1]
        asyncio.run(
            asyncpg.connect(host="127.0.0.1", port=port, user="u", database="d", ssl="disable", timeout=0.1)
        )
    return failed.value


@pytest.mark.parametrize(
    ("make_error", "says"),
    [
        (lambda: connection_failure("127.0.0.1"), "No database server answers"),
        (lambda: connection_failure("localhost"), "No database server answers"),
        (lambda: connection_failure("/nonexistent"), "No database server answers"),
        (hanging_failure, "did not answer in time"),
        (lambda: socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "host is not known"),
        (lambda: OSError(errno.ENETUNREACH, "Network is unreachable"), "did not answer in time"),
        (lambda: OSError(errno.ENOSPC, "No space left on device", "/data/lock"), "disk"),
        (lambda: PermissionError(errno.EACCES, "Permission denied", "/data/lock"), "/data/lock"),
        (lambda: PermissionError(errno.EACCES, "Permission denied"), "socket"),
        (lambda: FileExistsError(errno.EEXIST, "File exists", "/data"), "/data"),
        (lambda: NotADirectoryError(errno.ENOTDIR, "Not a directory", "/data/x"), "/data/x"),
        (lambda: ConnectionError("PostgreSQL server rejected SSL upgrade"), "encryption"),
        (lambda: ConnectionError("unexpected connection_lost() call"), "closed the connection"),
        (lambda: asyncpg.InterfaceError("connection is closed"), "closed the connection"),
        (lambda: asyncpg.InternalClientError("cannot switch to state 11"), "closed the connection"),
        (lambda: asyncpg.InvalidPasswordError("no"), "password"),
        (lambda: asyncpg.InvalidAuthorizationSpecificationError("no"), "pg_hba.conf"),
        (lambda: asyncpg.InvalidCatalogNameError("no"), "does not exist"),
        (lambda: asyncpg.TooManyConnectionsError("no"), "max_connections"),
        (lambda: asyncpg.DiskFullError("no"), "disk"),
        (lambda: asyncpg.ReadOnlySQLTransactionError("no"), "standby"),
        (lambda: asyncpg.TargetServerAttributeNotMatched("no"), "standby"),
        (lambda: asyncpg.AdminShutdownError("no"), "closed the connection"),
        (lambda: asyncpg.CannotConnectNowError("no"), "in a moment"),
        (lambda: DatabaseUnavailable("Do this."), "Do this."),
        (lambda: ValueError("odd\nand long"), "ValueError: odd"),
    ],
)
def test_explain_says_what_to_do(make_error: Callable[[], BaseException], says: str) -> None:
    sentence = explain(make_error())
    assert says in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_explain_looks_behind_the_wrapper() -> None:
    wrapped = OperationalError("SELECT 1", {}, Exception("wrapped"))
    wrapped.__cause__ = asyncpg.DiskFullError("no")
    assert "disk" in explain(wrapped)


def test_explain_survives_a_ring_of_causes() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert "ValueError: one" in explain(one)
