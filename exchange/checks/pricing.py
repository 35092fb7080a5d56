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
    expected = [
        (slot, _due(_ask(asks, slot), heard, offer, wanted, order.limit * weight // MILLI)) for slot in window
    ]
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


def _due(ask: int, heard: Heard, offer: OnOffer, wanted: Wanted, bid: int) -> int:
    """What a card is due in a slot with this ask.

    Who rested when a maker's listing arrived pays its own limit, translated to the chip and rounded down. Who takes
    spot leases of the listing back pays no less than the highest bid among them.
    """
    order = wanted.terms
    if heard.listing == offer.terms.id and offer.terms.price_rule is PriceRule.MAKER and wanted.rests:
        return bid
    if heard.takes_over(order.id) and order.tier is Tier.SPOT:
        return max([ask, *(cut.lease.bid for cut in heard.cuts if cut.lease.listing == offer.terms.id)])
    return ask


def slot_prices(runs: Iterable[PricedRun]) -> Iterator[tuple[int, int]]:
    """Each slot of some runs with its price."""
    for run in runs:
        yield from ((slot, run.price) for slot in range(run.window.start, run.window.end))


def _runs(runs: Iterable[PricedRun]) -> list[tuple[int, int, int]]:
    return [(run.window.start, run.window.end, run.price) for run in runs]


def _ask(curve: PriceCurve, slot: int) -> int:
    """The price that holds in a slot: the last step that began by then."""
    index = bisect_right([since for since, _ in curve.steps], slot) - 1
    return curve.steps[max(index, 0)][1]


def _shortened(priced: list[tuple[int, int]]) -> str:
    return ", ".join(f"{slot}: {price}" for slot, price in priced[:4]) + (" …" if len(priced) > 4 else "")
