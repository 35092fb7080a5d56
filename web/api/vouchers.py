"""Vouchers: regions adopt programmes and issue them, buyers hold them, whoever pays sees what is behind each use."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from exchange.app import Exchange
from exchange.names import ProgrammeId
from exchange.periods import Period, period_named
from exchange.persistence.queries import vouchers as queries
from exchange.persistence.queries.vouchers import StoredProgramme, Within
from exchange.state import Role
from exchange.voucher_report import misuse_of, report_of
from exchange.vouchers.commands import ClaimVoucher
from exchange.vouchers.events import ProgrammeAdopted, VoucherIssued
from settlement.vouchers import PRESETS
from web.api.asking import Cursor, Limit, Submit, happened, known, page, seq_after
from web.bodies.common import Page
from web.bodies.vouchers import (
    FactsIn,
    FactsOut,
    MisuseOut,
    MoveOut,
    PresetOut,
    ProgrammeIn,
    ProgrammeOut,
    ReportOut,
    UseOut,
    VoucherDetail,
    VoucherIn,
    VoucherOut,
)
from web.documents.evidence import EvidenceOut
from web.evidence import evidence_of
from web.problems import DoorRejection, ProblemError
from web.session import Caller, may

clerks = [may(Role.CLERK)]
offices = [may(Role.REGION)]
issuers = [may(Role.REGION, Role.CLERK)]
concerned = [may(Role.BUYER, Role.REGION, Role.CLERK)]

Month = Annotated[str | None, QueryParameter(description="A month such as `2026-12`; all time if left out.")]


@post("/parties/{party_id:str}/facts", guards=clerks)
async def declare_facts(
    party_id: FromPath[str],
    data: JSONBody[FactsIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> FactsOut:
    """Put on record what a party has shown of itself, from now on: voucher programmes ask for it."""
    answer = await submit(data.command(party_id))
    told = await queries.facts_of(exchange.readers, party_id)
    return FactsOut.of(next(one for one in told if one.seq == answer.seq))


@get("/parties/{party_id:str}/facts", guards=clerks)
async def list_facts(party_id: FromPath[str], exchange: NamedDependency[Exchange]) -> list[FactsOut]:
    """All that a party has shown of itself, the newest first: that one holds."""
    return [FactsOut.of(one) for one in await queries.facts_of(exchange.readers, party_id)]


@get("/programmes/presets", guards=issuers)
async def list_presets() -> list[PresetOut]:
    """Examples of programmes, as the press and copies of the notices told them: a start, and no legal text."""
    return [PresetOut.of(preset) for preset in PRESETS]


@post("/programmes", guards=offices)
async def adopt_programme(
    data: JSONBody[ProgrammeIn], submit: NamedDependency[Submit], caller: NamedDependency[Caller]
) -> ProgrammeOut:
    """Adopt a programme of your region, or its next version. What was ordered before keeps its version."""
    adopted = happened(await submit(data.command(caller.region)), ProgrammeAdopted)
    return ProgrammeOut.of(adopted.programme, adopted.claim)


@get("/programmes", guards=[may()])
async def list_programmes(exchange: NamedDependency[Exchange]) -> list[ProgrammeOut]:
    """Every version of every region's programmes, the newest first."""
    return [ProgrammeOut.stored(one) for one in await queries.programmes(exchange.readers)]


@post("/programmes/{programme_id:str}/vouchers", guards=offices)
async def issue_voucher(
    programme_id: FromPath[str],
    data: JSONBody[VoucherIn],
    submit: NamedDependency[Submit],
    exchange: NamedDependency[Exchange],
) -> VoucherOut:
    """Give a buyer a voucher of a programme of your region."""
    issued = happened(await submit(data.command(programme_id)), VoucherIssued)
    return VoucherOut.of(known(await queries.voucher_of(exchange.readers, Within(), issued.voucher.id)))


