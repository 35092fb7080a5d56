"""Slots as bits: a mask says in which slots something holds, counted from an origin that follows the clock.

Slots further ahead than `FAR` have no bit, and whoever looks so far steps over nothing by its mask.
"""

from typing import Final

FAR: Final = 1 << 14  # slots that have a bit: 170 days of quarters of an hour
EVERYWHERE: Final = -1  # a mask of all bits


def eroded(mask: int, slots: int) -> int:
    """Where a run of `slots` can start, given where single slots are open."""
    done = 1
    while done < slots and mask:
        step = min(done, slots - done)
        mask &= mask >> step
        done += step
    return mask


def span(first: int, last: int) -> int:
    """The bits from `first` to `last`, both included. Every bit if the last lies further ahead than bits go."""
    if last >= FAR:
        return EVERYWHERE
    return (1 << (last + 1)) - (1 << max(first, 0)) if last >= max(first, 0) else 0
