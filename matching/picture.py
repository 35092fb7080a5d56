"""All of a market as plain values, part by part: equal markets give equal pictures."""

from collections.abc import Iterator

from matching.live import LiveListing, LiveOrder
from matching.market import Market


def picture(market: Market) -> Iterator[tuple[str, object]]:
    """Each part by its name. How books are kept is no part of it, only what stands in them, and in which order."""
    yield "market clock", market.now
    yield "leases in the market", (market.granted, sorted(market.leases))
    links = sorted(market.links.items())
    yield "links", [(ends, link.mbps, _steps(link.free.steps(market.now, 1 << 62))) for ends, link in links]
    for order in market.orders.values():
        yield f"order {order.terms.id}", _order(order)
    for key, book in sorted(market.books.items()):
        offers = [listing.id for _, listing in book.offers]
        bids = sorted((rung, waiting.live.id) for bids in book.bids.values() for rung, waiting in bids)
        if offers or bids:
            yield f"book {'/'.join(key)}", (offers, [name for _, name in bids])
    for listing in market.listings.values():
        yield f"listing {listing.terms.id}", _listing(listing)


def _order(live: LiveOrder) -> tuple[object, ...]:
    return live.terms, live.seq, live.left, live.least, live.pin, sorted(live.pace.items()), live.rests


def _listing(live: LiveListing) -> tuple[object, ...]:
    window = live.terms.window
    free = _steps(live.free.steps(window.start, window.end))
    return live.terms, live.seq, free, live.usable, sorted(lease.number for lease in live.spot)


def _steps(steps: Iterator[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Runs with as many free cards: where two meet that are alike they are one, however they came about."""
    merged: list[tuple[int, int, int]] = []
    for since, until, free in steps:
        if merged and merged[-1][2] == free:
            merged[-1] = merged[-1][0], until, free
        else:
            merged.append((since, until, free))
    return merged
