"""Exporting a closed period: what it has booked as files under a manifest, the same bytes whenever they are made."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from exchange.persistence import database
from exchange.persistence.database import Connection
from exchange.persistence.queries import closing
from exchange.persistence.queries.exports import EXPORTS, Exported, write_rows
from exchange.persistence.turn import sole_run
from exchange.sealing import closed_run
from settlement.usage.sealed import MANIFEST, Part, SealError, sha256_of, sync, whole
from settlement.usage.tables import write_table

SCHEMA_VERSION = 1
EXPORT = "export"  # the job's name, by which its runs take turns


@dataclass(frozen=True, slots=True)
class ExportManifest:
    """All files of an exported period, and what the period came to, in fen."""

    schema: int
    period: str
    run: str
    statements: int
    charged: int
    parts: tuple[Part, ...]

    @property
    def encoded(self) -> bytes:
        """The manifest as it is stored."""
        return f"{json.dumps(asdict(self), indent=2)}\n".encode()


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What exporting a period would write, and whether its files are there already."""

    period: str
    run: str
    statements: int
    lines: int
    charged: int
    folder: str
    files: int
    exported: bool


async def plan_export(url: str, period: str, root: Path) -> ExportPlan:
    """What exporting a period would write. Raises `NotClosedError`."""
    connection = await database.connect(url)
    try:
        run = await closed_run(connection, period)
        report = await closing.report(connection, period)
    finally:
        await database.hang_up(connection)
    return ExportPlan(
        period=period,
        run=run.id,
        statements=report.statements,
        lines=report.lines,
        charged=report.charged,
        folder=str(root / period),
        files=2 * len(EXPORTS),
        exported=(root / period).exists(),
    )


def files_written(root: Path, period: str) -> int:
    """How many files an export that is at work has written."""
    return sum(path.suffix in {".csv", ".parquet"} for path in _open(root, period).glob("*"))


async def export(url: str, period: str, root: Path) -> ExportManifest:
    """Export a period below `root`, or verify the one that is there.

    Whoever was stopped begins anew, since every file has the same bytes again. Raises `NotClosedError`, `JobAtWorkError`,
    or `SealError` where files are not those that were exported.
    """
    folder = root / period
    async with sole_run(url, EXPORT):
        if folder.exists():
            return await asyncio.to_thread(_verified, folder)
        connection = await database.connect(url)
        try:
            run = await closed_run(connection, period)
            report = await closing.report(connection, period)
            with _emptied(_open(root, period)) as unfinished:
                parts = [
                    part for one in EXPORTS for part in await _write(connection, one, run.id, unfinished)
                ]
                manifest = ExportManifest(
                    SCHEMA_VERSION, period, run.id, report.statements, report.charged, tuple(parts)
                )
                with whole(unfinished / MANIFEST) as partial:
                    partial.write_bytes(manifest.encoded)
                unfinished.rename(folder)
                sync(root)
        finally:
            await database.hang_up(connection)
    return manifest


def _open(root: Path, period: str) -> Path:
    """Where files are until all of them are there."""
    return root / f"{period}.open"


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for left_over in folder.iterdir():
        left_over.unlink()
    yield folder


async def _write(connection: Connection, exported: Exported, run: str, folder: Path) -> list[Part]:
    """Write a table as Parquet and as CSV."""
    paths = [folder / f"{exported.name}.{suffix}" for suffix in ("parquet", "csv")]
    with TemporaryDirectory(prefix="suanli-export-") as passing:
        rows = Path(passing) / "rows.csv"
        await write_rows(connection, exported, run, rows)
        with whole(paths[0]) as parquet, whole(paths[1]) as csv:
            count = await asyncio.to_thread(write_table, rows, exported.columns, parquet, csv)
    return [Part(path.name, count, path.stat().st_size, sha256_of(path)) for path in paths]


def _verified(folder: Path) -> ExportManifest:
    """The manifest of a folder whose files are those that it names."""
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
        manifest = ExportManifest(**{**told, "parts": tuple(Part(**part) for part in told["parts"])})
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise SealError(f"{folder.name} has an altered file: {MANIFEST}.") from fault
    stored = {path.name for path in folder.iterdir()} - {MANIFEST}
    if stored != {part.name for part in manifest.parts}:
        raise SealError(f"{folder.name} has other files than its manifest names.")
    for part in manifest.parts:
        path = folder / part.name
        if path.stat().st_size != part.bytes or sha256_of(path) != part.sha256:
            raise SealError(f"{folder.name} has an altered file: {part.name}.")
    return manifest
