"""An evidence pack as a table: part, name and value, a row for each figure."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from web.documents.evidence import EvidenceOut
from web.pages.exports import Cell

HEAD: tuple[Cell, ...] = ("part", "name", "value")


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
