"""The rules of power and carbon: tables are versions, declarations come before their month is closed, and count once."""

from collections.abc import Iterator
from typing import assert_never

from exchange.names import PartyId
from exchange.parties.rules import AMOUNT_MAX
from exchange.periods import period_named
from exchange.power.commands import AdoptPowerTables, DeclareCertificates, DeclarePue, PowerCommand
from exchange.power.events import CertificatesDeclared, PowerEvent, PowerTablesAdopted, PueDeclared
from exchange.rejections import Rejected, VenueRejection, refused_by_market, rejected
from exchange.state import State
from matching.terms import Rejection as MarketRejection
from settlement.power import PUE_LEAST, PUE_MOST, PowerTables


def decide_power(state: State, by: PartyId, command: PowerCommand) -> Iterator[PowerEvent | Rejected]:
    """What a command about power and carbon makes happen."""
    match command:
        case AdoptPowerTables():
            yield from adopt_power_tables(state, command)
        case DeclarePue():
            yield from declare_pue(state, by, command)
        case DeclareCertificates():
            yield from declare_certificates(state, by, command)
        case _:
            assert_never(command)


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
