"""The whole catalogue in one value, and the questions that need more than one of its tables."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

from exchange.catalogue.chips import (
    CHIPS,
    VENDORS,
    Chip,
    Vendor,
    VendorCode,
    read_chips,
    read_vendors,
)
from exchange.catalogue.instruments import Instrument, parse_instrument
from exchange.catalogue.latency import round_trip_ms
from exchange.catalogue.localtime import local_time
from exchange.catalogue.power import CARDS, FACTORS, read_cards, read_factors
from exchange.catalogue.regions import (
    HUBS,
    REGIONS,
    Hub,
    HubCode,
    Region,
    read_hubs,
    read_regions,
)
from exchange.catalogue.tariffs import TABLE as TARIFFS
from exchange.catalogue.tariffs import (
    TariffCalendar,
    TariffCode,
    TariffPeriod,
    period_at,
    read_calendars,
)
from exchange.catalogue.vat import TABLE as VAT
from exchange.catalogue.vat import CatalogueLine, VatRate, rate_on, read_vat
from matching.terms import ChipCode, RegionCode
from settlement.money import BasisPoints
from settlement.power import CardPower, GridFactor, PowerTables

TAX_ZONE = ZoneInfo("Asia/Shanghai")
"""Chinese tax law begins and ends at midnight in Beijing, wherever the buyer sits."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every table by code. Built only by `read_catalogue`, so that what it refers to is there."""

    hubs: Mapping[HubCode, Hub]
    regions: Mapping[RegionCode, Region]
    vendors: Mapping[VendorCode, Vendor]
    chips: Mapping[ChipCode, Chip]
    calendars: Mapping[TariffCode, TariffCalendar]
    vat: Mapping[CatalogueLine, tuple[VatRate, ...]]
    cards: Mapping[ChipCode, CardPower]
    factors: Mapping[RegionCode, tuple[GridFactor, ...]]

    def instrument(self, text: str) -> Instrument:
        """Read an instrument's text; raises ValueError when it is malformed or its chip or region unknown."""
        instrument = parse_instrument(text)
        if instrument.chip not in self.chips:
            raise ValueError(f"no such chip: {instrument.chip!r}")
        if instrument.region not in self.regions:
            raise ValueError(f"no such region: {instrument.region!r}")
        return instrument

    def latency_ms(self, a: RegionCode, b: RegionCode) -> int:
        """An estimate of the round trip between two regions; see `latency.py`."""
        return round_trip_ms(self.regions[a].place, self.regions[b].place)

    def regions_within(self, home: RegionCode, most_ms: int) -> frozenset[RegionCode]:
        """The regions at most `most_ms` away from `home`, there and back."""
        return frozenset(code for code in self.regions if self.latency_ms(home, code) <= most_ms)

    def tariff_period(self, region: RegionCode, instant: datetime) -> TariffPeriod | None:
        """How dear power is in a region at an instant, or None where its calendar is not known."""
        place = self.regions[region]
        return None if place.tariff is None else period_at(place.tariff, local_time(instant, place.zone))

    def vat_rate_bp(self, line: CatalogueLine, instant: datetime) -> BasisPoints:
        """A line's VAT rate at an instant; raises LookupError before the first in the table."""
        return rate_on(self.vat[line], local_time(instant, TAX_ZONE).date()).rate_bp

    def power_tables(self, version: str) -> PowerTables:
        """Its figures of power and carbon, for a venue to adopt under a name."""
        return PowerTables(
            version=version,
            cards={str(chip): card for chip, card in self.cards.items()},
            factors={str(region): known for region, known in self.factors.items()},
            pues={str(code): region.pue_milli for code, region in self.regions.items()},
        )


def load_catalogue() -> Catalogue:
    """The catalogue that comes with the package."""
    reference = files("exchange.catalogue") / "reference"
    return read_catalogue(lambda table: (reference / table).read_text(encoding="utf-8"))


def read_catalogue(text_of: Callable[[str], str]) -> Catalogue:
    """A catalogue from the text of each table by its file name, so that a venue can put in tables of its own.

    Raises ValueError, naming the file and the row, for a table that is not in order.
    """
    calendars = read_calendars(text_of(TARIFFS))
    hubs = read_hubs(text_of(HUBS))
    vendors = read_vendors(text_of(VENDORS))
    regions = read_regions(text_of(REGIONS), hubs, calendars)
    chips = read_chips(text_of(CHIPS), vendors)
    return Catalogue(
        hubs=hubs,
        regions=regions,
        vendors=vendors,
        chips=chips,
        calendars=calendars,
        vat=read_vat(text_of(VAT)),
        cards=read_cards(text_of(CARDS), chips),
        factors=read_factors(text_of(FACTORS), regions),
    )
