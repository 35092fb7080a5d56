"""The rules of power and carbon: tables are versions, declarations come before their month is closed, and count once."""

from collections.abc import Iterator

from exchange.closing.events import StatementLine, StatementPosted
from exchange.parties.rules import AMOUNT_MAX
from exchange.periods import period_named
from exchange.power.commands import AdoptPowerTables, DeclareCertificates, DeclarePue
from exchange.power.events import (
    CertificatesDeclared,
    EmissionsReckoned,
    LineEmissions,
    PowerTablesAdopted,
    PueDeclared,
)
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import PartyId, PowerStanding, State
from matching.terms import ChipCode, RegionCode
from matching.terms import Rejection as MarketRejection
from settlement.agreements import PairAgreement
from settlement.carbon import PowerUse, emissions_by_region, emissions_of, energy_of
from settlement.power import PUE_LEAST, PUE_MOST, PowerTables


def adopt_power_tables(state: State, command: AdoptPowerTables) -> Iterator[PowerTablesAdopted | Rejected]:
    """Take another version of the tables into use; a run is reckoned by one version from its beginning to its end."""
    tables = command.tables
    if tables.version in state.power.versions:
        yield rejected(
            VenueRejection.TABLES_EXIST, f"{tables.version} exists: give this version another name."
        )
    elif state.open_run is not None:
        yield rejected(VenueRejection.RUN_OPEN, f"{state.open_run.id} is reckoned by one version: finish it.")
    elif problems := [*tables.problems(), *_missing(state, tables)]:
        yield rejected(VenueRejection.TABLES_INVALID, f"{'; '.join(problems)}.")
    else:
        yield PowerTablesAdopted(tables, state.now)


def declare_pue(state: State, by: PartyId, command: DeclarePue) -> Iterator[PueDeclared | Rejected]:
    """Write down what a seller says of its facilities, from a month on that is not closed."""
    refusal = _refusal_of_place(state, command)
    if refusal is None and not PUE_LEAST <= command.pue_milli <= PUE_MOST:
        refusal = rejected(
            VenueRejection.AMOUNT_OUT_OF_RANGE, f"A PUE lies from {PUE_LEAST} to {PUE_MOST} thousandths."
        )
    yield refusal or PueDeclared(
        by, command.region, command.period, command.pue_milli, command.reference, state.now
    )


def declare_certificates(
    state: State, by: PartyId, command: DeclareCertificates
) -> Iterator[CertificatesDeclared | Rejected]:
    """Write down certificates that no one has declared before."""
    refusal = _refusal_of_place(state, command)
    if refusal is not None:
        yield refusal
    elif not 1 <= command.kwh <= AMOUNT_MAX:
        yield rejected(VenueRejection.AMOUNT_OUT_OF_RANGE, "Certificates are for 1 to 10^14 kWh.")
    elif command.reference in state.power.left:
        yield rejected(
            VenueRejection.DECLARED_ALREADY,
            f"{command.reference} is declared: a certificate counts once, for one seller, region and month.",
        )
    else:
        yield CertificatesDeclared(
            by, command.region, command.period, command.kwh, command.reference, state.now
        )


def reckoned(state: State, chip: ChipCode, posted: StatementPosted) -> EmissionsReckoned | None:
    """What a lease's statement emitted; None where the venue has no tables. Its lines use certificates in their order."""
    tables, power = state.power.tables, state.power
    if tables is None:
        return None
    used: dict[str, int] = {}
    lines = []
    for n, line in enumerate(posted.lines):
        found = _line(state, tables, chip, posted, (n, line), used)
        for reference, wh in found.certificates:
            used[reference] = used.get(reference, 0) + wh
        lines.append(found)
    assert all(wh <= power.left[reference] for reference, wh in used.items()), "a certificate is used once"
    return EmissionsReckoned(
        run=posted.run,
        subject=posted.subject,
        seller=posted.seller,
        region=RegionCode(posted.destination),
        tables=tables.version,
        lines=tuple(lines),
    )


def _line(
    state: State,
    tables: PowerTables,
    chip: ChipCode,
    posted: StatementPosted,
    numbered: tuple[int, StatementLine],
    used: dict[str, int],
) -> LineEmissions:
    """One line: what was delivered of it at the card's draw; certificates of its seller, region and month go first."""
    n, line = numbered
    place = posted.seller, posted.destination
    factor = tables.factor_of(posted.destination, int(line.service_period[:4]))
    pue = pue_of(state.power, *place, line.service_period) or tables.pues[posted.destination]
    waiting = [
        (reference, state.power.left[reference] - used.get(reference, 0))
        for reference in state.power.certificates.get((*place, line.service_period), ())
    ]
    use = PowerUse(
        it_wh=energy_of(line.quantity - line.lost, tables.cards[chip].watts),
        pue_milli=pue,
        grid_mg_per_kwh=factor.mg_per_kwh,
        certificates_wh=sum(wh for _, wh in waiting),
    )
    emissions = emissions_of(use)
    agreement = _agreement(state, line.agreement)
    return LineEmissions(
        n=n,
        it_wh=use.it_wh,
        pue_milli=pue,
        factor_year=factor.year,
        grid_mg_per_kwh=factor.mg_per_kwh,
        emissions=emissions,
        certificates=_taken(waiting, emissions.certified_wh),
        agreement=line.agreement,
        by_region=() if agreement is None else emissions_by_region(emissions.market_based_g, agreement),
    )


def pue_of(power: PowerStanding, seller: PartyId, region: str, period: str) -> int | None:
    """What a seller has declared for a month: its word for the latest month up to that."""
    declared = power.pues.get((seller, region), {})
    months = [month for month in declared if month <= period]
    return declared[max(months)] if months else None


def _taken(waiting: list[tuple[str, int]], wh: int) -> tuple[tuple[str, int], ...]:
    """Take energy from certificates, the first that was declared first."""
    taken = []
    for reference, left in waiting:
        some = min(left, wh)
        if some:
            taken.append((reference, some))
            wh -= some
    return tuple(taken)


def _agreement(state: State, named: tuple[str, int] | None) -> PairAgreement | None:
    return next((one for one in state.agreements if (one.id, one.version) == named), None)


def _missing(state: State, tables: PowerTables) -> list[str]:
    """What may be traded and has no figures."""
    chips, regions = state.market.chips or frozenset(), state.market.regions or frozenset()
    without = [*(chips - tables.cards.keys()), *(regions - (tables.factors.keys() & tables.pues.keys()))]
    return [f"{code} has no figures" for code in sorted(without)]


def _refusal_of_place(state: State, command: DeclarePue | DeclareCertificates) -> Rejected | None:
    """Why nothing can be declared for a region and month."""
    period = period_named(command.period, state.rules.utc_offset_seconds)
    regions = state.market.regions
    if regions is not None and command.region not in regions:
        return refused_by_market(MarketRejection.UNKNOWN_REGION)
    if period is None:
        return rejected(VenueRejection.PERIOD_UNKNOWN, "A period is a calendar month, such as 2026-01.")
    last = state.open_run or state.last_run
    if last is not None and period.begins < last.ends:
        return rejected(
            VenueRejection.DECLARED_TOO_LATE,
            f"{period.name} is closed or closing: what was reckoned stays. Declare before a month is closed.",
        )
    return None
