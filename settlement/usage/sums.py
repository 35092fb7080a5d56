"""The sums that every engine has to make: exact, alike to the last byte, and mergeable in any order."""

import gc
import hashlib
import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple, Protocol

from settlement.meters import Meter
from settlement.usage.records import UsageError

SUM_MAX = 10**38  # what 38 decimal digits hold: the least that any engine adds up exactly
TOO_LARGE = "A sum has more than 38 digits."


class Sum(NamedTuple):
    """What the records of one segment come to. `accumulated` adds up contracted quantity times price (F1)."""

    subject: str
    segment: str
    meter: Meter
    records: int
    contracted: int
    delivered: int
    accumulated: int


class UsageEngine(Protocol):
    """Adds usage up. It multiplies and adds, and never divides, rounds or splits: that is done once, in Python."""

    async def sums(self) -> list[Sum]:
        """One sum for each subject, segment and meter, in no order. Raises `UsageError`."""
        ...


def question(records: str, exact: str) -> str:
    """The one question that every engine is asked about a table of records. `exact` is its type for wide integers.

    The last column is 1 where the segment has holes: a sum alone would pass over them in silence.
    """
    return f"""
        SELECT subject, segment, meter, count(*), sum(CAST(contracted AS {exact})), sum(CAST(delivered AS {exact})),
            sum(CAST(contracted AS {exact}) * CAST(price AS {exact})),
            max(CASE WHEN contracted IS NULL OR delivered IS NULL OR price IS NULL THEN 1 ELSE 0 END)
        FROM {records} GROUP BY subject, segment, meter
    """  # noqa: S608 - both are an engine's own words


def sums_of(rows: Iterable[Sequence[object]]) -> list[Sum]:
    """An engine's answer as sums. Raises `UsageError` for whatever is not exact or not there.

    Python's collector rests meanwhile: it would walk over all of them again and again, and no sum refers in a circle.
    """
    resting = gc.isenabled()
    gc.disable()
    try:
        return [_sum(*row) for row in rows]
    finally:
        if resting:
            gc.enable()


_METERS = {str(meter): meter for meter in Meter}


def _sum(
    subject: object,
    segment: object,
    meter: object,
    records: object,
    contracted: object,
    delivered: object,
    accumulated: object,
    holed: object,
) -> Sum:
    known = _METERS.get(meter) if isinstance(meter, str) else None
    if holed or known is None or not isinstance(subject, str) or not isinstance(segment, str):
        raise UsageError(f"{subject} has records in {segment} that lack something, or are of no meter.")
    return Sum(
        subject, segment, known, _exact(records), _exact(contracted), _exact(delivered), _exact(accumulated)
    )


def _exact(value: object) -> int:
    """A Python integer. An engine may answer with a decimal that has no places, and with no other kind of number."""
    if type(value) is not int:
        if not isinstance(value, Decimal) or value != value.to_integral_value():
            raise UsageError(f"An engine answered {value!r}, which is no integer.")
        value = int(value)
    if not -SUM_MAX < value < SUM_MAX:
        raise UsageError(TOO_LARGE)
    return value


def merged(shards: Iterable[Iterable[Sum]]) -> list[Sum]:
    """The sums of the whole from those of its parts, in whatever order they come."""
    whole: dict[tuple[str, str, Meter], Sum] = {}
    for shard in shards:
        for part in shard:
            known = whole.get(part[:3])
            amounts = part[3:] if known is None else map(sum, zip(known[3:], part[3:], strict=True))
            whole[part[:3]] = Sum(*part[:3], *amounts)
    return list(whole.values())


def encoded(sums: Iterable[Sum]) -> bytes:
    """The one way to write sums: a JSON array a line, in the order of their keys."""
    lines = (json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in sorted(sums))
    return "".join(f"{line}\n" for line in lines).encode()


def digest(sums: Iterable[Sum]) -> str:
    """The SHA-256 by which the answers of two engines are compared."""
    return hashlib.sha256(encoded(sums)).hexdigest()
