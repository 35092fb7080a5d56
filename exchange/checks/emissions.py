"""Does what statement lines emitted come out?

Energy, certificates and grams are made again from the log, by fractions and without the venue's rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from exchange.agreements.events import AgreementRecorded
from exchange.checks.findings import Findings
from exchange.closing.events import (
    EmissionsReckoned,
    LineEmissions,
    StatementLine,
    StatementPosted,
    SubjectKind,
)
from exchange.events import Event
from exchange.listings.events import ListingPublished
from exchange.orders.events import LeaseDisplaced, LeaseGranted
from exchange.power.events import CertificatesDeclared, PowerTablesAdopted, PueDeclared
from matching.events import ListingClosed
from settlement.agreements import PairAgreement
from settlement.power import PowerTables

Place = tuple[str, str]
"""A seller and a region."""


@dataclass(slots=True)
class Emitted:
    """Follows tables, declarations, leases and statements."""

    findings: Findings = field(
        default_factory=lambda: Findings(
            "emissions",
            "every delivered card-second is reckoned once, by the tables in force; no certificate is used twice",
        )
    )
    _tables: PowerTables | None = None
    _chips: dict[str, str] = field(default_factory=dict)
    _leases: dict[str, str] = field(default_factory=dict)
    _pues: dict[Place, dict[str, int]] = field(default_factory=dict)
    _certificates: dict[tuple[str, str, str], dict[str, int]] = field(default_factory=dict)
    _references: set[str] = field(default_factory=set)
    _agreements: dict[tuple[str, int], PairAgreement] = field(default_factory=dict)
    _waiting: StatementPosted | None = None

    def see(self, events: Iterable[Event]) -> None:
        """The events of the next command."""
        for event in events:
            if isinstance(event, EmissionsReckoned):
                self._see_reckoned(event)
                continue
            self._miss()
            self._follow(event)
        self._miss()

    def _follow(self, event: Event) -> None:
        match event:
            case PowerTablesAdopted(tables, _):
                self._tables = tables
            case PueDeclared(party, region, period, pue_milli):
                self._pues.setdefault((party, region), {})[period] = pue_milli
            case CertificatesDeclared(party, region, period, kwh, reference):
                if reference in self._references:
                    self.findings.tell(f"certificate {reference}: it was declared twice")
                self._references.add(reference)
                self._certificates.setdefault((party, region, period), {})[reference] = kwh * 1000
            case AgreementRecorded(agreement):
                self._agreements[agreement.id, agreement.version] = agreement
            case ListingPublished(listed):
                self._chips[listed.listing.id] = listed.listing.chip
            case LeaseGranted(_, lease):
                self._leases[lease.id] = self._chips[lease.listing]
            case ListingClosed(listing, _):
                self._chips.pop(listing, None)
            case LeaseDisplaced(_, lease_id, _, runs) if not runs:
                self._leases.pop(lease_id, None)
            case StatementPosted(kind=SubjectKind.LEASE):
                self._waiting = event if self._is_known(event) else None
            case _:
                pass

    def _is_known(self, posted: StatementPosted) -> bool:
        """Whether the tables in force have all figures that a lease's statement needs."""
        if self._tables is None:
            return False
        of_region = self._tables.factors.keys() & self._tables.pues.keys()
        return self._leases[posted.subject] in self._tables.cards and posted.destination in of_region

    def _miss(self) -> None:
        """What was posted and not reckoned."""
        if self._waiting is not None:
            self.findings.tell(f"{_told(self._waiting)}: nothing says what it emitted")
            self._waiting = None

    def _see_reckoned(self, event: EmissionsReckoned) -> None:
        posted, tables, self._waiting = self._waiting, self._tables, None
        if posted is None or tables is None or (posted.run, posted.subject) != (event.run, event.subject):
            self.findings.tell(f"{_told(event)}: it is no lease's statement, and yet it emitted something")
            return
        self._compare(f"{_told(event)}: tables", tables.version, event.tables)
        self._compare(
            f"{_told(event)}: lines", list(range(len(posted.lines))), [one.n for one in event.lines]
        )
        for line, found in zip(posted.lines, event.lines, strict=False):
            self._see_line(posted, tables, line, found)
        if not posted.slots_left:
            del self._leases[posted.subject]

    def _see_line(
        self, posted: StatementPosted, tables: PowerTables, line: StatementLine, found: LineEmissions
    ) -> None:
        thing = f"{_told(posted)}, line {found.n}"
        place, month = (posted.seller, posted.destination), line.service_period
        watts = tables.cards[self._leases[posted.subject]].watts
        declared = self._pues.get(place, {})
        pue = declared[max(told)] if (told := [at for at in declared if at <= month]) else None
        pue = tables.pues[posted.destination] if pue is None else pue
        known = {factor.year: factor.mg_per_kwh for factor in tables.factors[posted.destination]}
        year = max((year for year in known if year <= int(month[:4])), default=min(known))
        drawn = _nearest(Fraction((line.quantity - line.lost) * watts, 3600))
        facility = _nearest(Fraction(drawn * pue, 1000))
        used = self._use((*place, month), facility)
        market = _nearest(Fraction((facility - sum(used.values())) * known[year], 10**6))
        emissions = found.emissions
        figures = {
            "it_wh": (drawn, found.it_wh),
            "pue": (pue, found.pue_milli),
            "factor": ((year, known[year]), (found.factor_year, found.grid_mg_per_kwh)),
            "facility_wh": (facility, emissions.facility_wh),
            "certificates": (used, dict(found.certificates)),
            "certified_wh": (sum(used.values()), emissions.certified_wh),
            "location_based_g": (
                _nearest(Fraction(facility * known[year], 10**6)),
                emissions.location_based_g,
            ),
            "market_based_g": (market, emissions.market_based_g),
            "agreement": (line.agreement, found.agreement),
            "by_region": (self._shared(line.agreement, market), dict(found.by_region)),
        }
        for what, (expected, got) in figures.items():
            self._compare(f"{thing}: {what}", expected, got)

    def _use(self, month: tuple[str, str, str], wh: int) -> dict[str, int]:
        """Which certificates cover how much of this energy, and take it from them."""
        used: dict[str, int] = {}
        declared = self._certificates.get(month, {})
        for reference, left in declared.items():
            if some := min(left, wh - sum(used.values())):
                used[reference] = some
        for reference, some in used.items():
            declared[reference] -= some
        return used

    def _shared(self, named: tuple[str, int] | None, grams: int) -> Mapping[str, int]:
        """Grams by region: party after party takes its part of what is left, a tie to those after it."""
        agreement = None if named is None else self._agreements.get(named)
        if agreement is None or not agreement.shares.carbon:
            return {}
        left, whole, shared = grams, 10_000, dict[str, int]()
        for party, share in zip(agreement.parties, agreement.shares.carbon, strict=True):
            exact = Fraction(left * share, whole) if whole else Fraction(0)
            part = int(exact) if exact.denominator == 2 else _nearest(exact)
            shared[party] = part
            left, whole = left - part, whole - share
        return shared

    def _compare(self, what: str, expected: object, got: object) -> None:
        self.findings.examined += 1
        self.findings.compare(what, expected, got)


def _told(event: StatementPosted | EmissionsReckoned) -> str:
    return f"statement {event.run}/{event.subject}"


def _nearest(amount: Fraction) -> int:
    """The nearest whole number, halves upwards: none of these is below zero."""
    return int(amount + Fraction(1, 2))
