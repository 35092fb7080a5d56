"""The plain scan that the books are compared with: the same search, where no stretch of a book can be stepped over."""

from typing import Any

from matching.book import UNBOUNDED, BidSketch, OfferSketch
from matching.ladder import Ladder, Node
from matching.market import Market


def promise_everything(market: Market) -> None:
    """Let every sketch of every book promise everything, so that a search looks at each listing up to its answer.

    A command that changes a book makes some sketches honest again: call it before each.
    """
    for book in market.books.values():
        _promise(_root(book.offers))
        for bids in book.bids.values():
            _promise(_root(bids))


def _root(ladder: Ladder[Any, Any]) -> Node[Any, Any]:
    return ladder._root  # noqa: SLF001 — what is measured here is what a ladder keeps to itself


def _promise(node: Node[Any, Any]) -> None:
    sketch = node.sketch
    if isinstance(sketch, OfferSketch):
        sketch.usable, sketch.min_slots, sketch.lot = UNBOUNDED, 0, 0
        sketch.starts = [-1] * len(sketch.starts)
    elif isinstance(sketch, BidSketch):
        sketch.cards, sketch.slots, sketch.starts = 0, 1, -1
    node.loose = False  # or the first search that finds nothing would make it honest
    for child in node.children:
        _promise(child)
