"""Usage of a closed period: Parquet files under a manifest, written whole or not at all, and verified when read.

2026-10.open/   parts that are being written; a part that is there is whole
2026-10/        the sealed period: its parts and manifest.json, which nothing changes any more
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from settlement.meters import Meter
from settlement.usage.duckdb_engine import shapes_of, totals_of, write_records
from settlement.usage.records import COLUMNS, SCHEMA_VERSION, Record, UsageError
from settlement.usage.sums import Sum

MANIFEST = "manifest.json"
PARTIAL = ".partial"  # ends the name of a file that is not whole yet


class SealError(Exception):
    """What is stored is not what was sealed; the sentence names the file."""


@dataclass(frozen=True, slots=True)
class Part:
    """A file of the period, as it was when it was sealed."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Total:
    """What all records of a meter come to."""

    meter: Meter
    records: int
    contracted: int
    delivered: int
    accumulated: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """All that a sealed period holds."""

    schema: int
    period: str
    parts: tuple[Part, ...]
    totals: tuple[Total, ...]

    @property
    def encoded(self) -> bytes:
        """The manifest as it is stored."""
        return f"{json.dumps(asdict(self), indent=2)}\n".encode()

    @property
    def digest(self) -> str:
        """Its SHA-256: whoever keeps this knows that nothing of the period has changed."""
        return hashlib.sha256(self.encoded).hexdigest()


@dataclass(frozen=True, slots=True)
class SealedPeriod:
    """A period whose files are those that were sealed."""

    folder: Path
    manifest: Manifest

    @property
    def files(self) -> list[Path]:
        """Its Parquet files."""
        return [self.folder / part.name for part in self.manifest.parts]

    def require_totals(self, sums: Iterable[Sum]) -> None:
        """Raise `SealError` where an engine's sums don't come to what was sealed."""
        if _totals(sums) != self.manifest.totals:
            raise SealError(f"The sums of {self.manifest.period} are not those that its manifest names.")


@dataclass(frozen=True, slots=True)
class OpenPeriod:
    """A period that is being written. Whoever was stopped begins again: parts that are there stay as they are."""

    root: Path
    period: str

    @property
    def folder(self) -> Path:
        """Where its parts are until it is sealed."""
        return self.root / f"{self.period}.open"

    def has(self, name: str) -> bool:
        """Whether a part is there. Its records follow from its name, so it need not be written again."""
        return self._path(name).exists()

    def write(self, name: str, records: Iterable[Record]) -> None:
        """Write a part. Raises `UsageError` for records that are not exact."""
        with self.writing(name) as path:
            write_records(path, records)

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Where to write a part, which is there once the block is done with it."""
        if (self.root / self.period).exists():
            raise SealError(f"{self.period} is sealed: nothing is added to it.")
        self.folder.mkdir(parents=True, exist_ok=True)
        with whole(self._path(name)) as partial:
            yield partial

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def seal(self, names: Iterable[str]) -> SealedPeriod:
        """Seal the parts of these names. Raises `UsageError` where others are there, or one that can't be summed."""
        paths = sorted(map(self._path, names))
        if not paths:
            self.write("nothing", [])  # so that every engine has a file to look into
            paths = [self._path("nothing")]
        self._require_no_others(paths)
        shapes = shapes_of(paths)
        for path, shape in zip(paths, shapes, strict=True):
            if shape.columns != COLUMNS:
                raise UsageError(f"{path.name} has other columns than schema version {SCHEMA_VERSION}.")
        parts = tuple(
            Part(path.name, shape.rows, path.stat().st_size, sha256_of(path))
            for path, shape in zip(paths, shapes, strict=True)
        )
        totals = _totals(totals_of(paths))
        manifest = Manifest(SCHEMA_VERSION, self.period, parts, totals)
        with whole(self.folder / MANIFEST) as partial:
            partial.write_bytes(manifest.encoded)
        sealed = self.root / self.period
        self.folder.rename(sealed)
        sync(self.root)
        return SealedPeriod(sealed, manifest)

    def _require_no_others(self, paths: Iterable[Path]) -> None:
        """An attempt of another kind may have cut the usage into other parts: it would count twice."""
        for left_over in self.folder.glob(f"*{PARTIAL}"):
            left_over.unlink()
        others = set(self.folder.iterdir()) - {*paths, self.folder / MANIFEST}
        if others:
            named = ", ".join(sorted(path.name for path in others))
            raise UsageError(
                f"{self.folder} has files of another attempt: {named}. Remove it, and begin anew."
            )


def open_sealed(root: Path, period: str) -> SealedPeriod:
    """A sealed period, every byte of it verified. Raises `SealError`, which names what is altered, missing or extra."""
    folder = root / period
    if not (folder / MANIFEST).is_file():
        raise SealError(f"{period} is not sealed: there is no {folder / MANIFEST}.")
    manifest = _manifest(folder)
    stored = {path.name for path in folder.iterdir()} - {MANIFEST}
    named = {part.name for part in manifest.parts}
    for what, names in (("missing", named - stored), ("extra", stored - named)):
        if names:
            raise SealError(f"{period} has {what} files: {', '.join(sorted(names))}.")
    for part in manifest.parts:
        path = folder / part.name
        if path.stat().st_size != part.bytes or sha256_of(path) != part.sha256:
            raise SealError(f"{period} has an altered file: {part.name}.")
    return SealedPeriod(folder, manifest)


def _manifest(folder: Path) -> Manifest:
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
        if told["schema"] != SCHEMA_VERSION:
            raise SealError(
                f"{folder.name} is of schema version {told['schema']}, which this version can't read."
            )
        parts = tuple(Part(**part) for part in told["parts"])
        totals = tuple(Total(**{**total, "meter": Meter(total["meter"])}) for total in told["totals"])
        manifest = Manifest(told["schema"], told["period"], parts, totals)
    except (ValueError, KeyError, TypeError) as fault:
        raise SealError(f"{folder.name} has an altered file: {MANIFEST}.") from fault
    if manifest.period != folder.name or manifest.encoded != (folder / MANIFEST).read_bytes():
        raise SealError(f"{folder.name} has an altered file: {MANIFEST}.")
    return manifest


def _totals(sums: Iterable[Sum]) -> tuple[Total, ...]:
    found: dict[Meter, list[int]] = {}
    for one in sums:
        known = found.setdefault(one.meter, [0, 0, 0, 0])
        for n, amount in enumerate(one[3:]):
            known[n] += amount
    return tuple(Total(meter, *found[meter]) for meter in sorted(found))


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write a file that comes to its own name when all of it is on disk, and not before."""
    partial = path.with_name(f"{path.name}{PARTIAL}")
    yield partial
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """Let the names in a folder be on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
