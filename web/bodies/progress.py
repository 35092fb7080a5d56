"""How far an order has got: what it was granted of all that it asks for."""

from collections.abc import Iterable
from dataclasses import dataclass

from exchange.orders.commands import PlaceOrder
from exchange.persistence.queries.leases import StoredLease
from exchange.persistence.queries.orders import StoredOrder
from exchange.quoting.quote import FoundLeg
from exchange.state import VenueTerms
from matching.terms import Block, Shape


@dataclass(frozen=True, slots=True)
class Progress:
    """What an order gets, and all that it asks for, in thousandths of its reference card and slot.

    Cards that fill up a lot don't count, and what was taken back later still does: an order of its own looks for that.
    """

    got: int
    whole: int

    @property
    def done(self) -> bool:
        """Whether nothing is left to be had."""
        return self.got == self.whole


def progress_of(order: StoredOrder, leases: Iterable[StoredLease]) -> Progress:
    """How far an order has got with its leases; those of other orders are left out."""
    got = sum(
        lease.working * order.chips[lease.chip] * (lease.granted_end - lease.window.start)
        for lease in leases
        if lease.order == order.id
    )
    return _progress(order.shape, got)


def progress_with(order: PlaceOrder, legs: Iterable[FoundLeg]) -> Progress:
    """How far an order would get with what was quoted."""
    return _progress(order.shape, sum(leg.working * order.chips[leg.chip] * len(leg.window) for leg in legs))


def _progress(shape: Shape, got: int) -> Progress:
    whole = 1000 * (shape.most if isinstance(shape, Block) else shape.amount) * slots_of(shape)
    return Progress(min(got, whole), whole)


def slots_of(shape: Shape) -> int:
    """For how many slots each card counts of which an order has got so many: for all of a block; work counts its own."""
    return shape.slots if isinstance(shape, Block) else 1


def card_minutes(milli: int, terms: VenueTerms) -> int:
    """Thousandths of a card-slot in whole card-minutes, rounded down."""
    return milli * terms.slot_seconds // 60_000
