"""DuckDB, the usual engine: writes usage records as Parquet files, and sums them within a bound of memory."""

import asyncio
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import duckdb

from settlement.usage.records import COLUMNS, Record, UsageError, require_exact
from settlement.usage.sums import TOO_LARGE, Sum, question, sums_of

EXACT = "HUGEINT"
MEMORY = "256MB"  # what is beyond it goes to a temporary file
AT_ONCE = 10_000  # rows of an answer
FILES = "read_parquet($files)"


@dataclass(frozen=True, slots=True)
class DuckDBEngine:
    """Sums files of usage on this machine."""

    files: Sequence[Path]

    async def sums(self) -> list[Sum]:
        """Every sum, worked out in a thread of its own."""
        return await asyncio.to_thread(self._sums)

    def _sums(self) -> list[Sum]:
        with connected() as connection:
            return _answer(connection, FILES, self.files)


def _answer(connection: duckdb.DuckDBPyConnection, records: str, files: Sequence[Path]) -> list[Sum]:
    try:
        answer = connection.execute(question(records, EXACT), _these(files))
        return sums_of(row for rows in iter(lambda: answer.fetchmany(AT_ONCE), []) for row in rows)
    except duckdb.OutOfRangeException as fault:
        raise UsageError(TOO_LARGE) from fault


@contextmanager
def connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory, which is gone afterwards. Order costs memory and means nothing here."""
    with tempfile.TemporaryDirectory(prefix="suanli-") as folder:
        bounds: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": MEMORY,
            "temp_directory": folder,
            "preserve_insertion_order": False,
        }
        with duckdb.connect(config=bounds) as connection:
            yield connection


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Write records as a Parquet file. Raises `UsageError` for one that is not exact."""
    columns: dict[str, list[object]] = {name: [] for name in COLUMNS}
    for record in records:
        require_exact(record)
        for column, value in zip(columns.values(), record, strict=True):
            column.append(value)
    columns["meter"] = [str(meter) for meter in columns["meter"]]
    given = ", ".join(f"unnest(CAST(${name} AS {kind}[])) AS {name}" for name, kind in COLUMNS.items())
    with connected() as connection:
        connection.execute(f"CREATE TABLE records AS SELECT {given}", columns)
        write_parquet(connection, "records", path)


def write_parquet(connection: duckdb.DuckDBPyConnection, records: str, path: Path) -> None:
    """Write a table, or a query in parentheses, as a Parquet file."""
    connection.execute(f"COPY {records} TO '{quoted(path)}' (FORMAT parquet, COMPRESSION zstd)")


def write_csv(file: Path, path: Path) -> None:
    """Write a file's records as CSV, for another database to take in."""
    with connected() as connection:
        connection.execute(
            f"COPY (FROM {FILES}) TO '{quoted(path)}' (FORMAT csv, HEADER false)", _these([file])
        )


def bare_sums(files: Sequence[Path]) -> int:
    """The same sums as plain as DuckDB makes them, with nothing looked at: what the engine is measured beside."""
    with connected() as connection:
        connection.execute(
            f"SELECT subject, segment, meter, count(*), sum(contracted), sum(delivered), "  # noqa: S608
            f"sum(CAST(contracted AS {EXACT}) * price) FROM {FILES} GROUP BY ALL",
            _these(files),
        )
        return len(connection.fetchall())


class Shape(NamedTuple):
    """The columns of a file with their types, and how many records it has."""

    columns: dict[str, str]
    rows: int


def shapes_of(files: Sequence[Path]) -> list[Shape]:
    """What each file says of itself."""
    shapes = []
    with connected() as connection:
        for file in files:
            described = connection.execute(f"DESCRIBE FROM {FILES}", _these([file])).fetchall()
            counted = connection.execute(f"SELECT count(*) FROM {FILES}", _these([file])).fetchall()  # noqa: S608
            shapes.append(Shape({name: kind for name, kind, *_ in described}, counted[0][0]))
    return shapes


def totals_of(files: Sequence[Path]) -> list[Sum]:
    """One sum for each meter, over all subjects and segments. Raises `UsageError` where a record lacks something."""
    holed = "subject IS NULL OR segment IS NULL OR source IS NULL"
    everything = f"""
        (SELECT * REPLACE (CASE WHEN {holed} THEN NULL ELSE '' END AS subject, '' AS segment) FROM {FILES})
    """  # noqa: S608 - our own words only
    with connected() as connection:
        return _answer(connection, everything, files)


def _these(files: Sequence[Path]) -> dict[str, list[str]]:
    return {"files": [str(file) for file in files]}


def quoted(path: Path) -> str:
    """A path as it stands between quotes in SQL."""
    return str(path).replace("'", "''")
