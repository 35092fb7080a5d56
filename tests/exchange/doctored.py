"""Logs with something wrong in them: what a venue has told, changed on purpose, and what the audit finds in it."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from exchange.checks.leasing import Leasing
from exchange.commands import Envelope
from exchange.events import Event
from exchange.persistence.codec import decode_event, encode
from tests.exchange.house import YUAN, House

T = TypeVar("T")
Log = list[tuple[Envelope, list[Event]]]
"""Each command and its events."""


def replace(value: T, **changes: Any) -> T:
    """The same value with other figures, be it the market's word or the venue's."""
    if isinstance(value, Struct):
        return msgspec.structs.replace(value, **changes)
    return dataclasses.replace(value, **changes)  # type: ignore[type-var]  # what is no word of the market's is one of these


def house_with_a_lease() -> House:
    """Two cards for four hours in lots of two, at two prices, within an order for one or two."""
    house = House()
    house.offer(steps={0: 10 * YUAN, 4: 7 * YUAN}, lot=2, cards=4, min_slots=2)
    house.place(slots=4, window=(2, 8), cards=(1, 2), limit=9 * YUAN)
    return house


def log_of(house: House) -> Log:
    return [(envelope, [event for event, _ in happened]) for _, envelope, happened in house.log]


def told_of(log: Log) -> list[str]:
    """What is told of a log."""
    leasing = Leasing()
    for seq, (asked, events) in enumerate(log, start=1):
        leasing.see(seq, asked, events)
    return [difference for findings in leasing.all_findings() for difference in findings.differences]


def doctored(log: Log, kind: type[T], change: Callable[[T], T | None], nth: int | None = None) -> Log:
    """The log with its events of a kind changed, or without them where there is no other; or with the nth changed."""
    met = -1

    def changed(event: Event) -> Iterator[Event]:
        nonlocal met
        met += isinstance(event, kind)
        if not isinstance(event, kind) or nth not in {None, met}:
            yield event
        elif (other := change(event)) is not None:
            yield other  # type: ignore[misc]  # what a change makes of an event is one

    return [(asked, [other for event in events for other in changed(event)]) for asked, events in log]


def dropped(log: Log, kind: type[Event], nth: int | None = None) -> Log:
    return doctored(log, kind, lambda _: None, nth)


def figures(event: Event) -> Iterator[tuple[str, Event]]:
    """Every event that differs from this one in one figure, which is one more; and the path to it."""
    kind, body = encode(event)
    plain = msgspec.json.decode(body)
    for path in _paths(plain):
        yield "/".join(map(str, path)), decode_event(kind, msgspec.json.encode(_more(plain, path)))


def _paths(plain: Any) -> Iterator[tuple[str | int, ...]]:
    if type(plain) is int:
        yield ()
    elif isinstance(plain, dict | list):
        for key, part in plain.items() if isinstance(plain, dict) else enumerate(plain):
            yield from ((key, *path) for path in _paths(part))


def _more(plain: Any, path: tuple[str | int, ...]) -> Any:
    if not path:
        return plain + 1
    copy = plain.copy()
    copy[path[0]] = _more(plain[path[0]], path[1:])
    return copy
