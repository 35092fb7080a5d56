"""Turns an instant into the time on the wall where it matters; times without a zone are refused."""

from datetime import datetime
from zoneinfo import ZoneInfo


def local_time(instant: datetime, zone: ZoneInfo) -> datetime:
    """The same instant in `zone`."""
    refuse_naive(instant)
    return instant.astimezone(zone)


def refuse_naive(time: datetime) -> None:
    """Raise ValueError for a time without a zone: it would silently be read as this machine's."""
    if time.tzinfo is None:
        raise ValueError(f"a time without a zone: {time.isoformat()}")
