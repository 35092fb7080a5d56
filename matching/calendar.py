"""What falls due when: names by the slot that ends them."""

from heapq import heappop, heappush
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=int | str)


class Calendar(Generic[Name]):
    """Each name stands under one slot. Adding and removing take the same time however many there are."""

    __slots__ = ("_days", "_slots")

    def __init__(self) -> None:
        self._days: dict[int, set[Name]] = {}
        self._slots: list[int] = []

    def add(self, slot: int, name: Name) -> None:
        """Let a name fall due in a slot."""
        day = self._days.get(slot)
        if day is None:
            day = self._days[slot] = set()
            heappush(self._slots, slot)
        day.add(name)

    def remove(self, slot: int, name: Name) -> None:
        """Strike a name out."""
        self._days[slot].remove(name)

    def due(self, before: int) -> list[Name]:
        """Names that stand under slots before one, by slot and then by name. They stay until they are struck out."""
        names: list[Name] = []
        kept: list[int] = []
        while self._slots and self._slots[0] < before:
            slot = heappop(self._slots)
            if self._days[slot]:
                names += sorted(self._days[slot])
                kept.append(slot)
            else:
                del self._days[slot]
        for slot in kept:
            heappush(self._slots, slot)
        return names
