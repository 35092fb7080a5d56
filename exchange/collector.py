"""Keeps Python's cyclic garbage collector from stopping the writer: the state is large, long-lived and without cycles."""

import gc

YOUNG_MAX = 100_000  # objects made and not freed before the young ones are looked at: some dozens of batches


def calm_collector() -> None:
    """Set what lives now aside for good, and look at what is new less often. Call it once the venue has recovered.

    Left alone, the collector walks all orders and leases over and over, which is the largest single cost of a big
    book. Cycles still come about, in frames of tasks and exceptions, so it is not switched off.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 50, 100)
