"""What can happen to a buyer's order."""

from dataclasses import dataclass

from exchange.names import LeaseId, PartyId
from exchange.state import LeaseTerms, PricedRun
from exchange.vouchers.events import VoucherHeld, VoucherPassed, VoucherReturned
from matching.events import (
    Closed,
    Displaced,
    Leased,
    LinkSet,
    ListingAmended,
    ListingClosed,
    Opened,
    OrderAmended,
    Rested,
    Ticked,
)
from matching.terms import Order, OrderId, RegionCode
from settlement.money import Fen


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    """An order looks for capacity, and `held` of its buyer's money is reserved for it: the most it can cost."""

    opened: Opened
    party: PartyId
    source: RegionCode
    held: Fen


@dataclass(frozen=True, slots=True)
class OrderReworked:
    """An order has new terms, and `held` is now reserved for it in place of `held_before`."""

    amended: OrderAmended
    party: PartyId
    held_before: Fen
    held: Fen


@dataclass(frozen=True, slots=True)
class LeaseGranted:
    """An order got capacity. `held`, the most that the lease can cost, passes from the order to the lease.

    `order_held` is what the order holds from then on, for what it may still get.
    """

    leased: Leased
    lease: LeaseTerms
    held: Fen
    order_held: Fen


@dataclass(frozen=True, slots=True)
class OrderClosed:
    """An order is done, and `released` goes back to its buyer: what it held and did not need.

    `kept` stays reserved while its leases can be taken back, for the order that then goes on in its place.
    """

    closed: Closed
    party: PartyId
    released: Fen
    kept: Fen


@dataclass(frozen=True, slots=True)
class ReserveReleased:
    """No lease of an order can be taken back any more, or all of them were: what it kept is free again."""

    order: OrderId
    party: PartyId
    released: Fen


@dataclass(frozen=True, slots=True)
class LeaseDisplaced:
    """A spot lease was taken back. `runs` are what of it its buyer still pays for: none within the grace.

    `released` is what it held for the rest; `slots_left` and `held_left` are what remains of it to settle. It runs on
    for `notice` slots, the running one counted.
    """

    displaced: Displaced
    lease: LeaseId
    buyer: PartyId
    runs: tuple[PricedRun, ...]
    released: Fen
    slots_left: int
    held_left: Fen
    notice: int = 0


@dataclass(frozen=True, slots=True)
class OrderNotContinued:
    """Nothing looks for what was taken back of `order`: that would hold `needed`, and its buyer has `available`.

    `rest` is the order that would have, under the id that it would have had.
    """

    order: OrderId
    party: PartyId
    rest: Order
    needed: Fen
    available: Fen


Told = (
    OrderAccepted
    | OrderNotContinued
    | LeaseGranted
    | LeaseDisplaced
    | ReserveReleased
    | OrderClosed
    | Rested
    | Ticked
    | LinkSet
    | ListingAmended
    | ListingClosed
    | VoucherHeld
    | VoucherPassed
    | VoucherReturned
)
"""What follows in the market from any command, as the log tells it."""

OrderEvent = (
    OrderAccepted
    | OrderReworked
    | OrderNotContinued
    | LeaseGranted
    | LeaseDisplaced
    | ReserveReleased
    | OrderClosed
    | Rested
)
