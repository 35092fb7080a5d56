"""Workloads of a plain order book, fed through the same engine in its degenerate market, beside other engines.

The workloads and the other engines' adapters are scripts in a folder of their own; see `Peers`.
"""

import json
import struct
import subprocess
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import process_time
from typing import Any

from exchange.benches.measure import Play
from exchange.collector import calm_collector, collector_resting
from matching.book_cases import NOW, REGION
from matching.commands import CancelOrder, Command, Place, Publish, WithdrawListing
from matching.curves import flat
from matching.events import Leased
from matching.live import MILLI
from matching.market import Market
from matching.terms import (
    Block,
    ChipCode,
    Listing,
    ListingId,
    MarketTerms,
    Order,
    OrderId,
    OwnerGroup,
    Price,
    PriceRule,
    Split,
    Tier,
    TimeInForce,
)

WORKLOADS = ("A", "B")
PEERS = {
    "lightmatchingengine": "lightmatchingengine",
    "liquibook": "liquibook",
    "cython_orderbook": "cython-orderbook",
}
"""Adapters, and what people call the packages. Each module is named as its adapter is."""

ADD, CANCEL, TAKE = range(3)  # what a row asks for; to take is to trade now or never
BUY = 0
SPOT, SELLERS, MAKER = Tier.SPOT, Split.SELLERS, PriceRule.MAKER  # Python looks up a member of an enum slowly
BUYER, SELLER = OwnerGroup("buyer"), OwnerGroup("seller")
ANYWHERE = (REGION,)
NOW_OR_NEVER, UNTIL_CANCELLED = TimeInForce.IOC, TimeInForce.GTC
TIMEOUT_S = 600

Row = tuple[int, int, int, int, Price, int]
"""What it asks for, the book, the order's id, its side, its price and its quantity."""

Trade = tuple[int, int, int, int]
"""Taker, maker, price and quantity."""


class PeerError(Exception):
    """A script of the peers' that can't be run, with a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Peers:
    """A folder that holds gen_workload.py and run_peer.py, and the Python that has the peers installed."""

    folder: Path
    python: str

    def generate(self, scratch: Path) -> None:
        """Write the workloads into a scratch folder."""
        self._run("gen_workload.py", cwd=scratch)

    def installed(self) -> list[str]:
        """Adapters of the peers that can be imported."""
        code = f"import importlib.util as u; print(*(n for n in {list(PEERS)} if u.find_spec(n)))"
        return _output([self.python, "-c", code], cwd=self.folder).split()

    def rate(self, adapter: str, workload: Path) -> float:
        """Commands a second of one peer, in a process of its own, whose trades have to be right."""
        said: dict[str, Any] = json.loads(
            self._run("run_peer.py", adapter, str(workload), cwd=workload.parent).splitlines()[-1]
        )
        if not all(said["ok"].values()):
            raise PeerError(f"{PEERS[adapter]} made other trades than workload {workload.name} expects.")
        return float(said["ops_cpu"])

    def _run(self, script: str, *arguments: str, cwd: Path) -> str:
        return _output([self.python, str(self.folder.resolve() / script), *arguments], cwd)


@dataclass(frozen=True, slots=True)
class BookRun:
    """A workload as the engine did it."""

    rate: float
    trades: int
    as_expected: bool


def run(workload: Path) -> BookRun:
    """Feed a workload through the engine. Commands are made while the clock runs, as the peers make theirs."""
    meta: Mapping[str, Any] = json.loads(workload.with_suffix(".json").read_text())
    rows, before = _rows(workload), int(meta["prefill"])
    feed = _Feed(meta["nbooks"])
    with collector_resting():
        feed.feed(rows[:before])
    calm_collector()
    began = process_time()
    feed.feed(rows[before:])
    seconds = process_time() - began
    digest = sha256()
    for trade in feed.trades:
        digest.update(struct.pack("<4q", *trade))
    as_expected = digest.hexdigest() == meta["trades_sha256"]
    return BookRun((len(rows) - before) / seconds, len(feed.trades), as_expected)


class _Feed:
    """Turns rows into commands, and leases into trades. A book is a chip; a sell is a listing, a buy a gang."""

    def __init__(self, books: int) -> None:
        self.trades: list[Trade] = []
        self._play = Play(Market(terms=MarketTerms(displacement=False)))
        self._chips = [ChipCode(f"chip-{number}") for number in range(books)]
        self._wanted = [{chip: MILLI} for chip in self._chips]

    def feed(self, rows: list[Row]) -> None:
        """Carry out rows in their order."""
        for op, book, number, side, price, quantity in rows:
            name = str(number)
            if op == CANCEL:
                self._play.carry_out(
                    CancelOrder(OrderId(name)) if side == BUY else WithdrawListing(ListingId(name))
                )
            elif side == BUY:
                tif = NOW_OR_NEVER if op == TAKE else UNTIL_CANCELLED
                self._trade(Place(_buy(OrderId(name), self._wanted[book], price, quantity, tif)), number)
            else:
                self._trade(Publish(_sell(ListingId(name), self._chips[book], price, quantity)), number)
                if op == TAKE:
                    self._play.carry_out(WithdrawListing(ListingId(name)))

    def _trade(self, command: Command, taker: int) -> None:
        buys = type(command) is Place
        for event in self._play.carry_out(command):
            if type(event) is Leased:
                maker = int(event.listing if buys else event.order)
                self.trades.append((taker, maker, event.runs[0][2], event.cards))


def _buy(name: OrderId, chips: dict[ChipCode, int], price: Price, quantity: int, tif: TimeInForce) -> Order:
    return Order(
        id=name,
        buyer=BUYER,
        tier=SPOT,
        chips=chips,
        regions=ANYWHERE,
        window=NOW,
        limit=price,
        shape=Block(1, quantity, 1, SELLERS),
        tif=tif,
    )


def _sell(name: ListingId, chip: ChipCode, price: int, quantity: int) -> Listing:
    return Listing(
        id=name,
        seller=SELLER,
        chip=chip,
        region=REGION,
        window=NOW,
        cards=quantity,
        lot=1,
        min_slots=1,
        asks={SPOT: flat(price)},
        price_rule=MAKER,
    )


def _rows(workload: Path) -> list[Row]:
    numbers = array("q", workload.with_suffix(".bin").read_bytes()).tolist()
    columns = [numbers[first::6] for first in range(6)]
    return list(zip(*columns, strict=True))


def _output(command: list[str], cwd: Path) -> str:
    """What a program prints. Raises `PeerError`."""
    try:
        ran = subprocess.run(  # noqa: S603 — the scripts that whoever measures has named
            command, cwd=cwd, capture_output=True, text=True, check=True, timeout=TIMEOUT_S
        )
    except OSError as fault:
        raise PeerError(f"{command[0]} can't be run: {fault.strerror}.") from None
    except subprocess.TimeoutExpired:
        raise PeerError(f"{' '.join(command)} took longer than {TIMEOUT_S} s.") from None
    except subprocess.CalledProcessError as fault:
        last = (fault.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise PeerError(f"{' '.join(command)} failed: {last}") from None
    return ran.stdout
