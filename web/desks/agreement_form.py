"""The editor of pair agreements: terms in per cent, begun from a preset or from the version before."""

from collections.abc import Sequence
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.persistence.queries.agreements import Version, versions
from exchange.persistence.queries.market import clock
from exchange.rejections import Rejected, VenueRejection
from exchange.state import Role
from settlement.agreement_presets import shares_of_rule
from settlement.agreements import PairAgreement
from settlement.income_tax import RULE_OF_2012
from settlement.money import WHOLE
from web.bodies.agreements import PARTIES_MAX, AgreementIn
from web.desks.agreements import desk_of, reach_of
from web.pages.checked import checked
from web.pages.fields import MistakeCode, Reader
from web.pages.formats import local_field, machine_time, per_cent
from web.pages.routing import PageRequest, give, page, sent_form, sent_query
from web.session import Caller

KINDS = ("revenue", "tax", "gdp", "carbon")


@get("/agreements/new")
async def agreement_form(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """An empty form, or with `from=ID/VERSION` the next version of that one; `preset` fills in the shares of a rule."""
    sent = sent_query(request)
    asked = Reader(sent)
    known = await versions(exchange.readers, reach_of(caller))
    base = next((one for one in known if one.name == asked.text("from")), None)
    filled = {**_opening(caller), **(_next_of(base, known) if base else {}), **sent}
    if asked.text("preset"):
        filled |= _preset(_parties(Reader(filled)))
    return await _form(exchange, caller, Reader(filled), None)


@post("/agreements")
async def propose_version(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Propose what was typed."""
    asked = Reader(await sent_form(request))
    body = _body(asked, (await clock(exchange.readers)).instant)
    command = checked(asked, AgreementIn, body, AgreementIn.command, _field_of)
    if command is None:
        return await _form(exchange, caller, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        asked.wrong(_refused_at(answer.rejection), MistakeCode.REFUSED, answer.rejection.explain)
        return await _form(exchange, caller, asked, answer.rejection)
    agreement = command.agreement
    return Redirect(f"/agreements/{agreement.id}/{agreement.version}?proposed=1", status_code=303)


def _refused_at(rejection: Rejected) -> str:
    """The field that a refusal of the venue is about."""
    fields = {VenueRejection.AGREEMENT_OVERLAPS: "valid_from", VenueRejection.AGREEMENT_INVALID: "version"}
    return next((name for code, name in fields.items() if code == rejection.code), "party-1")


def _opening(caller: Caller) -> dict[str, list[str]]:
    """A first version, of which a region's office is the source."""
    own = [] if Role.CLERK in caller.roles else [str(caller.region)]
    return {"version": ["1"], "party-1": own}


def _next_of(base: Version, known: Sequence[Version]) -> dict[str, list[str]]:
    """The terms of a version as its next one would begin with them: everything but its time."""
    agreement = base.agreement
    taken = [one.agreement.version for one in known if one.agreement.id == agreement.id]
    return {
        "id": [agreement.id],
        "version": [str(max(taken) + 1)],
        "of": [str(len(agreement.parties))],
        "value_added": [per_cent(agreement.value_added_bp)],
        **{f"party-{n}": [code] for n, code in enumerate(agreement.parties, start=1)},
        **_shares(agreement),
    }


def _shares(agreement: PairAgreement) -> dict[str, list[str]]:
    return {
        f"{kind}-{n}": [per_cent(share)]
        for kind in KINDS
        for n, share in enumerate(getattr(agreement.shares, kind), start=1)
    }


def _preset(parties: int) -> dict[str, list[str]]:
    """The shares of 财预 2012, no. 40, for tax, and for what it says nothing about the same."""
    shares = [per_cent(share) for share in shares_of_rule(parties)]
    return {
        f"{kind}-{n}": [share]
        for kind in ("revenue", "tax", "gdp")
        for n, share in enumerate(shares, start=1)
    }


def _parties(asked: Reader) -> int:
    """How many parties the form has."""
    text = asked.text("of")
    return min(max(int(text), 2), PARTIES_MAX) if text.isdecimal() and len(text) < 3 else 2


def _body(asked: Reader, now: int) -> dict[str, Any]:
    """What the API would be sent; what can't be read is noted at its field."""
    places = range(1, _parties(asked) + 1)
    parties = [asked.text(f"party-{n}") for n in places]
    for n, code in zip(places, parties, strict=True):
        if not code:
            asked.wrong(f"party-{n}", MistakeCode.MISSING)
        elif code in parties[: n - 1]:
            asked.wrong(f"party-{n}", MistakeCode.TWICE)
    begins = asked.instant("valid_from")
    ends = asked.instant("valid_to") if asked.text("valid_to") else None
    if begins is not None and begins < now:
        asked.wrong("valid_from", MistakeCode.PASSED)
    if begins is not None and ends is not None and ends <= begins:
        asked.wrong("valid_to", MistakeCode.REVERSED)
    carbon = any(asked.text(f"carbon-{n}") for n in places)
    shares = {f"{kind}_shares_bp": _read(asked, kind, places) for kind in KINDS if kind != "carbon" or carbon}
    return {
        "id": asked.words("id"),
        "version": asked.whole("version", 1),
        "parties": parties,
        "valid_from": None if begins is None else machine_time(begins),
        "valid_to": None if ends is None else machine_time(ends),
        "value_added_bp": asked.basis_points("value_added"),
        **shares,
    }


def _read(asked: Reader, kind: str, places: range) -> list[int | None]:
    """The shares of one kind, which add up to the whole: where they don't, the last field says so."""
    shares = [asked.basis_points(f"{kind}-{n}") for n in places]
    read = [share for share in shares if share is not None]
    if len(read) == len(shares) and sum(read) != WHOLE:
        asked.wrong(f"{kind}-{places[-1]}", MistakeCode.SHARES_NOT_WHOLE, per_cent(sum(read)))
    return shares


def _field_of(parts: Sequence[str]) -> str:
    """The field of the form for a pointer into the body: `revenue_shares_bp/0` is `revenue-1`."""
    head = parts[0] if parts else "id"
    if head == "parties" or head.endswith("_shares_bp"):
        kind = "party" if head == "parties" else head.removesuffix("_shares_bp")
        return f"{kind}-{int(parts[1]) + 1}" if len(parts) > 1 else f"{kind}-1"
    return {"value_added_bp": "value_added"}.get(head, head)


async def _form(exchange: Exchange, caller: Caller, asked: Reader, rejection: Rejected | None) -> Template:
    now = await clock(exchange.readers)
    return page(
        "agreements/new.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        place=desk_of(caller),
        clock=now,
        asked=asked,
        parties=_parties(asked),
        earliest=local_field(now.instant),
        kinds=KINDS,
        rule=RULE_OF_2012,
        rejection=rejection,
        catalogue=exchange.catalogue,
    )
