"""Judges a batch of a meter against what is known of it: what may be billed, what is known already, what is disputed.

No finding stops the rest of its batch. What is doubted as a whole, for its signature or its chain, becomes no part of
what is known of the meter: the honest readings of those numbers can still come.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from settlement.metering.chain import GENESIS, Batch, Chained, Link, Reading, chained


class Finding(StrEnum):
    """What can be wrong with readings. All but a gap are about readings that are there."""

    BAD_SIGNATURE = "bad_signature"
    """The meter's key has not signed this batch."""
    BROKEN_CHAIN = "broken_chain"
    """What was said before or after these readings is something else than they are tied to."""
    ALTERED = "altered"
    """The meter has used these numbers for other readings."""
    OUTSIDE_TERM = "outside_term"
    """The time lies outside the lease or contract."""
    CLOCK_SKEW = "clock_skew"
    """The meter's clock runs ahead: the time lies more than a slot after the venue's."""
    MORE_THAN_LEASED = "more_than_leased"
    """More card-seconds than are leased."""
    GAP = "gap"
    """The meter has left numbers out."""


DOUBTED = frozenset({Finding.BAD_SIGNATURE, Finding.BROKEN_CHAIN, Finding.ALTERED})
"""Findings after which a reading is no part of the chain."""


class Passed(StrEnum):
    """What a reading is that nothing was found about."""

    NEW = "new"
    KNOWN = "known"


Verdict = Passed | Finding


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a meter: the number that its first key begins with, its greatest number so far, and its chain.

    `chain` has at least the numbers of the batch that is judged, the one before them and the one after, where known.
    """

    begins: int
    head: int
    chain: Mapping[int, Chained]


@dataclass(frozen=True, slots=True)
class Subject:
    """A lease or contract as a reading needs it: its time in UTC seconds, and the most that one reading can count."""

    begins: int
    ends: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Clock:
    """When the venue's present slot began, in UTC seconds, how long slots are, and how long the time of a reading is."""

    now: int
    slot_seconds: int
    span: int


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on each reading, its place in the chain, and the numbers that are missing before the batch."""

    verdicts: tuple[Verdict, ...]
    places: tuple[Chained, ...]
    gap: range

    @property
    def last_link(self) -> Link:
        """What the seller should have signed."""
        return self.places[-1].link


def judge(
    batch: Batch, known: Known, subjects: Mapping[str, Subject], clock: Clock, *, signed: bool
) -> Judged:
    """Judge a batch. `signed` says whether the key in force has signed its last link.

    A reading of an unknown subject passes: there is nobody to dispute it with, and whoever stores it refuses it.
    """
    places = tuple(chained(batch))
    if not signed:
        return Judged((Finding.BAD_SIGNATURE,) * len(places), places, range(0))
    verdicts = tuple(
        _plausible(reading, subjects, clock) if tied is Passed.NEW else tied
        for reading, tied in zip(batch.readings, _tied(batch, places, known), strict=True)
    )
    goes_on = any(verdict not in DOUBTED for verdict in verdicts)
    return Judged(verdicts, places, range(known.head + 1, batch.first) if goes_on else range(0))


def _tied(batch: Batch, places: Sequence[Chained], known: Known) -> Iterator[Verdict]:
    """Whether each reading is known, contradicts what is known, or is new and tied to it at both ends."""
    numbered = list(zip((reading.number for reading in batch.readings), places, strict=True))
    for is_known, run in groupby(numbered, key=lambda one: one[0] in known.chain):
        part = list(run)
        if is_known:
            yield from (
                Passed.KNOWN if known.chain[number] == place else Finding.ALTERED for number, place in part
            )
        else:
            verdict = Passed.NEW if _fits(part, known) else Finding.BROKEN_CHAIN
            yield from (verdict for _ in part)


def _fits(part: Sequence[tuple[int, Chained]], known: Known) -> bool:
    """Whether new readings follow what is known before them, and what is known after them follows."""
    (first, begins), (last, ends) = part[0], part[-1]
    before, after = known.chain.get(first - 1), known.chain.get(last + 1)
    if first == known.begins and begins.previous != GENESIS:
        return False
    follows = before is None or before.link == begins.previous
    return follows and (after is None or after.previous == ends.link)


def _plausible(reading: Reading, subjects: Mapping[str, Subject], clock: Clock) -> Verdict:
    """Whether a reading can be as it says, by its subject and the venue's clock."""
    subject = subjects.get(reading.subject)
    if subject is None:
        return Passed.NEW
    if not subject.begins <= reading.at < subject.ends:
        return Finding.OUTSIDE_TERM
    if reading.at + clock.span > clock.now + clock.slot_seconds:
        return Finding.CLOCK_SKEW
    if subject.most is not None and sum(count for _, count in reading.counts) > subject.most:
        return Finding.MORE_THAN_LEASED
    return Passed.NEW
