"""What orders got of listings, whoever dealt it out: the market, or a policy that it is measured against."""

from collections.abc import Iterable
from dataclasses import dataclass

from exchange.replay.assumptions import WHOLE
from exchange.replay.planned import MarketPlan

End = tuple[int, int]
"""(the slot since which it was known, the slot in which a lease ends)."""


@dataclass(frozen=True, slots=True)
class Use:
    """Cards of one listing for one order, both by their places in the plan, from slot `start` on.

    `working` of the `cards` do its work; lots and weights may make the rest. The first of the `ends` is as granted,
    each further one is that of a lease that was taken back.
    """

    order: int
    listing: int
    cards: int
    working: int
    start: int
    ends: tuple[End, ...]

    @property
    def end(self) -> int:
        """The slot in which it ended."""
        return self.ends[-1][1]

    @property
    def slots(self) -> int:
        """How long it lasted."""
        return self.end - self.start

    def end_seen_at(self, slot: int) -> int:
        """The end that it was to have as far as was known in a slot: its start where it was not granted yet."""
        return next((end for since, end in reversed(self.ends) if since <= slot), self.start)


def served(plan: MarketPlan, uses: Iterable[Use]) -> list[int]:
    """What each order got, in thousandths of a reference card-slot, and no more than it asked for.

    A job that is taken back keeps what it has done: it is assumed to save its work.
    """
    got = [0] * len(plan.orders)
    weights = [dict(order.chips) for order in plan.orders]
    for use in uses:
        got[use.order] += use.working * weights[use.order][plan.listings[use.listing].chip] * use.slots
    return [
        min(amount, order.cards * order.slots * WHOLE) for amount, order in zip(got, plan.orders, strict=True)
    ]
