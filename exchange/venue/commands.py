"""What may be asked of the house."""

from dataclasses import dataclass

from exchange.names import Instant
from exchange.state import VenueTerms
from matching.commands import SetLink


@dataclass(frozen=True, slots=True)
class AdoptTerms:
    """Open the venue, or change its rates from now on. The length of a slot can't be changed."""

    terms: VenueTerms


@dataclass(frozen=True, slots=True)
class Tick:
    """Let time come to `now`. The clock is an input: the venue never looks at one."""

    now: Instant


VenueCommand = AdoptTerms | Tick | SetLink
