"""What of a closed period leaves the venue as files: statements, their lines, and the entries that book them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import BigInteger, Integer, Table

from exchange.persistence.database import Connection
from exchange.persistence.queries.income import MONTH_OF_REFUND
from exchange.persistence.tables import closing, power, refunds

_LEGS = """
    SELECT p.seq, p.n, p.leg, e.kind AS entry, p.owner, p.kind AS account, p.amount
    FROM postings p JOIN entries e USING (seq, n)
    WHERE p.seq IN (SELECT seq FROM statements WHERE run = $1) AND p.book = '{book}' ORDER BY p.seq, p.n, p.leg
"""
_LEG_COLUMNS = {
    "seq": "BIGINT",
    "n": "BIGINT",
    "leg": "BIGINT",
    "entry": "VARCHAR",
    "owner": "VARCHAR",
    "account": "VARCHAR",
    "amount": "BIGINT",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """A table that is exported: its name, its columns with DuckDB's types, and the question whose `$1` is the run.

    The question orders its rows, so that a table has the same bytes whenever it is exported.
    """

    name: str
    columns: Mapping[str, str]
    question: str


def _columns(table: Table) -> dict[str, str]:
    return {
        column.name: "BIGINT" if isinstance(column.type, BigInteger | Integer) else "VARCHAR"
        for column in table.columns
    }


def _names(table: Table) -> str:
    return ", ".join(f't."{column.name}"' for column in table.columns)


_REFUND_COLUMNS = {
    name: kind for name, kind in _columns(refunds.refunds).items() if not name.startswith("note_")
}

EXPORTS: Sequence[Exported] = (
    Exported(
        "statements",
        _columns(closing.statements),
        f"SELECT {_names(closing.statements)} FROM statements t WHERE t.run = $1 ORDER BY t.seq, t.id",  # noqa: S608
    ),
    Exported(
        "statement-lines",
        _columns(closing.statement_lines),
        f"SELECT {_names(closing.statement_lines)} FROM statement_lines t JOIN statements s ON s.id = t.statement "  # noqa: S608
        "WHERE s.run = $1 ORDER BY s.seq, s.id, t.n",
    ),
    Exported("ledger", _LEG_COLUMNS, _LEGS.format(book="money")),
    Exported("memo", _LEG_COLUMNS, _LEGS.format(book="memo")),
    Exported(
        "emissions",
        _columns(power.line_emissions),
        f"SELECT {_names(power.line_emissions)} FROM line_emissions t JOIN statements s ON s.id = t.statement "  # noqa: S608
        "WHERE s.run = $1 ORDER BY s.seq, s.id, t.n",
    ),
    Exported("carbon", _LEG_COLUMNS, _LEGS.format(book="carbon")),
    Exported(
        "refunds",
        _REFUND_COLUMNS,
        f"SELECT {', '.join(f'f.{name}' for name in _REFUND_COLUMNS)} FROM refunds f CROSS JOIN venue v "  # noqa: S608
        f"WHERE {MONTH_OF_REFUND} = (SELECT period FROM runs WHERE id = $1) ORDER BY f.seq, f.id",
    ),
)
"""`ledger` has the legs of entries in money, `memo` those of what regions count as theirs, `carbon` the same in grams.

A statement's `seq` is theirs, and `emissions` belong to its lines. `refunds` are those that were made in the month, of
whichever lines; how their credit notes stand is left out, since that goes on.
"""


async def write_rows(connection: Connection, exported: Exported, run: str, path: Path) -> None:
    """Write a table of a run as CSV, just as it is. NULL is nothing, and an empty text is a pair of quotes."""
    await connection.copy_from_query(exported.question, run, output=path, format="csv", header=True)
