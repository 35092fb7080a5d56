"""Who is asking: keys for programs, a signed cookie for pages, and the checks that routes ask for.

A key looks like `sk_<key>_<secret>` and is shown once; the venue keeps the SHA-256 of the whole. Both ways in are
looked up at every request, so a key that is revoked opens nothing from the next request on.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any, NamedTuple

from itsdangerous import BadSignature, URLSafeTimedSerializer
from litestar.connection import ASGIConnection, Request
from litestar.datastructures import Cookie
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from exchange.app import Exchange
from exchange.names import PartyId
from exchange.persistence.queries.parties import KeyHolder, holder_named, holder_of
from exchange.rejections import VenueRejection
from exchange.state import Role
from matching.terms import RegionCode
from web.problems import DoorRejection, ProblemError
from web.settings import WebSettings

COOKIE = "suanli_session"
COOKIE_SECONDS = 30 * 86_400

_TOKEN = re.compile(r"sk_[0-9a-f]{12}_[0-9a-f]{64}\Z")

Connection = ASGIConnection[Any, Any, Any, Any]


class NewKey(NamedTuple):
    """A key as it is handed out: its name, the token to show once, and the digest to keep."""

    key: str
    token: str
    digest: str


@dataclass(frozen=True, slots=True)
class Caller:
    """The party that asks, and the key by which it is known."""

    party: PartyId
    name: str
    roles: frozenset[Role]
    region: RegionCode
    key: str


def new_key() -> NewKey:
    """A key that nobody can guess: 256 bits of chance."""
    key = secrets.token_hex(6)
    token = f"sk_{key}_{secrets.token_hex(32)}"
    return NewKey(key, token, digest_of(token))


def digest_of(token: str) -> str:
    """What the venue keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def caller_with_token(exchange: Exchange, token: str) -> Caller | None:
    """Who speaks with this token, if anybody does now."""
    if _TOKEN.match(token) is None:
        return None
    return _caller(await holder_of(exchange.readers, digest_of(token)))


async def caller_by_bearer(connection: Connection, exchange: Exchange) -> Caller | None:
    """Who sends this request, by its `Authorization: Bearer` header."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    return await caller_with_token(exchange, token) if scheme.lower() == "bearer" else None


async def caller_by_cookie(
    connection: Connection, exchange: Exchange, settings: WebSettings
) -> Caller | None:
    """Who is signed in on this page, by the cookie that `signed_in` made."""
    try:
        party, key = _signer(settings).loads(_sent_cookie(connection), COOKIE_SECONDS)
    except (BadSignature, ValueError):
        return None
    return _caller(await holder_named(exchange.readers, party, key))


def signed_in(caller: Caller, settings: WebSettings) -> Cookie:
    """The cookie that keeps a caller signed in for `COOKIE_SECONDS`. It names party and key, and holds no secret."""
    value = _signer(settings).dumps([caller.party, caller.key])
    return _cookie(settings, value, COOKIE_SECONDS)


def signed_out(settings: WebSettings) -> Cookie:
    """The cookie that ends a session on this browser."""
    return _cookie(settings, "", 0)


def may(*roles: Role) -> Guard:
    """A guard for programs: whoever asks has a key in force and one of these roles, or any where none is named."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        caller = await caller_by_bearer(connection, connection.app.state.exchange)
        if caller is None:
            raise ProblemError(
                DoorRejection.UNAUTHENTICATED,
                "Send a key that is in force as Authorization: Bearer sk_….",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if roles and caller.roles.isdisjoint(roles):
            raise ProblemError(
                VenueRejection.NOT_ALLOWED, f"This is for {' or '.join(roles)} parties to ask."
            )
        connection.scope["user"] = caller

    return guard


def caller(request: Request[Caller, Any, Any]) -> Caller:
    """Dependency: the caller that a guard has let in."""
    return request.user


async def same_origin(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard for pages: a form is sent from one of our own pages, never from another site.

    Browsers say where a form stands: all of them by `Origin`, newer ones by `Sec-Fetch-Site`, too.
    """
    if connection.scope.get("method") in {"GET", "HEAD", "OPTIONS"}:
        return
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin", "")
    ours = f"://{connection.headers.get('host', '')}"
    if (site is not None and site != "same-origin") or not origin.endswith(ours):
        raise ProblemError(DoorRejection.ANOTHER_SITE, "Open the page here, and send the form from it.")


def _caller(holder: KeyHolder | None) -> Caller | None:
    if holder is None:
        return None
    party = holder.party
    return Caller(party.id, party.name, party.roles, party.region, holder.key)


def _sent_cookie(connection: Connection) -> str:
    """Our cookie as it was sent, or nothing.

    It has no character that needs quotes. The standard library takes off those of any other in time that grows with the
    square of its length (CVE-2024-7592), so we read none but our own.
    """
    pairs = (pair.partition("=") for pair in connection.headers.get("cookie", "").split(";"))
    return next((value.strip() for name, _, value in pairs if name.strip() == COOKIE), "")


def _signer(settings: WebSettings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret, salt="page-session")


def _cookie(settings: WebSettings, value: str, max_age: int) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=value,
        max_age=max_age,
        path="/",
        httponly=True,
        secure=settings.secure_cookies,
        samesite="lax",
    )
