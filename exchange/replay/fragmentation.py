"""How broken up free capacity is: whether what is left can still be sold in one piece.

It is looked at once a day, a day ahead, as it was known then: leases granted later are not there yet, and those that
are taken back later are still there.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exchange.replay.assumptions import SLOT_S, WHOLE
from exchange.replay.planned import MarketPlan
from exchange.replay.trace import DAY_S
from exchange.replay.uses import Use
from matching.terms import ChipCode
from settlement.money import ceil_div

DAY = DAY_S // SLOT_S


@dataclass(frozen=True, slots=True)
class Fragmentation:
    """The averages over all days on which some of a chip was free, in thousandths.

    `broken_milli` is the free area that the largest free rectangle (cards by slots, over all listings of the chip)
    leaves out; `unsellable_milli` is that in runs of a listing which end sooner than the mean job would.
    """

    days: int
    broken_milli: int
    unsellable_milli: int


def fragmentation(plan: MarketPlan, uses: Sequence[Use]) -> dict[ChipCode, Fragmentation]:
    """How broken up the free capacity of each chip is."""
    seen = defaultdict[ChipCode, list[tuple[int, int]]](list)
    shortest = mean_slots(plan)
    for slot in range(plan.start_s // SLOT_S, plan.end_s // SLOT_S, DAY):
        for chip, profiles in _free(plan, uses, slot).items():
            area = sum(map(sum, profiles))
            if area:
                together = [sum(column) for column in zip(*profiles, strict=True)]
                broken = area - largest_rectangle(together)
                unsellable = sum(short_area(profile, shortest) for profile in profiles)
                seen[chip].append((broken * WHOLE // area, unsellable * WHOLE // area))
    return {chip: _average(days) for chip, days in seen.items()}


def mean_slots(plan: MarketPlan) -> int:
    """How long the mean job is. Most last no longer than a slot, so by the median one nothing would be too short."""
    return ceil_div(sum(order.slots for order in plan.orders), len(plan.orders))


def _average(days: list[tuple[int, int]]) -> Fragmentation:
    broken, unsellable = (sum(shares) // len(days) for shares in zip(*days, strict=True))
    return Fragmentation(len(days), broken, unsellable)


def _free(plan: MarketPlan, uses: Sequence[Use], now: int) -> dict[ChipCode, list[list[int]]]:
    """Free cards of each listing in the day that begins at `now`, by chip."""
    free = [[listing.cards] * DAY for listing in plan.listings]
    for use in uses:
        for slot in range(max(use.start, now), min(use.end_seen_at(now), now + DAY)):
            free[use.listing][slot - now] -= use.cards
    by_chip = defaultdict[ChipCode, list[list[int]]](list)
    for listing, profile in zip(plan.listings, free, strict=True):
        by_chip[listing.chip].append(profile)
    return by_chip


def largest_rectangle(heights: Sequence[int]) -> int:
    """The largest area that fits under a skyline: the tallest roof is closed as soon as a lower one comes."""
    largest, roofs = 0, list[tuple[int, int]]()
    for place, height in enumerate([*heights, 0]):
        begins = place
        while roofs and roofs[-1][1] >= height:
            begins, lower = roofs.pop()
            largest = max(largest, (place - begins) * lower)
        roofs.append((begins, height))
    return largest


def short_area(heights: Sequence[int], shortest: int) -> int:
    """The area in runs below `shortest`, card by card. A run that lasts until the end may go on, and is not short."""
    return sum(
        length
        for level in range(1, max(heights, default=0) + 1)
        for length in _closed_runs([height >= level for height in heights])
        if length < shortest
    )


def _closed_runs(free: Sequence[bool]) -> Iterator[int]:
    """Lengths of the runs that end before the last slot does."""
    length = 0
    for each in free:
        if each:
            length += 1
        elif length:
            yield length
            length = 0
