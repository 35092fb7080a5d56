"""What can happen about power and carbon. Nothing of it moves money."""

from dataclasses import dataclass

from exchange.state import Instant, PartyId, RunId
from matching.terms import RegionCode
from settlement.carbon import Emissions
from settlement.power import PowerTables


@dataclass(frozen=True, slots=True)
class PowerTablesAdopted:
    """These tables are in force from here on."""

    tables: PowerTables
    at: Instant


@dataclass(frozen=True, slots=True)
class PueDeclared:
    """A seller's facilities in a region have this PUE from a month on. Its last word for a month counts."""

    party: PartyId
    region: RegionCode
    period: str
    pue_milli: int
    reference: str
    at: Instant


@dataclass(frozen=True, slots=True)
class CertificatesDeclared:
    """A seller has green certificates for its facilities in a region in a month."""

    party: PartyId
    region: RegionCode
    period: str
    kwh: int
    reference: str
    at: Instant


@dataclass(frozen=True, slots=True)
class LineEmissions:
    """What a statement line drew and emitted: the `n`-th of its statement.

    `it_wh` is what the cards drew, in Wh. `factor_year` says of which year the grid's factor is, in mg of CO₂ per kWh.
    `certificates` are the references that were used, each with its Wh. `by_region` shares the market-based grams
    between the parties of `agreement`; it is empty where none was in force, or where that says nothing of carbon.
    """

    n: int
    it_wh: int
    pue_milli: int
    factor_year: int
    grid_mg_per_kwh: int
    emissions: Emissions
    certificates: tuple[tuple[str, int], ...]
    agreement: tuple[str, int] | None
    by_region: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class EmissionsReckoned:
    """What the lines of a lease's statement emitted, by one version of the tables. Never edited."""

    run: RunId
    subject: str
    seller: PartyId
    region: RegionCode
    tables: str
    lines: tuple[LineEmissions, ...]
