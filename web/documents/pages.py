"""Where the documents of settlement are downloaded: whoever may see a statement may have it as a file."""

import asyncio
from collections.abc import AsyncIterator, Callable

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream, Template

from exchange.app import Exchange
from exchange.persistence.queries.billed import billed_by, billed_to
from exchange.persistence.queries.income import incomes
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.parties import names_of
from exchange.persistence.queries.periods import periods
from exchange.persistence.queries.refunds import refunds_of
from exchange.persistence.queries.statements import (
    Place,
    Reach,
    StoredStatement,
    payouts_of,
    statement_of,
    statements_within,
)
from exchange.state import Role, RunId
from settlement.credit_notes import CONFIRM_WITHIN, LIVES
from web.documents.chinese_amount import chinese_amount
from web.documents.focus import charges_of, focus_csv
from web.documents.income_csv import income_csv, months_of
from web.documents.invoice import InvoiceData, invoice_csv, invoice_data
from web.documents.statement_csv import list_head, list_rows, statement_csv
from web.documents.statement_pdf import statement_pdf
from web.pages.routing import not_here, page, pages
from web.pages.statement import LaidOut
from web.reach import reach_of
from web.refunding import statement_with_refunds
from web.session import Caller

CSV, PDF = "text/csv", "application/pdf"
AT_A_TIME = 500


