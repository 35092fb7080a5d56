"""A buyer's wallet: its vouchers, what became of each, and what it may claim."""

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.names import ProgrammeId
from exchange.persistence.queries import vouchers as queries
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.vouchers import StoredProgramme, Within
from exchange.rejections import Rejected
from exchange.vouchers.commands import ClaimVoucher
from settlement.vouchers.uses import year_of
from web.pages.fields import Reader
from web.pages.routing import PageRequest, give, leaf, not_here, page, sent_form
from web.session import Caller

ROWS = 50


@get("/account/vouchers")
async def wallet_page(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template:
    """The vouchers of the caller, and every programme that there is."""
    return await _wallet(request, exchange, caller, None)


@post("/account/vouchers/{programme_id:str}/claim")
async def claim_voucher(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    programme_id: FromPath[str],
) -> Template | Redirect:
    """Claim the voucher that a programme has for every eligible buyer."""
    sent = Reader(await sent_form(request))
    answer = await give(exchange, caller, sent, ClaimVoucher(ProgrammeId(programme_id)))
    if answer.rejection is not None:
        return await _wallet(request, exchange, caller, answer.rejection)
    return Redirect(f"/account/vouchers/vch-{answer.seq}", status_code=303)


@get("/account/vouchers/{voucher_id:str}")
async def voucher_page(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], voucher_id: FromPath[str]
) -> Template:
    """One voucher with all that became of it."""
    readers = exchange.readers
    voucher = await queries.voucher_of(readers, Within(buyer=caller.party), voucher_id)
    if voucher is None:
        raise not_here()
    versions = await queries.programme_versions(readers, voucher.programme)
    return page(
        "vouchers/voucher.html",
        caller,
        voucher=voucher,
        programme=versions[0].terms,
        moves=await queries.moves_of(readers, voucher.id),
        uses=await queries.uses_of(readers, voucher=voucher.id),
        clock=await clock(readers),
        catalogue=exchange.catalogue,
    )


async def _wallet(
    request: PageRequest, exchange: Exchange, caller: Caller, refused: Rejected | None
) -> Template:
    readers, begins = exchange.readers, leaf(request)
    before = None if begins is None else begins.seq
    vouchers = await queries.vouchers_within(readers, Within(buyer=caller.party), before, ROWS + 1)
    newest: dict[str, StoredProgramme] = {}
    for one in await queries.programmes(readers):
        newest.setdefault(one.terms.id, one)
    told = await queries.facts_of(readers, caller.party)
    now = await clock(readers)
    return page(
        "vouchers/page.html",
        caller,
        status=200 if refused is None else 422,
        vouchers=vouchers[:ROWS],
        last=vouchers[ROWS - 1] if len(vouchers) > ROWS else None,
        programmes=list(newest.values()),
        claimed={
            one.programme for one in vouchers if one.claimed and year_of(one.at) == year_of(now.instant)
        },
        facts=told[0] if told else None,
        refused=refused,
        clock=now,
        catalogue=exchange.catalogue,
    )
