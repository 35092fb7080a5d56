"""Says in one plain sentence what keeps the database from us and what to do about it."""

import errno
import socket
import ssl
from collections.abc import Iterator

from asyncpg.exceptions import (
    InsufficientPrivilegeError,
    InsufficientResourcesError,
    InterfaceError,
    InternalClientError,
    InvalidAuthorizationSpecificationError,
    InvalidCatalogNameError,
    ObjectNotInPrerequisiteStateError,
    OperatorInterventionError,
    PostgresConnectionError,
    TargetServerAttributeNotMatched,
)

OUTAGES = (
    OSError,
    InterfaceError,
    InternalClientError,  # asked while the server was saying that it ends the connection
    PostgresConnectionError,
    OperatorInterventionError,
    InsufficientResourcesError,
    InsufficientPrivilegeError,
    InvalidAuthorizationSpecificationError,
    InvalidCatalogNameError,
    ObjectNotInPrerequisiteStateError,
)
"""What asking a database can raise when it, or the way to it, is not well. Other errors of it are our own fault."""


class DatabaseUnavailable(RuntimeError):  # noqa: N818 — a state of the world, like EngineHalted
    """There is no database to work with; the message says why and what to do, without any password."""


def explain(error: BaseException) -> str:
    """One sentence for people who run the venue. Looks at `error` and then at what caused it."""
    for one in _chain(error):
        if isinstance(one, DatabaseUnavailable):
            return str(one)
        if sentence := _by_sqlstate(one) or _by_kind(one) or _by_errno(one):
            return sentence
    first_line = str(error).strip().partition("\n")[0]
    return f"The database failed ({type(error).__name__}: {first_line}): read its log, then start again."


_DISK_FULL = "The disk of the database is full: free some space, then start again."
_LOST = "The database server has closed the connection: see that it is running, then start again."
_REFUSED = "No database server answers there: start it, or correct the host and port in DATABASE_URL."
_STANDBY = "The database is a read-only standby: point DATABASE_URL at the primary."
_TIMEOUT = "The database did not answer in time: end what locks its tables, see that its host lets us in, then try again."
_TOO_MANY = "The database has no connection left: close other clients or raise its max_connections."
_TLS = "The server and we disagree about encryption: correct sslmode in DATABASE_URL, or the certificate."
_UNKNOWN_HOST = "The name of the database's host is not known: correct the host in DATABASE_URL."

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_SENTENCE_OF_SQLSTATE = {
    "08001": _REFUSED,
    "08003": _LOST,
    "08006": _LOST,
    "25006": _STANDBY,
    "28000": "The database does not let this user in from here: check DATABASE_URL and the server's pg_hba.conf.",
    "28P01": "The database refuses the password: check user and password in DATABASE_URL.",
    "3D000": "The database named in DATABASE_URL does not exist: create it, or correct the name.",
    "42501": "The database user may not do this: grant it the rights, or use another user in DATABASE_URL.",
    "53100": _DISK_FULL,
    "53200": "The database is out of memory: give its machine more, or lower the number of connections.",
    "53300": _TOO_MANY,
    "55P03": "Another session holds a lock that we need: end it, or try again in a moment.",
    "57014": _TIMEOUT,
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": "The database is starting up or shutting down: try again in a moment.",
}

_SENTENCE_OF_ERRNO = {
    errno.ECONNREFUSED: _REFUSED,
    errno.ECONNRESET: _LOST,
    errno.EDQUOT: _DISK_FULL,
    errno.EHOSTUNREACH: _TIMEOUT,
    errno.ENETUNREACH: _TIMEOUT,
    errno.ENOSPC: _DISK_FULL,
    errno.EPIPE: _LOST,
}


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _by_sqlstate(error: BaseException) -> str | None:
    """Both asyncpg and SQLAlchemy's wrapper of it carry the five-letter code that the server gave."""
    code = getattr(error, "sqlstate", None)
    return _SENTENCE_OF_SQLSTATE.get(code) if isinstance(code, str) else None


def _by_kind(error: BaseException) -> str | None:
    match error:
        case TargetServerAttributeNotMatched():
            return _STANDBY
        case socket.gaierror():
            return _UNKNOWN_HOST
        case TimeoutError():
            return _TIMEOUT
        case ssl.SSLError():
            return _TLS
        case ConnectionError() if "SSL" in str(error):
            return _TLS
        case ConnectionError() if error.errno is None:
            return _LOST
        case InternalClientError():
            return _LOST
        case InterfaceError() if "closed" in str(error):
            return _LOST
        case _:
            return None


def _by_errno(error: BaseException) -> str | None:
    if not isinstance(error, OSError):
        return None
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"We may not read or write {_name(error)}: grant the rights, or choose another place."
    if error.errno in {errno.EEXIST, errno.ENOENT, errno.ENOTDIR} and error.filename is not None:
        return f"{_name(error)} is not a place that we can use: correct the path."
    # asyncio tries each address of a host and folds the failures into one OSError without a number.
    if error.errno is None or error.errno == errno.ENOENT:
        return _REFUSED
    return _SENTENCE_OF_ERRNO.get(error.errno)


def _name(error: OSError) -> str:
    return "the database's socket" if error.filename is None else str(error.filename)
