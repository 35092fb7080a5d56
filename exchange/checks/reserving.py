"""How much of a buyer's money the log has to hold: for what may still be charged, and for nothing else."""

from collections import Counter
from collections.abc import Iterable, Mapping

from exchange.checks.market import MILLI, SpotLease
from exchange.state import PricedRun, VenueTerms
from matching.terms import Block, OnPreempt, Order, Split, Tier

MICRO_PER_FEN = 10_000
HOUR = 3600  # seconds: a price is whole fen for an hour


def order_needs(order: Order, rules: VenueTerms, milli: int) -> int:
    """The most that so many thousandths of an order can cost, in fen.

    That is at its limit, on its dearest chip, with the most that lots can add. Where a card-slot may cost a fraction
    of a fen, every slot of every lease may cost a fen more, but for one: in slots shorter than an hour, at a limit
    that is no whole fen on one of the chips, and for a spot block of several slots, which may outbid such a limit.
    """
    if milli <= 0:
        return 0
    size = min(_up(milli, MILLI), order.size // MILLI)
    weights, shape = order.chips.values(), order.shape
    if isinstance(shape, Block):
        spread = shape.split is not Split.ONE
        micro = max(
            order.limit * weight * shape.slots // MILLI * _rented(order, shape, size, weight, rules)
            for weight in weights
        )
        fractions = shape.slots * (_up(size * MILLI, min(weights)) if spread else 1) - 1
    else:
        micro = order.limit * (size * MILLI + rules.lot_max * max(weights)) // MILLI
        fractions = _up(size * MILLI, min(weights))
    whole = (
        rules.slot_seconds == HOUR
        and all(order.limit * weight // MILLI % MICRO_PER_FEN == 0 for weight in weights)
        and not (isinstance(shape, Block) and shape.slots > 1 and order.tier is Tier.SPOT)
    )
    return _up(micro, MICRO_PER_FEN) + (0 if whole else fractions)


def _rented(order: Order, block: Block, size: int, weight: int, rules: VenueTerms) -> int:
    """The cards of one chip that a block may rent: a lot too many in each region, or a lot for each on a link."""
    cards = _up(size * MILLI, weight)
    if block.split is not Split.ONE and order.mbps_per_card:
        return cards * rules.lot_max
    regions = len(order.regions) if block.split is Split.REGIONS else 1
    return cards + regions * (rules.lot_max - 1)


def lease_needs(cards: int, slots_by_price: Mapping[int, int]) -> int:
    """The most that slots of a lease can be charged, in fen: each is rounded up."""
    return sum(slots * _up(cards * price, MICRO_PER_FEN) for price, slots in slots_by_price.items())


def return_needs(order: Order, leases: Iterable[SpotLease], rules: VenueTerms) -> int:
    """What a closed order has to keep so that it could seek all its leases anew, beyond what they hold themselves."""
    known = list(leases)
    if not known or order.on_preempt is OnPreempt.CANCEL or not isinstance(order.shape, Block):
        return 0
    working = sum(lease.working * lease.weight for lease in known)
    held = sum(lease_needs(lease.cards, slots_by_price(lease.runs)) for lease in known)
    return max(0, order_needs(order, rules, working) - held)


def slots_by_price(runs: Iterable[PricedRun]) -> Counter[int]:
    """How many slots cost how much."""
    slots: Counter[int] = Counter()
    for run in runs:
        slots[run.price] += run.window.end - run.window.start
    return slots


def _up(amount: int, unit: int) -> int:
    return -(-amount // unit)
