"""Periods of settlement: calendar months, named like `2026-01`, at the venue's offset from UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from exchange.names import Instant


@dataclass(frozen=True, slots=True)
class Period:
    """A month, from `begins` until before `ends`."""

    name: str
    begins: Instant
    ends: Instant


def period_named(name: str, utc_offset_seconds: int) -> Period | None:
    """The month that a name stands for, or None where it is no name of one."""
    year, dash, month = name.partition("-")
    if not (
        dash and len(year) == 4 and len(month) == 2 and (year + month).isascii() and (year + month).isdigit()
    ):
        return None
    if not (2000 <= int(year) <= 2200 and 1 <= int(month) <= 12):
        return None
    first = datetime(int(year), int(month), 1, tzinfo=UTC)
    following = datetime(first.year + first.month // 12, first.month % 12 + 1, 1, tzinfo=UTC)
    return Period(name, _instant(first, utc_offset_seconds), _instant(following, utc_offset_seconds))


def quarter_named(name: str, utc_offset_seconds: int) -> Period | None:
    """The quarter that a name such as `2026-Q4` stands for, or None where it is no name of one."""
    year, _, number = name.partition("-Q")
    months = {"1": ("01", "03"), "2": ("04", "06"), "3": ("07", "09"), "4": ("10", "12")}.get(
        number, ("", "")
    )
    first, last = (period_named(f"{year}-{month}", utc_offset_seconds) for month in months)
    return None if first is None or last is None else Period(name, first.begins, last.ends)


def quarter_of(month: str) -> str:
    """The quarter that a month such as `2026-10` lies in: `2026-Q4`."""
    year, _, number = month.partition("-")
    return f"{year}-Q{(int(number) + 2) // 3}"


def months_of(quarter: str) -> list[str]:
    """The months of a quarter such as `2026-Q4`, or none where it is no name of one."""
    known = quarter_named(quarter, 0)
    return [] if known is None else [month.name for month in periods_between(known.begins, known.ends, 0)]


def period_of(instant: int, utc_offset_seconds: int) -> Period:
    """The month that an instant lies in."""
    local = datetime.fromtimestamp(instant, UTC) + timedelta(seconds=utc_offset_seconds)
    period = period_named(f"{local:%Y-%m}", utc_offset_seconds)
    assert period is not None, "every instant lies in a month"
    return period


def periods_between(begins: int, ends: int, utc_offset_seconds: int) -> list[Period]:
    """The months that [begins, ends) touches, in order."""
    periods = []
    while begins < ends:
        periods.append(period_of(begins, utc_offset_seconds))
        begins = periods[-1].ends
    return periods


def _instant(local_midnight: datetime, utc_offset_seconds: int) -> Instant:
    return Instant(int(local_midnight.timestamp()) - utc_offset_seconds)
