"""What runs have earned for sellers and what disputes have cost, as the state remembers it."""

from dataclasses import dataclass, field

from exchange.names import Instant, PartyId
from settlement.money import Fen


@dataclass(slots=True)
class Earnings:
    """What one run has made payable to each seller, less what refunds took of that; `closed` is None while it is open."""

    by_seller: dict[PartyId, Fen] = field(default_factory=dict)
    closed: Instant | None = None

    def add(self, seller: PartyId, amount: int) -> None:
        """Something more was settled, or less than nothing: a refund."""
        self.by_seller[seller] = Fen(self.by_seller.get(seller, 0) + amount)


@dataclass(slots=True)
class LiveChargeback:
    """What a dispute has cost so far: of its buyer's balance, and borne by the venue. Nothing, once it is won."""

    taken: Fen
    borne: Fen
