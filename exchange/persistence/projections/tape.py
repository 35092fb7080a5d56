"""What the public sees of a lease that was granted: the tape."""

import hashlib
from enum import StrEnum

from exchange.persistence.rows import Heard, Row
from matching.events import Leased


def trade_id(digest: bytes, number: int) -> str:
    """What the public calls a lease: a digest of its number and of the log up to its command.

    The first is easily guessed, and the second is the venue's alone. So whoever sees ids can't tell which are of one
    command, and who makes the tape anew from the log makes the same ones.
    """
    return hashlib.sha256(digest + number.to_bytes(8)).hexdigest()[:16]


class PricedBy(StrEnum):
    """What the price of a trade is."""

    ASK = "ask"
    LIMIT = "limit"
    """The limit of an order that waited for a listing which pays that."""
    TAKEOVER = "takeover"
    """The ask, or for spot the highest limit that the order displaced there if that is more."""


def _priced_by(heard: Heard, leased: Leased) -> PricedBy:
    if leased.listing == heard.arrived:
        return PricedBy.LIMIT
    return PricedBy.TAKEOVER if heard.took_back and leased.order == heard.arrived else PricedBy.ASK


def trade_row(heard: Heard, digest: bytes, leased: Leased) -> Row:
    """A lease on the tape."""
    return {
        "id": trade_id(digest, leased.lease),
        "number": leased.lease,
        "order_id": leased.order,
        "listing_id": leased.listing,
        "cards": leased.cards,
        "start_slot": leased.window.start,
        "end_slot": leased.window.end,
        "cost": leased.cost,
        "priced_by": _priced_by(heard, leased),
        "slot": heard.now,
        "seq": heard.seq,
    }
