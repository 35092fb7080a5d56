"""The terms under which a replay is traded."""

from dataclasses import replace

from msgspec import structs

from exchange.catalogue.catalogue import Catalogue
from exchange.defaults import venue_terms
from exchange.replay.assumptions import SLOT_S, Assumptions
from exchange.state import VenueTerms


def replay_terms(catalogue: Catalogue, assumptions: Assumptions) -> VenueTerms:
    """A new venue's, in quarters of an hour; no lot is larger than the plan's deposits reckon with."""
    terms = venue_terms(catalogue, assumptions.starts, slot_seconds=SLOT_S, lot_max=assumptions.lot)
    return replace(terms, market=structs.replace(terms.market, displacement=assumptions.displacement))
