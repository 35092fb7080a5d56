"""What a lease's statement emitted: its delivered time at the card's draw, after the certificates of its seller."""

from exchange.closing.events import EmissionsReckoned, LineEmissions, StatementLine, StatementPosted
from exchange.names import PartyId
from exchange.state import PowerStanding, State
from matching.terms import ChipCode, RegionCode
from settlement.agreements import PairAgreement
from settlement.carbon import PowerUse, emissions_by_region, emissions_of, energy_of
from settlement.power import PowerTables


def reckoned(state: State, chip: ChipCode, posted: StatementPosted) -> EmissionsReckoned | None:
    """What a lease's statement emitted; None where no tables know that. Its lines use certificates in their order."""
    tables, power = state.power.tables, state.power
    if tables is None or not tables.knows(chip, posted.destination):
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
