"""A price that changes with the hour, as a seller asks it."""

from bisect import bisect_right

from msgspec import Struct

Run = tuple[int, int, int]
"""Slots of one price: (start, end, price of one card in one slot)."""


class PriceCurve(Struct, frozen=True, gc=False):
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
        return self.steps[max(0, bisect_right(self.steps, slot, key=lambda step: step[0]) - 1)][1]


def flat(price: int) -> PriceCurve:
    """A curve with one price for ever."""
    return PriceCurve(((0, price),))
