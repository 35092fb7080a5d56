"""The terms with which a venue opens unless it is given others: proposed policy, and every number a setting."""

from datetime import datetime

from exchange.catalogue.catalogue import Catalogue
from exchange.catalogue.vat import CatalogueLine
from exchange.state import VenueTerms
from matching.terms import MarketTerms
from settlement.money import BasisPoints
from settlement.terms import FeeBase, FeeTerms

DAY = 86_400  # seconds


def venue_terms(
    catalogue: Catalogue, opens: datetime, slot_seconds: int = 3600, lot_max: int = 8
) -> VenueTerms:
    """Slots of an hour, 90 days ahead, delivery reported within 72 hours, a fee of 3 % of net, months of UTC+8.

    The VAT rates are those that the catalogue has for the day on which the venue opens.
    """
    return VenueTerms(
        slot_seconds=slot_seconds,
        lot_max=lot_max,
        horizon_slots=90 * DAY // slot_seconds,
        late_window_seconds=72 * 3600,
        fee=FeeTerms(rate_bp=BasisPoints(300), base=FeeBase.NET, vat_rate_bp=BasisPoints(600)),
        vat_rates_bp={str(line): catalogue.vat_rate_bp(line, opens) for line in CatalogueLine},
        utc_offset_seconds=8 * 3600,
        market=MarketTerms(),
    )
