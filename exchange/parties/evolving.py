"""What parties, their keys and their deposits change in the venue's state."""

from exchange.names import is_topup
from exchange.parties.events import Deposited, KeyIssued, KeyRevoked, PartyEvent, PartyRegistered
from exchange.state import State


def evolve_parties(state: State, event: PartyEvent) -> None:
    """Let something about a party have happened."""
    match event:
        case PartyRegistered(party):
            state.parties[party.id] = party
        case KeyIssued(party_id, key, _):
            state.keys.setdefault(party_id, set()).add(key)
        case KeyRevoked(party_id, key):
            state.keys.get(party_id, set()).discard(key)
        case Deposited(party_id, amount, reference):
            state.references.setdefault(party_id, set()).add(reference)
            if is_topup(party_id, reference):
                state.topups.setdefault(party_id, {})[reference] = amount
