"""An evidence pack as a table: part, name and value, a row for each figure."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from exchange.app import Exchange
from web.documents.csv_file import Cell
from web.documents.evidence import EvidenceOut
from web.documents.exports import csv_file
from web.evidence import evidence_of
from web.pages.routing import not_here
from web.session import Caller

HEAD: tuple[Cell, ...] = ("part", "name", "value")


def evidence_file(at: str) -> HTTPRouteHandler:
    """The handler that gives the pack of one statement as a file, at an address of one of the sides."""

    @get(f"{at}/{{run:str}}/{{subject:str}}/export")
    async def file(
        exchange: NamedDependency[Exchange],
        caller: NamedDependency[Caller],
        run: FromPath[str],
        subject: FromPath[str],
    ) -> Response[bytes]:
        """What stands behind the use of vouchers in one statement, as CSV."""
        evidence = await evidence_of(exchange, caller, f"{run}/{subject}")
        if evidence is None:
            raise not_here()
        return csv_file(f"suanli-evidence-{run}-{subject}.csv", evidence_csv(evidence))

    return file


def evidence_csv(evidence: EvidenceOut) -> Iterator[tuple[Cell, ...]]:
    """Rows in the order of the pack; what stands in the log is one cell of JSON."""
    yield HEAD
    for part, value in asdict(evidence).items():
        yield from _rows(part, "", value)


def _rows(part: str, name: str, value: Any) -> Iterator[tuple[Cell, ...]]:
    if name.endswith("body"):
        yield part, name, json.dumps(value, ensure_ascii=False, sort_keys=True)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _rows(part, f"{name}.{key}" if name else str(key), inner)
    elif isinstance(value, list):
        for n, inner in enumerate(value, 1):
            yield from _rows(part, f"{name} {n}".strip(), inner)
    else:
        yield part, name, value if isinstance(value, int | None) else str(value)
