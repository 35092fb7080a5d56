"""Signing in by pasting a key, and signing out."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.state import Role
from web.pages.fields import Mistake, MistakeCode
from web.pages.routing import PageRequest, page, sent_form, sent_query
from web.session import Caller, caller_with_token, signed_in, signed_out
from web.settings import WebSettings

HOMES = {Role.CLERK: "/clerk", Role.REGION: "/region", Role.SELLER: "/console"}


@get("/sign-in")
async def sign_in_page(request: PageRequest, caller: NamedDependency[Caller | None]) -> Template:
    """Where a key is pasted."""
    asked = sent_query(request)
    return page("sign_in.html", caller, wanted=_place(asked.get("next")), mistakes={})


@post("/sign-in")
async def sign_in(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    settings: NamedDependency[WebSettings],
    caller: NamedDependency[Caller | None],
) -> Template | Redirect:
    """Check the key, and go on to where the visitor wanted to be."""
    sent = await sent_form(request)
    wanted = _place(sent.get("next"))
    known = await caller_with_token(exchange, (sent.get("key") or [""])[0].strip())
    if known is None:
        mistakes = {"key": Mistake(MistakeCode.REFUSED)}
        return page("sign_in.html", caller, status=422, wanted=wanted, mistakes=mistakes)
    place = wanted if wanted != "/" else _home(known)
    return Redirect(place, status_code=303, cookies=[signed_in(known, settings)])


@post("/sign-out")
async def sign_out(settings: NamedDependency[WebSettings]) -> Redirect:
    """End the session on this browser."""
    return Redirect("/", status_code=303, cookies=[signed_out(settings)])


def _home(caller: Caller) -> str:
    """Where a party begins: buyers at the market, everybody else where their work lies."""
    if Role.BUYER in caller.roles:
        return "/"
    return next((place for role, place in HOMES.items() if role in caller.roles), "/")


def _place(asked: list[str] | None) -> str:
    """A place on this site and no other: two slashes of either kind begin the address of another site."""
    wanted = (asked or ["/"])[0]
    inside = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if inside and wanted.isprintable() else "/"
