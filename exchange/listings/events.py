"""What can happen to a seller's capacity."""

from dataclasses import dataclass

from exchange.names import PartyId
from matching.events import Listed, ListingAmended, ListingClosed


@dataclass(frozen=True, slots=True)
class ListingPublished:
    """A party's capacity is on offer."""

    listed: Listed
    party: PartyId
    line: str


ListingEvent = ListingPublished | ListingAmended | ListingClosed
