"""What can happen to a buyer's order."""

from dataclasses import dataclass

from exchange.rejections import Rejected
from exchange.state import LeaseTerms, PartyId
from matching.events import (
    Closed,
    Leased,
    ListingAmended,
    ListingClosed,
    Opened,
    OrderAmended,
    Rested,
    Ticked,
)
from matching.terms import RegionCode
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
    """An order got capacity. `held`, the most that the lease can cost, passes from the order to the lease."""

    leased: Leased
    lease: LeaseTerms
    held: Fen


@dataclass(frozen=True, slots=True)
class OrderClosed:
    """An order is done, and `released` goes back to its buyer: what it held and did not need."""

    closed: Closed
    party: PartyId
    released: Fen


Told = LeaseGranted | OrderClosed | Rested | Ticked | ListingAmended | ListingClosed
"""What follows in the market from any command, as the log tells it."""

OrderEvent = OrderAccepted | OrderReworked | Told | Rejected
