"""How much of a buyer's money an order or a lease reserves: never less than it can be charged."""

from collections.abc import Iterable, Mapping

from exchange.state import MICRO_PER_FEN, PricedRun, VenueTerms
from matching.live import MILLI
from matching.terms import Block, Order, Split, Work
from settlement.money import Fen, ceil_div


def order_hold(order: Order, terms: VenueTerms) -> Fen:
    """The most that an order can cost, whatever it gets, from whom and in how many parts.

    A block may get its most, in the dearest acceptable chip's cards at its limit, and lots round the cards up by at
    most `lot_max - 1` in each region that it may span. Work may get its amount, and a lot more in its last slot.
    Where a card-slot may cost a fraction of a fen a lease holds each of its slots rounded up, which is at most a fen
    more for each slot of each lease but the first.
    """
    match order.shape:
        case Block() as block:
            exact = max(_block_in(order, block, weight, terms) for weight in order.chips.values())
            slack = block.slots * _leases_at_most(order, block) - 1
        case Work() as work:
            heaviest = max(order.chips.values())
            exact = order.limit * (work.amount * MILLI + terms.lot_max * heaviest) // MILLI
            slack = ceil_div(work.amount * MILLI, min(order.chips.values()))
    return Fen(ceil_div(exact, MICRO_PER_FEN) + (slack if terms.price_tick % MICRO_PER_FEN else 0))


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


def _block_in(order: Order, block: Block, weight: int, terms: VenueTerms) -> int:
    """Micro-yuan that a whole block can cost on a chip of this weight.

    The limit is tested over the whole run of slots, so its thousandths are dropped from the run and not from each slot.
    """
    spans = len(order.regions) if block.split is Split.REGIONS else 1
    cards = ceil_div(MILLI * block.most, weight) + spans * (terms.lot_max - 1)
    return order.limit * weight * block.slots // MILLI * cards


def _leases_at_most(order: Order, block: Block) -> int:
    """A block on one listing is one lease; a gang may be one for each of its cards."""
    if block.split is Split.ONE:
        return 1
    return ceil_div(MILLI * block.most, min(order.chips.values()))
