"""Works the price index of a day out again, from what a venue tells everybody, and says where it differs."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from exchange.catalogue.chips import WHOLE
from exchange.marketdata.index import METHOD, Row, value_of
from exchange.marketdata.resources import ALL, STANDARD, Resource
from exchange.persistence.queries.tape import TradeId
from matching.terms import ChipCode
from web.bodies.index import IndexInputsOut, IndexValueOut
from web.bodies.market import TradeOut
from web.client import Client

PAGE = 200


@dataclass(frozen=True, slots=True)
class Checked:
    """How many values were worked out again, and every difference in a line of its own."""

    values: int
    differences: list[str]


@dataclass(frozen=True, slots=True)
class Map:
    """What the venue's catalogue says of chips and regions: weights, and hubs where a region is in one."""

    weights: Mapping[str, int]
    hubs: Mapping[str, str | None]

    def counts_for(self, trade: TradeOut) -> Iterator[tuple[str, int]]:
        """The resources that a trade of the tape counts for, each with its volume there."""
        hub = self.hubs[trade.region]
        for place in (trade.region, *([] if hub is None else [hub]), ALL):
            yield f"{trade.chip}@{place}/{trade.tier}", trade.card_seconds * WHOLE
        yield f"{STANDARD}@{ALL}/{trade.tier}", trade.card_seconds * self.weights[trade.chip]


async def check_day(venue: Client, day: date) -> Checked:
    """Hold the values of a day against their rows, and the rows against the tape.

    Which buyer and seller stand behind a pair can't be checked: that is nobody's business but the venue's.
    """
    told = await venue.index(day.isoformat())
    expected = await _expected(venue, day)
    differences = [] if told.method == METHOD else [f"The method is {told.method}, and here it is {METHOD}."]
    names = {value.resource for value in told.values}
    differences += [f"{name}: it was traded, and has no value." for name in sorted(expected.keys() - names)]
    for value in told.values:
        inputs = await venue.index_inputs(value.resource, day.isoformat())
        differences += _differences(value, inputs, expected.get(value.resource, []))
    return Checked(len(told.values), differences)


def _differences(
    value: IndexValueOut, inputs: IndexInputsOut, tape: list[tuple[str, int, int]]
) -> Iterator[str]:
    rows = [
        Row(TradeId(row.trade), row.volume_milli_card_seconds, row.cost_micro_yuan, row.pair)
        for row in inputs.rows
    ]
    if [(row.trade, row.volume, row.cost) for row in rows] != tape:
        yield f"{value.resource}: its rows are not those of the tape."
    resource = Resource(None if value.chip is None else ChipCode(value.chip), value.place, value.tier)
    made = IndexValueOut.of(resource, value.day, value_of(str(resource), value.day, rows))
    if made != value or inputs.value != value:
        yield f"{value.resource}: its rows make {made}, and it says {value}."


async def _expected(venue: Client, day: date) -> dict[str, list[tuple[str, int, int]]]:
    """What the tape of a day makes of each resource: id, volume and cost of its trades, in order."""
    chips, regions = await venue.chips(), await venue.regions()
    known = Map({one.code: one.weight_milli for one in chips}, {one.code: one.hub for one in regions})
    rows: dict[str, list[tuple[str, int, int]]] = {}
    for trade in reversed([one async for one in _tape(venue, day)]):
        for resource, volume in known.counts_for(trade):
            rows.setdefault(resource, []).append((trade.id, volume, trade.cost_micro_yuan))
    return rows


async def _tape(venue: Client, day: date) -> AsyncIterator[TradeOut]:
    offset = timedelta(minutes=(await venue.terms()).utc_offset_minutes)
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC) - offset
    start, end = (f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in (begins, begins + timedelta(days=1)))
    cursor = None
    while True:
        page = await venue.trades(PAGE, cursor, start=start, end=end)
        for trade in page.items:
            yield trade
        if (cursor := page.next) is None:
            return
