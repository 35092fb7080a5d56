"""A price that changes with the hour, and what a run of slots costs under it."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

Run = tuple[int, int, int]
"""Slots of one price: (start, end, price of one card in one slot)."""


@dataclass(frozen=True, slots=True)
class PriceCurve:
    """Money for one card-slot: each step's price holds from its slot until the next step.

    `steps` are (slot, price) pairs, slots rising. The last holds for ever.
    """

    steps: tuple[tuple[int, int], ...]

    @property
    def flat(self) -> bool:
        """Whether every slot costs the same."""
        return len(self.steps) == 1

    @property
    def lowest(self) -> int:
        """The least that any slot costs: the bound by which books are sorted."""
        return min(price for _, price in self.steps)

    def at(self, slot: int) -> int:
        """Price of one card in `slot`."""
        return self.steps[self._step(slot)][1]

    def total(self, start: int, end: int) -> int:
        """Price of one card from `start` up to `end`."""
        return sum((until - since) * price for since, until, price in self.parts(start, end))

    def cheapest_start(self, first: int, last: int, slots: int) -> tuple[int, int]:
        """(price of one card for the run, start) of the cheapest run that starts in [first, last].

        The price of a run is a line between the starts at which it begins or ends on a step, so only those
        and the two ends can be best. Of equal prices the earliest start wins.
        """
        if self.flat:
            return self.total(first, first + slots), first
        near = self.steps[self._step(first) : self._step(last + slots) + 1]
        corners = {first, last}
        corners.update(start for step, _ in near for start in (step, step - slots) if first < start < last)
        return min([(self.total(start, start + slots), start) for start in corners])

    def earliest_start(self, first: int, last: int, slots: int, most: int) -> tuple[int, int] | None:
        """(price, start) of the first run that starts in [first, last] and costs at most `most`, if any."""
        for start in range(first, first + 1 if self.flat else last + 1):
            price = self.total(start, start + slots)
            if price <= most:
                return price, start
        return None

    def parts(self, start: int, end: int) -> Iterator[Run]:
        """Runs of one price in [start, end), as (start, end, price)."""
        step = self._step(start)
        while start < end:
            until = min(end, self.steps[step + 1][0]) if step + 1 < len(self.steps) else end
            yield start, until, self.steps[step][1]
            start, step = until, step + 1

    def _step(self, slot: int) -> int:
        return max(0, bisect_right(self.steps, slot, key=lambda step: step[0]) - 1)


def flat(price: int) -> PriceCurve:
    """A curve with one price for ever."""
    return PriceCurve(((0, price),))
