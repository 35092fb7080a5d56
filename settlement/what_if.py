"""What if: settled lines shared once more, under other terms, side by side with what was settled.

Nothing is changed by it. Every figure is accounting under the agreement: not a tax filing, and not official statistics.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from settlement.agreements import PairAgreement
from settlement.ledger.chart import AccountKind
from settlement.money import NOTHING, Fen
from settlement.statement import Attribution, RegionShares, attribution_of
from settlement.terms import SplitMethod


@dataclass(frozen=True, slots=True)
class SettledLine:
    """What of a stored line there was to share, and how it was shared."""

    net: Fen
    local_retained: Fen
    shared: Attribution


@dataclass(frozen=True, slots=True)
class Counted:
    """What there is to share of one kind, and each party's part of it, in the order of the parties."""

    base: Fen
    parts: tuple[Fen, ...]

    def __add__(self, other: "Counted") -> "Counted":
        parts = zip(self.parts, other.parts, strict=True)
        return Counted(Fen(self.base + other.base), tuple(Fen(one + another) for one, another in parts))


@dataclass(frozen=True, slots=True)
class Compared:
    """One kind of figure over some lines: as it was settled, and as it would have been."""

    kind: AccountKind
    settled: Counted
    other: Counted

    @property
    def base_difference(self) -> Fen:
        """How much more there would have been to share."""
        return Fen(self.other.base - self.settled.base)

    @property
    def differences(self) -> tuple[Fen, ...]:
        """How much more each party would have counted."""
        return tuple(
            Fen(other - settled) for settled, other in zip(self.settled.parts, self.other.parts, strict=True)
        )

    def __add__(self, other: "Compared") -> "Compared":
        assert self.kind is other.kind, "figures of one kind are added up"
        return Compared(self.kind, self.settled + other.settled, self.other + other.other)


Comparison = tuple[Compared, ...]
"""Revenue, tax and GDP, in this order. Emissions are not settled yet, so there is nothing to compare."""


def what_if(lines: Iterable[SettledLine], other: PairAgreement) -> Comparison:
    """Compare what some lines under one agreement came to with what they would have come to under `other`.

    `other` has the parties of the agreement. Lines are split one by one and then added up, as a statement is (F10): the
    agreement's own terms give what was settled, to the fen.
    """
    lines = list(lines)
    again = [attribution_of(line.net, line.local_retained, other, SplitMethod.CHAIN) for line in lines]
    settled = _counted(lines, [line.shared for line in lines], other.parties)
    tried = _counted(lines, again, other.parties)
    return tuple(Compared(kind, settled[kind], tried[kind]) for kind in settled)


def together(one: Comparison, another: Comparison) -> Comparison:
    """Two comparisons of different lines, added up: lines may come in pages."""
    return tuple(first + second for first, second in zip(one, another, strict=True))


def _counted(
    lines: Sequence[SettledLine], shared: Sequence[Attribution], parties: tuple[str, ...]
) -> dict[AccountKind, Counted]:
    """Add up what lines came to, shared in one way."""
    figures = {
        AccountKind.REVENUE: ([line.net for line in lines], [one.revenue for one in shared]),
        AccountKind.TAX: ([line.local_retained for line in lines], [one.tax for one in shared]),
        AccountKind.GDP: ([one.gdp_base for one in shared], [one.gdp for one in shared]),
    }
    return {
        kind: Counted(Fen(sum(bases)), _parts(regions, parties)) for kind, (bases, regions) in figures.items()
    }


def _parts(shares: Iterable[RegionShares], parties: tuple[str, ...]) -> tuple[Fen, ...]:
    """Every party's sum, in the order of the parties, also of no lines."""
    nothing = [NOTHING for _ in parties]
    columns = zip(nothing, *([fen for _, fen in regions] for regions in shares), strict=True)
    return tuple(Fen(sum(column)) for column in columns)
