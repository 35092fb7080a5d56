"""Documents as files: statements on paper and for spreadsheets, data for invoices, FOCUS, and sellers' quarterly income."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from exchange.app import Exchange
from exchange.state import Role
from web.api.asking import known
from web.documents import files
from web.documents.files import CSV, PDF
from web.reach import reach_of
from web.session import Caller, may


@get("/statements/{run:str}/{subject:str}/statement.pdf", guards=[may()], media_type=PDF)
async def get_statement_pdf(
    run: FromPath[str],
    subject: FromPath[str],
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
) -> Response[bytes]:
    """A statement that concerns you on paper, in Chinese and English: PDF, A4. The same statement has the same bytes."""
    return known(await files.statement_pdf_file(exchange, reach_of(caller), run, subject))


@get("/statements/{run:str}/{subject:str}/statement.csv", guards=[may()], media_type=CSV)
async def get_statement_csv(
    run: FromPath[str],
    subject: FromPath[str],
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
) -> Response[str]:
    """The lines of a statement that concerns you, every figure in yuan, and what each drew and emitted.

    It begins with a byte order mark, and no text in it can be taken for a formula.
    """
    return known(await files.statement_csv_file(exchange, reach_of(caller), run, subject))


@get(
    "/statements/{run:str}/{subject:str}/invoice.csv",
    guards=[may(Role.BUYER, Role.SELLER, Role.CLERK)],
    media_type=CSV,
)
async def get_invoice_csv(
    run: FromPath[str],
    subject: FromPath[str],
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
) -> Response[str]:
    """The fields of the invoice (数电票) for a statement, for its two sides and the clerk. It is data, and no invoice."""
    return known(await files.invoice_csv_file(exchange, caller, run, subject))


@get("/statements.csv", guards=[may()], media_type=CSV)
async def list_statements_csv(caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]) -> Stream:
    """Every statement that concerns you, a row each, the newest first."""
    return files.statements_csv_file(exchange, reach_of(caller), "statements.csv")


@get("/periods/{period:str}/focus.csv", guards=[may(Role.BUYER)], media_type=CSV)
async def get_focus_csv(
    period: FromPath[str], caller: NamedDependency[Caller], exchange: NamedDependency[Exchange]
) -> Response[str]:
    """What a closed month cost you, by FOCUS 1.1 (FinOps Open Cost and Usage Specification)."""
    return known(await files.focus_csv_file(exchange, caller, period))


@get("/periods/{period:str}/statements.csv", guards=[may(Role.CLERK)], media_type=CSV)
async def get_period_csv(period: FromPath[str], exchange: NamedDependency[Exchange]) -> Stream:
    """Every statement of a month's run, a row each."""
    return known(await files.period_csv_file(exchange, period))


@get("/quarters/{quarter:str}/income.csv", guards=[may(Role.CLERK)], media_type=CSV)
async def get_income_csv(quarter: FromPath[str], exchange: NamedDependency[Exchange]) -> Response[str]:
    """What each seller took in in a quarter such as `2026-Q4`: the report of State Council Order 810 (2025)."""
    return known(await files.income_csv_file(exchange, quarter))


HANDLERS = [
    get_statement_pdf,
    get_statement_csv,
    get_invoice_csv,
    list_statements_csv,
    get_focus_csv,
    get_period_csv,
    get_income_csv,
]
