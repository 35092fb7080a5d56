"""What may be asked about power and carbon."""

from dataclasses import dataclass

from matching.terms import RegionCode
from settlement.power import PowerTables


@dataclass(frozen=True, slots=True)
class AdoptPowerTables:
    """Reckon by these tables whatever is settled from now on. What was reckoned keeps its version."""

    tables: PowerTables


@dataclass(frozen=True, slots=True)
class DeclarePue:
    """Say what a seller's facilities in a region take, in thousandths of what their machines do, from a month on.

    `reference` names the document that shows it.
    """

    region: RegionCode
    period: str
    pue_milli: int
    reference: str


@dataclass(frozen=True, slots=True)
class DeclareCertificates:
    """Declare green certificates for what a seller's facilities in a region take in a month, by their number."""

    region: RegionCode
    period: str
    kwh: int
    reference: str


PowerCommand = AdoptPowerTables | DeclarePue | DeclareCertificates
