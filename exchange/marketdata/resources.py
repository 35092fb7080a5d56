"""What the index puts a price on: a chip, or standard cards, in a region, a hub or everywhere, at a tier."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from exchange.catalogue.catalogue import Catalogue
from exchange.catalogue.chips import WHOLE
from exchange.marketdata.index import Row
from exchange.persistence.queries.tape import Parted, Trade
from exchange.state import VenueTerms
from matching.terms import ChipCode, Slot, Tier

ALL = "all"
STANDARD = "standard"
EPOCH = date(1970, 1, 1)
DAY = 86_400

_PATTERN = re.compile(r"(?P<kind>[a-z0-9-]+)@(?P<place>[a-z0-9-]+)/(?P<tier>[a-z_]+)")


@dataclass(frozen=True, slots=True)
class Resource:
    """`chip` is None for standard cards, which are valued everywhere only; `place` is a region, a hub or `all`."""

    chip: ChipCode | None
    place: str
    tier: Tier

    def __str__(self) -> str:
        return f"{self.chip or STANDARD}@{self.place}/{self.tier}"


def parse_resource(text: str, catalogue: Catalogue) -> Resource:
    """Read what `str` wrote; raises ValueError for anything else, and for what the catalogue does not know."""
    match = _PATTERN.fullmatch(text)
    if match is None or match["tier"] not in set(Tier):
        raise ValueError(f"not a resource like standard@all/spot: {text!r}")
    kind, place, tier = match["kind"], match["place"], Tier(match["tier"])
    if kind == STANDARD and place == ALL:
        return Resource(None, ALL, tier)
    if kind not in catalogue.chips or place not in {ALL, *catalogue.hubs, *catalogue.regions}:
        raise ValueError(f"no such resource: {text!r}")
    return Resource(ChipCode(kind), place, tier)


def resources_of(trade: Trade, catalogue: Catalogue) -> Iterator[Resource]:
    """All that a trade counts for."""
    instrument = trade.instrument
    cluster = catalogue.regions[instrument.region].cluster
    yield Resource(instrument.chip, instrument.region, instrument.tier)
    if cluster is not None:
        yield Resource(instrument.chip, cluster.hub.code, instrument.tier)
    yield Resource(instrument.chip, ALL, instrument.tier)
    yield Resource(None, ALL, instrument.tier)


def rows_by_resource(
    trades: Iterable[Parted], catalogue: Catalogue, terms: VenueTerms
) -> Mapping[Resource, list[Row]]:
    """The rows of each resource, from the trades of a day in the order of the tape.

    A pair is a buyer's group and a seller's: parties that are related count as one.
    """
    rows: dict[Resource, list[Row]] = {}
    pairs: dict[Resource, dict[tuple[str, str], int]] = {}
    for one in trades:
        trade = one.trade
        seconds = trade.card_slots * terms.slot_seconds
        for resource in resources_of(trade, catalogue):
            weight = WHOLE if resource.chip else catalogue.chips[trade.instrument.chip].weight_milli
            known = pairs.setdefault(resource, {})
            pair = known.setdefault((one.buyer, one.seller), len(known) + 1)
            rows.setdefault(resource, []).append(Row(trade.id, seconds * weight, trade.cost, pair))
    return rows


def day_of(instant: int, terms: VenueTerms) -> date:
    """The day, at the venue's offset from UTC, that an instant lies in."""
    return EPOCH + timedelta(days=(instant + terms.utc_offset_seconds) // DAY)


def slots_of(day: date, terms: VenueTerms) -> tuple[Slot, Slot]:
    """The slots in which a day begins and ends."""
    begins = (day - EPOCH).days * DAY - terms.utc_offset_seconds
    return terms.slot_of(begins), terms.slot_of(begins + DAY)
