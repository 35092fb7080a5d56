"""What can happen about power and carbon: nothing of it moves money."""

from dataclasses import dataclass

from exchange.closing.events import EmissionsReckoned
from exchange.names import Instant, PartyId
from matching.terms import RegionCode
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


PowerEvent = PowerTablesAdopted | PueDeclared | CertificatesDeclared | EmissionsReckoned