@get("/statements/{run:str}/{subject:str}/statement.pdf")
async def statement_pdf_file(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Response[bytes]:
    """A statement on paper. Setting it takes a while, so it happens beside the door."""
    shown = await _shown(exchange, caller, run, subject)
    names = await names_of(exchange.readers, [shown.statement.buyer, shown.statement.seller])
    made = await asyncio.to_thread(statement_pdf, shown, names, exchange.catalogue)
    return Response(made, media_type=PDF, headers=_saved_as(f"statement-{run}-{subject}.pdf"))


@get("/statements/{run:str}/{subject:str}/statement.csv")
async def statement_csv_file(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Response[str]:
    """A statement's lines for a spreadsheet."""
    shown = await _shown(exchange, caller, run, subject)
    made = statement_csv(shown, exchange.catalogue)
    return Response(made, media_type=CSV, headers=_saved_as(f"statement-{run}-{subject}.csv"))


@get("/statements/{run:str}/{subject:str}/invoice")
async def invoice_page(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template:
    """What the invoice for a statement has to say, for its two sides and the clerk."""
    data = await _invoice(exchange, caller, run, subject)
    if data.statement.buyer == caller.party:
        at, back = "/statements", "/statements/"
    elif data.statement.seller == caller.party:
        at, back = "/console/statements", "/console/statements/"
    else:
        at, back = "/clerk/periods", "/clerk/statements/"
    return page(
        "statement/invoice.html",
        caller,
        data=data,
        words=chinese_amount(data.gross),
        lives=LIVES,
        confirm_within=CONFIRM_WITHIN,
        at=at,
        back=back,
    )


@get("/statements/{run:str}/{subject:str}/invoice.csv")
async def invoice_file(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Response[str]:
    """The same for a spreadsheet, or for the program that issues invoices."""
    made = invoice_csv(await _invoice(exchange, caller, run, subject))
    return Response(made, media_type=CSV, headers=_saved_as(f"invoice-data-{run}-{subject}.csv"))


@get("/clerk/quarters/{quarter:str}/income.csv")
async def income_file(exchange: NamedDependency[Exchange], quarter: FromPath[str]) -> Response[str]:
    """What each seller took in in a quarter, as far as its months are closed."""
    closed = {run.period for run in await periods(exchange.readers) if run.closed}
    months = [month for month in months_of(quarter) if month in closed]
    if not months:
        raise not_here()
    made = income_csv(quarter, await incomes(exchange.readers, months), exchange.catalogue)
    return Response(made, media_type=CSV, headers=_saved_as(f"income-{quarter}.csv"))


@get("/statements.csv")
async def my_statements_file(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Stream:
    """Every statement of what the buyer was charged, newest first."""
    listed = _listed(exchange, Reach(caller.party), lambda statement: statement.buyer == caller.party)
    return Stream(listed, media_type=CSV, headers=_saved_as("statements.csv"))


@get("/statements/periods/{period:str}/focus.csv")
async def focus_file(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], period: FromPath[str]
) -> Response[str]:
    """What a closed period cost the buyer, by FOCUS."""
    if not any(run.period == period and run.closed for run in await periods(exchange.readers)):
        raise not_here()
    lines = await billed_to(exchange.readers, caller.party, period)
    names = await names_of(exchange.readers, [caller.party, *(line.statement.seller for line in lines)])
    terms = (await clock(exchange.readers)).terms
    charges = charges_of(lines, names, exchange.catalogue, terms.utc_offset_seconds)
    return Response(focus_csv(charges), media_type=CSV, headers=_saved_as(f"focus-{period}.csv"))


@get("/console/statements.csv")
async def sold_statements_file(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Stream:
    """Every statement of what the seller delivered, newest first."""
    listed = _listed(exchange, Reach(caller.party), lambda statement: statement.seller == caller.party)
    return Stream(listed, media_type=CSV, headers=_saved_as("sales.csv"))


@get("/clerk/periods/{period:str}/statements.csv")
async def period_statements_file(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], period: FromPath[str]
) -> Stream:
    """Every statement of a period's run, newest first."""
    run = next((run for run in await periods(exchange.readers) if run.period == period), None)
    if run is None:
        raise not_here()
    listed = _listed(exchange, Reach(caller.party, everything=True), lambda _: True, run.run)
    return Stream(listed, media_type=CSV, headers=_saved_as(f"statements-{period}.csv"))


async def _shown(exchange: Exchange, caller: Caller, run: str, subject: str) -> LaidOut:
    statement = await statement_of(exchange.readers, reach_of(caller), f"{run}/{subject}")
    if statement is None:
        raise not_here()
    return await statement_with_refunds(exchange, statement)


async def _invoice(exchange: Exchange, caller: Caller, run: str, subject: str) -> InvoiceData:
    reach = Reach(caller.party, everything=Role.CLERK in caller.roles)
    statement = await statement_of(exchange.readers, reach, f"{run}/{subject}")
    if statement is None:
        raise not_here()
    lines = await billed_by(exchange.readers, statement.id)
    names = await names_of(exchange.readers, [statement.buyer, statement.seller])
    refunds = await refunds_of(exchange.readers, [statement.id])
    return invoice_data(statement, lines, refunds, names, exchange.catalogue)


async def _listed(
    exchange: Exchange, reach: Reach, wanted: Callable[[StoredStatement], bool], run: RunId | None = None
) -> AsyncIterator[str]:
    """The wanted statements as a file, a few hundred at a time, so that no length of it fills the memory."""
    yield list_head()
    place: Place | None = None
    while found := await statements_within(exchange.readers, reach, place, AT_A_TIME, run):
        place = (found[-1].seq, found[-1].id)
        rows = [statement for statement in found if wanted(statement)]
        names = await names_of(exchange.readers, [side for row in rows for side in (row.buyer, row.seller)])
        payouts = await payouts_of(exchange.readers, [row.id for row in rows])
        yield list_rows(rows, names, payouts, exchange.catalogue)


def _saved_as(name: str) -> dict[str, str]:
    """A file to keep, under this name; the browser itself keeps nothing of it."""
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}


HANDLERS = [
    pages(statement_pdf_file, statement_csv_file, roles=[Role.BUYER, Role.SELLER, Role.REGION, Role.CLERK]),
    pages(invoice_page, invoice_file, roles=[Role.BUYER, Role.SELLER, Role.CLERK]),
    pages(my_statements_file, focus_file, roles=[Role.BUYER]),
    pages(sold_statements_file, roles=[Role.SELLER]),
    pages(period_statements_file, income_file, roles=[Role.CLERK]),
]
