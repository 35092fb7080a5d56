"""Reads the reference tables: every cell is checked as it is read, and a fault is named by file, row and column."""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

Code = TypeVar("Code", bound=StrEnum)
Key = TypeVar("Key", bound=str)
Value = TypeVar("Value")

WHOLE_NUMBER = re.compile(r"-?[0-9]+")  # `int` alone would let through 1_000 and full-width digits


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. `number` counts as a spreadsheet does: the headings are row 1."""

    table: str
    number: int
    cells: Mapping[str, str]

    def fault(self, why: str) -> ValueError:
        """The error to raise about this row."""
        return ValueError(f"{self.table}, row {self.number}: {why}")

    def optional(self, column: str) -> str | None:
        """The cell's text, or None where it is blank."""
        return self.cells[column] or None

    def text(self, column: str) -> str:
        """The cell's text, which must not be blank."""
        text = self.optional(column)
        if text is None:
            raise self.fault(f"{column} is blank")
        return text

    def integer(self, column: str, least: int, most: int | None = None) -> int:
        """A whole number of at least `least` and, where given, at most `most`."""
        text = self.text(column)
        if WHOLE_NUMBER.fullmatch(text) is None:
            raise self.fault(f"{column} is not a whole number: {text!r}")
        number = int(text)
        if number < least:
            raise self.fault(f"{column} is below {least}: {number}")
        if most is not None and number > most:
            raise self.fault(f"{column} is above {most}: {number}")
        return number

    def optional_integer(self, column: str, least: int) -> int | None:
        """A whole number, or None where the cell is blank."""
        return None if self.optional(column) is None else self.integer(column, least)

    def member(self, column: str, codes: type[Code]) -> Code:
        """One of a closed set of codes."""
        text = self.text(column)
        if text not in set(codes):
            raise self.fault(f"{column} is none of {', '.join(codes)}: {text!r}")
        return codes(text)

    def known(self, column: str, code: Callable[[str], Key], among: Mapping[Key, Value]) -> Value:
        """What the code in the cell stands for in another table."""
        key = code(self.text(column))
        if key not in among:
            raise self.fault(f"{column} is not in the catalogue: {key!r}")
        return among[key]

    def day(self, column: str) -> date:
        """A date as YYYY-MM-DD."""
        text = self.text(column)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.fault(f"{column} is not a date: {text!r}") from None


def read_rows(table: str, text: str, columns: tuple[str, ...]) -> tuple[Row, ...]:
    """The rows of a CSV table, whose headings must be exactly `columns`."""
    try:
        lines = list(csv.reader(text.splitlines(), strict=True))
    except csv.Error as fault:
        raise ValueError(f"{table}: {fault}") from fault
    if not lines or tuple(lines[0]) != columns:
        raise ValueError(f"{table}, row 1: the headings must be {','.join(columns)}")
    return tuple(_row(table, number, columns, cells) for number, cells in enumerate(lines[1:], start=2))


def _row(table: str, number: int, columns: tuple[str, ...], cells: list[str]) -> Row:
    row = Row(table, number, dict(zip(columns, cells, strict=False)))
    if len(cells) != len(columns):
        raise row.fault(f"{len(columns)} cells were expected, not {len(cells)}")
    return row


def by_code(
    rows: Iterable[Row], read: Callable[[Row], Value], code: Callable[[Value], Key]
) -> Mapping[Key, Value]:
    """Read each row and file it under its code, which must be its own."""
    found: dict[Key, Value] = {}
    for row in rows:
        value = read(row)
        if code(value) in found:
            raise row.fault(f"{code(value)} appears twice")
        found[code(value)] = value
    return MappingProxyType(found)
