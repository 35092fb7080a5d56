"""Documents as files: made for pages and for programs alike, or None where the caller has nothing of that name."""

import asyncio
from collections.abc import AsyncIterator, Callable

from litestar import Response
from litestar.response import Stream

from exchange.app import Exchange
from exchange.names import VENUE, RunId
from exchange.periods import months_of
from exchange.persistence.queries.billed import bill_of, billed_by
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
from exchange.state import Role
from web.documents.focus import charges_of, focus_csv
from web.documents.income_csv import income_csv
from web.documents.invoice import InvoiceData, invoice_csv, invoice_data
from web.documents.statement_csv import list_head, list_rows, statement_csv
from web.documents.statement_pdf import statement_pdf
from web.pages.statement import LaidOut, statement_with_refunds
from web.session import Caller

CSV, PDF = "text/csv", "application/pdf"
AT_A_TIME = 500

EVERYTHING = Reach(VENUE, everything=True)

Wanted = Callable[[StoredStatement], bool]


async def statement_pdf_file(
    exchange: Exchange, reach: Reach, run: str, subject: str
) -> Response[bytes] | None:
    """A statement on paper. Setting it takes a while, so it happens beside the door."""
    shown = await _shown(exchange, reach, run, subject)
    if shown is None:
        return None
    names = await names_of(exchange.readers, [shown.statement.buyer, shown.statement.seller])
    made = await asyncio.to_thread(statement_pdf, shown, names, exchange.catalogue)
    return Response(made, media_type=PDF, headers=_saved_as(f"statement-{run}-{subject}.pdf"))


async def statement_csv_file(
    exchange: Exchange, reach: Reach, run: str, subject: str
) -> Response[str] | None:
    """A statement's lines for a spreadsheet."""
    shown = await _shown(exchange, reach, run, subject)
    if shown is None:
        return None
    made = statement_csv(shown, exchange.catalogue)
    return Response(made, media_type=CSV, headers=_saved_as(f"statement-{run}-{subject}.csv"))


async def invoice_csv_file(
    exchange: Exchange, caller: Caller, run: str, subject: str
) -> Response[str] | None:
    """What the invoice for a statement has to say, for the program that issues invoices."""
    data = await invoice_of(exchange, caller, run, subject)
    if data is None:
        return None
    return Response(invoice_csv(data), media_type=CSV, headers=_saved_as(f"invoice-data-{run}-{subject}.csv"))


async def income_csv_file(exchange: Exchange, quarter: str) -> Response[str] | None:
    """What each seller took in in a quarter, as far as its months are closed."""
    closed = {run.period for run in await periods(exchange.readers) if run.closed}
    months = [month for month in months_of(quarter) if month in closed]
    if not months:
        return None
    made = income_csv(quarter, months, await incomes(exchange.readers, months), exchange.catalogue)
    return Response(made, media_type=CSV, headers=_saved_as(f"income-{quarter}.csv"))


async def focus_csv_file(exchange: Exchange, caller: Caller, period: str) -> Response[str] | None:
    """What a closed period cost the buyer, and what was refunded in it, by FOCUS."""
    if not any(run.period == period and run.closed for run in await periods(exchange.readers)):
        return None
    bill = await bill_of(exchange.readers, caller.party, period)
    names = await names_of(exchange.readers, [caller.party, *sorted(bill.sellers)])
    terms = (await clock(exchange.readers)).terms
    charges = charges_of(bill, names, exchange.catalogue, terms.utc_offset_seconds)
    return Response(focus_csv(charges), media_type=CSV, headers=_saved_as(f"focus-{period}.csv"))


def statements_csv_file(
    exchange: Exchange, reach: Reach, name: str, wanted: Wanted = lambda _: True
) -> Stream:
    """Every wanted statement within reach, newest first."""
    return Stream(_listed(exchange, reach, wanted), media_type=CSV, headers=_saved_as(name))


async def period_csv_file(exchange: Exchange, period: str) -> Stream | None:
    """Every statement of a period's run, newest first."""
    run = next((run for run in await periods(exchange.readers) if run.period == period), None)
    if run is None:
        return None
    listed = _listed(exchange, EVERYTHING, lambda _: True, run.run)
    return Stream(listed, media_type=CSV, headers=_saved_as(f"statements-{period}.csv"))


async def invoice_of(exchange: Exchange, caller: Caller, run: str, subject: str) -> InvoiceData | None:
    """What the invoice for a statement has to say, for its two sides and the clerk."""
    reach = Reach(caller.party, everything=Role.CLERK in caller.roles)
    statement = await statement_of(exchange.readers, reach, f"{run}/{subject}")
    if statement is None:
        return None
    lines = await billed_by(exchange.readers, statement.id)
    names = await names_of(exchange.readers, [statement.buyer, statement.seller])
    refunds = await refunds_of(exchange.readers, [statement.id])
    return invoice_data(statement, lines, refunds, names, exchange.catalogue)


async def _shown(exchange: Exchange, reach: Reach, run: str, subject: str) -> LaidOut | None:
    statement = await statement_of(exchange.readers, reach, f"{run}/{subject}")
    if statement is None:
        return None
    return await statement_with_refunds(exchange, statement)


async def _listed(
    exchange: Exchange, reach: Reach, wanted: Wanted, run: RunId | None = None
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
