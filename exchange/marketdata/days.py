"""The index as it is asked for: a day that is over never changes, so it is worked out once and kept."""

import asyncio
from collections.abc import Mapping
from datetime import date, timedelta

from exchange.catalogue.catalogue import Catalogue
from exchange.marketdata.index import Row, Value, value_of
from exchange.marketdata.resources import (
    Resource,
    day_of,
    parse_resource,
    rows_by_resource,
    slots_of,
)
from exchange.persistence.database import Pool
from exchange.persistence.queries.market import clock
from exchange.persistence.queries.tape import first_trade, parted

Values = Mapping[Resource, Value]
RowsOf = Mapping[Resource, list[Row]]


class IndexDays:
    """The values of every day that is over by the venue's clock, made from the tape when somebody asks for them."""

    def __init__(self, readers: Pool, catalogue: Catalogue) -> None:
        self._readers = readers
        self._catalogue = catalogue
        self._kept: dict[date, Values] = {}
        self._rows: tuple[date, RowsOf] | None = None
        self._one_at_a_time = asyncio.Lock()

    def resource(self, text: str) -> Resource:
        """What a text names; raises ValueError where that is nothing."""
        return parse_resource(text, self._catalogue)

    async def span(self) -> tuple[date, date] | None:
        """The day of the first trade and the last day that is over, or None where no day with a trade is over yet."""
        now, first = await clock(self._readers), await first_trade(self._readers)
        if first is None:
            return None
        begins = day_of(now.terms.instant_of(first), now.terms)
        last = day_of(now.instant, now.terms) - timedelta(days=1)
        return (begins, last) if begins <= last else None

    async def values(self, day: date) -> Values:
        """The values of all resources that were traded on a day that is over."""
        async with self._one_at_a_time:
            if day not in self._kept:
                rows = await self._rows_of(day)
                self._kept[day] = await asyncio.to_thread(_valued, day, rows)
            return self._kept[day]

    async def value(self, day: date, resource: Resource) -> Value:
        """The value of one resource on a day that is over."""
        known = (await self.values(day)).get(resource)
        return value_of(str(resource), day, []) if known is None else known

    async def rows(self, day: date, resource: Resource) -> list[Row]:
        """What a value was made of."""
        async with self._one_at_a_time:
            return (await self._rows_of(day)).get(resource, [])

    async def _rows_of(self, day: date) -> RowsOf:
        """The rows of a day. Those that were asked for last are kept, since who checks a day asks for all of them."""
        if self._rows is None or self._rows[0] != day:
            terms = (await clock(self._readers)).terms
            trades = await parted(self._readers, *slots_of(day, terms))
            rows = await asyncio.to_thread(rows_by_resource, trades, self._catalogue, terms)
            self._rows = day, rows
        return self._rows[1]


def _valued(day: date, rows: RowsOf) -> Values:
    return {resource: value_of(str(resource), day, some) for resource, some in rows.items()}
