"""What the house itself changes in its state: its terms, its clock and its links."""

from exchange.state import State
from exchange.venue.events import TermsAdopted, VenueEvent
from matching.events import LinkSet, Ticked
from matching.market import adopt, evolve


def evolve_venue(state: State, event: VenueEvent) -> None:
    """Let something about the house have happened."""
    match event:
        case TermsAdopted(terms):
            state.terms = terms
            adopt(state.market, terms.market)
        case Ticked(now):
            evolve(state.market, event)
            state.first_slot = now if state.first_slot is None else state.first_slot
        case LinkSet():
            evolve(state.market, event)
