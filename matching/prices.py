"""What a run of slots costs under a price that changes with the hour."""

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from mypy_extensions import mypyc_attr

from matching.curves import PriceCurve, Run

NO_STEPS: Final[list[int]] = []  # of a flat curve, of which its price is all that need be known


@mypyc_attr(acyclic=True)
class Prices:
    """A curve made ready to reckon with: any run of slots costs two look-ups, however many steps it covers.

    `flat` says that every slot costs the same, `lowest` what the cheapest does.
    """

    __slots__ = ("_prices", "_since", "_sums", "flat", "lowest")

    def __init__(self, curve: PriceCurve) -> None:
        steps = curve.steps
        since, price = steps[0]
        self.lowest = price
        self.flat = len(steps) == 1
        if self.flat:
            self._since = self._prices = self._sums = NO_STEPS
            return
        self._since = [since]
        self._prices = [price]
        self._sums = [0]  # what one card costs from the first step up to each
        for slot, following in steps[1:]:
            self._sums.append(self._sums[-1] + (slot - since) * price)
            self._since.append(slot)
            self._prices.append(following)
            self.lowest = min(self.lowest, following)
            since, price = slot, following

    def at(self, slot: int) -> int:
        """Price of one card in `slot`."""
        return self.lowest if self.flat else self._prices[self._step(slot)]

    def total(self, start: int, end: int) -> int:
        """Price of one card from `start` up to `end`."""
        if self.flat:
            return (end - start) * self.lowest
        step = self._step(start)
        if step == len(self._since) - 1 or end <= self._since[step + 1]:
            return (end - start) * self._prices[step]
        return self._until(end) - self._until(start)

    def cheapest_start(self, first: int, last: int, slots: int) -> tuple[int, int]:
        """(price of one card for the run, start) of the cheapest run that starts in [first, last].

        Of equal prices the earliest start wins.
        """
        if self.flat:
            return slots * self.lowest, first
        return min([(self.total(start, start + slots), start) for start in self._corners(first, last, slots)])

    def earliest_start(self, first: int, last: int, slots: int, most: int) -> tuple[int, int] | None:
        """(price, start) of the first run that starts in [first, last] and costs at most `most`, if any."""
        found = next(self.affordable(first, last, slots, most), None)
        return None if found is None else (self.total(found[0], found[0] + slots), found[0])

    def affordable(self, first: int, last: int, slots: int, most: int) -> Iterator[tuple[int, int]]:
        """Stretches of [first, last], as (first, last), from which a run costs at most `most`, earliest first."""
        if self.flat:
            if slots * self.lowest <= most:
                yield first, last
            return
        corners = self._corners(first, last, slots)
        since, before, paid = first, first, self.total(first, first + slots)
        for corner in corners[1:]:
            price, steps = self.total(corner, corner + slots), corner - before
            # Between two corners the price rises or falls by the same each slot.
            if paid <= most < price:
                yield since, before + (most - paid) * steps // (price - paid)
            elif price <= most < paid:
                since = corner - (most - price) * steps // (paid - price)
            before, paid = corner, price
        if paid <= most:
            yield since, last

    def parts(self, start: int, end: int) -> Iterator[Run]:
        """Runs of one price in [start, end), as (start, end, price)."""
        if self.flat:
            if start < end:
                yield start, end, self.lowest
            return
        step, last = self._step(start), len(self._since) - 1
        while start < end:
            until = min(end, self._since[step + 1]) if step < last else end
            yield start, until, self._prices[step]
            start, step = until, step + 1

    def runs(self, start: int, end: int) -> tuple[Run, ...]:
        """The same, as a lease keeps them."""
        if self.flat:
            return ((start, end, self.lowest),)
        return tuple(self.parts(start, end))

    def _corners(self, first: int, last: int, slots: int) -> list[int]:
        """The two ends, and the starts at which a run begins or ends on a step: between them its price is a line."""
        near = self._since[self._step(first) : self._step(last + slots) + 1]
        corners = {first, last}
        corners.update(start for step in near for start in (step, step - slots) if first < start < last)
        return sorted(corners)

    def _until(self, slot: int) -> int:
        """What one card costs from the first step up to a slot."""
        step = self._step(slot)
        return self._sums[step] + (slot - self._since[step]) * self._prices[step]

    def _step(self, slot: int) -> int:
        return max(0, bisect_right(self._since, slot) - 1)
