"""What a seller may ask of the venue; amending and withdrawing are asked of the market, in its own words."""

from collections.abc import Mapping
from dataclasses import dataclass

from matching.commands import AmendListing, Reclaim, WithdrawListing
from matching.curves import PriceCurve
from matching.terms import ChipCode, PriceRule, RegionCode, Tier, Window


@dataclass(frozen=True, slots=True)
class PublishListing:
    """Offer capacity. Prices are micro-yuan per card-slot; `line` is the catalogue line under which it is taxed."""

    chip: ChipCode
    region: RegionCode
    window: Window
    cards: int
    lot: int
    min_slots: int
    asks: Mapping[Tier, PriceCurve]
    line: str
    price_rule: PriceRule = PriceRule.POSTED


ListingCommand = PublishListing | AmendListing | WithdrawListing | Reclaim
