"""Items in the order of their rank, in a tree whose every node knows what the best of its items could do.

A search asks for the items that could serve it, in their order, and steps over every stretch whose sketch says that
none of them can. A sketch may promise too much, never too little. What an item gains is added before the next search, for
it may have lost it by then; what it loses is taken off only when a search has been led astray by it.
"""

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from heapq import heappop, heappush, heapreplace
from typing import Final, Generic, NewType, Self, TypeVar

NOBODY: Final = 1 << 200  # a rank behind every other
AGE_BITS: Final = 48

Rung = NewType("Rung", int)
"""An item's place: its rank, then its age, in one number, because one is compared much faster than a pair."""

Item = TypeVar("Item")
Query = TypeVar("Query")


def rung_of(rank: int, age: int) -> Rung:
    """The place of an item. Of equal rank each has an age of its own."""
    return Rung((rank << AGE_BITS) + age)


def rank_at(rung: Rung) -> int:
    """The rank that a place stands for."""
    return rung >> AGE_BITS


def merged(found: list[Iterator[tuple[Rung, Item]]]) -> Iterator[tuple[Rung, Item]]:
    """What searches on several ladders find, by rank."""
    return found[0] if len(found) == 1 else _merged(found)


def _merged(found: list[Iterator[tuple[Rung, Item]]]) -> Iterator[tuple[Rung, Item]]:
    waiting: list[tuple[Rung, int, Item]] = []
    for number, items in enumerate(found):
        for rung, item in items:
            heappush(waiting, (rung, number, item))
            break
    while waiting:
        rung, number, item = waiting[0]
        yield rung, item
        following = next(found[number], None)
        if following is None:
            heappop(waiting)
        else:
            heapreplace(waiting, (following[0], number, following[1]))


class Sketch(ABC, Generic[Item, Query]):
    """What is known of a stretch of items. A new one promises nothing. (A base class: compiled, it costs no look-up.)"""

    @abstractmethod
    def promise(self, query: Query) -> int:
        """A mask of the slots in which one of the items might serve a query: nothing if none can."""

    @abstractmethod
    def serves(self, item: Item, query: Query) -> bool:
        """Whether an item itself might serve a query."""

    def order(self, query: Query) -> int:
        """When a stretch is looked at if the best item is wanted, not the first: the least comes first."""
        return 0 if self.promise(query) else NOBODY

    def order_of(self, item: Item, query: Query) -> int:
        """When an item is."""
        return 0 if self.serves(item, query) else NOBODY

    @abstractmethod
    def take_in(self, item: Item) -> None:
        """Promise what an item can do, too."""

    @abstractmethod
    def join(self, other: Self) -> None:
        """Promise what another stretch does, too."""


class Node(Generic[Item, Query]):
    """A leaf, which has items, or a branch, which has children. `rungs` are its items', or its children's first."""

    __slots__ = ("children", "items", "loose", "rungs", "sketch")

    def __init__(
        self,
        sketch: Sketch[Item, Query],
        rungs: list[Rung],
        items: list[Item],
        children: "list[Node[Item, Query]]",
    ) -> None:
        self.sketch = sketch
        self.rungs = rungs
        self.items = items
        self.children = children
        self.loose = True  # whether its items may do less than its sketch promises


