"""Prices over time: where their lines go, drawn by templates, and broken where nothing was traded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exchange.marketdata.bars import Bar, BarLength
from settlement.money import ceil_div
from web.pages.charts import Mark, marks, room

WIDTH, VOLUMES = 1060, 44
LEFT, RIGHT, TOP, BOTTOM = 60, 1048, 10, 190
MARKS = 6  # at most so many of time


class Place(NamedTuple):
    """A point of a line: when it is, in steps, and where it goes, in pixels."""

    when: int
    at: int
    up: int


@dataclass(frozen=True, slots=True)
class Axes:
    """A scale of prices from `top` to `bottom`, and marks of time under it."""

    prices: tuple[Mark, ...]
    times: tuple[Mark, ...]
    width: int = WIDTH
    left: int = LEFT
    right: int = RIGHT
    bottom: int = BOTTOM


class Column(NamedTuple):
    """A bar as it is drawn: its middle, its prices from the highest to the lowest, and how high its volume is."""

    bar: Bar
    at: int
    high: int
    p90: int
    mean: int
    p10: int
    low: int
    volume: int


@dataclass(frozen=True, slots=True)
class PriceChart:
    """Bars of one width, with a line through the means of those that follow on each other; volumes stand on `ground`."""

    axes: Axes
    columns: tuple[Column, ...]
    broad: int
    line: str
    ground: int = BOTTOM + VOLUMES


@dataclass(frozen=True, slots=True)
class IndexChart:
    """A price for each of some days, with a line through those that follow on each other; `gaps` are days without."""

    axes: Axes
    places: tuple[Place, ...]
    gaps: tuple[int, ...]
    line: str


def price_chart(bars: Sequence[Bar], length: BarLength, since: int, until: int) -> PriceChart | None:
    """A chart of bars that begin from one instant on and before another, or None where there is none."""
    if not bars:
        return None
    scale = _Scale(*room(min(bar.low for bar in bars), max(bar.high for bar in bars)))
    most, step, span = max(bar.card_seconds for bar in bars), length.seconds, until - since
    columns = tuple(
        Column(
            bar,
            LEFT + (RIGHT - LEFT) * (bar.begins + step // 2 - since) // span,
            scale.up(bar.high),
            scale.up(bar.p90),
            scale.up(bar.mean),
            scale.up(bar.p10),
            scale.up(bar.low),
            ceil_div((VOLUMES - 8) * bar.card_seconds, most),
        )
        for bar in bars
    )
    places = [Place(one.bar.begins // step, one.at, one.mean) for one in columns]
    times = _spaced(Mark(one.at, one.bar.begins) for one in columns)
    broad = max(2, (RIGHT - LEFT) * step * 7 // (10 * span))
    return PriceChart(Axes(scale.marks, times), columns, broad, _line(places))


def index_chart(values: Sequence[int | None]) -> IndexChart | None:
    """A chart of a price for each of some days in a row, or None where no day has one."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    scale = _Scale(*room(min(known), max(known)))
    at = [LEFT + (RIGHT - LEFT) * (2 * n + 1) // (2 * len(values)) for n in range(len(values))]
    places = tuple(Place(n, at[n], scale.up(value)) for n, value in enumerate(values) if value is not None)
    gaps = tuple(at[n] for n, value in enumerate(values) if value is None)
    times = _spaced(Mark(place, n) for n, place in enumerate(at))
    return IndexChart(Axes(scale.marks, times), places, gaps, _line(places))


class _Scale(NamedTuple):
    """Prices from the bottom to the top of a chart."""

    low: int
    high: int

    def up(self, price: int) -> int:
        return BOTTOM - (BOTTOM - TOP) * (price - self.low) // (self.high - self.low)

    @property
    def marks(self) -> tuple[Mark, ...]:
        return tuple(Mark(self.up(price), price) for price in marks(self.low, self.high))


def _line(places: Iterable[Place]) -> str:
    """A path through places. Where a step is missing, it is lifted: nothing is carried over."""
    path, before = [], None
    for when, at, up in places:
        path.append(f"{'L' if before == when - 1 else 'M'}{at} {up}")
        before = when
    return "".join(path)


def _spaced(candidates: Iterable[Mark]) -> tuple[Mark, ...]:
    """Marks from the first on, none too near to the one before."""
    taken: list[Mark] = []
    for mark in candidates:
        if not taken or mark.at - taken[-1].at >= WIDTH // MARKS:
            taken.append(mark)
    return tuple(taken)
