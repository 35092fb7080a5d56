"""Keys that sign: a signature names the key that spoke, which has to be one of its party's, and in force."""

from exchange.names import PartyId
from exchange.rejections import Rejected, VenueRejection, rejected
from exchange.state import State


def refusal_of_key(state: State, party: PartyId, key: str) -> Rejected | None:
    """Why a party can't sign with a key."""
    if key in state.keys.get(party, ()):
        return None
    return rejected(VenueRejection.UNKNOWN_KEY, f"{party} has no key {key} in force: sign with one that is.")
