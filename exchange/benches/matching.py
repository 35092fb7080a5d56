"""The figures that the matcher is held to, each measured in a fresh process and in processor time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import matching.search
from exchange.bench import Figure
from exchange.benches import adversarial, elastic, endurance, plain_books, quotes
from exchange.benches.adversarial import Trap
from exchange.benches.elastic import ElasticRun, Load
from exchange.benches.measure import SMALL, Measured, fresh
from exchange.benches.plain_books import PEERS, WORKLOADS, PeerError, Peers
from exchange.benches.quotes import Answered

WANTED = {Load.SINGLES: 4_000, Load.GANGS: 1_500, Load.WORK: 1_200, Load.LISTINGS: 5_000}
QUICK_MS = 20
PAUSE_MS = 5
TRAP_RATE, TRAP_SHARE = 5_000, 0.6
TRAP_COMMANDS = 2_000
QUOTED_LISTINGS, QUOTE_RATE, QUOTE_MS = 10_000, 100, 100
BOOK_RATE = 100_000
LISTING_BYTES = 5 * 1024
GROWTH = 1.02

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured. Without `peers` the plain order books are left out."""

    scale: int
    commands: int
    seed: int
    peers: Peers | None


def compiled() -> bool:
    """Whether the matcher runs compiled."""
    return not str(matching.search.__file__).endswith(".py")


def measure_matching(extent: Extent, say: Say) -> Iterator[Figure]:
    """Measure everything, and say what is measured now. Raises `PeerError` where the peers' scripts can't be run."""
    scale, seed = extent.scale, extent.seed
    runs: list[ElasticRun] = []
    for load in Load:
        say(f"{load}, at {scale:,}")
        run = fresh(elastic.run, load, scale, seed)
        runs.append(run)
        yield from _elastic(load, scale, run.measured, fresh(elastic.scan, load, scale, seed))
    for trap in Trap:
        say(f"{trap}, at {scale // 10:,} and {scale:,}")
        yield _trap(trap, scale, seed)
    yield from _all_quotes(min(scale, QUOTED_LISTINGS), seed, say)
    if extent.peers is not None:
        yield from _books(extent.peers, say)
    say(f"memory, and {extent.commands:,} commands")
    yield _bytes(scale, fresh(endurance.bytes_per_listing, scale, seed))
    grown = fresh(endurance.growth, extent.commands, seed)
    yield _growth(grown)
    yield _pause(runs, grown)


def _elastic(load: Load, scale: int, run: Measured, scan: Measured) -> Iterator[Figure]:
    counts = [(each.leases, each.cost) for each in run.timed[: len(scan.timed)]]
    assert counts == [(each.leases, each.cost) for each in scan.timed], "a plain scan finds the same"
    leases = load is Load.LISTINGS
    rate, scanned = (run.lease_rate, scan.lease_rate) if leases else (run.rate, scan.rate)
    met_by = "orders" if leases else "listings"
    unit = "leases/s" if leases else "commands/s"
    yield Figure(
        name=f"{load} against {scale:,} resting {met_by}",
        value=rate,
        unit=unit,
        peer=f"a plain scan ({len(scan.timed)} commands)",
        peer_value=scanned,
        ratio=rate / scanned if scanned else 0.0,
        wanted=f"at least {WANTED[load]:,}/s",
        met=rate >= WANTED[load],
    )
    p50, p99 = (1000 * run.quantile(share) for share in (0.5, 0.99))
    yield Figure(
        name=f"{load}: p99 of commands that grant at most {SMALL} leases",
        value=p99,
        unit="ms",
        peer="p50",
        peer_value=p50,
        ratio=p99 / p50 if p50 else 0.0,
        wanted=f"under {QUICK_MS} ms",
        met=p99 < QUICK_MS,
    )


def _pause(runs: list[ElasticRun], grown: endurance.Growth) -> Figure:
    longest = 1000 * max(grown.longest_pause, *(run.measured.longest_pause for run in runs))
    whole = 1000 * max(run.collection_s for run in runs)
    return Figure(
        name=f"the collector's longest pause under the elastic loads and {grown.commands:,} commands",
        value=longest,
        unit="ms",
        peer="one collection of a whole book",
        peer_value=whole,
        ratio=longest / whole,
        wanted=f"under {PAUSE_MS} ms",
        met=longest < PAUSE_MS,
    )


