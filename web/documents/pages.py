"""The pages from which documents are taken away, and the page of what an invoice has to say."""

from typing import TypeVar

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream, Template

from exchange.app import Exchange
from exchange.persistence.queries.statements import Reach
from exchange.state import Role
from settlement.credit_notes import CONFIRM_WITHIN, LIVES
from web.documents import files
from web.documents.chinese_amount import chinese_amount
from web.pages.routing import not_here, page, pages
from web.reach import reach_of
from web.session import Caller

File = TypeVar("File")


@get("/statements/{run:str}/{subject:str}/statement.pdf")
async def statement_pdf_file(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Response[bytes]:
    """A statement on paper."""
    return _here(await files.statement_pdf_file(exchange, reach_of(caller), run, subject))


@get("/statements/{run:str}/{subject:str}/statement.csv")
async def statement_csv_file(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Response[str]:
    """A statement's lines for a spreadsheet."""
    return _here(await files.statement_csv_file(exchange, reach_of(caller), run, subject))


@get("/statements/{run:str}/{subject:str}/invoice")
async def invoice_page(
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    run: FromPath[str],
    subject: FromPath[str],
) -> Template:
    """What the invoice for a statement has to say, for its two sides and the clerk."""
    data = _here(await files.invoice_of(exchange, caller, run, subject))
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
    return _here(await files.invoice_csv_file(exchange, caller, run, subject))


@get("/clerk/quarters/{quarter:str}/income.csv")
async def income_file(exchange: NamedDependency[Exchange], quarter: FromPath[str]) -> Response[str]:
    """What each seller took in in a quarter, as far as its months are closed."""
    return _here(await files.income_csv_file(exchange, quarter))


@get("/statements.csv")
async def my_statements_file(exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]) -> Stream:
    """Every statement of what the buyer was charged, newest first."""
    return files.statements_csv_file(
        exchange, Reach(caller.party), "statements.csv", lambda statement: statement.buyer == caller.party
    )


@get("/statements/periods/{period:str}/focus.csv")
async def focus_file(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller], period: FromPath[str]
) -> Response[str]:
    """What a closed period cost the buyer, by FOCUS."""
    return _here(await files.focus_csv_file(exchange, caller, period))


@get("/console/statements.csv")
async def sold_statements_file(
    exchange: NamedDependency[Exchange], caller: NamedDependency[Caller]
) -> Stream:
    """Every statement of what the seller delivered, newest first."""
    return files.statements_csv_file(
        exchange, Reach(caller.party), "sales.csv", lambda statement: statement.seller == caller.party
    )


@get("/clerk/periods/{period:str}/statements.csv")
async def period_statements_file(exchange: NamedDependency[Exchange], period: FromPath[str]) -> Stream:
    """Every statement of a period's run, newest first."""
    return _here(await files.period_csv_file(exchange, period))


def _here(file: File | None) -> File:
    if file is None:
        raise not_here()
    return file


HANDLERS = [
    pages(statement_pdf_file, statement_csv_file, roles=[Role.BUYER, Role.SELLER, Role.REGION, Role.CLERK]),
    pages(invoice_page, invoice_file, roles=[Role.BUYER, Role.SELLER, Role.CLERK]),
    pages(my_statements_file, focus_file, roles=[Role.BUYER]),
    pages(sold_statements_file, roles=[Role.SELLER]),
    pages(period_statements_file, income_file, roles=[Role.CLERK]),
]
