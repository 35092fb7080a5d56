"""PostgreSQL and Spark keep the laws of every engine, and all three give the same bytes: for a closed month, too."""

import asyncio
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from exchange.jobs import contract_parts, run_in_slots
from exchange.persistence import database
from exchange.persistence.database import Connection
from exchange.persistence.queries import closing
from exchange.persistence.queries.market import clock
from exchange.persistence.usage_records import InPlaceEngine, Records
from exchange.sealing import NotClosedError, closed_run, keep, seal, sums_in_place
from exchange.state import CloseRun, VenueTerms
from settlement.segments import segment_name
from settlement.usage import sums
from settlement.usage.duckdb_engine import DuckDBEngine
from settlement.usage.records import COLUMNS
from settlement.usage.sealed import OpenPeriod, SealError, open_sealed
from settlement.usage.sums import UsageEngine
from tests.paths import PROJECT
from tests.settlement import usage_worlds
from tests.settlement.usage_files import file_of
from tests.settlement.usage_laws import LAWS, Law

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(400),
]  # a cluster on a busy machine takes a minute to start

CLOSED = ("2026-01", "2026-02")
NUMBERS = count(1)

Counts = tuple[int, int, int]
"""Quantity, loss, and quantity times price."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One cluster for all tests here: nothing of it is left afterwards."""
    pytest.importorskip("pyspark", reason="Spark is not installed: make spark")
    from settlement.usage.spark_cluster import local_cluster  # noqa: PLC0415 — an extra

    folder = tmp_path_factory.mktemp("spark")
    with local_cluster(folder) as session:
        assert len(processes_of(folder)) >= 4, "a master, two workers and a driver"
        yield session
    assert processes_of(folder) == []


def spark_engine(session: Any, files: Sequence[Path]) -> UsageEngine:
    from settlement.usage.spark_engine import SparkEngine  # noqa: PLC0415 — an extra

    return SparkEngine(session, files)


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    connection = await database.connect(database_url, database.NO_ROLE)
    yield connection
    await connection.close()


@pytest.fixture
async def season(season_url: str) -> AsyncIterator[tuple[Connection, VenueTerms]]:
    """A venue with two closed months, and its terms."""
    pool = await database.reading_pool(season_url)
    terms = (await clock(pool)).terms
    async with pool.acquire() as reader:
        yield reader, terms
    await pool.close()


async def table_of(connection: Connection, rows: Iterable[Sequence[object]]) -> InPlaceEngine:
    """PostgreSQL's engine over a table with these rows."""
    name = f"usage_{next(NUMBERS)}"
    columns = ", ".join(
        f"{column} {'text' if kind == 'VARCHAR' else kind}" for column, kind in COLUMNS.items()
    )
    await connection.execute(f"CREATE TABLE {name} ({columns})")
    await connection.copy_records_to_table(name, records=[tuple(row) for row in rows])
    return InPlaceEngine(connection, Records(name))


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
async def test_postgresql_keeps(law: Law, connection: Connection) -> None:
    async def backend(rows: Iterable[Sequence[object]]) -> UsageEngine:
        return await table_of(connection, rows)

    await law(backend)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
async def test_spark_keeps(law: Law, cluster: Any, tmp_path: Path) -> None:
    async def backend(rows: Iterable[Sequence[object]]) -> UsageEngine:
        return spark_engine(cluster, [file_of(tmp_path, rows)])

    await law(backend)


async def test_all_three_give_the_same_bytes(connection: Connection, cluster: Any, tmp_path: Path) -> None:
    records = usage_worlds.hard() + usage_worlds.drawn(seed=4, count=20_000)
    files = [file_of(tmp_path, records[n::5]) for n in range(5)]
    engines: list[UsageEngine] = [
        DuckDBEngine(files),
        await table_of(connection, records),
        spark_engine(cluster, files),
    ]
    answers = [sums.encoded(await engine.sums()) for engine in engines]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0].count(b"\n") > 300


@pytest.mark.parametrize("period", CLOSED)
async def test_a_closed_month_comes_to_the_same_in_every_engine_and_on_its_statements(
    period: str, season: tuple[Connection, VenueTerms], cluster: Any, tmp_path: Path
) -> None:
    reader, terms = season
    sealed = await seal(reader, terms, period, tmp_path)
    run = await closed_run(reader, period)
    in_place = await sums_in_place(reader, terms, run)
    posted = await booked(reader, run.id)
    assert open_sealed(tmp_path, period) == sealed
    answers = [
        in_place,
        await DuckDBEngine(sealed.files).sums(),
        await spark_engine(cluster, sealed.files).sums(),
    ]
    for answer in answers:
        sealed.require_totals(answer)
    assert len({sums.digest(answer) for answer in answers}) == 1
    versions = await versions_of_stretches(reader, terms, run)
    told: dict[tuple[str, ...], Counts] = defaultdict(lambda: (0, 0, 0))
    for one in in_place:
        counts = (one.contracted, one.contracted - one.delivered, one.accumulated)
        add(told, (one.subject, versions.get((one.subject, one.segment), one.segment), one.meter), counts)
    assert told == posted
    assert len(posted) > 3
    if period == "2026-01":
        assert len(set(versions.values())) < len(versions), "a package cuts a contract without other prices"


