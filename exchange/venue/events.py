"""What can happen to the house."""

from dataclasses import dataclass

from exchange.state import VenueTerms
from matching.events import LinkSet, Ticked


@dataclass(frozen=True, slots=True)
class TermsAdopted:
    """These terms are in force from here on."""

    terms: VenueTerms


VenueEvent = TermsAdopted | Ticked | LinkSet
