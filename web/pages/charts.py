"""Where the lines of a chart go: whole pixels and rounded scales, drawn by templates."""

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.marketdata.depth import Level
from settlement.money import ceil_div

WIDTH, HEIGHT = 520, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 10, 30
SHADES = 4  # of a heat map, beside the one for nothing
MARKS = 4  # at most so many lines across a scale
BAR_MOST = 206  # how long a bar is that stands for the whole
FLOW_HIGH, FLOW_WIDE, FLOW_GAP = 120, 150, 16


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis, in pixels, and the value there."""

    at: int
    value: int


@dataclass(frozen=True, slots=True)
class DepthChart:
    """Two flights of stairs over prices: cards on offer at most at a price, and cards wanted at least at it."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    asks: str
    bids: str
    prices: tuple[Mark, ...]
    cards: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Two bars on one scale, in pixels: as things are, and as they would be."""

    now: int
    then: int


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A part of a whole that flows from the left to the right: its outline, and where its right end lies."""

    path: str
    top: int
    height: int

    @property
    def middle(self) -> int:
        """Where what is written beside it stands."""
        return self.top + self.height // 2


@dataclass(frozen=True, slots=True)
class FlowChart:
    """A whole on the left, and its parts on the right, apart from each other."""

    width: int
    height: int
    whole: int
    ribbons: tuple[Ribbon, ...]


def depth_chart(asks: Sequence[Level], bids: Sequence[Level]) -> DepthChart | None:
    """A chart of cumulative cards by price, or None where there is nothing to draw.

    `asks` come cheapest first and `bids` dearest first, both with prices by the hour.
    """
    levels = [*asks, *bids]
    if not levels:
        return None
    low, high = room(min(one.price for one in levels), max(one.price for one in levels))
    most = max(one.upto for one in levels)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def x(price: int) -> int:
        return LEFT + (right - LEFT) * (price - low) // (high - low)

    def y(cards: int) -> int:
        return bottom - (bottom - TOP) * cards // most

    return DepthChart(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=right,
        top=TOP,
        bottom=bottom,
        asks=_stairs([(x(one.price), y(one.upto)) for one in asks], right, bottom),
        bids=_stairs([(x(one.price), y(one.upto)) for one in bids], LEFT, bottom),
        prices=tuple(Mark(x(price), price) for price in marks(low, high)),
        cards=tuple(Mark(y(cards), cards) for cards in marks(0, most)),
    )


def bars(now: int, then: int, whole: int) -> Bars:
    """Two parts of a whole as bars; what is less than nothing has no length."""
    scale = max(whole, 1)
    return Bars(*(max(0, BAR_MOST * part // scale) for part in (now, then)))


def flow_chart(parts: Sequence[int]) -> FlowChart | None:
    """A whole that flows apart, or None where there is nothing that flows, or something flows back."""
    whole = sum(parts)
    if whole <= 0 or min(parts) < 0:
        return None
    ribbons, reached = list[Ribbon](), 0
    for n, part in enumerate(parts):
        start, end = FLOW_HIGH * reached // whole, FLOW_HIGH * (reached + part) // whole
        ribbons.append(_ribbon(start, end, n * FLOW_GAP))
        reached += part
    high = FLOW_HIGH + FLOW_GAP * (len(parts) - 1)
    return FlowChart(FLOW_WIDE, high, FLOW_HIGH, tuple(ribbons))


def _ribbon(start: int, end: int, lower: int) -> Ribbon:
    """From a stretch on the left to the same stretch on the right, which stands so much lower."""
    half, right = FLOW_WIDE // 2, FLOW_WIDE
    path = (
        f"M0 {start}C{half} {start} {half} {start + lower} {right} {start + lower}"
        f"V{end + lower}C{half} {end + lower} {half} {end} 0 {end}Z"
    )
    return Ribbon(path, start + lower, end - start)


def level(part: int, whole: int) -> int:
    """The shade of a share: 0 for nothing at all, then one for each quarter that it reaches into."""
    if part <= 0 or whole <= 0:
        return 0
    return min(SHADES, ceil_div(SHADES * part, whole))


def room(low: int, high: int) -> tuple[int, int]:
    """A scale with some room below and above."""
    margin = max((high - low) // 10, high // 50, 1)
    return max(0, low - margin), high + margin


def marks(low: int, high: int) -> list[int]:
    """Round values within a scale: steps of 1, 2 or 5 times a power of ten."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if (high - low) // (step * factor) < MARKS:
                first = -(-low // (step * factor))
                return [mark * step * factor for mark in range(first, high // (step * factor) + 1)]
        step *= 10


def _stairs(corners: Sequence[tuple[int, int]], end: int, ground: int) -> str:
    """A filled path that rises at each corner and runs level to the next one, and to the end of the scale."""
    if not corners:
        return ""
    path = [f"M{corners[0][0]} {ground}"]
    for across, up in corners:
        path += [f"H{across}", f"V{up}"]
    return "".join([*path, f"H{end}", f"V{ground}", "Z"])