async def test_files_of_other_usage_are_not_taken_for_the_databases(season_url: str, tmp_path: Path) -> None:
    other = OpenPeriod(tmp_path, "2026-01")
    other.write("part", usage_worlds.drawn(seed=5, count=10))
    other.seal(["part"])
    with pytest.raises(SealError, match="other usage than the database"):
        await keep(season_url, "2026-01", tmp_path)


async def versions_of_stretches(
    reader: Connection, terms: VenueTerms, closed: CloseRun
) -> dict[tuple[str, str], str]:
    """What a statement says of a contract's segment: the version of its prices, in place of the number of its stretch."""
    run = await run_in_slots(reader, closed, await closing.first_settled(reader, closed.id), terms)
    agreements = await closing.agreements(reader)
    named: dict[tuple[str, str], str] = {}
    for span in await closing.contracts_settled(reader, closed.id):
        for part in contract_parts(span, run, agreements, terms):
            version = span.tariff_at(part.start * terms.slot_seconds).version
            named[span.contract, part.name] = segment_name(part.service_period, version, part.agreement)
    return named


def add(sums: dict[tuple[str, ...], Counts], name: tuple[str, ...], counts: Counts) -> None:
    quantity, lost, accumulated = sums[name]
    sums[name] = (quantity + counts[0], lost + counts[1], accumulated + counts[2])


async def booked(reader: Connection, run: str) -> dict[tuple[str, ...], Counts]:
    """Quantity, loss and quantity times price of all that a run has posted, taken from packages or not."""
    rows = await reader.fetch(
        "SELECT s.subject, l.* FROM statement_lines l JOIN statements s ON s.id = l.statement "
        "WHERE s.run = $1 AND l.quantity > 0 AND l.meter <> 'packages'",
        run,
    )
    sums: dict[tuple[str, ...], Counts] = defaultdict(lambda: (0, 0, 0))
    for row in rows:
        add(sums, line_name(row), (row["quantity"], row["lost"], row["quantity"] * row["price"]))
    return sums


def line_name(row: Any) -> tuple[str, ...]:
    agreement = None if row["agreement"] is None else row["agreement"].rsplit("/", 1)
    price = row["price"] if row["price_version"] is None else row["price_version"]
    named = None if agreement is None else (agreement[0], int(agreement[1]))
    return row["subject"], segment_name(row["service_period"], price, named), row["meter"]


async def test_what_is_not_closed_is_not_sealed(
    season: tuple[Connection, VenueTerms], tmp_path: Path
) -> None:
    reader, terms = season
    with pytest.raises(NotClosedError, match="close it first"):
        await seal(reader, terms, "2026-03", tmp_path)


async def test_a_seal_that_was_stopped_goes_on_where_it_was(
    season: tuple[Connection, VenueTerms], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, terms = season
    monkeypatch.setattr("exchange.sealing.LEASES_AT_ONCE", 5)
    whole = await seal(reader, terms, "2026-01", tmp_path / "at once")
    with monkeypatch.context() as stopping:
        stopping.setattr("exchange.sealing.fetched", stops_after(3))
        with pytest.raises(asyncio.CancelledError):
            await seal(reader, terms, "2026-01", tmp_path)
    assert len(list((tmp_path / "2026-01.open").iterdir())) == 3
    assert (await seal(reader, terms, "2026-01", tmp_path)).manifest == whole.manifest


def stops_after(patience: int) -> Any:
    from exchange.persistence.usage_records import fetched  # noqa: PLC0415 — as it is before it is replaced

    async def stopping(connection: Connection, records: Records) -> list[Any]:
        nonlocal patience
        patience -= 1
        if patience < 0:
            raise asyncio.CancelledError
        return await fetched(connection, records)

    return stopping


# The cluster itself


def processes_of(folder: Path) -> list[int]:
    """Processes that run on the Java of a cluster."""
    mark = f"JAVA_HOME={folder}/java".encode()
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if mark in environment_of(pid)]


def environment_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def listeners(pid: int) -> set[str]:
    """Addresses on which a process listens, as the kernel writes them."""
    try:
        targets = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return set()
    inodes = {target[8:-1] for target in targets if target.startswith("socket:[")}
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()
    ]
    return {row[1].partition(":")[0] for row in rows if row[3] == "0A" and row[9] in inodes}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_the_cluster_listens_on_loopback_alone(cluster: Any) -> None:
    folder = Path(cluster.conf.get("spark.local.dir"))
    heard = {address for pid in processes_of(folder) for address in listeners(pid)}
    assert heard
    assert heard <= {"0100007F", "0000000000000000FFFF00000100007F"}, "127.0.0.1 in either form"


CHILD = """
import sys, time
from contextlib import ExitStack
from pathlib import Path
from settlement.usage import spark_cluster
folder = Path(sys.argv[1])
with ExitStack() as started:
    environment = spark_cluster._environment(folder)
    spark_cluster._start(started, environment, folder / "log", "master.Master", "--port", "0")
    print("started", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a daemon outlives a killed parent")
def test_a_daemon_ends_with_the_process_that_started_it_however_it_ends(tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="Spark is not installed: make spark")
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], cwd=PROJECT, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"started\n"
        [daemon] = processes_of(tmp_path)
        child.send_signal(signal.SIGKILL)
    patience_ends = time.monotonic() + 30
    while daemon in processes_of(tmp_path):
        assert time.monotonic() < patience_ends
        time.sleep(0.1)
