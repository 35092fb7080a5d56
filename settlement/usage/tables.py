"""Tables as files, the same bytes each time: Parquet, and CSV in which no text can be taken for a formula."""

from collections.abc import Mapping
from pathlib import Path

from settlement.spreadsheets import FORMULA_SIGNS
from settlement.usage.duckdb_engine import connected, quoted

GUARDED = f"{FORMULA_SIGNS}''"  # in SQL an apostrophe is two


def write_table(rows: Path, columns: Mapping[str, str], parquet: Path, csv: Path) -> int:
    """Write rows that are there as plain CSV, in their order, as Parquet and as CSV for spreadsheets. Gives how many.

    `columns` are names with DuckDB's types. Text that begins like a formula gets an apostrophe before it, in CSV alone.
    """
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
    given = f"read_csv('{quoted(rows)}', header = true, allow_quoted_nulls = false, columns = {{{types}}})"
    guarded = ", ".join(
        f"""CASE WHEN "{name}" <> '' AND contains('{GUARDED}', left("{name}", 1)) THEN '''' || "{name}" ELSE "{name}" END AS "{name}\""""
        if kind == "VARCHAR"
        else f'"{name}"'
        for name, kind in columns.items()
    )
    with connected() as connection:
        connection.execute("SET threads = 1; SET preserve_insertion_order = true")
        connection.execute(f"COPY (FROM {given}) TO '{quoted(parquet)}' (FORMAT parquet, COMPRESSION zstd)")
        written = connection.execute(
            f"COPY (SELECT {guarded} FROM {given}) TO '{quoted(csv)}' (FORMAT csv, HEADER)"  # noqa: S608
        ).fetchone()
    assert written is not None, "a copy tells how many rows it has written"
    return int(written[0])