class Ladder(Generic[Item, Query]):
    """The items. `sketch` makes an empty sketch, and a node with more than `full` items or children parts."""

    __slots__ = ("_full", "_grown", "_root", "_sketch")

    def __init__(self, sketch: Callable[[], Sketch[Item, Query]], full: int) -> None:
        self._sketch = sketch
        self._full = full
        self._grown: dict[Rung, Item] = {}
        self._root: Node[Item, Query] = Node(sketch(), [], [], [])

    def lowest(self) -> int:
        """The rank of the first item, or more than any where there is none."""
        return rank_at(self._root.rungs[0]) if self._root.rungs else NOBODY

    def promise(self, query: Query) -> int:
        """A mask of the slots in which any item might serve a query."""
        self._catch_up()
        return self._root.sketch.promise(query)

    def __iter__(self) -> Iterator[tuple[Rung, Item]]:
        yield from _walk(self._root)

    def add(self, rung: Rung, item: Item) -> None:
        """Put an item in its place."""
        right = self._add(self._root, rung, item)
        if right is not None:
            left = self._root
            self._root = Node(self._sketch(), [left.rungs[0], right.rungs[0]], [], [left, right])
            self._tighten(self._root)

    def remove(self, rung: Rung) -> None:
        """Take an item out. It has to be there."""
        root = self._root
        if self._grown:
            self._grown.pop(rung, None)
        self._remove(root, rung)
        while len(root.children) == 1:
            root = root.children[0]
        if root.children or root.items:
            self._root = root
        else:
            self._root = Node(self._sketch(), [], [], [])

    def grew(self, rung: Rung, item: Item) -> None:
        """An item can do more than it could."""
        self._grown[rung] = item

    def shrank(self, rung: Rung) -> None:
        """An item can do less than it could."""
        node = self._root
        node.loose = True
        while node.children:
            node = node.children[_child(node, rung)]
            node.loose = True

    def redraw(self) -> None:
        """Make every sketch anew: all items have changed."""
        self._grown.clear()
        self._redraw(self._root)

    def admitted(self, query: Query, after: Rung | None = None) -> Iterator[tuple[Rung, Item]]:
        """Items that might serve a query, by rank, from behind a rung on.

        Nothing may be added or removed meanwhile; items may shrink.
        """
        self._catch_up()
        if self._root.sketch.promise(query):
            yield from self._admitted(self._root, query, after)

    def best_first(self, query: Query) -> Iterator[Item]:
        """Items that might serve a query: the first one, then the best as far as sketches tell.

        Nothing may be added or removed meanwhile.
        """
        self._catch_up()
        if self._root.sketch.promise(query):
            yield from self._best_first(self._root, query)

    def _catch_up(self) -> None:
        """Promise what items have gained since the last search, as far as they still have it."""
        while self._grown:
            rung, item = self._grown.popitem()
            node = self._root
            node.sketch.take_in(item)
            while node.children:
                node = node.children[_child(node, rung)]
                node.sketch.take_in(item)

    def _add(self, node: Node[Item, Query], rung: Rung, item: Item) -> Node[Item, Query] | None:
        """Put an item below a node. Answers with a new node to its right where it had to part."""
        node.sketch.take_in(item)
        if node.children:
            at = _child(node, rung)
            right = self._add(node.children[at], rung, item)
            node.rungs[at] = node.children[at].rungs[0]
            if right is not None:
                node.rungs.insert(at + 1, right.rungs[0])
                node.children.insert(at + 1, right)
        else:
            at = bisect_left(node.rungs, rung)
            assert at == len(node.rungs) or node.rungs[at] != rung, "of equal rank each has an age of its own"
            node.rungs.insert(at, rung)
            node.items.insert(at, item)
        return self._part(node) if len(node.rungs) > self._full else None

    def _part(self, node: Node[Item, Query]) -> Node[Item, Query]:
        """Cut a node in two, and answer with the right half."""
        half = len(node.rungs) // 2
        right: Node[Item, Query] = Node(
            self._sketch(), node.rungs[half:], node.items[half:], node.children[half:]
        )
        del node.rungs[half:], node.items[half:], node.children[half:]
        self._tighten(node)
        self._tighten(right)
        return right

    def _admitted(
        self, node: Node[Item, Query], query: Query, after: Rung | None
    ) -> Iterator[tuple[Rung, Item]]:
        """Items below a node that might serve. A node that promised too much for this promises less from now on."""
        skipped = 0 if after is None else bisect_right(node.rungs, after)
        found = skipped > 0
        if node.children:
            for at in range(max(0, skipped - 1), len(node.children)):
                child = node.children[at]
                if child.sketch.promise(query):
                    for pair in self._admitted(child, query, after):
                        found = True
                        yield pair
        else:
            for at in range(skipped, len(node.items)):
                item = node.items[at]
                if node.sketch.serves(item, query):
                    found = True
                    yield node.rungs[at], item
        if node.loose and not found:
            self._tighten(node)

    def _best_first(self, node: Node[Item, Query], query: Query) -> Iterator[Item]:
        """Items below a node that might serve. A query may ask for more once it has met one, so few are put in order."""
        found, loose, others = False, node.loose, list[tuple[int, int]]()
        for at in range(len(node.rungs)):
            if not self._promises(node, at, query):
                continue
            if found:
                others.append((self._order(node, at, query), at))
                continue
            loose = loose or (bool(node.children) and node.children[at].loose)
            for item in self._from(node, at, query):
                found = True
                yield item
        for _, at in sorted(others):
            if self._promises(node, at, query):
                yield from self._from(node, at, query)
        if loose and not found:
            self._tighten(node)

    def _promises(self, node: Node[Item, Query], at: int, query: Query) -> bool:
        """Whether an item or a child of a node might serve."""
        if node.children:
            return node.children[at].sketch.promise(query) != 0
        return node.sketch.serves(node.items[at], query)

    def _order(self, node: Node[Item, Query], at: int, query: Query) -> int:
        if node.children:
            return node.children[at].sketch.order(query)
        return node.sketch.order_of(node.items[at], query)

    def _from(self, node: Node[Item, Query], at: int, query: Query) -> Iterator[Item]:
        if node.children:
            yield from self._best_first(node.children[at], query)
        else:
            yield node.items[at]

    def _tighten(self, node: Node[Item, Query]) -> None:
        """Let a node promise no more than its items, or its children, do now."""
        sketch = self._sketch()
        for child in node.children:
            sketch.join(child.sketch)
        for item in node.items:
            sketch.take_in(item)
        node.sketch, node.loose = sketch, False

    def _redraw(self, node: Node[Item, Query]) -> None:
        for child in node.children:
            self._redraw(child)
        self._tighten(node)

    def _remove(self, node: Node[Item, Query], rung: Rung) -> None:
        """Take an item out from below a node. A child left empty goes, and one left small joins its neighbour."""
        node.loose = True
        if not node.children:
            at = bisect_left(node.rungs, rung)
            assert node.rungs[at] == rung, "what is taken out was there"
            del node.rungs[at], node.items[at]
            return
        at = _child(node, rung)
        child = node.children[at]
        self._remove(child, rung)
        if child.rungs:
            node.rungs[at] = child.rungs[0]
        else:
            del node.rungs[at], node.children[at]
        if len(child.rungs) > self._full // 2:
            return
        if not self._joined(node, at - 1):
            self._joined(node, at)

    def _joined(self, node: Node[Item, Query], at: int) -> bool:
        """Let a child take in its right neighbour, if it has one and both are small. Answers whether it did."""
        if not 0 <= at < len(node.children) - 1:
            return False
        left, right = node.children[at], node.children[at + 1]
        if len(left.rungs) + len(right.rungs) > self._full // 2:
            return False
        left.rungs += right.rungs
        left.items += right.items
        left.children += right.children
        left.sketch.join(right.sketch)
        left.loose = True
        del node.rungs[at + 1], node.children[at + 1]
        return True


def _child(node: Node[Item, Query], rung: Rung) -> int:
    """Which child a rung belongs to."""
    return max(0, bisect_right(node.rungs, rung) - 1)


def _walk(node: Node[Item, Query]) -> Iterator[tuple[Rung, Item]]:
    if node.children:
        for child in node.children:
            yield from _walk(child)
    else:
        yield from zip(node.rungs, node.items, strict=True)
