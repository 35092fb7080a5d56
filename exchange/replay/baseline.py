"""The plain policy that the market is measured against: every order takes the first seller that fits, or nothing.

It keeps to the rules of capacity that the market keeps to (windows, cards, lots, shortest leases, posted asks), and
knows the whole future of each listing. But no order waits for capacity, none is spread over listings or pauses, none
looks for a better price, and no lease is taken back.
"""

from exchange.replay.assumptions import SLOT_S, WHOLE
from exchange.replay.grid import asks_until, per_slot, window_of
from exchange.replay.planned import MarketPlan, PlannedListing, PlannedOrder
from exchange.replay.uses import Use
from settlement.money import ceil_div


def first_fit(plan: MarketPlan) -> tuple[Use, ...]:
    """What each order gets, in the order in which they come: the oldest listing that can take all of it.

    Of that listing it takes the earliest hours in which there is room and the ask is within its limit.
    """
    shelves = [_Shelf(place, listing) for place, listing in enumerate(plan.listings)]
    uses = []
    for place, order in enumerate(plan.orders):
        for shelf in shelves:
            use = shelf.take(place, order)
            if use is not None:
                uses.append(use)
                break
    return tuple(uses)


class _Shelf:
    """A listing with the cards that are free in each of its slots."""

    def __init__(self, place: int, listing: PlannedListing) -> None:
        self._place = place
        self._listing = listing
        self._window = window_of(listing)
        self._free = [listing.cards] * len(self._window)
        self._asks = {tier: asks_until(listing, tier) for tier in listing.asks}

    def take(self, place: int, order: PlannedOrder) -> Use | None:
        """Give an order all that it asks for, if that fits."""
        listing, weight = self._listing, dict(order.chips).get(self._listing.chip)
        if (
            weight is None
            or listing.region not in order.regions
            or order.tier not in listing.asks
            or order.slots < listing.min_slots
        ):
            return None
        working = ceil_div(order.cards * WHOLE, weight)
        cards = ceil_div(working, listing.lot) * listing.lot
        start = self._earliest(order, weight, cards)
        if start is None:
            return None
        end = start + order.slots
        for slot in range(start, end):
            self._free[slot - self._window.start] -= cards
        return Use(place, self._place, cards, working, start, ((order.at_s // SLOT_S, end),))

    def _earliest(self, order: PlannedOrder, weight: int, cards: int) -> int | None:
        """The first slot from which so many cards are free for all of the order, at no more than its limit."""
        wanted, asks, length = window_of(order), self._asks[order.tier], order.slots
        most = per_slot(order.limit) * weight * length
        room = 0
        for slot in range(
            max(wanted.start, self._window.start) - self._window.start,
            min(wanted.end, self._window.end) - self._window.start,
        ):
            room = room + 1 if self._free[slot] >= cards else 0
            first = slot + 1 - length
            if room >= length and (asks[slot + 1] - asks[first]) * WHOLE <= most:
                return self._window.start + first
        return None
