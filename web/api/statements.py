"""Statements: buyers and sellers read their own, regions what touches them, the clerk all."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from exchange.app import Exchange
from exchange.persistence.queries.statements import lines_of, statement_of, statements_within
from exchange.persistence.queries.subsidies import received_for
from web.api.asking import Cursor, Limit, known, page, place_after
from web.bodies.common import Page
from web.bodies.statements import StatementDetail, StatementOut
from web.reach import reach_of
from web.session import Caller, may


@get("/statements", guards=[may()])
async def list_statements(
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[StatementOut]:
    """The statements that concern you, the newest first."""
    rows = await statements_within(exchange.readers, reach_of(caller), place_after(cursor), limit + 1)
    return page(rows, limit, lambda statement: (statement.seq, statement.id), StatementOut.of)


@get("/statements/{run:str}/{subject:str}", guards=[may()])
async def get_statement(
    run: FromPath[str],
    subject: FromPath[str],
    caller: NamedDependency[Caller],
    exchange: NamedDependency[Exchange],
) -> StatementDetail:
    """One statement with its lines, by its run and the lease or contract that it is about."""
    statement = known(await statement_of(exchange.readers, reach_of(caller), f"{run}/{subject}"))
    readers = exchange.readers
    received = await received_for(readers, statement.id)
    return StatementDetail.of(statement, await lines_of(readers, statement.id), received)


HANDLERS = [list_statements, get_statement]
