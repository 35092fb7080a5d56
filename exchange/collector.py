"""Keeps Python's cyclic garbage collector from stopping the writer: the state is large, long-lived and without cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_MAX = 100_000  # objects made and not freed before the young ones are looked at: some dozens of batches


def calm_collector() -> None:
    """Set what lives now aside for good, and look at what is new less often. Call it once the venue has recovered.

    Left alone, the collector walks all orders and leases over and over, which is the largest single cost of a big
    book. Cycles still come about, in frames of tasks and exceptions, so it is not switched off.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 50, 100)


@contextmanager
def collector_resting() -> Iterator[None]:
    """Collect no cycles for as long as the block lasts, which makes none: a recovery only adds to the state."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
