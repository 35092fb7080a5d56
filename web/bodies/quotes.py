"""Quotes as they are answered."""

from dataclasses import dataclass

from exchange.quotes import Found, FoundLeg, Quote
from exchange.state import VenueTerms
from web.bodies.common import WindowOut
from web.bodies.leases import PricedOut


@dataclass(frozen=True, slots=True)
class LegOut:
    """What the order would get of one listing: a lease. Money is what its buyer pays, VAT included."""

    listing: str
    chip: str
    region: str
    cards: int
    working_cards: int
    window: WindowOut
    prices: list[PricedOut]
    total_fen: int
    vat_fen: int
    fee_fen: int
    held_fen: int

    @classmethod
    def of(cls, leg: FoundLeg, terms: VenueTerms) -> "LegOut":
        """A leg that the follower has found."""
        return cls(
            listing=leg.listing,
            chip=leg.chip,
            region=leg.region,
            cards=leg.cards,
            working_cards=leg.working,
            window=WindowOut.of(leg.window, terms),
            prices=[PricedOut.of(run, terms) for run in leg.runs],
            total_fen=leg.total,
            vat_fen=leg.vat,
            fee_fen=leg.fee,
            held_fen=leg.held,
        )


@dataclass(frozen=True, slots=True)
class FoundOut:
    """What the order would get, leg by leg, and what that comes to: `total_fen` is what the buyer pays, VAT included.

    The sellers bear the fee. `interrupted_leases` counts the spot leases that would be taken back for it.
    """

    legs: list[LegOut]
    total_fen: int
    vat_fen: int
    fee_fen: int
    held_fen: int
    interrupted_leases: int

    @classmethod
    def of(cls, found: Found, terms: VenueTerms) -> "FoundOut":
        """What the follower has found."""
        return cls(
            legs=[LegOut.of(leg, terms) for leg in found.legs],
            total_fen=found.total,
            vat_fen=found.vat,
            fee_fen=found.fee,
            held_fen=found.held,
            interrupted_leases=found.interrupts,
        )


@dataclass(frozen=True, slots=True)
class QuoteOut:
    """A preview that books nothing, true at the place `version` of the log.

    `order_held_fen` is what placing the order would hold at first. Where nothing fits, `found` is null and `reason`
    says why.
    """

    version: int
    order_held_fen: int
    found: FoundOut | None
    reason: str

    @classmethod
    def of(cls, quote: Quote, terms: VenueTerms) -> "QuoteOut":
        """The follower's answer."""
        found = None if quote.found is None else FoundOut.of(quote.found, terms)
        return cls(quote.version, quote.order_held, found, quote.reason)
