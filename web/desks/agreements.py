"""Versions of pair agreements, for regions their own and for the clerk all: how they stand, what changed, who signed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.agreements.commands import DeclineAgreement, SignAgreement, WithdrawAgreement
from exchange.app import Exchange
from exchange.commands import Command
from exchange.persistence.queries.agreements import Version, before, versions
from exchange.persistence.queries.market import clock
from exchange.rejections import Rejected
from exchange.state import Role
from settlement.agreements import PairAgreement
from settlement.money import BasisPoints
from settlement.sign_off import canonical
from web.bodies.agreements import DeclineIn
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.routing import PageRequest, give, not_here, page, sent_form
from web.session import Caller

_reason = field_named({}, otherwise="reason")


@dataclass(frozen=True, slots=True)
class TermRow:
    """One share of a kind for one party, before and now; None where there was or is none."""

    kind: str
    region: str
    before: BasisPoints | None
    now: BasisPoints | None

    @property
    def changed(self) -> bool:
        """Whether it is another than before."""
        return self.before != self.now


@get("/agreements")
async def agreements_page(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Template:
    """Every version within the caller's reach, pair by pair."""
    return page(
        "agreements/page.html",
        caller,
        place=desk_of(caller),
        clock=await clock(exchange.readers),
        versions=await versions(exchange.readers, reach_of(caller)),
        catalogue=exchange.catalogue,
    )


@get("/agreements/{agreement_id:str}/{version:int}")
async def version_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    agreement_id: FromPath[str],
    version: FromPath[int],
) -> Template:
    """One version: its terms beside those before it, its signatures, and what the caller may do."""
    done = next((what for what in ("proposed", "signed") if what in request.query_params), "")
    return await _version(exchange, caller, (agreement_id, version), Reader({}), None, done=done)


@post("/agreements/{agreement_id:str}/{version:int}/sign")
async def sign_version(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    agreement_id: FromPath[str],
    version: FromPath[int],
) -> Template | Redirect:
    """Sign the terms that the page has shown, with the key by which the caller is signed in."""
    asked = Reader(await sent_form(request))
    command = SignAgreement(agreement_id, version, caller.key, asked.text("digest"))
    return await _answered(exchange, caller, (agreement_id, version), asked, command, "?signed=1")


@post("/agreements/{agreement_id:str}/{version:int}/decline")
async def decline_version(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    agreement_id: FromPath[str],
    version: FromPath[int],
) -> Template | Redirect:
    """Refuse a version, and say why."""
    asked = Reader(await sent_form(request))
    name = agreement_id, version
    body = {"reason": asked.words("reason")}
    command = checked(
        asked, DeclineIn, body, lambda sent: DeclineAgreement(*name, caller.key, sent.reason), _reason
    )
    if command is None:
        return await _version(exchange, caller, name, asked, None)
    return await _answered(exchange, caller, name, asked, command)


@post("/agreements/{agreement_id:str}/{version:int}/withdraw")
async def withdraw_version(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    agreement_id: FromPath[str],
    version: FromPath[int],
) -> Template | Redirect:
    """Take back what the caller has proposed."""
    asked = Reader(await sent_form(request))
    name = agreement_id, version
    return await _answered(exchange, caller, name, asked, WithdrawAgreement(*name))


def reach_of(caller: Caller) -> str | None:
    """The region whose agreements a caller sees, or for the clerk None: all."""
    return None if Role.CLERK in caller.roles else caller.region


def desk_of(caller: Caller) -> str:
    """The desk to which the caller goes back."""
    return "/clerk" if Role.CLERK in caller.roles else "/region"


async def waiting_for(exchange: Exchange, region: str, now: int) -> list[Version]:
    """Versions that a region can still sign."""
    known = await versions(exchange.readers, region)
    return [one for one in known if region in one.waits_for and one.agreement.valid_from >= now]


def term_rows(agreement: PairAgreement, earlier: PairAgreement | None) -> list[TermRow]:
    """Every share of a version beside the one before it, kind by kind."""
    parties = dict.fromkeys((*agreement.parties, *(earlier.parties if earlier else ())))
    return [
        TermRow(kind, region, _share(earlier, kind, region), _share(agreement, kind, region))
        for kind in ("revenue", "tax", "gdp", "carbon")
        for region in parties
        if kind != "carbon" or agreement.shares.carbon or (earlier and earlier.shares.carbon)
    ]


def _share(agreement: PairAgreement | None, kind: str, region: str) -> BasisPoints | None:
    if agreement is None or region not in agreement.parties:
        return None
    shares: Sequence[BasisPoints] = getattr(agreement.shares, kind)
    return shares[agreement.parties.index(region)] if shares else None


async def _answered(
    exchange: Exchange, caller: Caller, name: tuple[str, int], asked: Reader, command: Command, done: str = ""
) -> Template | Redirect:
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _version(exchange, caller, name, asked, answer.rejection)
    return Redirect(f"/agreements/{name[0]}/{name[1]}{done}", status_code=303)


async def _version(
    exchange: Exchange,
    caller: Caller,
    name: tuple[str, int],
    asked: Reader,
    rejection: Rejected | None,
    *,
    done: str = "",
) -> Template:
    found = await versions(exchange.readers, reach_of(caller))
    known = next((one for one in found if (one.agreement.id, one.agreement.version) == name), None)
    if known is None:
        raise not_here()
    now, earlier = await clock(exchange.readers), before(known, found)
    return page(
        "agreements/version.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        place=desk_of(caller),
        version=known,
        state=known.state(now.instant),
        earlier=earlier,
        rows=term_rows(known.agreement, earlier.agreement if earlier else None),
        may=list(_may(caller, known, now.instant)),
        canonical=canonical(known.agreement).decode(),
        asked=asked,
        rejection=rejection,
        done=done,
        catalogue=exchange.catalogue,
    )


def _may(caller: Caller, version: Version, now: int) -> Iterator[str]:
    """What the caller can do about a version that is open."""
    if not version.is_open:
        return
    if Role.REGION in caller.roles and caller.region in version.agreement.parties:
        if caller.region in version.waits_for and version.agreement.valid_from >= now:
            yield "sign"
        yield "decline"
    if version.proposed_by == caller.party:
        yield "withdraw"
