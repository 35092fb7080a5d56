"""Cards of one listing that nobody has leased yet, slot by slot."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from mypy_extensions import mypyc_attr

from matching.masks import span


@mypyc_attr(acyclic=True)
class FreeCards:
    """A step function over [start, end): `_free[i]` cards are free from `_since[i]` until `_since[i + 1]`."""

    __slots__ = ("_end", "_free", "_since")

    def __init__(self, start: int, end: int, cards: int) -> None:
        self._since = [start]
        self._free = [cards]
        self._end = end

    def runs(self, start: int, end: int, cards: int) -> Iterator[tuple[int, int]]:
        """Longest stretches of [start, end) in which at least `cards` are free, earliest first."""
        return stretched(self.steps(start, end), cards)

    def least(self, start: int, end: int) -> int:
        """Cards that are free in every slot of [start, end), which lies inside the listing."""
        since = self._since
        first, last = max(0, bisect_right(since, start) - 1), bisect_left(since, end)
        return self._free[first] if last - first <= 1 else min(self._free[first:last])

    def at(self, slot: int) -> int:
        """Cards that are free in one slot of the listing."""
        return self._free[max(0, bisect_right(self._since, slot) - 1)]

    def least_from(self, start: int) -> int:
        """Cards that are free in every slot from `start` on."""
        return min(self._free[max(0, bisect_right(self._since, start) - 1) :])

    def most(self) -> int:
        """Cards that are free in the emptiest slot."""
        most = 0
        for free in self._free:
            most = max(most, free)
        return most

    def mask(self, origin: int, cards: int) -> int:
        """The slots from `origin` on in which at least `cards` are free."""
        mask, last = 0, len(self._since) - 1
        for index, free in enumerate(self._free):
            if free >= cards:
                until = self._since[index + 1] if index < last else self._end
                mask |= span(self._since[index] - origin, until - 1 - origin)
        return mask

    def steps(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """The function itself over [start, end), clipped to the listing, as (since, until, free)."""
        start, end = max(start, self._since[0]), min(end, self._end)
        index = bisect_right(self._since, start) - 1
        while start < end:
            following = self._since[index + 1] if index + 1 < len(self._since) else self._end
            until = min(following, end)
            yield start, until, self._free[index]
            start, index = until, index + 1

    def take(self, start: int, end: int, cards: int) -> None:
        """Lease `cards` in [start, end); a negative number gives them back."""
        first, last = self._split(start), self._split(end)
        for index in range(first, last):
            self._free[index] -= cards
            assert self._free[index] >= 0, "a listing was oversold"

    def add(self, cards: int) -> None:
        """Offer `cards` more in every slot, or fewer."""
        self._free = [free + cards for free in self._free]

    def end_at(self, end: int) -> None:
        """Offer nothing from slot `end` on: what is leased beyond it is no longer kept here."""
        if end < self._end:
            kept = bisect_left(self._since, end)
            del self._since[kept:], self._free[kept:]
            self._end = end

    def forget_before(self, slot: int) -> None:
        """Drop the past, which no search will ask for again."""
        passed = bisect_right(self._since, slot) - 1
        if passed > 0:
            del self._since[:passed], self._free[:passed]

    def _split(self, slot: int) -> int:
        """Index of the step that begins at `slot`, making one if need be."""
        if slot >= self._end:
            return len(self._since)
        index = bisect_right(self._since, slot) - 1
        if self._since[index] == slot:
            return index
        self._since.insert(index + 1, slot)
        self._free.insert(index + 1, self._free[index])
        return index + 1


def stretched(steps: Iterable[tuple[int, int, int]], cards: int) -> Iterator[tuple[int, int]]:
    """Longest stretches of some steps, as (since, until, free), in which at least `cards` are free, earliest first."""
    opened = closes = -1
    for since, until, free in steps:
        if free >= cards:
            if opened < 0:
                opened = since
            closes = until
        elif opened >= 0:
            yield opened, closes
            opened = -1
    if opened >= 0:
        yield opened, closes
