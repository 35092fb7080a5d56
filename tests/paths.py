"""Where the worked cases and public data sets are that some tests read but the project does not carry."""

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


def cases_dir() -> Path | None:
    """Worked cases: SUANLI_CASES, or the folder beside the project."""
    return _folder("SUANLI_CASES", "cases")


def data_dir() -> Path | None:
    """Public data sets: SUANLI_DATA, or the folder beside the project."""
    return _folder("SUANLI_DATA", "data")


def require(path: Path | None, what: str) -> Path:
    """The path, or a skipped test with one line that says what is not there."""
    if path is None or not path.exists():
        pytest.skip(f"{what} not found (set SUANLI_CASES and SUANLI_DATA)")
    return path


def _folder(variable: str, name: str) -> Path | None:
    folder = Path(os.environ.get(variable, PROJECT.parent / "shared" / name))
    return folder if folder.is_dir() else None
