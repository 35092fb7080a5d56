"""The clerk's page of what regions owe for vouchers: what is open, and booking what a region has paid or has back."""

from collections.abc import Sequence

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from exchange.app import Exchange
from exchange.periods import quarter_of
from exchange.persistence.queries import vouchers as queries
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.vouchers import StoredProgramme, StoredUse
from exchange.rejections import Rejected
from exchange.voucher_report import report_of
from web.bodies.subsidies import RepaymentIn, SubsidyIn
from web.pages.checked import checked, field_named
from web.pages.fields import Reader
from web.pages.routing import PageRequest, give, not_here, page, sent_form
from web.session import Caller

AT = "/clerk/vouchers"
DONE = ("booked", "repaid")

_field_of = field_named({}, otherwise="amount_fen")
_field_back_of = field_named(
    {"amount_fen": "back_amount", "reference": "back_reference"}, otherwise="back_amount"
)


@get(AT)
async def subsidies_page(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Template:
    """Every programme, with what its region owes and has paid."""
    newest: dict[str, StoredProgramme] = {}
    for one in await queries.programmes(exchange.readers):
        newest.setdefault(one.terms.id, one)
    reports = [(one, await report_of(exchange.readers, exchange.terms, one, None)) for one in newest.values()]
    return page("clerk/vouchers.html", caller, reports=reports, catalogue=exchange.catalogue)


@get(f"{AT}/{{programme_id:str}}")
async def programme_subsidies_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    programme_id: FromPath[str],
) -> Template:
    """What is open of one programme, and what was booked."""
    return await _programme(request, exchange, caller, programme_id, Reader({}), None)


@post(f"{AT}/{{programme_id:str}}")
async def book_region_payment(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    programme_id: FromPath[str],
) -> Template | Redirect:
    """Book what the region has paid."""
    asked = Reader(await sent_form(request))
    wanted = {
        "period": asked.text("period"),
        "amount_fen": asked.fen("amount_fen"),
        "reference": asked.words("reference"),
        "withheld": asked.many("withheld"),
    }
    command = checked(asked, SubsidyIn, wanted, lambda body: body.command(programme_id), _field_of)
    if command is None:
        return await _programme(request, exchange, caller, programme_id, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _programme(request, exchange, caller, programme_id, asked, answer.rejection)
    return Redirect(f"{AT}/{programme_id}?booked=1", status_code=303)


@post(f"{AT}/{{programme_id:str}}/repayments")
async def repay_region(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    programme_id: FromPath[str],
) -> Template | Redirect:
    """Book that the region has back what it had paid too much."""
    asked = Reader(await sent_form(request))
    wanted = {"amount_fen": asked.fen("back_amount"), "reference": asked.words("back_reference")}
    command = checked(asked, RepaymentIn, wanted, lambda body: body.command(programme_id), _field_back_of)
    if command is None:
        return await _programme(request, exchange, caller, programme_id, asked, None)
    answer = await give(exchange, caller, asked, command)
    if answer.rejection is not None:
        return await _programme(request, exchange, caller, programme_id, asked, answer.rejection)
    return Redirect(f"{AT}/{programme_id}?repaid=1", status_code=303)


async def _programme(
    request: PageRequest,
    exchange: Exchange,
    caller: Caller,
    programme_id: str,
    asked: Reader,
    rejection: Rejected | None,
) -> Template:
    versions = await queries.programme_versions(exchange.readers, programme_id)
    if not versions:
        raise not_here()
    report = await report_of(exchange.readers, exchange.terms, versions[0], None)
    owed = [use for use in report.uses if use.open]
    return page(
        "clerk/programme.html",
        caller,
        status=422 if asked.mistakes or rejection else 200,
        programme=versions[0],
        report=report,
        owed=owed,
        periods=_periods(owed),
        asked=asked,
        rejection=rejection,
        done=next((what for what in DONE if what in request.query_params), ""),
        clock=await clock(exchange.readers),
        catalogue=exchange.catalogue,
    )


def _periods(owed: Sequence[StoredUse]) -> list[str]:
    """The quarters and months of which something is open, oldest first."""
    months = sorted({use.period for use in owed})
    return sorted({quarter_of(month) for month in months}) + months
