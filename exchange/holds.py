"""How much of a buyer's money an order or a lease reserves: never less than it can be charged."""

from collections.abc import Iterable, Mapping

from exchange.state import MICRO_PER_FEN, PricedRun, VenueTerms
from matching.terms import Order
from settlement.money import Fen, ceil_div


def order_hold(order: Order, terms: VenueTerms) -> Fen:
    """The most that a block order can cost: its size in the dearest acceptable chip's cards, at its limit.

    Lots round the cards up by at most `lot_max - 1`. Where a card-slot may cost a fraction of a fen, a lease holds
    each of its slots rounded up, which is at most one fen more for every slot but the first.
    """
    dearest = max(_most_in(order, weight, terms) for weight in order.chips.values())
    slack = order.shape.slots - 1 if terms.price_tick % MICRO_PER_FEN else 0
    return Fen(ceil_div(dearest, MICRO_PER_FEN) + slack)


def lease_hold(cards: int, slots_by_price: Mapping[int, int]) -> Fen:
    """The most that unsettled slots of a lease can be charged: each slot of each price rounded up to the fen.

    A statement line rounds once over many slots, so no way of grouping slots into lines can charge more.
    """
    return Fen(sum(slots * ceil_div(cards * price, MICRO_PER_FEN) for price, slots in slots_by_price.items()))


def slots_by_price(runs: Iterable[PricedRun]) -> dict[int, int]:
    """How many slots of a lease cost how much."""
    slots: dict[int, int] = {}
    for run in runs:
        slots[run.price] = slots.get(run.price, 0) + len(run.window)
    return slots


def _most_in(order: Order, weight: int, terms: VenueTerms) -> int:
    """Micro-yuan that the whole order can cost on a chip of this weight.

    The limit is tested over the whole run of slots, so its thousandths are dropped from the run and not from each slot.
    """
    cards = ceil_div(1000 * order.shape.most, weight) + terms.lot_max - 1
    return order.limit * weight * order.shape.slots // 1000 * cards
