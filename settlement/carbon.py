"""Carbon: from the energy of the machines to the emissions of their facility, and whose they are by agreement (F9).

Two figures are kept apart, as in greenhouse-gas accounting: location-based, by the grid that the facility draws on,
and market-based, after green certificates, which alone prove that power was renewable (发改能源 2023, no. 1044).
Emissions are reported where the facility stands; the shares of regions are accounting under their agreement.
"""

from dataclasses import dataclass

from settlement.agreements import PairAgreement
from settlement.meters import SECONDS_PER_HOUR
from settlement.money import chain, round_half_away

MILLI = 1_000
MG_WH_PER_G_KWH = 1_000_000


@dataclass(frozen=True, slots=True)
class PowerUse:
    """What machines drew, and where.

    `it_wh` is the energy of the machines in Wh, `pue_milli` that of the facility over it in thousandths,
    `grid_mg_per_kwh` the CO₂ of the grid in mg/kWh, and `certificates_wh` the green certificates surrendered, in Wh.
    """

    it_wh: int
    pue_milli: int
    grid_mg_per_kwh: int
    certificates_wh: int


@dataclass(frozen=True, slots=True)
class Emissions:
    """Energy in Wh and CO₂ in grams."""

    facility_wh: int
    certified_wh: int
    location_based_g: int
    market_based_g: int


def energy_of(card_seconds: int, watts: int) -> int:
    """Reckon what cards draw in Wh, each with its share of the machine at `watts`."""
    return round_half_away(card_seconds * watts, SECONDS_PER_HOUR)


def emissions_of(use: PowerUse) -> Emissions:
    """Reckon the emissions of a facility. Certificates beyond what it drew cover nothing."""
    facility = round_half_away(use.it_wh * use.pue_milli, MILLI)
    certified = min(facility, use.certificates_wh)
    return Emissions(
        facility_wh=facility,
        certified_wh=certified,
        location_based_g=round_half_away(facility * use.grid_mg_per_kwh, MG_WH_PER_G_KWH),
        market_based_g=round_half_away((facility - certified) * use.grid_mg_per_kwh, MG_WH_PER_G_KWH),
    )


def emissions_by_region(grams: int, agreement: PairAgreement) -> tuple[tuple[str, int], ...]:
    """Attribute emissions to the parties, a tie to the destination; to nobody if nothing was agreed about them."""
    if not agreement.shares.carbon:
        return ()
    return tuple(zip(agreement.parties, chain(grams, agreement.shares.carbon), strict=True))
