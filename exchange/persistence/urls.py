"""Reads the DATABASE_URL that people already have and writes it the way our driver wants it."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from exchange.persistence.errors import DatabaseUnavailable

PORTS = range(1, 65_536)
_EXAMPLE = "postgresql://user:password@host:5432/database"
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
_UNDERSTOOD = {
    "host",
    "port",
    "passfile",
    "prepared_statement_cache_size",  # 0 behind PgBouncer
    "ssl",
    "target_session_attrs",
}
# libpq's comforts and limits that asyncpg does without; hosting companies put them into the URLs they give out.
_LEFT_OUT = {
    "application_name",
    "channel_binding",
    "connect_timeout",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
}


def normalise(raw: str) -> str:
    """The same database as a SQLAlchemy URL for asyncpg, password included.

    Takes postgres://, postgresql:// and postgresql+anydriver://, and libpq's sslmode. Raises DatabaseUnavailable
    for anything else, without repeating the password.
    """
    scheme, found, rest = raw.strip().partition("://")
    if not found or scheme.partition("+")[0] not in {"postgres", "postgresql"}:
        raise DatabaseUnavailable(
            f"Suanli keeps its data in PostgreSQL only: write DATABASE_URL as {_EXAMPLE}."
        )
    try:
        url = make_url(f"postgresql+asyncpg://{rest}")
    except (ArgumentError, ValueError):
        raise DatabaseUnavailable(
            f"DATABASE_URL cannot be read: write it as {_EXAMPLE}, special characters of the password as %40 for @."
        ) from None
    if url.port is not None and url.port not in PORTS:
        raise DatabaseUnavailable("DATABASE_URL names a port that is none: correct it; PostgreSQL's is 5432.")
    return url.set(query=_translated(url)).render_as_string(hide_password=False)


def describe(url: str) -> str:
    """Which database a URL leads to, in words and without the password: "suanli on db.example:5432"."""
    parts = make_url(url)
    hosts = parts.query.get("host", f"{parts.host or 'localhost'}:{parts.port or 5432}")
    where = hosts if isinstance(hosts, str) else ", ".join(hosts)
    return f"{parts.database or parts.username or 'the default database'} on {where}"


def _translated(url: URL) -> dict[str, str | tuple[str, ...]]:
    query = {name: value for name, value in url.query.items() if name not in _LEFT_OUT}
    if "sslmode" in query:
        query["ssl"] = query.pop("sslmode")
    if unknown := sorted(query.keys() - _UNDERSTOOD):
        raise DatabaseUnavailable(
            f"DATABASE_URL has a setting that our driver does not know ({', '.join(unknown)}): take it out. "
            "For certificates, set the PGSSLROOTCERT, PGSSLCERT and PGSSLKEY environment variables."
        )
    if query.get("ssl", "prefer") not in _SSL_MODES:
        raise DatabaseUnavailable(f"sslmode in DATABASE_URL must be one of {', '.join(sorted(_SSL_MODES))}.")
    return query
