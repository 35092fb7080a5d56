"""Signing in on a page: the cookie names a key and is checked each time; forms come from our own pages."""

import time
from typing import Any

import pytest
from itsdangerous import TimestampSigner
from litestar import Request
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from exchange.clock import wall_clock
from tests.web.house import SETTINGS, Door
from web.problems import ProblemError
from web.session import (
    COOKIE,
    COOKIE_SECONDS,
    Caller,
    caller_by_cookie,
    caller_with_token,
    digest_of,
    new_key,
    same_origin,
    signed_in,
    signed_out,
)
from web.settings import WebSettings

pytestmark = pytest.mark.anyio


def request(method: str = "GET", **headers: str) -> Request[Any, Any, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope: Any = {"type": "http", "method": method, "path": "/", "headers": named, "query_string": b""}
    return Request(scope)


def with_cookie(cookie: Cookie) -> Request[Any, Any, Any]:
    return request(cookie=f"{COOKIE}={cookie.value}")


async def known(door: Door, party: str) -> Caller:
    caller = await caller_with_token(door.exchange, door.tokens[party])
    assert caller is not None
    return caller


async def test_no_cookie_takes_long_to_read(market: Door) -> None:
    """The standard library would take the quotes off this one for a quarter of a minute."""
    caller = await known(market, "buyer")
    ours = f"{COOKIE}={signed_in(caller, SETTINGS).value}"
    hostile = 'other="' + "\\" * 60_000 + '"'
    began = time.monotonic()
    visit = request(cookie=f"{hostile}; {ours} ; {COOKIE}-2=x")
    assert await caller_by_cookie(visit, market.exchange, SETTINGS) == caller
    assert await caller_by_cookie(request(cookie=hostile), market.exchange, SETTINGS) is None
    assert time.monotonic() - began < 5


def test_a_key_is_long_and_only_its_digest_is_kept() -> None:
    key, token, digest = new_key()
    assert token.startswith(f"sk_{key}_")
    assert len(token) == 80
    assert digest == digest_of(token)
    assert new_key().token != token


async def test_a_signed_in_browser_is_known_until_its_key_is_revoked(market: Door) -> None:
    issued = (await market.ask("POST", "/v1/parties/buyer/keys", by="clerk")).json()
    caller = await caller_with_token(market.exchange, issued["token"])
    assert caller is not None
    visit = with_cookie(signed_in(caller, SETTINGS))
    assert await caller_by_cookie(visit, market.exchange, SETTINGS) == caller
    await market.ask("DELETE", f"/v1/parties/buyer/keys/{issued['key']}", by="clerk")
    assert await caller_by_cookie(visit, market.exchange, SETTINGS) is None


async def test_a_cookie_that_we_did_not_sign_is_nobodys(market: Door) -> None:
    cookie = signed_in(await known(market, "buyer"), SETTINGS)
    assert cookie.value is not None
    for forged in (
        "",
        "nonsense",
        cookie.value[:-1],
        cookie.value.replace(".", "x", 1),
        signed_in(await known(market, "buyer"), WebSettings(secret="another")).value,
        "WyJidXllciIsImsiXQ.MAC",
    ):
        visit = request(cookie=f"{COOKIE}={forged}")
        assert await caller_by_cookie(visit, market.exchange, SETTINGS) is None, forged
    assert await caller_by_cookie(request(), market.exchange, SETTINGS) is None


async def test_a_cookie_ends_by_itself(market: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = await known(market, "buyer")
    for age, whose in ((COOKIE_SECONDS - 60, caller), (COOKIE_SECONDS + 60, None)):
        with monkeypatch.context() as patch:
            patch.setattr(TimestampSigner, "get_timestamp", lambda _, age=age: int(wall_clock()) - age)
            cookie = signed_in(caller, SETTINGS)
        assert await caller_by_cookie(with_cookie(cookie), market.exchange, SETTINGS) == whose


async def test_the_cookie_keeps_itself_to_our_pages(market: Door) -> None:
    caller = await known(market, "buyer")
    cookie = signed_in(caller, SETTINGS)
    assert (cookie.httponly, cookie.samesite, cookie.secure, cookie.path) == (True, "lax", False, "/")
    assert signed_in(caller, WebSettings(secret="s", secure_cookies=True)).secure
    assert (signed_out(SETTINGS).value, signed_out(SETTINGS).max_age) == ("", 0)
    assert market.tokens["buyer"] not in (cookie.value or "")


async def test_the_cookie_opens_no_route_of_programs(market: Door) -> None:
    cookie = signed_in(await known(market, "buyer"), SETTINGS)
    answer = await market.ask("GET", "/v1/balance", headers={"Cookie": f"{COOKIE}={cookie.value}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "headers", "let_in"),
    [
        ("GET", {}, True),
        ("GET", {"origin": "https://elsewhere"}, True),
        ("POST", {"origin": "https://venue", "sec_fetch_site": "same-origin"}, True),
        ("POST", {"origin": "https://venue"}, True),
        ("POST", {}, False),
        ("POST", {"origin": "null"}, False),
        ("POST", {"origin": "https://elsewhere"}, False),
        ("POST", {"origin": "https://venue.elsewhere"}, False),
        ("POST", {"origin": "https://elsewhere/venue"}, False),
        ("POST", {"origin": "https://evil-venue"}, False),
        ("POST", {"origin": "https://venue", "sec_fetch_site": "cross-site"}, False),
        ("POST", {"origin": "https://venue", "sec_fetch_site": "same-site"}, False),
        ("POST", {"sec_fetch_site": "none"}, False),
        ("DELETE", {"origin": "https://elsewhere"}, False),
    ],
)
async def test_a_form_comes_from_our_own_page(method: str, headers: dict[str, str], let_in: bool) -> None:
    handler: Any = HTTPRouteHandler.__new__(HTTPRouteHandler)
    visit = request(method, host="venue", **headers)
    if let_in:
        await same_origin(visit, handler)
    else:
        with pytest.raises(ProblemError, match="another_site"):
            await same_origin(visit, handler)