@post("/programmes/{programme_id:str}/claims", guards=[may(Role.BUYER)])
async def claim_voucher(
    programme_id: FromPath[str], submit: NamedDependency[Submit], exchange: NamedDependency[Exchange]
) -> VoucherOut:
    """Claim the voucher that a programme has for every eligible buyer, once in a calendar year."""
    issued = happened(await submit(ClaimVoucher(ProgrammeId(programme_id))), VoucherIssued)
    return VoucherOut.of(known(await queries.voucher_of(exchange.readers, Within(), issued.voucher.id)))


@get("/programmes/{programme_id:str}/report", guards=issuers)
async def report_programme(
    programme_id: FromPath[str],
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    period: Month = None,
) -> ReportOut:
    """What became of a programme, in all or in a month: issued, held, used and expired, by buyer, by seller, use by use."""
    programme = known(await own_programme(exchange, caller, programme_id))
    month = None if period is None else _month(period, exchange)
    return ReportOut.of(await report_of(exchange.readers, exchange.terms, programme, month))


@get("/vouchers", guards=concerned)
async def list_vouchers(
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[VoucherOut]:
    """Your vouchers, or for a region's office those that it has issued, the newest first; for the clerk all."""
    rows = await queries.vouchers_within(exchange.readers, within(caller), seq_after(cursor), limit + 1)
    return page(rows, limit, lambda voucher: (voucher.seq, voucher.id), VoucherOut.of)


@get("/vouchers/{voucher_id:str}", guards=concerned)
async def get_voucher(
    voucher_id: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> VoucherDetail:
    """One voucher, with every order and lease that held of it, and every statement line that used it."""
    readers = exchange.readers
    voucher = known(await queries.voucher_of(readers, within(caller), voucher_id))
    return VoucherDetail(
        VoucherOut.of(voucher),
        [MoveOut.of(move, exchange.terms) for move in await queries.moves_of(readers, voucher.id)],
        [UseOut.of(use) for use in await queries.uses_of(readers, voucher=voucher.id)],
    )


@get("/evidence/{run:str}/{subject:str}", guards=[may()])
async def get_evidence(
    run: FromPath[str],
    subject: FromPath[str],
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
) -> EvidenceOut:
    """All that stands behind the use of vouchers in a statement, for whoever pays: to be kept with the payment.

    Buyer and seller of the lease may ask, the clerk, and the region that issued a voucher which was used.
    """
    return known(await evidence_of(exchange, caller, f"{run}/{subject}"))


@get("/voucher-misuse", guards=issuers)
async def list_misuse(
    caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> list[MisuseOut]:
    """What vouchers were used for and must not be, by what is on record of the parties now, whatever was judged then."""
    issuer = None if Role.CLERK in caller.roles else caller.region
    return [MisuseOut.of(one) for one in await misuse_of(exchange.readers, issuer)]


def within(caller: Caller) -> Within:
    """Whose vouchers a caller sees."""
    if Role.CLERK in caller.roles:
        return Within()
    return Within(issuer=caller.region) if Role.REGION in caller.roles else Within(buyer=caller.party)


async def own_programme(exchange: Exchange, caller: Caller, programme: str) -> StoredProgramme | None:
    """The newest version of a programme, if the caller may read its report."""
    versions = await queries.programme_versions(exchange.readers, programme)
    if not versions or (Role.CLERK not in caller.roles and versions[0].terms.issuer != caller.region):
        return None
    return versions[0]


def _month(name: str, exchange: Exchange) -> Period:
    period = period_named(name, exchange.terms.utc_offset_seconds)
    if period is None:
        raise ProblemError(DoorRejection.INVALID_PARAMETER, "period: a month reads like 2026-12.")
    return period


HANDLERS = [
    declare_facts,
    list_facts,
    list_presets,
    adopt_programme,
    list_programmes,
    issue_voucher,
    claim_voucher,
    report_programme,
    list_vouchers,
    get_voucher,
    get_evidence,
    list_misuse,
]
