"""How much of something is taken, slot by slot."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

FOR_EVER = 1 << 62


@dataclass(slots=True)
class Levels:
    """Steps: each level holds from its slot until the next. Before the first nothing is taken."""

    _slots: list[int] = field(default_factory=list)
    _levels: list[int] = field(default_factory=list)

    def add(self, start: int, end: int, amount: int) -> None:
        """Take so much more from `start` until before `end`; or give it back, where the amount is negative."""
        first, last = self._cut(start), self._cut(end)
        for n in range(first, last):
            self._levels[n] += amount
        self._join(last)
        self._join(first)

    def over(self, start: int, end: int, bound: int) -> tuple[int, int] | None:
        """The first slot from `start` until before `end` in which more than `bound` is taken, and how much is."""
        for n in range(max(0, bisect_right(self._slots, start) - 1), len(self._slots)):
            if self._slots[n] >= end:
                break
            if self._levels[n] > bound:
                return max(start, self._slots[n]), self._levels[n]
        return None

    def most(self, start: int, end: int) -> int:
        """The most that is taken in any slot from `start` until before `end`."""
        first = max(0, bisect_right(self._slots, start) - 1)
        return max(self._levels[first : bisect_left(self._slots, end)], default=0)

    def forget_before(self, slot: int) -> None:
        """Nobody asks about earlier slots any more."""
        gone = bisect_right(self._slots, slot) - 1
        if gone > 0:
            del self._slots[:gone], self._levels[:gone]

    def _cut(self, slot: int) -> int:
        """Let a step begin in a slot; its place."""
        n = bisect_left(self._slots, slot)
        if n == len(self._slots) or self._slots[n] != slot:
            self._slots.insert(n, slot)
            self._levels.insert(n, self._levels[n - 1] if n else 0)
        return n

    def _join(self, n: int) -> None:
        """Drop a step that is as high as the one before it."""
        if self._levels[n] == (self._levels[n - 1] if n else 0):
            del self._slots[n], self._levels[n]
