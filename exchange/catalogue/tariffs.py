"""When power is dear and when it is cheap: the calendars by which work is shifted to the off-peak hours.

A calendar gives every hour of the day, month by month, one of four periods. It holds hours and not prices, because
prices differ by voltage and customer while the hours are a province's own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

from exchange.catalogue.localtime import refuse_naive
from exchange.catalogue.tables import Row, read_rows

TABLE = "tariffs.csv"
COLUMNS = ("calendar", "months", "period", "start_hour", "end_hour")
MONTHS = range(1, 13)
HOURS = range(24)

TariffCode = NewType("TariffCode", str)


class TariffPeriod(StrEnum):
    """How dear power is, from dearest to cheapest."""

    TIP = "tip"
    """尖峰: the dearest hours of the hottest or coldest months. It lies over the other periods."""
    PEAK = "peak"
    FLAT = "flat"
    VALLEY = "valley"


@dataclass(frozen=True, slots=True)
class TariffCalendar:
    """A period for each of the 24 local hours, for each of the twelve months."""

    code: TariffCode
    months: tuple[tuple[TariffPeriod, ...], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """One row of the table: from `start`, up to but not including `end`, in each of `months`."""

    row: Row
    months: tuple[int, ...]
    period: TariffPeriod
    start: int
    end: int

    def covered(self) -> tuple[int, ...]:
        """The hours from `start` to `end`; 23 to 7 runs through midnight, within the same month."""
        length = (self.end - self.start) % 24 or 24
        return tuple((self.start + passed) % 24 for passed in range(length))


def hours(calendar: TariffCalendar, month: int) -> tuple[TariffPeriod, ...]:
    """The 24 periods of a day in `month` (1 to 12), from midnight."""
    assert month in MONTHS, f"no such month: {month}"
    return calendar.months[month - 1]


def period_at(calendar: TariffCalendar, local: datetime) -> TariffPeriod:
    """The period in force at a time, given in the zone of the place where the power is used."""
    refuse_naive(local)
    return hours(calendar, local.month)[local.hour]


def read_calendars(text: str) -> Mapping[TariffCode, TariffCalendar]:
    """The calendars of the table, each complete and without contradiction."""
    spans: dict[TariffCode, list[Span]] = defaultdict(list)
    for row in read_rows(TABLE, text, COLUMNS):
        spans[TariffCode(row.text("calendar"))].append(_span(row))
    return MappingProxyType({code: _calendar(code, found) for code, found in spans.items()})


def _span(row: Row) -> Span:
    period = row.member("period", TariffPeriod)
    start, end = row.integer("start_hour", 0, 23), row.integer("end_hour", 1, 24)
    if start == end:
        raise row.fault(f"start_hour and end_hour are both {start}; a whole day is 0 to 24")
    return Span(row, tuple(_months(row)), period, start, end)


def _months(row: Row) -> Iterator[int]:
    """Months as people write them: `7-9`, or `1-6 10-12`."""
    for part in row.text("months").split():
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise row.fault(f"months are not like 7-9: {part!r}")
        months = range(int(first), int(last or first) + 1)
        if not months or months[0] not in MONTHS or months[-1] not in MONTHS:
            raise row.fault(f"no such months: {part!r}")
        yield from months


def _calendar(code: TariffCode, spans: list[Span]) -> TariffCalendar:
    ground = _painted(span for span in spans if span.period is not TariffPeriod.TIP)
    tips = _painted(span for span in spans if span.period is TariffPeriod.TIP)
    painted = ground | tips
    for month in MONTHS:
        for hour in HOURS:
            if (month, hour) not in painted:
                raise ValueError(f"{TABLE}: {code} says nothing of month {month} at {hour:02}:00")
    return TariffCalendar(code, tuple(tuple(painted[month, hour] for hour in HOURS) for month in MONTHS))


def _painted(spans: Iterable[Span]) -> dict[tuple[int, int], TariffPeriod]:
    """The period of each month and hour that the spans cover; none may be covered twice."""
    painted: dict[tuple[int, int], TariffPeriod] = {}
    for span in spans:
        for month in span.months:
            for hour in span.covered():
                if (month, hour) in painted:
                    raise span.row.fault(f"month {month} at {hour:02}:00 is given a second time")
                painted[month, hour] = span.period
    return painted
