"""How a page is reached: who may see it, what its handler is given, and what it shows when something is wrong."""

import re
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from litestar import Request, Response, Router
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler, Guard

from exchange.app import Exchange
from exchange.bus import Answer
from exchange.clock import wall_clock
from exchange.commands import Command, Envelope
from exchange.rejections import VenueRejection
from exchange.state import Role
from web.failures import failed, noted, request_id
from web.pages.fields import Reader
from web.pages.formats import local_seconds
from web.problems import DoorRejection, ProblemError
from web.session import Caller, Connection, caller_by_cookie, same_origin

PageRequest = Request[Any, Any, Any]
_LEAF = re.compile(r"([0-9]{1,18})(?:\.([A-Za-z0-9./-]{1,80}))?\Z")
_COMMAND_ID = re.compile(r"page-[0-9a-f]{32}\Z")

_CALLED = {Role.BUYER: "buyer", Role.SELLER: "seller", Role.REGION: "region office", Role.CLERK: "clerk"}

FORM_MAX = 64 * 1024  # bytes
NUMBER_MAX = 2**62  # the most that any number in an address can be
FIELDS_MAX = 500  # the order form has a box for every chip and region


class SignInNeeded(Exception):  # noqa: N818 - no fault: the page is shown after signing in
    """The page is for somebody who is known."""


def pages(*handlers: ControllerRouterHandler, roles: Sequence[Role] = ()) -> Router:
    """Page handlers behind one door: for callers with one of the roles, or for everybody where none is named.

    They are given the `caller`: whoever is signed in, or None, which can't be where roles are named.
    """
    return Router(
        path="/",
        route_handlers=handlers,
        dependencies={
            "caller": Provide(_caller, sync_to_thread=False),
        },
        guards=[same_origin, _readable_path, _known(roles)],
        exception_handlers={SignInNeeded: _to_sign_in, Exception: shown},
        request_class=Request,
        request_max_body_size=FORM_MAX,
        include_in_schema=False,
    )


def page(name: str, caller: Caller | None, status: int = 200, **context: object) -> Template:
    """A whole page. Pages of somebody are never kept by the browser."""
    headers = {"Cache-Control": "no-store" if caller is not None else "no-cache"}
    known = {"caller": caller, "as_of": local_seconds(wall_clock()), "new_id": new_id}
    return Template(name, context={**known, **context}, status_code=status, headers=headers)


def live(name: str, caller: Caller | None, **context: object) -> Template:
    """A part of a page that follows the market, with the time that it was made."""
    headers = {"Cache-Control": "no-store", "Suanli-As-Of": local_seconds(wall_clock())}
    return Template(name, context={"caller": caller, **context}, headers=headers)


def not_here() -> ProblemError:
    """The answer to an address under which this caller has nothing."""
    return ProblemError(
        DoorRejection.NOT_FOUND, "Check the address, or look for it in the lists of the menu."
    )


def new_id() -> str:
    """An id for one command, made when its form is shown: sent twice, it is carried out once."""
    return f"page-{secrets.token_hex(16)}"


async def give(exchange: Exchange, caller: Caller, sent: Reader, command: Command) -> Answer:
    """Carry out what a form asks, under the id that the form was shown with."""
    return await exchange.bus.submit(Envelope(caller.party, id_of(sent), command))


def id_of(sent: Reader) -> str:
    """The id that a form was shown with."""
    command_id = sent.text("once")
    if _COMMAND_ID.match(command_id) is None:
        raise ProblemError(DoorRejection.MALFORMED_REQUEST, "Open the page again, and send its form.")
    return command_id


async def sent_form(request: PageRequest) -> dict[str, list[str]]:
    """What a form sent, by field."""
    return _by_name((await request.form()).multi_items())


def sent_query(request: PageRequest) -> dict[str, list[str]]:
    """What stands in the address, by field."""
    return _by_name(request.query_params.multi_items())


def address_query(request: PageRequest) -> str:
    """What stands behind the path in the address, with its question mark, so that a part of the page can ask the same."""
    query: str = request.scope["query_string"].decode("ascii", "replace")
    return f"?{query}" if query else ""


class Leaf(NamedTuple):
    """Where a page of a list begins: before this place in the log, and before this one of those that are there."""

    seq: int
    rest: str


def leaf(request: PageRequest) -> Leaf | None:
    """The place in a list that the address asks for (`before=123` or `before=123.lse-7`), or None for its beginning."""
    read = _LEAF.match(request.query_params.get("before", ""))
    return None if read is None else Leaf(int(read[1]), read[2] or "")


def before_entry(request: PageRequest) -> tuple[int, int] | None:
    """The entry that a list of entries begins before (`before=123.4`), or None for its beginning."""
    begins = leaf(request)
    if begins is None or not begins.rest.isdecimal() or len(begins.rest) >= 10:
        return None
    return begins.seq, int(begins.rest)


def _by_name(items: Sequence[tuple[str, Any]] | Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for n, (name, value) in enumerate(items):
        if n >= FIELDS_MAX or not isinstance(value, str) or "\0" in value:
            raise ProblemError(
                DoorRejection.MALFORMED_REQUEST, "The form can't be read: open the page again."
            )
        found.setdefault(name, []).append(value)
    return found


async def _readable_path(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard: nothing has an id with a character that no page shows, or a number that no table holds."""
    numbers = [part for part in connection.path_params.values() if isinstance(part, int)]
    if not connection.scope["path"].isprintable() or any(abs(number) > NUMBER_MAX for number in numbers):
        raise not_here()


def _known(roles: Sequence[Role]) -> Guard:
    """A guard: finds out who is there, and lets in whoever has one of the roles, or everybody where none is named.

    It is a guard and not a dependency, so that no handler can forget to ask for it.
    """

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        state = connection.app.state
        caller = await caller_by_cookie(connection, state.exchange, state.settings)
        connection.scope["user"] = caller
        if roles and caller is None:
            raise SignInNeeded
        if roles and caller is not None and caller.roles.isdisjoint(roles):
            raise ProblemError(VenueRejection.NOT_ALLOWED, _for_others(caller, roles))

    return guard


def _for_others(caller: Caller, roles: Sequence[Role]) -> str:
    """Why a page is closed to somebody who is signed in, and what opens it."""
    wanted = " or a ".join(_CALLED[role] for role in roles)
    return f"This page is for a {wanted}. You are signed in as {caller.party}: sign in with the key of such a party."


def _caller(request: PageRequest) -> Caller | None:
    """Dependency: whom the guard has found."""
    caller: Caller | None = request.user
    return caller


def _to_sign_in(request: PageRequest, _: SignInNeeded) -> Response[Any]:
    """Sign in first, then come back: to the same page, or to where the form was."""
    wanted = request.url.path if request.method == "GET" else "/"
    query = request.scope["query_string"].decode("ascii", "replace")
    there = f"{wanted}?{query}" if query and request.method == "GET" else wanted
    return Redirect(f"/sign-in?next={quote(there, safe='')}", status_code=303)


def shown(request: PageRequest, error: Exception) -> Response[Any]:
    """A page that says what is wrong: the same answers as programs get, in a form for people."""
    problem = noted(request, error)
    context = {
        "caller": request.scope.get("user"),
        "problem": problem,
        "request_id": request_id(request.scope),
    }
    return Template(
        "problem.html", context=context, status_code=problem.kind.status, headers=dict(problem.headers)
    )


def answered(request: PageRequest, error: Exception) -> Response[Any]:
    """The answer to a failed request that no page and no program's address was meant by: a page for a browser."""
    for_people = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/")
    return shown(request, error) if for_people else failed(request, error)
