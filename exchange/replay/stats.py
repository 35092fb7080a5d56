"""The shape of a demand in a few figures: how short most jobs are, and how much the few long ones take."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from exchange.replay.assumptions import HOUR_S, SLOT_S
from exchange.replay.demand import card_slots
from exchange.replay.planned import PlannedOrder
from exchange.replay.trace import Job

LONGEST = 64
ANY = "any"


@dataclass(frozen=True, slots=True)
class Demand:
    """How much one wish adds up to: the chips that would do, divided by `|`, or any."""

    chips: str
    jobs: int
    card_slots: int


@dataclass(frozen=True, slots=True)
class Shape:
    """Shares are in thousandths, rounded down. `by_chips` has the largest demand first."""

    jobs: int
    under_an_hour_milli: int
    of_several_cards: int
    card_slots: int
    longest: int
    longest_share_milli: int
    by_chips: tuple[Demand, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """A job or an order, as far as its shape goes."""

    seconds: int
    cards: int
    card_slots: int
    chips: str


def shape_of_jobs(jobs: Iterable[Job]) -> Shape:
    """The shape of jobs as they ran."""
    return _shape(
        [
            Measured(job.seconds, job.cards, card_slots(job), "|".join(sorted(job.chips)) or ANY)
            for job in jobs
        ]
    )


def shape_of_orders(orders: Iterable[PlannedOrder], chips: int) -> Shape:
    """The shape of orders in a market of so many `chips`; those that accept all of them are for any.

    Their lengths are whole slots, so a job of 46 minutes takes an hour, and counts as under one.
    """
    return _shape(
        [
            Measured(
                seconds=order.slots * SLOT_S - 1,  # less than its whole slots, as nearly every job was
                cards=order.cards,
                card_slots=order.cards * order.slots,
                chips=ANY if len(order.chips) == chips else "|".join(sorted(code for code, _ in order.chips)),
            )
            for order in orders
        ]
    )


def _shape(measured: list[Measured]) -> Shape:
    total = sum(each.card_slots for each in measured)
    longest = sorted(measured, key=lambda each: (-each.seconds, -each.card_slots))[:LONGEST]
    jobs: Counter[str] = Counter()
    slots: Counter[str] = Counter()
    for each in measured:
        jobs[each.chips] += 1
        slots[each.chips] += each.card_slots
    return Shape(
        jobs=len(measured),
        under_an_hour_milli=_share(sum(each.seconds < HOUR_S for each in measured), len(measured)),
        of_several_cards=sum(each.cards > 1 for each in measured),
        card_slots=total,
        longest=len(longest),
        longest_share_milli=_share(sum(each.card_slots for each in longest), total),
        by_chips=tuple(
            Demand(chips, jobs[chips], slots[chips])
            for chips in sorted(slots, key=lambda chips: (-slots[chips], chips))
        ),
    )


def _share(part: int, whole: int) -> int:
    return part * 1_000 // whole if whole else 0
