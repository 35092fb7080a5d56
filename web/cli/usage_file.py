"""Reads a file of usage, CSV or JSON lines, into the records that the API takes.

One bad line, and nothing is sent.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exchange.metering import BATCH_MAX
from settlement.metering.chain import Reading
from web.bodies.usage import DeliveryIn, TokensIn
from web.cli.talk import ExitCode, Failure
from web.problems import ProblemError
from web.strict import scan

Record = dict[str, Any]

KINDS: dict[str, type[DeliveryIn | TokensIn]] = {"deliveries": DeliveryIn, "tokens": TokensIn}
NUMBERS = {"sequence", "delivered_card_seconds", "input_tokens", "cached_input_tokens", "output_tokens"}
_WHOLE = re.compile(r"-?[0-9]{1,20}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class UsageFile:
    """Records of one kind, the line that each stands in, and the SHA-256 that the file is known by."""

    kind: str
    records: list[Record]
    lines: list[int]
    digest: str

    def chained_batches(self) -> Iterator[tuple[str, int, list[Record]]]:
        """Like `batches`, and each is of one meter, whose numbers follow each other: it can be signed."""
        start = 0
        for n in range(1, len(self.records) + 1):
            if n == len(self.records) or n - start == BATCH_MAX or not self._goes_on(n):
                yield f"sign-{self.digest[:32]}-{start}", start, self.records[start:n]
                start = n

    def _goes_on(self, n: int) -> bool:
        before, record = self.records[n - 1], self.records[n]
        return (record["meter"], record["sequence"]) == (before["meter"], before["sequence"] + 1)

    def batches(self) -> Iterator[tuple[str, int, list[Record]]]:
        """(key, place of the first record, records): the same file makes the same batches under the same keys."""
        remaining, first = iter(self.records), 0
        while batch := list(islice(remaining, BATCH_MAX)):
            yield f"file-{self.digest[:32]}-{first}", first, batch
            first += len(batch)


def read_usage(path: Path) -> UsageFile:
    """Read a file whole. Its columns tell its kind. Raises a `Failure` that names the line."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as fault:
        raise Failure(f"{path} can't be read: {fault.strerror}.", ExitCode.USAGE) from None
    except UnicodeDecodeError:
        raise Failure(f"{path} is no text in UTF-8: save it as such.", ExitCode.USAGE) from None
    rows = list(_json_rows(path, text) if text.lstrip().startswith("{") else _csv_rows(path, text))
    if not rows:
        raise Failure(f"{path} has no records.", ExitCode.USAGE)
    kind = _kind_of(path, rows[0][1])
    for line, record in rows:
        _check(path, line, kind, record)
    digest = hashlib.sha256(content).hexdigest()
    return UsageFile(kind, [record for _, record in rows], [line for line, _ in rows], digest)


def reading_of(kind: str, record: Record) -> Reading:
    """A record as its meter signs it."""
    return KINDS[kind].model_validate(record).reading()


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, Record]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            scan(line.encode())
            record = json.loads(line)
        except (ProblemError, ValueError) as fault:
            raise Failure(f"{path}, line {number}: not one JSON object ({fault}).", ExitCode.USAGE) from None
        if not isinstance(record, dict):
            raise Failure(f"{path}, line {number}: not one JSON object.", ExitCode.USAGE)
        yield number, record


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, Record]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if len(set(header)) < len(header):
            raise Failure(f"{path} has a column twice: name each once.", ExitCode.USAGE)
        for row in reader:
            if row and len(row) != len(header):
                said = f"{len(row)} values, but {len(header)} columns"
                raise Failure(f"{path}, line {reader.line_num}: {said}.", ExitCode.USAGE)
            if row:
                yield reader.line_num, dict(map(_typed, header, row))
    except csv.Error as fault:
        raise Failure(f"{path}, line {reader.line_num}: {fault}.", ExitCode.USAGE) from None


def _typed(name: str, value: str) -> tuple[str, str | int]:
    """A column's value with its type. What is no whole number stays text, which the API refuses."""
    return name, int(value) if name in NUMBERS and _WHOLE.match(value) else value


def _kind_of(path: Path, record: Record) -> str:
    for kind, body in KINDS.items():
        needed = {name for name, field in body.model_fields.items() if field.is_required()}
        if needed <= record.keys() <= body.model_fields.keys():
            return kind
    wanted = "; or ".join(", ".join(body.model_fields) for body in KINDS.values())
    raise Failure(f"{path} should have the columns {wanted}.", ExitCode.USAGE)


def _check(path: Path, line: int, kind: str, record: Record) -> None:
    """Refuse what the API would refuse for its form; what the venue refuses by its rules, only it can tell."""
    try:
        KINDS[kind].model_validate(record)
    except ValidationError as fault:
        first = fault.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the record"
        raise Failure(f"{path}, line {line}: {field}: {first['msg']}.", ExitCode.USAGE) from None
    except ProblemError as problem:
        raise Failure(f"{path}, line {line}: {problem}.", ExitCode.USAGE) from None
