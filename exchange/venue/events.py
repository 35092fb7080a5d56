"""What can happen to the house."""

from dataclasses import dataclass

from exchange.state import VenueTerms


@dataclass(frozen=True, slots=True)
class TermsAdopted:
    """These terms are in force from here on."""

    terms: VenueTerms