def _trap(trap: Trap, scale: int, seed: int) -> Figure:
    """The rate at the scale beside that at a tenth."""
    sizes = (max(1, scale // 10), scale)
    small_rate, rate = (fresh(adversarial.run, trap, size, TRAP_COMMANDS, seed).rate for size in sizes)
    return Figure(
        name=f"{trap}, at {sizes[1]:,}",
        value=rate,
        unit="commands/s",
        peer=f"at {sizes[0]:,}",
        peer_value=small_rate,
        ratio=rate / small_rate,
        wanted=f"both at least {TRAP_RATE:,}/s, and {TRAP_SHARE} times",
        met=min(rate, small_rate) >= TRAP_RATE and rate >= TRAP_SHARE * small_rate,
    )


def _all_quotes(scale: int, seed: int, say: Say) -> Iterator[Figure]:
    for load in quotes.LOADS:
        say(f"quotes of {load}, at {scale:,}")
        yield from _quotes(f"{load} against {scale:,} listings", fresh(quotes.run, load, scale, seed))
    for trap in quotes.TRAPS:
        large = max(1, scale // 10) if trap is Trap.TAKEN_BACK else scale
        say(f"quotes in {trap}, at {large:,}")
        yield from _quotes(f"{trap}, at {large:,}", fresh(quotes.run_trap, trap, large, seed))


def _quotes(title: str, answered: Answered) -> Iterator[Figure]:
    """The rate of all quotes beside that of those that had to be explained, and how long one takes."""
    fits, count = len(answered.fitting), len(answered.fitting) + len(answered.explained)
    yield Figure(
        name=f"quotes: {title}, of which {fits} of {count} fit",
        value=answered.rate,
        unit="quotes/s",
        peer="of those that do not fit",
        peer_value=answered.explained_rate,
        ratio=answered.explained_rate / answered.rate,
        wanted=f"at least {QUOTE_RATE}/s",
        met=answered.rate >= QUOTE_RATE,
    )
    p50, p95 = (1000 * answered.quantile(share) for share in (0.5, 0.95))
    yield Figure(
        name=f"quotes: {title}: p95",
        value=p95,
        unit="ms",
        peer="p50",
        peer_value=p50,
        ratio=p95 / p50,
        wanted=f"under {QUOTE_MS} ms",
        met=p95 < QUOTE_MS,
    )


def _books(peers: Peers, say: Say) -> Iterator[Figure]:
    with TemporaryDirectory(prefix="suanli-bench-") as scratch:
        say("plain order books")
        peers.generate(Path(scratch))
        installed = peers.installed()
        for workload in WORKLOADS:
            yield from _book(peers, installed, Path(scratch) / workload, say)


def _book(peers: Peers, installed: list[str], workload: Path, say: Say) -> Iterator[Figure]:
    run = fresh(plain_books.run, workload)
    title = f"plain order book, workload {workload.name}"
    yield Figure(
        name=f"{title}: {run.trades:,} trades, {'as' if run.as_expected else 'NOT as'} expected",
        value=run.rate,
        unit="commands/s",
        peer="bound",
        peer_value=BOOK_RATE,
        ratio=run.rate / BOOK_RATE,
        wanted=f"the expected trades, at least {BOOK_RATE:,}/s",
        met=run.as_expected and run.rate >= BOOK_RATE,
    )
    for adapter in installed:
        say(f"workload {workload.name}: {PEERS[adapter]}")
        try:
            rate = peers.rate(adapter, workload)
        except PeerError as fault:
            say(str(fault))
            continue
        yield Figure(
            name=f"{title}, beside {PEERS[adapter]}",
            value=run.rate,
            unit="commands/s",
            peer=PEERS[adapter],
            peer_value=rate,
            ratio=run.rate / rate,
            wanted="no figure: it stands beside",
            met=True,
        )


def _bytes(scale: int, each: float) -> Figure:
    return Figure(
        name=f"memory of each of {scale:,} resting listings",
        value=each,
        unit="bytes",
        peer="bound",
        peer_value=LISTING_BYTES,
        ratio=each / LISTING_BYTES,
        wanted="under 5 KB",
        met=each < LISTING_BYTES,
    )


def _growth(grown: endurance.Growth) -> Figure:
    ratio = grown.at_end / grown.at_half
    return Figure(
        name=f"blocks of memory after {grown.commands:,} commands, in a book that stays as large",
        value=grown.at_end,
        unit="blocks",
        peer="after half of them",
        peer_value=grown.at_half,
        ratio=ratio,
        wanted=f"at most {GROWTH} times",
        met=ratio <= GROWTH,
    )
