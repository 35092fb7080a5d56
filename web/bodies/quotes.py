"""Quotes as they are answered."""

from dataclasses import dataclass

from exchange.quotes import Found, Quote
from exchange.state import VenueTerms
from web.bodies.common import WindowOut
from web.bodies.leases import PricedOut


@dataclass(frozen=True, slots=True)
class FoundOut:
    """What the order would get: `total_fen` is what the buyer pays, VAT included; the seller bears the fee."""

    listing: str
    chip: str
    region: str
    cards: int
    window: WindowOut
    prices: list[PricedOut]
    total_fen: int
    vat_fen: int
    fee_fen: int
    held_fen: int

    @classmethod
    def of(cls, found: Found, terms: VenueTerms) -> "FoundOut":
        """What the follower has found."""
        return cls(
            listing=found.listing,
            chip=found.chip,
            region=found.region,
            cards=found.cards,
            window=WindowOut.of(found.window, terms),
            prices=[PricedOut.of(run, terms) for run in found.runs],
            total_fen=found.total,
            vat_fen=found.vat,
            fee_fen=found.fee,
            held_fen=found.held,
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
