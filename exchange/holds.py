"""How much of a buyer's money an order or a lease reserves: never less than it can be charged."""

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from exchange.state import MICRO_PER_FEN, PricedRun, VenueTerms, priced
from matching.live import MILLI, LiveLease
from matching.terms import Block, Order, Split, Tier
from settlement.money import NOTHING, Fen, ceil_div


def order_hold(order: Order, terms: VenueTerms) -> Fen:
    """The most that an order can cost, whatever it gets, from whom and in how many parts.

    A block may get its most, in the dearest acceptable chip's cards at its limit, and lots round the cards up by at
    most `lot_max - 1` in each region that it may span; or for every card, where a link may give a gang one card at a
    time. Work may get its amount, and a lot more in its last slot. Where a card-slot may cost a fraction of a fen, a
    lease holds each of its slots rounded up, which is at most a fen more for each slot of each lease but the first.
    """
    shape = order.shape
    if isinstance(shape, Block):
        exact = max(_block_in(order, shape, weight, terms) for weight in order.chips.values())
        slack = shape.slots * _leases_at_most(order, shape) - 1
    else:
        heaviest = max(order.chips.values())
        exact = order.limit * (shape.amount * MILLI + terms.lot_max * heaviest) // MILLI
        slack = ceil_div(shape.amount * MILLI, min(order.chips.values()))
    return Fen(ceil_div(exact, MICRO_PER_FEN) + (slack if _in_fractions(order, terms) else 0))


def rest_hold(order: Order, got: int, terms: VenueTerms) -> Fen:
    """The most that an order can cost from now on that has got so many thousandths of its size already."""
    left = order.size - got
    return order_hold(_sized(order, left), terms) if left > 0 else NOTHING


def reserve(order: Order, leases: Iterable[LiveLease], terms: VenueTerms) -> Fen:
    """What it can cost to look for all of an order's leases anew, beyond what they hold themselves.

    That is for their whole run, since they may be taken back before it begins.
    """
    working = held = 0
    for lease in leases:
        working += lease.working * lease.weight
        held += lease_hold(lease.cards, slots_by_price(priced(lease.runs)))
    return Fen(max(0, order_hold(_sized(order, working), terms) - held))


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


def unsettled_after(
    unsettled: Mapping[int, int], runs: Iterable[PricedRun], kept: Iterable[PricedRun]
) -> dict[int, int]:
    """Slots by price that are still to be settled of a lease that keeps only some of its runs."""
    gone = Counter(slots_by_price(runs))
    gone.subtract(slots_by_price(kept))
    return {price: slots - gone[price] for price, slots in unsettled.items()}


def _sized(order: Order, milli: int) -> Order:
    """The same order for so many thousandths at most, in whole cards or card-slots."""
    size, shape = ceil_div(milli, MILLI), order.shape
    if isinstance(shape, Block):
        return replace(order, shape=replace(shape, least=min(shape.least, size), most=min(shape.most, size)))
    return replace(order, shape=shape._replace(amount=min(shape.amount, size)))


def _block_in(order: Order, block: Block, weight: int, terms: VenueTerms) -> int:
    """Micro-yuan that a whole block can cost on a chip of this weight.

    The limit is tested over the whole run of slots, so its thousandths are dropped from the run and not from each slot.
    """
    cards = ceil_div(MILLI * block.most, weight)
    if block.split is not Split.ONE and order.mbps_per_card:
        cards *= terms.lot_max
    else:
        cards += (len(order.regions) if block.split is Split.REGIONS else 1) * (terms.lot_max - 1)
    return order.limit * weight * block.slots // MILLI * cards


def _in_fractions(order: Order, terms: VenueTerms) -> bool:
    """Whether an order may pay a fraction of a fen for a card-slot.

    That is where prices are such; where its own limit is, on some chip, as a maker listing takes just that; and where
    a spot block outbids leases whose limit is, as its slots at that price and at others need not average a whole one.
    """
    outbids = order.tier is Tier.SPOT and isinstance(order.shape, Block) and order.slots > 1
    limits = [order.limit * weight // MILLI for weight in order.chips.values()]
    return outbids or any(price % MICRO_PER_FEN for price in (terms.price_tick, *limits))


def _leases_at_most(order: Order, block: Block) -> int:
    """A block on one listing is one lease; a gang may be one for each of its cards."""
    if block.split is Split.ONE:
        return 1
    return ceil_div(MILLI * block.most, min(order.chips.values()))
