"""`suanli bench settle`: what it prints, at a scale that takes no time; and that it believes no engine that disagrees."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exchange.bench import Figure
from exchange.benches import beside, usage
from exchange.benches import settle as benched
from exchange.persistence import usage_records
from settlement import statement
from settlement.money import Fen
from settlement.usage import duckdb_engine, sums
from settlement.usage.sums import Sum, question
from tests.web.cli.conftest import Suanli
from web.cli import bench_settle

TINY = ("bench", "settle", "--records", 2_000, "--leases", 40)


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    """No process for each measurement, no cluster, and figures that a slow machine meets: those are tested elsewhere."""

    def here(work: Callable[..., Any], *arguments: Any) -> Any:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(work, *arguments).result()

    monkeypatch.setattr(benched, "fresh", here)
    monkeypatch.setattr(usage, "DAYS", 2)
    monkeypatch.setattr(benched, "ROUNDS", 1)
    monkeypatch.setattr(benched, "MEGABYTES", 100_000)
    monkeypatch.setattr(benched, "STAGE_A_MEGABYTES", 100_000)
    monkeypatch.setattr(benched, "OVERHEAD", 100)
    monkeypatch.setattr(benched, "AGAIN", 100)
    monkeypatch.setattr(benched, "SLOWER", 1_000)
    monkeypatch.setattr(beside, "ALONE_SECONDS", 0.1)
    monkeypatch.setattr(benched, "spark_is_installed", lambda: False)
    monkeypatch.setattr(bench_settle, "spark_is_installed", lambda: False)
    monkeypatch.setenv("DATABASE_URL", database_url)


def test_it_gives_a_figure_for_each_stage_and_engine(suanli: Suanli) -> None:
    told = suanli(*TINY, "--json")
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    assert (document["records"], document["leases"]) == (2_000, 40)
    assert document["left_out"] == [bench_settle.TOKENS, bench_settle.NO_SPARK]
    names = [figure["name"] for figure in document["figures"]]
    wanted = (
        "A by DuckDB: 2,000 records to",
        "PostgreSQL in place, the same bytes",
        "stage B",
        "memory of stages",
        "once more, which adds nothing",
        "orders wait at most while a month is closed",
    )
    assert [any(part in name for name in names) for part in wanted] == [True] * 6
    assert {"value", "unit", "peer", "peer_value", "ratio", "wanted", "met"} < document["figures"][0].keys()


def test_people_get_a_table_and_are_told_what_is_left_out(suanli: Suanli) -> None:
    told = suanli(*TINY, "--alone")
    assert "stage A by DuckDB" in told.stdout
    assert "PostgreSQL in place" not in told.stdout
    assert told.stdout.endswith(f"{bench_settle.TOKENS}\n{bench_settle.ALONE}\n")


def test_the_exit_code_says_whether_all_figures_are_met(
    suanli: Suanli, monkeypatch: pytest.MonkeyPatch
) -> None:
    for met in (True, False):

        async def measured(*_: object, met: bool = met) -> list[Figure]:
            return [Figure("stage A", 1.0, "s", "peer", 2.0, 0.5, "less", met)]

        monkeypatch.setattr(bench_settle, "measure_settling", measured)
        assert suanli(*TINY).exit_code == (0 if met else 1)


def test_made_up_usage_is_the_same_each_time_however_it_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = set()
    for days in (1, 3):
        monkeypatch.setattr(usage, "DAYS", days)
        sealed = usage.made_up(tmp_path / str(days), 2_000, 40)
        assert len(sealed.files) == days
        digests.add(sums.digest(asyncio.run(duckdb_engine.DuckDBEngine(sealed.files).sums())))
    assert digests == {"b2606b7c8f28d76db58c86bd2a9c883ca94f4472f3b45248bb6dcc278f268b96"}


# Sabotage: whatever is planted, no figure is given.


def test_an_engine_that_loses_a_micro_yuan_is_not_believed(
    suanli: Suanli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lossy(records: str, exact: str) -> str:
        return question(records, exact).replace("price AS", "price - 1 AS")

    monkeypatch.setattr(usage_records, "question", lossy)
    told = suanli(*TINY)
    assert told.exit_code == 5
    assert "come to different sums" in told.stderr


def test_sums_that_are_not_those_of_the_manifest_are_not_believed(
    suanli: Suanli, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = duckdb_engine.DuckDBEngine.sums

    async def forgetful(engine: duckdb_engine.DuckDBEngine) -> list[Sum]:
        return (await sound(engine))[1:]

    monkeypatch.setattr(duckdb_engine.DuckDBEngine, "sums", forgetful)
    told = suanli(*TINY, "--alone")
    assert told.exit_code == 1
    assert "not those that its manifest names" in told.stderr


def test_lines_that_lose_a_fen_are_not_believed(suanli: Suanli, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = statement.statement_line
    monkeypatch.setattr(
        benched,
        "statement_line",
        lambda gross, terms: replace(line := sound(gross, terms), fee_fen=Fen(line.fee_fen - 1)),
    )
    told = suanli(*TINY, "--alone")
    assert told.exit_code == 5
    assert "and their parts are" in told.stderr
