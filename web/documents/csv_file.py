"""Comma-separated files (RFC 4180) that a spreadsheet opens in Chinese and runs nothing of, and that read back alike."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from settlement.spreadsheets import FORMULA_SIGNS

Cell = str | int | Decimal | None
"""Text, a number, or nothing. Only text can be made to look like a formula, so only text is guarded."""

BOM = "\ufeff"
"""What tells Excel that a file is UTF-8. It stands once, before the header."""

ACTIVE = frozenset(f"{FORMULA_SIGNS}'")
"""Text that begins with one of these gets an apostrophe before it.

The apostrophe is among them, so that reading takes away just what writing has put there.
"""


def csv_rows(rows: Iterable[Sequence[Cell]]) -> str:
    """Rows as text, each with its end of line."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_written(cell) for cell in row] for row in rows)
    return text.getvalue()


def read_csv(text: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of such a file as text, each with the number of the line that it ends on, from 1.

    Raises csv.Error where the quoting is broken.
    """
    reader = csv.reader(io.StringIO(text.removeprefix(BOM), newline=""), strict=True)
    for row in reader:
        yield reader.line_num, [cell[1:] if cell[:1] == "'" else cell for cell in row]


def yuan_cell(fen: int) -> Decimal:
    """An amount as a number of yuan with two places."""
    return Decimal(fen).scaleb(-2)


def price_cell(micro_yuan: int) -> Decimal:
    """A unit price as a number of yuan, exact to the micro-yuan."""
    return Decimal(micro_yuan).scaleb(-6)


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return f"'{cell}" if cell[:1] in ACTIVE else cell
        case Decimal():
            return f"{cell:f}"
        case int():
            return str(cell)
