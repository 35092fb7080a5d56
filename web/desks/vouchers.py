"""The region desk's vouchers: programmes adopted from examples, vouchers given, the report, and what stands behind it."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.names import Instant, PartyId, ProgrammeId
from exchange.periods import period_named
from exchange.persistence.queries import vouchers as queries
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.periods import periods
from exchange.persistence.queries.vouchers import StoredProgramme
from exchange.promises import Claim
from exchange.rejections import Rejected
from exchange.voucher_report import Report, misuse_of, report_of
from exchange.vouchers.commands import AdoptProgramme, IssueVoucher
from settlement.vouchers import PRESETS
from web.documents.csv_file import Cell, yuan_cell
from web.documents.exports import csv_file
from web.pages.fields import Reader
from web.pages.formats import per_cent
from web.pages.routing import PageRequest, give, not_here, page, sent_form, sent_query
from web.session import Caller

DAY = 86_400
HEAD: tuple[Cell, ...] = (
    "Programme 补贴政策",
    "Report 报告期",
    "Statement 结算单",
    "Line 行",
    "Month 账期",
    "Voucher 算力券",
    "Version 版本",
    "Buyer 买方",
    "Seller 卖方",
    "How it is paid 兑付方式",
    "Rate, % 比例",
    "Gross, yuan 含税价",
    "Covered, yuan 抵扣",
    "Refunded, yuan 退券",
    "Paid, yuan 已兑付",
    "Open, yuan 未兑付",
)


@get("/region/vouchers")
async def programmes_page(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Template:
    """The region's programmes, examples to begin with, and what was used and must not have been."""
    return await _programmes(exchange, caller, Reader({}), None)


@post("/region/vouchers")
async def adopt_programme(
    request: PageRequest, exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Template | Redirect:
    """Adopt an example as the region's own programme, with its budget and what buyers may claim."""
    sent = Reader(await sent_form(request))
    preset = next((one for one in PRESETS if one.programme.id == sent.text("preset")), None)
    begins = sent.instant("valid_from")
    budget = sent.fen("budget")
    claim = sent.fen("claim") if sent.text("claim") else None
    days = sent.whole("days", 1) if claim else None
    if preset is None or sent.mistakes or begins is None:
        return await _programmes(exchange, caller, sent, None)
    name, buyers = f"{preset.programme.id}-{caller.region}", preset.programme.buyers
    version = len(await queries.programme_versions(exchange.readers, name)) + 1
    programme = replace(
        preset.programme,
        id=name,
        version=version,
        issuer=caller.region,
        buyers=replace(buyers, regions=(caller.region,) if buyers.regions else ()),
        valid_from=begins,
        valid_to=None,
        budget=budget,
    )
    offered = None if claim is None or days is None else Claim(claim, days * DAY)
    answer = await give(exchange, caller, sent, AdoptProgramme(programme, offered))
    if answer.rejection is not None:
        return await _programmes(exchange, caller, sent, answer.rejection)
    return Redirect(f"/region/vouchers/{name}", status_code=303)


@get("/region/vouchers/{programme_id:str}")
async def programme_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    programme_id: FromPath[str],
) -> Template:
    """The report of one programme, of a month or of all time."""
    asked = Reader(sent_query(request))
    return await _programme(exchange, caller, programme_id, asked, None)


@post("/region/vouchers/{programme_id:str}")
async def issue_voucher(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    programme_id: FromPath[str],
) -> Template | Redirect:
    """Give a buyer a voucher."""
    sent = Reader(await sent_form(request))
    buyer, amount, ends = sent.words("buyer"), sent.fen("amount"), sent.instant("ends")
    if buyer is None or amount is None or ends is None:
        return await _programme(exchange, caller, programme_id, sent, None)
    command = IssueVoucher(ProgrammeId(programme_id), PartyId(buyer), amount, Instant(ends))
    answer = await give(exchange, caller, sent, command)
    if answer.rejection is not None:
        return await _programme(exchange, caller, programme_id, sent, answer.rejection)
    return Redirect(f"/region/vouchers/{programme_id}", status_code=303)


@get("/region/vouchers/{programme_id:str}/export")
async def report_file(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    programme_id: FromPath[str],
) -> Response[bytes]:
    """Every use of a programme's vouchers as CSV, of a month or of all time."""
    found = await _own(exchange, caller, programme_id)
    report = await _report(exchange, found, Reader(sent_query(request)).text("period"))
    rows: list[Sequence[Cell]] = [
        (
            report.programme,
            report.period or "all time",
            use.statement,
            use.n + 1,
            use.period,
            use.voucher,
            use.programme,
            use.buyer,
            use.seller,
            use.mode.replace("_", " "),
            Decimal(per_cent(use.rate_bp)),
            *map(yuan_cell, (use.gross, use.covered, use.returned, use.paid, use.open)),
        )
        for use in report.uses
    ]
    return csv_file(f"suanli-vouchers-{report.programme}-{report.period or 'all'}.csv", [HEAD, *rows])


async def _programmes(
    exchange: Exchange, caller: Caller, asked: Reader, refused: Rejected | None
) -> Template:
    readers = exchange.readers
    newest: dict[str, StoredProgramme] = {}
    for one in await queries.programmes(readers, caller.region):
        newest.setdefault(one.terms.id, one)
    wrong = bool(asked.mistakes) or refused is not None
    return page(
        "region/vouchers.html",
        caller,
        status=422 if wrong else 200,
        reports=[(one, await report_of(readers, exchange.terms, one, None)) for one in newest.values()],
        misuse=await misuse_of(readers, caller.region),
        presets=PRESETS,
        asked=asked,
        refused=refused,
        clock=await clock(readers),
        catalogue=exchange.catalogue,
    )


async def _programme(
    exchange: Exchange, caller: Caller, programme_id: str, asked: Reader, refused: Rejected | None
) -> Template:
    found = await _own(exchange, caller, programme_id)
    report = await _report(exchange, found, asked.text("period"))
    wrong = bool(asked.mistakes) or refused is not None
    return page(
        "region/programme.html",
        caller,
        status=422 if wrong else 200,
        programme=found,
        report=report,
        months=[run.period for run in await periods(exchange.readers)],
        vouchers=await queries.vouchers_of_programme(exchange.readers, programme_id),
        asked=asked,
        refused=refused,
        clock=await clock(exchange.readers),
        catalogue=exchange.catalogue,
    )


async def _own(exchange: Exchange, caller: Caller, programme_id: str) -> StoredProgramme:
    """The newest version of a programme of the caller's region."""
    versions = await queries.programme_versions(exchange.readers, programme_id)
    if not versions or versions[0].terms.issuer != caller.region:
        raise not_here()
    return versions[0]


async def _report(exchange: Exchange, programme: StoredProgramme, name: str) -> Report:
    period = period_named(name, exchange.terms.utc_offset_seconds)
    if name and period is None:
        raise not_here()
    return await report_of(exchange.readers, exchange.terms, programme, period)
