"""Parquet files for tests, with whatever is to be wrong in them."""

from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from settlement.usage.duckdb_engine import connected, write_parquet
from settlement.usage.records import COLUMNS

_NUMBERS = count(1)


def file_of(folder: Path, rows: Iterable[Sequence[object]]) -> Path:
    """Write rows without looking at them."""
    path = folder / f"{next(_NUMBERS)}.parquet"
    given = ", ".join(f"unnest(CAST(${name} AS {kind}[])) AS {name}" for name, kind in COLUMNS.items())
    cells = [[None if cell is None else _plain(cell) for cell in row] for row in rows]
    columns = {name: [row[n] for row in cells] for n, name in enumerate(COLUMNS)}
    with connected() as connection:
        connection.execute(f"CREATE TABLE records AS SELECT {given}", columns)
        write_parquet(connection, "records", path)
    return path


def _plain(cell: object) -> object:
    return cell if type(cell) is int else str(cell)
