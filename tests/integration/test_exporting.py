"""A closed month as files: all that was booked, the same bytes each time, and nothing altered unseen."""

import asyncio
import csv
import hashlib
import io
import json
from pathlib import Path

import duckdb
import pytest

from exchange.exporting import EXPORT, export, plan_export
from exchange.persistence import database
from exchange.persistence.turn import JobAtWorkError, sole_run
from exchange.sealing import NotClosedError
from settlement.usage.sealed import SealError
from settlement.usage.tables import write_table

pytestmark = pytest.mark.anyio

NAMES = ("statements", "statement-lines", "ledger", "memo", "emissions", "carbon", "refunds")


def read(file: Path) -> list[tuple[object, ...]]:
    return duckdb.execute("FROM read_parquet(?)", [str(file)]).fetchall()


def spreadsheet(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))


async def test_an_export_has_all_that_a_run_has_booked(season_url: str, tmp_path: Path) -> None:
    plan = await plan_export(season_url, "2026-01", tmp_path)
    manifest = await export(season_url, "2026-01", tmp_path)
    folder = tmp_path / "2026-01"
    rows = {part.name: part.rows for part in manifest.parts}
    assert rows == {
        f"{name}.{suffix}": len(read(folder / f"{name}.parquet"))
        for name in NAMES
        for suffix in ("parquet", "csv")
    }
    assert (plan.exported, plan.statements, plan.lines) == (
        False,
        rows["statements.csv"],
        rows["statement-lines.csv"],
    )
    statements, lines = spreadsheet(folder / "statements.csv"), spreadsheet(folder / "statement-lines.csv")
    assert sum(int(row["charged"]) for row in statements) == manifest.charged == plan.charged > 0
    assert sum(int(row["buyer_pays_fen"]) for row in lines) == manifest.charged
    assert {row["statement"] for row in lines} == {row["id"] for row in statements}
    emissions = spreadsheet(folder / "emissions.csv")
    assert {row["statement"] for row in emissions} <= {row["id"] for row in statements}
    for book in ("ledger", "memo", "carbon"):
        legs = spreadsheet(folder / f"{book}.csv")
        assert legs
        assert sum(int(leg["amount"]) for leg in legs) == 0
        assert {leg["seq"] for leg in legs} <= {row["seq"] for row in statements}
    paid = sum(
        int(leg["amount"]) for leg in spreadsheet(folder / "ledger.csv") if leg["account"] == "payable"
    )
    assert paid == sum(int(row["payout_on_charge_fen"]) for row in lines)


async def test_an_export_has_the_same_bytes_each_time_and_is_verified_when_it_is_there(
    season_url: str, tmp_path: Path
) -> None:
    left_over = tmp_path / "b" / "2026-02.open" / "statements.csv"
    left_over.parent.mkdir(parents=True)
    left_over.write_text("of somebody who was stopped")
    first = await export(season_url, "2026-02", tmp_path / "a")
    assert await export(season_url, "2026-02", tmp_path / "b") == first
    assert await export(season_url, "2026-02", tmp_path / "a") == first
    assert (await plan_export(season_url, "2026-02", tmp_path / "a")).exported
    stored = tmp_path / "b" / "2026-02"
    told = json.loads((stored / "manifest.json").read_bytes())
    for part in told["parts"]:
        assert hashlib.sha256((stored / part["name"]).read_bytes()).hexdigest() == part["sha256"]


@pytest.mark.parametrize("harm", ["altered", "missing", "extra", "manifest"])
async def test_what_was_touched_is_seen(season_url: str, tmp_path: Path, harm: str) -> None:
    await export(season_url, "2026-02", tmp_path)
    folder = tmp_path / "2026-02"
    match harm:
        case "altered":
            (folder / "memo.csv").write_bytes((folder / "memo.csv").read_bytes()[::-1])
        case "missing":
            (folder / "memo.csv").unlink()
        case "extra":
            (folder / "more.csv").touch()
        case _:
            (folder / "manifest.json").write_text("{}")
    with pytest.raises(SealError, match="2026-02 has"):
        await export(season_url, "2026-02", tmp_path)


async def test_only_a_closed_month_is_exported_and_by_one_at_a_time(season_url: str, tmp_path: Path) -> None:
    with pytest.raises(NotClosedError):
        await plan_export(season_url, "2026-03", tmp_path)
    with pytest.raises(NotClosedError):
        await export(season_url, "2026-03", tmp_path)
    async with sole_run(season_url, EXPORT):
        with pytest.raises(JobAtWorkError):
            await export(season_url, "2026-01", tmp_path)


async def test_no_text_of_a_table_is_a_formula(season_url: str, tmp_path: Path) -> None:
    rows, given = tmp_path / "rows.csv", ("=1+1", "plain", "", None, "@x", "'quoted", '"a,b"', "－1")  # noqa: RUF001
    connection = await database.connect(season_url)
    question = "SELECT text, n FROM unnest($1::text[]) WITH ORDINALITY AS _(text, n) ORDER BY n DESC"
    await connection.copy_from_query(question, list(given), output=rows, format="csv", header=True)
    await connection.close()
    files = tmp_path / "t.parquet", tmp_path / "t.csv"
    count = await asyncio.to_thread(write_table, rows, {"text": "VARCHAR", "n": "BIGINT"}, *files)
    assert count == len(given)
    assert read(files[0]) == [(text, n) for n, text in reversed(list(enumerate(given, 1)))]
    shown = [row["text"] for row in spreadsheet(files[1])]
    assert shown[::-1] == ["'=1+1", "plain", "", "", "'@x", "''quoted", '"a,b"', "'－1"]  # noqa: RUF001
