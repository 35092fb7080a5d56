"""Decides every command of the log anew and compares, byte for byte."""

from collections.abc import Iterator

import msgspec

from exchange.state import State

_encode = msgspec.json.Encoder(order="deterministic").encode


def picture(state: State) -> dict[str, bytes]:
    """Everything that a state is, part by part: equal states give equal pictures."""
    return {name: _encode(part) for name, part in _parts(state)}


def _parts(state: State) -> Iterator[tuple[str, object]]:
    market = state.market
    yield "terms", state.terms
    yield "parties", state.parties
    yield "balances", list(state.balances.items())
    yield "listings", state.listings
    yield "orders", state.orders
    unsettled = {name: sorted(live.unsettled.items()) for name, live in state.leases.items()}
    yield "leases", ({name: (live.terms, live.last_run) for name, live in state.leases.items()}, unsettled)
    yield "leases granted", state.leases_granted
    yield "contracts", state.contracts
    yield "agreements", state.agreements
    yield "runs", (state.last_run, state.open_run, state.runs)
    yield "clock", market.now
    yield "orders in the market", market.orders
    yield "books", {"/".join(key): book for key, book in market.books.items() if book.offers or book.bids}
    yield "deadlines", (market.latest_starts, market.listing_ends)
    for name, live in market.listings.items():
        window = live.terms.window
        free = list(live.free.steps(window.start, window.end))
        yield f"listing {name}", (live.terms, live.seq, free)
