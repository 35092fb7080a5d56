"""Tables as files for spreadsheets: CSV in which no text can be taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

from litestar import Response

Cell = str | int | None
"""A text, a number that stays one, or nothing."""

_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_of(rows: Iterable[Sequence[Cell]]) -> str:
    """Rows as CSV (RFC 4180). A text that a spreadsheet would work out gets an apostrophe in front."""
    file = io.StringIO()
    csv.writer(file).writerows([_safe(cell) for cell in row] for row in rows)
    return file.getvalue()


def csv_file(name: str, rows: Iterable[Sequence[Cell]]) -> Response[bytes]:
    """The answer that a browser keeps as a file. It begins with a byte order mark: spreadsheets then read Chinese."""
    return Response(
        csv_of(rows).encode("utf-8-sig"),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_OF_FORMULAS) else cell
