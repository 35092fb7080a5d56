"""Reads the files of a trace: every cell is checked as it is read, and a fault is named by file and line."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import TypeVar

Code = TypeVar("Code", bound=StrEnum)

WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")  # `int` alone would let through 1_000 and full-width digits


class TraceError(Exception):
    """A trace can't be used, said in a sentence that names the file and what to do about it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table, counted as an editor does: the headings are line 1."""

    file: str
    line: int
    cells: Mapping[str, str]

    def fault(self, why: str) -> TraceError:
        """The error to raise about this line."""
        return TraceError(f"{self.file}, line {self.line}: {why}")

    def text(self, column: str) -> str:
        """What the cell says, blanks around it aside; it may say nothing."""
        return self.cells[column].strip()

    def integer(self, column: str, least: int = 0) -> int:
        """A whole number of at least `least`."""
        text = self.text(column)
        if WHOLE_NUMBER.fullmatch(text) is None:
            raise self.fault(f"{column} should be a whole number, not {text!r}.")
        number = int(text)
        if number < least:
            raise self.fault(f"{column} should be at least {least}, not {number}.")
        return number

    def optional_integer(self, column: str) -> int | None:
        """A whole number, or None where the cell is blank."""
        return self.integer(column) if self.text(column) else None

    def member(self, column: str, codes: type[Code]) -> Code:
        """One of a closed set of codes."""
        text = self.text(column)
        if text not in set(codes):
            raise self.fault(f"{column} should be one of {', '.join(codes)}, not {text!r}.")
        return codes(text)


def read_text(path: Path) -> str:
    """All of a file of the trace, as text."""
    if not path.parent.is_dir():
        raise TraceError(
            f"There is no folder {path.parent}. Name the folder that holds {path.parent.name}, or put it there."
        )
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise TraceError(
            f"{path} is missing. Put the file there, under the name its source gave it."
        ) from None
    except UnicodeDecodeError as fault:
        raise TraceError(f"{path} is not UTF-8 text (byte {fault.start}). Fetch it again.") from None
    except OSError as fault:
        raise TraceError(f"{path} can't be read: {fault.strerror}.") from None


def read_rows(file: str, text: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """The lines of a CSV table that has at least `columns`. `file` is what errors call it."""
    lines = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        headings = next(lines, [])
        missing = [column for column in columns if column not in headings]
        if missing:
            raise TraceError(
                f"{file}, line 1: there is no column {missing[0]}. The headings should have {', '.join(columns)}."
            )
        for cells in lines:
            row = Row(file, lines.line_num, dict(zip(headings, cells, strict=False)))
            if len(cells) != len(headings):
                raise row.fault(f"{len(headings)} cells were expected, not {len(cells)}.")
            yield row
    except csv.Error as fault:
        raise TraceError(f"{file}, line {lines.line_num}: {fault}.") from None
