"""Rows on their way into the database: gathered over a whole batch, then written in one statement."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Table

Row = dict[str, Any]
Key = tuple[Any, ...]


@dataclass(slots=True)
class _TableRows:
    appended: list[Row] = field(default_factory=list)
    added: dict[Key, Row] = field(default_factory=dict)
    changed: dict[Key, Row] = field(default_factory=dict)
    put: dict[Key, Row] = field(default_factory=dict)


@dataclass(slots=True)
class Heard:
    """What later rows have of earlier events: the slot of the clock and, while the `seq`-th command lasts, what it brought.

    `arrived` is the order, or the listing that pays its makers, that the command brought or made new; `took_back` says
    that leases were taken back.
    """

    now: int = 0
    seq: int = 0
    arrived: str | None = None
    took_back: bool = False

    def hear(self, seq: int) -> None:
        """An event of this command follows."""
        if seq != self.seq:
            self.seq, self.arrived, self.took_back = seq, None, False


@dataclass(slots=True)
class Rows:
    """What a batch does to each table, each row at most once: what adds or puts a row takes later changes along."""

    heard: Heard = field(default_factory=Heard)
    tables: dict[Table, _TableRows] = field(default_factory=dict)

    def append(self, table: Table, row: Row) -> None:
        """A row that is new and will never change."""
        self._of(table).appended.append(row)

    def extend(self, table: Table, rows: Iterable[Row]) -> None:
        """Rows that are new and will never change."""
        self._of(table).appended.extend(rows)

    def add(self, table: Table, row: Row) -> None:
        """A row that is new."""
        self._of(table).added[key_of(table, row)] = row

    def change(self, table: Table, row: Row) -> None:
        """New values for some columns of a row that exists; `row` has its key, too."""
        rows, key = self._of(table), key_of(table, row)
        known = rows.added.get(key) or rows.put.get(key) or rows.changed.setdefault(key, {})
        known.update(row)

    def put(self, table: Table, row: Row) -> None:
        """A whole row, whether or not its key exists."""
        rows, key = self._of(table), key_of(table, row)
        rows.changed.pop(key, None)
        rows.put[key] = row

    def take_appended(self, table: Table) -> dict[Key, Row]:
        """The rows that will never change, by their keys: whoever compares them needs them no more."""
        known = self._of(table)
        rows = {key_of(table, row): row for row in known.appended}
        known.appended.clear()
        return rows

    def statements(self) -> Iterator[tuple[str, str]]:
        """Each insert and update as SQL with one parameter, `%s`, and that parameter: the rows as JSON."""
        for table, rows in self.tables.items():
            if rows.appended or rows.added:
                yield _insert(table), _json([*rows.appended, *rows.added.values()])
            if rows.put:
                yield _upsert(table), _json(rows.put.values())
            by_columns: dict[tuple[str, ...], dict[Key, Row]] = {}
            for key, row in rows.changed.items():
                by_columns.setdefault(tuple(sorted(row)), {})[key] = row
            for columns, changes in by_columns.items():
                yield _update(table, columns), _json(changes.values())

    def _of(self, table: Table) -> _TableRows:
        rows = self.tables.get(table)
        if rows is None:
            rows = self.tables[table] = _TableRows()
        return rows


def _json(rows: Collection[Row]) -> str:
    return msgspec.json.encode(list(rows)).decode()


def key_of(table: Table, row: Row) -> Key:
    """A row's primary key."""
    return tuple([row[name] for name in _key_names(table)])


@cache
def _key_names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key)


@cache
def _insert(table: Table) -> str:
    names = [f'"{column.name}"' for column in table.columns if column.server_default is None]
    values = ", ".join(f"u.{name}" for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values} FROM fence, {_recordset(table)}"  # noqa: S608


@cache
def _upsert(table: Table) -> str:
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    rest = ", ".join(
        f'"{column.name}" = excluded."{column.name}"' for column in table.columns if not column.primary_key
    )
    return f"{_insert(table)} ON CONFLICT ({keys}) DO UPDATE SET {rest}"


@cache
def _update(table: Table, columns: tuple[str, ...]) -> str:
    keys = _key_names(table)
    values = ", ".join(f'"{name}" = u."{name}"' for name in columns if name not in keys)
    matched = " AND ".join(f't."{name}" = u."{name}"' for name in keys)
    return f"UPDATE {table.name} t SET {values} FROM fence, {_recordset(table)} WHERE {matched}"  # noqa: S608


def _recordset(table: Table) -> str:
    return f"json_populate_recordset(NULL::{table.name}, %s::json) u"
