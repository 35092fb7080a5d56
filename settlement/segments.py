"""Cutting a lease into segments: runs of slots that are billed alike, by price, service period and agreement.

Those that are billed alike may lie apart, as the nights of a lease that costs less at night: the closing job adds them up.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from settlement.agreements import PairAgreement
from settlement.money import ceil_div

Span = tuple[int, int]  # slots, half open


@dataclass(frozen=True, slots=True)
class ServicePeriod:
    """The period in which capacity was delivered: slots from `start` until before `end`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LeaseShape:
    """What of a lease decides its segments. `runs` are (start, end, price), in slots and micro-yuan per card-slot."""

    id: str
    source: str
    destination: str
    cards: int
    runs: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """Slots of one lease from `start` until before `end` that share a price, a service period and an agreement."""

    lease: str
    service_period: str
    price: int
    agreement: tuple[str, int] | None
    cards: int
    start: int
    end: int

    @property
    def name(self) -> str:
        """All of its lease that is billed alike has this name: service period, price and agreement."""
        return segment_name(self.service_period, self.price, self.agreement)


def segment_name(service_period: str, price: int, agreement: tuple[str, int] | None) -> str:
    """The name under which usage that is billed alike is summed, such as `2026-01/12340000/east-west@1`."""
    named = [] if agreement is None else ["{}@{}".format(*agreement)]
    return "/".join([service_period, str(price), *named])


def segments(
    lease: LeaseShape,
    periods: Iterable[ServicePeriod],
    agreements: Sequence[PairAgreement],
    slot_seconds: int,
) -> Iterator[Segment]:
    """Cut a lease's slots within `periods`. A slot falls under what is in force when it begins."""
    in_force = [
        (agreement, _slots_of(agreement, slot_seconds))
        for agreement in agreements
        if (agreement.source, agreement.destination) == (lease.source, lease.destination)
    ]
    for period in periods:
        for start, end, price in lease.runs:
            within = _overlap((start, end), (period.start, period.end))
            for part, agreement in _by_agreement(within, in_force):
                named = None if agreement is None else (agreement.id, agreement.version)
                yield Segment(lease.id, period.name, price, named, lease.cards, *part)


def _by_agreement(
    span: Span, in_force: Iterable[tuple[PairAgreement, Span]]
) -> Iterator[tuple[Span, PairAgreement | None]]:
    """A span cut where agreements begin and end. Agreements of one pair never overlap."""
    reached, end = span
    for agreement, valid in sorted(in_force, key=lambda known: known[1]):
        start, until = _overlap((reached, end), valid)
        if start >= until:
            continue
        if reached < start:
            yield (reached, start), None
        yield (start, until), agreement
        reached = until
    if reached < end:
        yield (reached, end), None


def _slots_of(agreement: PairAgreement, slot_seconds: int) -> Span:
    """The slots that begin while an agreement is in force."""
    forever = 1 << 62
    until = forever if agreement.valid_to is None else ceil_div(agreement.valid_to, slot_seconds)
    return ceil_div(agreement.valid_from, slot_seconds), until


def _overlap(left: Span, right: Span) -> Span:
    return max(left[0], right[0]), min(left[1], right[1])
