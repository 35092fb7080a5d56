"""What was taken back, day by day: a fact about each instrument that whoever leases spot should know."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from exchange.catalogue.instruments import Instrument
from exchange.marketdata.resources import day_of
from exchange.persistence.queries.displacements import Displacements
from exchange.state import VenueTerms


@dataclass(frozen=True, slots=True)
class Displaced:
    """The leases of an instrument that were taken back on a day, by whom, and the card-seconds that they lost."""

    instrument: Instrument
    day: date
    leases: int
    reclaimed: int
    card_seconds: int


def displaced_by_day(displacements: Iterable[Displacements], terms: VenueTerms) -> list[Displaced]:
    """The days on which the clock stood when leases were taken back, the latest first, instrument by instrument."""
    days: dict[tuple[date, str], list[Displacements]] = {}
    for one in displacements:
        day = day_of(terms.instant_of(one.slot), terms)
        days.setdefault((day, str(one.instrument)), []).append(one)
    return [
        Displaced(
            instrument=some[0].instrument,
            day=day,
            leases=sum(one.leases for one in some),
            reclaimed=sum(one.reclaimed for one in some),
            card_seconds=sum(one.card_slots for one in some) * terms.slot_seconds,
        )
        for (day, _), some in sorted(days.items(), key=lambda item: (-item[0][0].toordinal(), item[0][1]))
    ]
