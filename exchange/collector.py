"""Keeps Python's cyclic garbage collector from stopping the writer: the state is large, long-lived and without cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_MAX = (
    20_000  # objects made beyond those freed before the young ones are looked at, though no command came
)
NEVER = 1 << 30


def calm_collector() -> None:
    """Look at each object once, while it is young, and never again. Call it once the venue has recovered.

    Left alone, the collector walks all orders and leases over and over, which is the largest single cost of a big
    book and stops the writer for as long as the book is large. What grows old is the state, in which nothing refers in
    a circle. Cycles still come about, in frames of tasks and exceptions, but die young: so it is not switched off.
    """
    gc.collect()
    gc.set_threshold(YOUNG_MAX, NEVER)


def look_at_young() -> None:
    """Look at what is new. Call it every few commands: the fewer, the shorter it takes.

    The collector itself would wait until many more objects are made than freed, which in a book that stays as large
    is nearly never, while ever more that are young would pile up.
    """
    gc.collect(0)


@contextmanager
def collector_resting() -> Iterator[None]:
    """Collect no cycles for as long as the block lasts, which makes none: a recovery only adds to the state."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
