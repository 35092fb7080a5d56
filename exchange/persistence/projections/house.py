"""What the house itself and its parties mean for the tables that pages read."""

import msgspec

from exchange.parties.events import Deposited, KeyIssued, KeyRevoked, PartyEvent, PartyRegistered
from exchange.persistence.rows import Rows
from exchange.persistence.tables import house
from exchange.venue.events import TermsAdopted, VenueEvent
from matching.events import LinkSet, Ticked


def project_venue(rows: Rows, event: VenueEvent) -> None:
    """Add what an event about the house means for the tables."""
    match event:
        case TermsAdopted(terms):
            rows.change(house.venue, {"only": True, "terms": msgspec.to_builtins(terms)})
        case Ticked(now):
            rows.heard.now = now
            rows.change(house.venue, {"only": True, "now": now})
        case LinkSet(home, region, mbps):
            rows.put(house.links, {"home": home, "region": region, "mbps": mbps})


def project_parties(rows: Rows, seq: int, event: PartyEvent) -> None:
    """Add what an event about parties means for the tables. Deposits live in the ledger."""
    match event:
        case PartyRegistered(party):
            rows.add(house.parties, {**msgspec.to_builtins(party), "roles": sorted(party.roles), "seq": seq})
        case KeyIssued(party_id, key, key_digest):
            rows.put(house.api_keys, {"party": party_id, "key": key, "digest": key_digest, "revoked": False})
        case KeyRevoked(party_id, key):
            rows.change(house.api_keys, {"party": party_id, "key": key, "revoked": True})
        case Deposited():
            pass
