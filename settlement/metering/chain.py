"""A meter's chain: the bytes of a reading, and the link that ties it to every reading before.

A link is SHA-256 over the link before and the bytes of a reading. So whoever signs the last link of a batch signs each
reading of it, and all that the meter has ever said.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NewType

from settlement.meters import Meter

Link = NewType("Link", bytes)  # 32 bytes

GENESIS = Link(bytes(32))
"""What the first reading under a meter's first key is tied to."""

_READING, _BATCH = b"suanli reading 1", b"suanli batch 1"
"""What the bytes begin with, so that none of one kind can be taken for the other; or for another version's."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a meter has counted of a subject, a lease or contract, from an instant on (UTC seconds).

    `number` is the meter's own, one after the other. The counts are by kind, in an order that never changes.
    """

    number: int
    subject: str
    at: int
    counts: tuple[tuple[Meter, int], ...]


@dataclass(frozen=True, slots=True)
class Chained:
    """A reading's place in its chain: what it is tied to, and its own link."""

    previous: Link
    link: Link


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings of one meter whose numbers follow each other, and the link that the first of them is tied to."""

    seller: str
    meter: str
    previous: Link
    readings: tuple[Reading, ...]

    @property
    def first(self) -> int:
        """The number of the first reading."""
        return self.readings[0].number

    @property
    def last(self) -> int:
        """The number of the last reading."""
        return self.readings[-1].number


def reading_bytes(seller: str, meter: str, reading: Reading) -> bytes:
    """The one way in which a reading is written: a line for each part of it, in ASCII."""
    counts = (f"{kind} {count}" for kind, count in reading.counts)
    lines = (seller, meter, str(reading.number), reading.subject, str(reading.at), *counts)
    return b"\n".join((_READING, *(line.encode() for line in lines)))


def links(seller: str, meter: str, previous: Link, readings: Iterable[Reading]) -> Iterator[Link]:
    """The link of each reading, in order."""
    for reading in readings:
        previous = Link(hashlib.sha256(previous + reading_bytes(seller, meter, reading)).digest())
        yield previous


def chained(batch: Batch) -> list[Chained]:
    """The place of each of a batch's readings in the chain that the batch says it is."""
    made = list(links(batch.seller, batch.meter, batch.previous, batch.readings))
    return [Chained(*pair) for pair in zip([batch.previous, *made], made, strict=False)]


def signed_bytes(last: Link) -> bytes:
    """What a seller signs of a batch: the link of its last reading, and through it all the others."""
    return _BATCH + b"\n" + last
