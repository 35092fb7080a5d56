"""`suanli seal` and `export`: a closed month is kept, verified when it is there, and refused where it was touched."""

import asyncio
import json
from pathlib import Path

import pytest

from exchange.persistence import database
from settlement.usage.sealed import open_sealed
from tests.web.cli.conftest import Suanli


@pytest.fixture
def period(suanli: Suanli, database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A month that was traded, delivered and closed."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert suanli("replay", "--scale", 20).exit_code == 0

    async def first() -> str:
        connection = await database.connect(database_url)
        named: str = await connection.fetchval("SELECT min(period) FROM runs WHERE status = 'closed'")
        await connection.close()
        return named

    return asyncio.run(first())


def test_a_closed_month_is_kept_and_then_verified(suanli: Suanli, period: str, tmp_path: Path) -> None:
    first = suanli("seal", period, "--json")
    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    sealed = open_sealed(tmp_path / ".suanli" / "usage", period)
    assert told["manifest"] == sealed.manifest.digest
    assert told["records"] == sum(total.records for total in sealed.manifest.totals) > 0
    assert json.loads(suanli("seal", period, "--json").stdout) == told
    assert f"sums       {told['sums']}" in suanli("seal", period).stdout


def test_a_touched_file_is_named(suanli: Suanli, period: str) -> None:
    suanli("seal", period, "--into", "kept")
    part = next(Path("kept", period).glob("*.parquet"))
    part.write_bytes(part.read_bytes() + b" ")
    told = suanli("seal", period, "--into", "kept")
    assert told.exit_code == 1
    assert f"altered file: {part.name}" in told.stderr


def test_a_closed_month_is_exported_in_the_frame_of_a_job(suanli: Suanli, period: str) -> None:
    planned = json.loads(suanli("export", period, "--plan", "--json").stdout)
    assert (planned["exported"], planned["files"], Path(".suanli/exports").exists()) == (False, 14, False)
    unasked = suanli("export", period)
    assert (unasked.exit_code, unasked.stdout) == (2, "")
    done = suanli("export", period, "--yes", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["charged"] == planned["charged"]
    assert f"holds what {planned['run']} has booked" in suanli("export", period).stdout
    Path(".suanli/exports", period, "memo.csv").write_text("")
    touched = suanli("export", period)
    assert (touched.exit_code, "altered file: memo.csv" in touched.stderr) == (1, True)
    assert suanli("export", "2199-01", "--plan").exit_code == 4


def test_only_a_closed_month_can_be_sealed(suanli: Suanli, period: str) -> None:
    later = f"{int(period[:4]) + 1}{period[4:]}"
    told = suanli("seal", later)
    assert told.exit_code == 4
    assert f"{later} is not closed" in told.stderr
    assert suanli("seal", "October").exit_code == 2
