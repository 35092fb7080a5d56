"""Versions of pair agreements, for regions their own and for the clerk all: how they stand, what changed, who signed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from litestar import get, post
from litestar.di import NamedDependency, Provide
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

PATH = "/agreements/{agreement_id:str}/{version:int}"
DONE = ("proposed", "signed")

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


@dataclass(frozen=True, slots=True)
class Desk:
    """A caller before one version of an agreement."""

    exchange: Exchange
    caller: Caller
    agreement: str
    version: int

    async def carry_out(self, asked: Reader, command: Command | None, done: str = "") -> Template | Redirect:
        """Carry out what a form asks, and come back to the version; None is a form that can't be read."""
        if command is None:
            return await self.show(asked)
        answer = await give(self.exchange, self.caller, asked, command)
        if answer.rejection is not None:
            return await self.show(asked, answer.rejection)
        return Redirect(f"/agreements/{self.agreement}/{self.version}{done}", status_code=303)

    async def show(self, asked: Reader, rejection: Rejected | None = None, *, done: str = "") -> Template:
        """The page of the version, with what was typed into one of its forms."""
        found = await versions(self.exchange.readers, reach_of(self.caller))
        name = f"{self.agreement}/{self.version}"
        known = next((one for one in found if one.name == name), None)
        if known is None:
            raise not_here()
        now, earlier = await clock(self.exchange.readers), before(known, found)
        return page(
            "agreements/version.html",
            self.caller,
            status=422 if asked.mistakes or rejection else 200,
            place=desk_of(self.caller),
            version=known,
            state=known.state(now.instant),
            earlier=earlier,
            rows=term_rows(known.agreement, earlier.agreement if earlier else None),
            may=list(_may(self.caller, known, now.instant)),
            canonical=canonical(known.agreement).decode(),
            asked=asked,
            rejection=rejection,
            done=done,
            catalogue=self.exchange.catalogue,
        )


def _desk(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    agreement_id: FromPath[str],
    version: FromPath[int],
) -> Desk:
    """Dependency: whoever is signed in, before the version that the address names."""
    return Desk(exchange, caller, agreement_id, version)


AT_DESK = {"desk": Provide(_desk, sync_to_thread=False)}


@get(PATH, dependencies=AT_DESK)
async def version_page(request: PageRequest, desk: NamedDependency[Desk]) -> Template:
    """One version: its terms beside those before it, its signatures, and what the caller may do."""
    return await desk.show(Reader({}), done=next((what for what in DONE if what in request.query_params), ""))


@post(f"{PATH}/sign", dependencies=AT_DESK)
async def sign_version(request: PageRequest, desk: NamedDependency[Desk]) -> Template | Redirect:
    """Sign the terms that the page has shown, with the key by which the caller is signed in."""
    asked = Reader(await sent_form(request))
    command = SignAgreement(desk.agreement, desk.version, desk.caller.key, asked.text("digest"))
    return await desk.carry_out(asked, command, "?signed=1")


@post(f"{PATH}/decline", dependencies=AT_DESK)
async def decline_version(request: PageRequest, desk: NamedDependency[Desk]) -> Template | Redirect:
    """Refuse a version, and say why."""
    asked = Reader(await sent_form(request))
    body = {"reason": asked.words("reason")}
    command = checked(
        asked,
        DeclineIn,
        body,
        lambda sent: DeclineAgreement(desk.agreement, desk.version, desk.caller.key, sent.reason),
        _reason,
    )
    return await desk.carry_out(asked, command)


@post(f"{PATH}/withdraw", dependencies=AT_DESK)
async def withdraw_version(request: PageRequest, desk: NamedDependency[Desk]) -> Template | Redirect:
    """Take back what the caller has proposed."""
    asked = Reader(await sent_form(request))
    return await desk.carry_out(asked, WithdrawAgreement(desk.agreement, desk.version))


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
