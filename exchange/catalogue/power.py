"""What each card draws, and what each province's grid emitted year by year: the tables that carbon is reckoned from."""

from collections import defaultdict
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from exchange.catalogue.chips import Chip
from exchange.catalogue.regions import Region
from exchange.catalogue.tables import read_rows
from matching.terms import ChipCode, RegionCode
from settlement.power import CardPower, GridFactor

CARDS, FACTORS = "power.csv", "grid_factors.csv"
CARD_COLUMNS = ("chip", "watts", "basis", "source")
FACTOR_COLUMNS = ("province", "year", "mg_per_kwh", "source")


class PowerBasis(StrEnum):
    """How the draw of a card was come by."""

    DESIGN = "design"
    """The maker's design power of the card."""
    ESTIMATE = "estimate"
    """That of like cards, where the maker withholds it."""


def read_cards(text: str, chips: Mapping[ChipCode, Chip]) -> Mapping[ChipCode, CardPower]:
    """What one card of each chip draws. No chip may be without a figure, and design power is what `chips.csv` says."""
    cards: dict[ChipCode, CardPower] = {}
    for row in read_rows(CARDS, text, CARD_COLUMNS):
        chip = row.known("chip", ChipCode, chips)
        watts, basis = row.integer("watts", 1), row.member("basis", PowerBasis)
        if chip.code in cards:
            raise row.fault(f"{chip.code} appears twice")
        if chip.tdp_w != (watts if basis is PowerBasis.DESIGN else None):
            raise row.fault(f"the design power of {chip.code} is {chip.tdp_w or 'withheld'}, not {watts}")
        cards[chip.code] = CardPower(watts, row.text("source"))
    if missing := chips.keys() - cards.keys():
        raise ValueError(f"{CARDS}: no draw of {', '.join(sorted(missing))}")
    return MappingProxyType(cards)


def read_factors(
    text: str, regions: Mapping[RegionCode, Region]
) -> Mapping[RegionCode, tuple[GridFactor, ...]]:
    """Each region's factors, which are its province's, in the order of their years. The newest is in `regions.csv`, too."""
    by_province: dict[RegionCode, list[GridFactor]] = defaultdict(list)
    for row in read_rows(FACTORS, text, FACTOR_COLUMNS):
        factor = GridFactor(row.integer("year", 2000), row.integer("mg_per_kwh", 0), row.text("source"))
        known = by_province[row.known("province", RegionCode, regions).code]
        if known and factor.year <= known[-1].year:
            raise row.fault(f"{factor.year} does not follow {known[-1].year}")
        known.append(factor)
    for region in regions.values():
        factors = by_province[region.province]
        if not factors or (2 * factors[-1].mg_per_kwh + 1000) // 2000 != region.carbon_g_per_kwh:
            raise ValueError(f"{FACTORS}: the newest of {region.province} is not {region.carbon_g_per_kwh} g")
    return MappingProxyType({code: tuple(by_province[region.province]) for code, region in regions.items()})
