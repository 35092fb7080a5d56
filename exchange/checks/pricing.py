"""Does a lease cost what it must?

That is what its listing asks, but for who waited for the listing and who took leases back.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from exchange.checks.findings import unequal
from exchange.checks.market import MILLI, Heard, OnOffer, Wanted
from exchange.orders.events import LeaseGranted
from exchange.state import PricedRun
from matching.curves import PriceCurve
from matching.terms import Block, PriceRule, Tier


def price_faults(heard: Heard, offer: OnOffer, wanted: Wanted, event: LeaseGranted) -> Iterator[str]:
    """What is wrong with a lease's prices: slot by slot, in all, and against its order's limit."""
    lease, leased, order = event.lease, event.leased, wanted.terms
    asks = offer.terms.asks.get(order.tier)
    weight = order.chips.get(offer.terms.chip, 0)
    if asks is None:
        yield f"tier {order.tier} is not on offer"
        return
    priced = list(slot_prices(lease.runs))
    window = range(leased.window.start, leased.window.end)
    expected = list(zip(window, _due(heard, offer, wanted, asks, window, weight), strict=True))
    if priced != expected:
        yield f"prices: expected {_shortened(expected)}, got {_shortened(priced)}"
    in_market = [(start, end, price) for start, end, price in leased.runs]
    yield from unequal("runs", _runs(lease.runs), in_market)
    yield from unequal("cost", lease.cards * sum(price for _, price in priced), leased.cost)
    if isinstance(order.shape, Block):
        if leased.cost * MILLI > order.limit * len(window) * lease.cards * weight:
            yield f"it costs {leased.cost}, more than the limit of {order.limit}"
    elif any(price * MILLI > order.limit * weight for _, price in priced):
        yield f"a slot costs {max(price for _, price in priced)}, more than the limit of {order.limit}"


def _due(
    heard: Heard, offer: OnOffer, wanted: Wanted, asks: PriceCurve, window: range, weight: int
) -> list[int]:
    """What a card is due in each slot of a window.

    Who rested when a maker's listing arrived pays its own limit, translated to the chip and rounded down. Who takes
    spot leases of the listing back pays no less than the highest bid among them.
    """
    order, listing = wanted.terms, offer.terms
    if heard.listing == listing.id and listing.price_rule is PriceRule.MAKER and wanted.rests:
        return [order.limit * weight // MILLI] * len(window)
    due = _asked(asks, window)
    if heard.takes_over(order.id) and order.tier is Tier.SPOT:
        highest = max((cut.lease.bid for cut in heard.cuts if cut.lease.listing == listing.id), default=0)
        return [max(ask, highest) for ask in due]
    return due


def slot_prices(runs: Iterable[PricedRun]) -> Iterator[tuple[int, int]]:
    """Each slot of some runs with its price."""
    for run in runs:
        yield from ((slot, run.price) for slot in range(run.window.start, run.window.end))


def _runs(runs: Iterable[PricedRun]) -> list[tuple[int, int, int]]:
    return [(run.window.start, run.window.end, run.price) for run in runs]


def _asked(curve: PriceCurve, window: range) -> list[int]:
    """The price of each slot: that of the last step that began by then."""
    slots = [since for since, _ in curve.steps]
    return [curve.steps[max(0, bisect_right(slots, slot) - 1)][1] for slot in window]


def _shortened(priced: list[tuple[int, int]]) -> str:
    return ", ".join(f"{slot}: {price}" for slot, price in priced[:4]) + (" …" if len(priced) > 4 else "")
