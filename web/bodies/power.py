"""Power and carbon as they are declared and answered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from exchange.parties.rules import AMOUNT_MAX
from exchange.persistence.queries.power import Certificate, DeclaredPue, PairEmitted, Version
from exchange.persistence.queries.statements import StoredEmissions
from exchange.power.commands import DeclareCertificates, DeclarePue
from matching.terms import RegionCode
from settlement.power import PUE_LEAST, PUE_MOST, PowerTables
from web.bodies.fields import RegionField, TextField, utc
from web.bodies.what_if import MonthField
from web.strict import Body

LABEL = "Reckoned from tables and delivered card-seconds: not a measurement, not a report of emissions."

VersionField = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")]


class AdoptIn(Body):
    """The name of the version: the venue's own tables of reference as they are now are adopted under it."""

    version: VersionField


class PueIn(Body):
    """What your facilities in a region take for each unit that their machines do, in thousandths, from a month on.

    The reference names the document that shows it.
    """

    region: RegionField
    period: MonthField
    pue_milli: Annotated[int, Field(ge=PUE_LEAST, le=PUE_MOST)]
    reference: TextField

    def command(self) -> DeclarePue:
        """The command that this asks for."""
        return DeclarePue(RegionCode(self.region), self.period, self.pue_milli, self.reference)


class CertificatesIn(Body):
    """Green certificates for what your facilities in a region take in a month, under their number."""

    region: RegionField
    period: MonthField
    kwh: Annotated[int, Field(ge=1, le=AMOUNT_MAX)]
    reference: TextField

    def command(self) -> DeclareCertificates:
        """The command that this asks for."""
        return DeclareCertificates(RegionCode(self.region), self.period, self.kwh, self.reference)


@dataclass(frozen=True, slots=True)
class VersionOut:
    """A version of the tables. The one in force reckons what is settled from now on."""

    version: str
    adopted_at: datetime
    in_force: bool

    @classmethod
    def of(cls, version: Version) -> "VersionOut":
        """A version as it is stored."""
        return cls(version.version, utc(version.at), version.in_force)


@dataclass(frozen=True, slots=True)
class CardOut:
    """What one card draws, and where the figure is from."""

    chip: str
    watts: int
    source: str


@dataclass(frozen=True, slots=True)
class FactorOut:
    """What a region's grid emitted in a year, in mg of CO₂ per kWh, and where the figure is from."""

    region: str
    year: int
    mg_per_kwh: int
    source: str


@dataclass(frozen=True, slots=True)
class PueOut:
    """What facilities in a region are taken to have until their seller declares its own."""

    region: str
    pue_milli: int


@dataclass(frozen=True, slots=True)
class PowerTablesOut:
    """One version of the tables, whole. Versions are never edited."""

    version: str
    cards: list[CardOut]
    factors: list[FactorOut]
    pues: list[PueOut]

    @classmethod
    def of(cls, tables: PowerTables) -> "PowerTablesOut":
        """A version as it is stored."""
        return cls(
            version=tables.version,
            cards=[CardOut(chip, card.watts, card.source) for chip, card in sorted(tables.cards.items())],
            factors=[
                FactorOut(region, factor.year, factor.mg_per_kwh, factor.source)
                for region, factors in sorted(tables.factors.items())
                for factor in factors
            ],
            pues=[PueOut(region, pue) for region, pue in sorted(tables.pues.items())],
        )


@dataclass(frozen=True, slots=True)
class DeclaredPueOut:
    """What a seller says of its facilities in a region, from a month on. The last word for a month counts."""

    party: str
    region: str
    period: str
    pue_milli: int
    reference: str
    declared_at: datetime


@dataclass(frozen=True, slots=True)
class CertificateOut:
    """A certificate, and how much of it statements have used."""

    reference: str
    party: str
    region: str
    period: str
    kwh: int
    used_wh: int
    declared_at: datetime


@dataclass(frozen=True, slots=True)
class DeclarationsOut:
    """What sellers have declared, the newest first."""

    pues: list[DeclaredPueOut]
    certificates: list[CertificateOut]

    @classmethod
    def of(cls, pues: Sequence[DeclaredPue], certificates: Sequence[Certificate]) -> "DeclarationsOut":
        """Declarations as they are stored."""
        return cls(
            pues=[
                DeclaredPueOut(one.party, one.region, one.period, one.pue_milli, one.reference, utc(one.at))
                for one in pues
            ],
            certificates=[
                CertificateOut(
                    one.reference, one.party, one.region, one.period, one.kwh, one.used_wh, utc(one.at)
                )
                for one in certificates
            ],
        )


@dataclass(frozen=True, slots=True)
class EmissionsOut:
    """What a line drew, in Wh, and emitted, in grams of CO₂, by one version of the tables.

    Location-based is by the grid alone, market-based after green certificates. The regions of the agreement share the
    latter.
    """

    label: str
    tables: str
    it_wh: int
    pue_milli: int
    factor_year: int
    grid_mg_per_kwh: int
    facility_wh: int
    certified_wh: int
    location_based_g: int
    market_based_g: int
    certificates_wh: dict[str, int]
    by_region_g: dict[str, int]

    @classmethod
    def of(cls, stored: StoredEmissions) -> "EmissionsOut":
        """Emissions as they are stored."""
        figures = asdict(stored)
        used, shares = dict(figures.pop("certificates")), dict(figures.pop("by_region"))
        return cls(label=LABEL, **figures, certificates_wh=used, by_region_g=shares)


@dataclass(frozen=True, slots=True)
class PairEmissionsOut:
    """What lines under a pair's agreements emitted in a quarter's closed months, and what each region counts of it.

    `unreckoned_lines` are of what no tables knew when they were settled.
    """

    label: str
    lines: int
    unreckoned_lines: int
    facility_wh: int
    certified_wh: int
    location_based_g: int
    market_based_g: int
    by_region_g: dict[str, int]

    @classmethod
    def of(cls, found: PairEmitted) -> "PairEmissionsOut":
        """Sums as they were found."""
        return cls(LABEL, found.lines, found.unreckoned, **asdict(found.emitted), by_region_g=found.parts)
