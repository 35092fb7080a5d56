"""What parties of an agreement count, period by period: the statements' sums beside those of the memo ledger."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from exchange.app import Exchange
from exchange.persistence.queries import regions as queries
from exchange.persistence.queries.regions import SharedFigure, SharedPeriod
from settlement.agreements import PairAgreement
from settlement.ledger.chart import AccountKind
from settlement.money import BasisPoints
from settlement.quarters import SHARED_KINDS

KINDS = SHARED_KINDS


@dataclass(frozen=True, slots=True)
class Shared:
    """One kind of figure: what was to be shared, by the statements, and each party's part of it, by the memo ledger."""

    kind: AccountKind
    base: int
    parts: Mapping[str, int]

    @property
    def adds_up(self) -> bool:
        """Whether the two books say the same, to the fen."""
        return self.base == sum(self.parts.values())


@dataclass(frozen=True, slots=True)
class SharedRow:
    """One period under one agreement."""

    period: SharedPeriod
    shared: Sequence[Shared]


@dataclass(frozen=True, slots=True)
class AgreementTable:
    """An agreement with its closed periods, newest first."""

    agreement: PairAgreement
    rows: Sequence[SharedRow]

    @property
    def total(self) -> list[Shared]:
        """The sum of the periods, by kind."""
        return [self._added(kind) for kind in KINDS]

    @property
    def adds_up(self) -> bool:
        """Whether every figure does."""
        return all(one.adds_up for row in self.rows for one in row.shared)

    def within(self, months: Container[str]) -> "AgreementTable":
        """The same agreement with some months alone."""
        return AgreementTable(self.agreement, [row for row in self.rows if row.period.period in months])

    def _added(self, kind: AccountKind) -> Shared:
        shared = [one for row in self.rows for one in row.shared if one.kind is kind]
        parts = {region: sum(one.parts[region] for one in shared) for region in self.agreement.parties}
        return Shared(kind, sum(one.base for one in shared), parts)


async def tables_of(exchange: Exchange, agreements: Sequence[PairAgreement]) -> list[AgreementTable]:
    """Some agreements with all their periods."""
    named = [name_of(agreement) for agreement in agreements]
    figures = await queries.shared_figures(exchange.readers, named)
    periods = await queries.shared_periods(exchange.readers, named)
    return [_table(agreement, figures, periods) for agreement in agreements]


def _table(
    agreement: PairAgreement, figures: Iterable[SharedFigure], periods: Iterable[SharedPeriod]
) -> AgreementTable:
    rows = [
        SharedRow(period, [_shared(kind, period, agreement, figures) for kind in KINDS])
        for period in periods
        if period.agreement == name_of(agreement)
    ]
    return AgreementTable(agreement, rows)


def _shared(
    kind: AccountKind, period: SharedPeriod, agreement: PairAgreement, figures: Iterable[SharedFigure]
) -> Shared:
    """One kind of figure in one period."""
    parts = dict.fromkeys(agreement.parties, 0)
    for one in figures:
        if (one.agreement, one.run, one.kind) == (period.agreement, period.run, kind):
            parts[one.region] += one.amount
    return Shared(kind, _base(kind, period), parts)


def _base(kind: AccountKind, period: SharedPeriod) -> int:
    """What there was to share."""
    bases = {
        AccountKind.REVENUE: period.net,
        AccountKind.TAX: period.local_retained,
        AccountKind.GDP: period.gdp_base,
    }
    return bases[kind]


def name_of(agreement: PairAgreement) -> str:
    """How statement lines and the ledger name a version of an agreement."""
    return f"{agreement.id}/{agreement.version}"


def own_shares(agreement: PairAgreement, kind: AccountKind) -> tuple[BasisPoints, ...]:
    """The shares of a kind that an agreement gives its parties, in their order."""
    shares = agreement.shares
    return {AccountKind.REVENUE: shares.revenue, AccountKind.TAX: shares.tax, AccountKind.GDP: shares.gdp}[
        kind
    ]
