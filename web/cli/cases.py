"""Files of worked cases: which kind a file is, and what its cases come to."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from matching.book_cases import check_book_scenario, decided_otherwise
from matching.cases import check_scenario
from settlement.cases import check_case

Record = Mapping[str, Any]


class Kind(StrEnum):
    """What a file's cases are about."""

    ELASTIC = "elastic"
    BOOK = "book"
    SETTLEMENT = "settlement"


class CaseFileError(Exception):
    """A file that can't be read, or is of no known kind."""


class Difference(Protocol):
    """Where a case came out otherwise than it should."""

    @property
    def field(self) -> str: ...
    @property
    def expected(self) -> object: ...
    @property
    def got(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Reason:
    """A difference of the whole case."""

    field: str
    expected: object
    got: object


@dataclass(frozen=True, slots=True)
class Checked:
    """A case and where it went wrong: nowhere, if it passed."""

    file: Path
    kind: Kind
    name: str
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class Form:
    """How a kind of file is told from others: where its cases are, what each has, and what each is called by."""

    kind: Kind
    cases: str
    keys: frozenset[str]
    name: str


FORMS = (
    Form(Kind.ELASTIC, "scenarios", frozenset({"commands", "expect"}), "id"),
    Form(Kind.BOOK, "scenarios", frozenset({"commands", "expected_trades"}), "name"),
    Form(Kind.SETTLEMENT, "cases", frozenset({"input", "expected"}), "id"),
)


def check_file(file: Path) -> Iterator[Checked]:
    """Check every case of a file, in order. Raises `CaseFileError`."""
    document = _read(file)
    form = _form_of(file, document)
    check = _checker(form.kind, document)
    for n, case in enumerate(document[form.cases], start=1):
        name = case.get(form.name, f"number {n}") if isinstance(case, dict) else f"number {n}"
        yield Checked(file, form.kind, str(name), _checked(check, case))


def _read(file: Path) -> Record:
    try:
        document = json.loads(file.read_bytes())
    except OSError as fault:
        raise CaseFileError(f"{file} can't be read: {fault.strerror}.") from None
    except (ValueError, RecursionError) as fault:
        raise CaseFileError(f"{file} is not JSON in UTF-8: {fault}.") from None
    if not isinstance(document, dict):
        raise CaseFileError(f"{file} is no file of cases: it should hold one JSON object.")
    return document


def _form_of(file: Path, document: Record) -> Form:
    """The form that the file's first case has; further cases that differ from it fail one by one."""
    for form in FORMS:
        cases = document.get(form.cases)
        if isinstance(cases, list) and cases and isinstance(cases[0], dict) and form.keys <= cases[0].keys():
            return form
    raise CaseFileError(
        f"{file} holds no cases of a known kind: elastic scenarios, book scenarios or settlement cases."
    )


def _checker(kind: Kind, document: Record) -> Callable[[Record], Sequence[Difference]]:
    match kind:
        case Kind.ELASTIC:
            return lambda case: check_scenario(case, document.get("defaults", {}))
        case Kind.BOOK:
            return lambda case: [] if decided_otherwise(case) else check_book_scenario(case)
        case Kind.SETTLEMENT:
            return check_case


def _checked(check: Callable[[Record], Sequence[Difference]], case: Record) -> Sequence[Difference]:
    """A case that is not in the form of its file is a failing case, however it is broken."""
    try:
        return check(case)
    except Exception as fault:  # noqa: BLE001 — a case is anybody's writing
        return [Reason("case", "one in the form of its file", f"{type(fault).__name__}: {fault}")]
