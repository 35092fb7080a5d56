"""What may be asked of the market."""

from collections.abc import Mapping
from typing import final

from msgspec import Struct

from matching.curves import PriceCurve
from matching.terms import Listing, ListingId, Order, OrderId, Price, RegionCode, Slot, Tier


@final
class Publish(Struct, frozen=True, gc=False):
    """Offer capacity."""

    listing: Listing


@final
class Place(Struct, frozen=True, gc=False):
    """Ask for capacity."""

    order: Order


@final
class WithdrawListing(Struct, frozen=True, gc=False):
    """Offer no more of a listing. What is leased stays leased."""

    listing: ListingId


@final
class Reclaim(Struct, frozen=True, gc=False):
    """Take a listing's cards back from slot `since` on. Spot leases end then, or after the notice; others run on."""

    listing: ListingId
    since: Slot


@final
class SetLink(Struct, frozen=True, gc=False):
    """Let `mbps` be the bandwidth from `home` to `region`, in every slot from now on."""

    home: RegionCode
    region: RegionCode
    mbps: int


@final
class CancelOrder(Struct, frozen=True, gc=False):
    """Take a resting order out of the books."""

    order: OrderId


@final
class AmendListing(Struct, frozen=True, gc=False):
    """Change how many cards a listing has, or what they cost. None leaves a term as it is."""

    listing: ListingId
    cards: int | None = None
    asks: Mapping[Tier, PriceCurve] | None = None


@final
class AmendOrder(Struct, frozen=True, gc=False):
    """Change an order's limit, size or deadline. None leaves a term as it is."""

    order: OrderId
    limit: Price | None = None
    cards: tuple[int, int] | None = None
    deadline: Slot | None = None


@final
class Tick(Struct, frozen=True, gc=False):
    """Time has come to slot `now`."""

    now: Slot


Command = (
    Publish | Place | WithdrawListing | Reclaim | CancelOrder | AmendListing | AmendOrder | SetLink | Tick
)
