"""What the house itself and its parties mean for the tables that pages read."""

import msgspec

from exchange.parties.events import Deposited, KeyIssued, KeyRevoked, PartyEvent, PartyRegistered
from exchange.persistence import tables
from exchange.persistence.rows import Rows
from exchange.venue.events import TermsAdopted, VenueEvent
from matching.events import LinkSet, Ticked


def project_venue(rows: Rows, event: VenueEvent) -> None:
    """Add what an event about the house means for the tables."""
    match event:
        case TermsAdopted(terms):
            rows.change(tables.venue, {"only": True, "terms": msgspec.to_builtins(terms)})
        case Ticked(now):
            rows.heard.now = now
            rows.change(tables.venue, {"only": True, "now": now})
        case LinkSet(home, region, mbps):
            rows.put(tables.links, {"home": home, "region": region, "mbps": mbps})


def project_parties(rows: Rows, seq: int, event: PartyEvent) -> None:
    """Add what an event about parties means for the tables. Deposits live in the ledger."""
    match event:
        case PartyRegistered(party):
            rows.add(tables.parties, {**msgspec.to_builtins(party), "roles": sorted(party.roles), "seq": seq})
        case KeyIssued(party_id, key, key_digest):
            rows.put(tables.api_keys, {"party": party_id, "key": key, "digest": key_digest, "revoked": False})
        case KeyRevoked(party_id, key):
            rows.change(tables.api_keys, {"party": party_id, "key": key, "revoked": True})
        case Deposited():
            pass
