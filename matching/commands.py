"""What may be asked of the market."""

from collections.abc import Mapping
from dataclasses import dataclass

from matching.curves import PriceCurve
from matching.terms import Listing, ListingId, Order, OrderId, Price, RegionCode, Slot, Tier


@dataclass(frozen=True, slots=True)
class Publish:
    """Offer capacity."""

    listing: Listing


@dataclass(frozen=True, slots=True)
class Place:
    """Ask for capacity."""

    order: Order


@dataclass(frozen=True, slots=True)
class WithdrawListing:
    """Offer no more of a listing. What is leased stays leased."""

    listing: ListingId


@dataclass(frozen=True, slots=True)
class Reclaim:
    """Take a listing's cards back from slot `since` on. Spot leases end then, or after the notice; others run on."""

    listing: ListingId
    since: Slot


@dataclass(frozen=True, slots=True)
class SetLink:
    """Let `mbps` be the bandwidth from `home` to `region`, in every slot from now on."""

    home: RegionCode
    region: RegionCode
    mbps: int


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Take a resting order out of the books."""

    order: OrderId


@dataclass(frozen=True, slots=True)
class AmendListing:
    """Change how many cards a listing has, or what they cost. None leaves a term as it is."""

    listing: ListingId
    cards: int | None = None
    asks: Mapping[Tier, PriceCurve] | None = None


@dataclass(frozen=True, slots=True)
class AmendOrder:
    """Change an order's limit, size or deadline. None leaves a term as it is."""

    order: OrderId
    limit: Price | None = None
    cards: tuple[int, int] | None = None
    deadline: Slot | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has come to slot `now`."""

    now: Slot


Command = (
    Publish | Place | WithdrawListing | Reclaim | CancelOrder | AmendListing | AmendOrder | SetLink | Tick
)
