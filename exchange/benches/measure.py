"""How a market is timed: command by command in processor time, with the collector as the venue keeps it."""

import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from time import process_time
from typing import ParamSpec, TypeVar

from exchange.collector import calm_collector, collector_resting, look_at_young
from matching.commands import Command
from matching.events import Event, Leased
from matching.market import Market
from matching.rules import apply
from matching.terms import Seq

BATCH = 20  # commands after which young objects are looked at
SMALL = 50  # leases: a command that grants no more has to be quick

P = ParamSpec("P")
T = TypeVar("T")


class Play:
    """A market at play: it numbers its commands."""

    __slots__ = ("market", "seq")

    def __init__(self, market: Market) -> None:
        self.market = market
        self.seq = 0

    def carry_out(self, command: Command) -> list[Event]:
        """Let the market decide the next command."""
        self.seq += 1
        if self.seq % BATCH == 0:
            look_at_young()
        return apply(self.market, Seq(self.seq), command)

    def stock(self, commands: Iterable[Command]) -> None:
        """Carry out what comes before anything is measured."""
        with collector_resting():
            for command in commands:
                self.carry_out(command)


@dataclass(frozen=True, slots=True)
class Timed:
    """A command that was timed, in seconds of processor time; what it granted, and what that costs."""

    seconds: float
    leases: int
    cost: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A load that was measured, in seconds of processor time: all commands, and the collector's longest pause."""

    timed: tuple[Timed, ...]
    seconds: float
    longest_pause: float

    @property
    def rate(self) -> float:
        """Commands a second."""
        return len(self.timed) / self.seconds

    @property
    def lease_rate(self) -> float:
        """Leases a second."""
        return sum(each.leases for each in self.timed) / self.seconds

    def quantile(self, share: float) -> float:
        """The seconds that a share of the commands stay within, of those that grant few leases."""
        small = sorted(each.seconds for each in self.timed if each.leases <= SMALL)
        return small[int(len(small) * share)] if small else 0.0


def measure(
    play: Play,
    commands: Iterable[Command],
    budget_s: float,
    carry_out: Callable[[Play, Command], list[Event]] = Play.carry_out,
) -> Measured:
    """Time commands until there are no more, or until they have used up a budget."""
    prepared = list(commands)
    timed: list[Timed] = []
    spent = 0.0
    calm_collector()
    with pauses() as seen:
        for command in prepared:
            began = process_time()
            events = carry_out(play, command)
            seconds = process_time() - began
            costs = [event.cost for event in events if isinstance(event, Leased)]
            timed.append(Timed(seconds, len(costs), sum(costs)))
            spent += seconds
            if spent > budget_s:
                break
    return Measured(tuple(timed), spent, max(seen, default=0.0))


@contextmanager
def pauses() -> Iterator[list[float]]:
    """The seconds of processor time that the collector stops everything for while the block lasts."""
    seen: list[float] = []
    began = 0.0

    def note(phase: str, _: dict[str, int]) -> None:
        nonlocal began
        if phase == "start":
            began = process_time()
        else:
            seen.append(process_time() - began)

    gc.callbacks.append(note)
    try:
        yield seen
    finally:
        gc.callbacks.remove(note)


def fresh(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What some work comes to in a process of its own, whose memory nothing else has used yet."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args, **kwargs).result()
