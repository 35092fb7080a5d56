"""What events of a pair's quarter leave behind: what its regions have said, and what is recognised."""

from exchange.periods import period_of, quarter_of
from exchange.quarters.events import (
    AmountRecognised,
    QuarterAgreed,
    QuarterConfirmed,
    QuarterDisputed,
    QuarterEvent,
)
from exchange.state import QuarterStanding, State
from settlement.money import Fen
from settlement.quarters import PairQuarter, Version


def evolve_quarters(state: State, event: QuarterEvent) -> None:
    """What regions say of a quarter. What was computed of it stands in the ledger, and nothing here touches that."""
    pair = event.pair if isinstance(event, QuarterDisputed | AmountRecognised) else event.figures.pair
    standing = state.quarters.setdefault(pair, QuarterStanding())
    match event:
        case QuarterConfirmed(_, signature):
            standing.confirmed[signature.region] = signature.digest
        case QuarterAgreed():
            standing.agreed = True
        case QuarterDisputed():
            standing.confirmed.pop(event.region, None)
        case AmountRecognised():
            place = event.region, event.kind
            standing.recognised[place] = Fen(standing.recognised.get(place, 0) + event.amount)
            standing.references.add((*place, event.reference))


def note_refund(state: State, version: Version) -> None:
    """A line under a version of an agreement is refunded now: that is a figure of the quarter which the clock stands in."""
    agreement = next(known for known in state.agreements if (known.id, known.version) == version)
    month = period_of(state.now, state.rules.utc_offset_seconds).name
    note_booked(state, agreement.source, agreement.destination, month, {version})


def note_booked(state: State, source: str, destination: str, month: str, versions: set[Version]) -> None:
    """Something is booked in a month under versions of a pair's agreements that need not be in force in it."""
    pair = PairQuarter(source, destination, quarter_of(month))
    state.quarters.setdefault(pair, QuarterStanding()).booked |= versions
