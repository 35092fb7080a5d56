"""A pair's quarter: the figures that regions agree to, of each kind and for each party.

What was computed, what was agreed and what was recognised are three things; none of them is ever made of another.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from settlement.agreements import PairAgreement
from settlement.ledger.chart import AccountKind
from settlement.money import Fen

SHARED_KINDS = (AccountKind.REVENUE, AccountKind.TAX, AccountKind.GDP)
"""What a quarter has figures of. Of emissions there are shares, and no quantity yet."""


Version = tuple[str, int]
"""A version of an agreement: its id and number."""


@dataclass(frozen=True, slots=True)
class PairQuarter:
    """A quarter such as `2026-Q4` between a source and a destination (GB/T 2260)."""

    source: str
    destination: str
    quarter: str


@dataclass(frozen=True, slots=True)
class Figure:
    """What one party counts of one kind."""

    kind: AccountKind
    region: str
    fen: Fen


@dataclass(frozen=True, slots=True)
class QuarterFigures:
    """All figures of a quarter: kind by kind, and within a kind in the order of the parties."""

    pair: PairQuarter
    figures: tuple[Figure, ...]

    def are_for(self, parties: Iterable[str]) -> bool:
        """Is there one figure of each kind for each of these parties, in this order?"""
        places = [(kind, region) for kind in SHARED_KINDS for region in parties]
        return [(figure.kind, figure.region) for figure in self.figures] == places


def added(posted: QuarterFigures, refunded: QuarterFigures) -> QuarterFigures:
    """What a quarter came to: what its statements gave regions to count, and what refunds made in it took back of any."""
    return QuarterFigures(
        posted.pair,
        tuple(
            Figure(one.kind, one.region, Fen(one.fen + other.fen))
            for one, other in zip(posted.figures, refunded.figures, strict=True)
        ),
    )


def parties_between(
    agreements: Iterable[PairAgreement],
    pair: PairQuarter,
    begins: int,
    ends: int,
    booked: Container[Version] = (),
) -> tuple[str, ...]:
    """The parties of a pair's agreements that were in force at any time within [begins, ends); empty if there was none.

    With them those of versions under which something was `booked` then: a late line, or a refund. The source first, the
    destination last, and regions of transit between in the order in which they came in.
    """
    concerned = [
        agreement
        for agreement in agreements
        if (agreement.source, agreement.destination) == (pair.source, pair.destination)
        and (
            (agreement.id, agreement.version) in booked
            or (agreement.valid_from < ends and (agreement.valid_to is None or begins < agreement.valid_to))
        )
    ]
    transit = dict.fromkeys(region for agreement in concerned for region in agreement.parties[1:-1])
    return (pair.source, *transit, pair.destination) if concerned else ()
