"""What parties of an agreement count, period by period: the statements' sums beside those of the memo ledger."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from exchange.app import Exchange
from exchange.persistence.queries import regions as queries
from exchange.persistence.queries.regions import SharedFigure, SharedPeriod, SharedRefunds
from settlement.agreements import PairAgreement
from settlement.ledger.chart import AccountKind
from settlement.money import BasisPoints
from settlement.quarters import SHARED_KINDS

KINDS = SHARED_KINDS

Row = TypeVar("Row", SharedPeriod, SharedRefunds)


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
class RefundedRow:
    """What the refunds of one month took off lines under one agreement, of whichever month these are."""

    period: SharedRefunds
    shared: Sequence[Shared]


@dataclass(frozen=True, slots=True)
class AgreementTable:
    """An agreement with its closed periods, and with the months in which its lines were refunded, newest first."""

    agreement: PairAgreement
    rows: Sequence[SharedRow]
    refunds: Sequence[RefundedRow] = ()

    @property
    def posted(self) -> list[Shared]:
        """The sum of the periods, by kind."""
        return [self._added(kind, self.rows) for kind in KINDS]

    @property
    def refunded(self) -> list[Shared]:
        """The sum of what refunds took off, by kind."""
        return [self._added(kind, self.refunds) for kind in KINDS]

    @property
    def total(self) -> list[Shared]:
        """What is left, by kind."""
        return [self._added(kind, self.all_rows) for kind in KINDS]

    @property
    def adds_up(self) -> bool:
        """Whether every figure does."""
        return all(one.adds_up for row in self.all_rows for one in row.shared)

    @property
    def all_rows(self) -> list[SharedRow | RefundedRow]:
        """What statements gave to share, and what refunds took off."""
        return [*self.rows, *self.refunds]

    def within(self, months: Container[str]) -> "AgreementTable":
        """The same agreement with some months alone."""
        return AgreementTable(
            self.agreement,
            [row for row in self.rows if row.period.period in months],
            [row for row in self.refunds if row.period.period in months],
        )

    def _added(self, kind: AccountKind, rows: Sequence[SharedRow | RefundedRow]) -> Shared:
        shared = [one for row in rows for one in row.shared if one.kind is kind]
        parts = {region: sum(one.parts[region] for one in shared) for region in self.agreement.parties}
        return Shared(kind, sum(one.base for one in shared), parts)


async def tables_of(exchange: Exchange, agreements: Sequence[PairAgreement]) -> list[AgreementTable]:
    """Some agreements with all their periods and refunds."""
    named, readers = [name_of(agreement) for agreement in agreements], exchange.readers
    posted = await queries.shared_figures(readers, named), await queries.shared_periods(readers, named)
    refunded = await queries.refunded_figures(readers, named), await queries.shared_refunds(readers, named)
    return [
        AgreementTable(
            agreement,
            [SharedRow(period, shared) for period, shared in _rows(agreement, *posted)],
            [RefundedRow(period, shared) for period, shared in _rows(agreement, *refunded)],
        )
        for agreement in agreements
    ]


def _rows(
    agreement: PairAgreement, figures: Sequence[SharedFigure], periods: Iterable[Row]
) -> Iterator[tuple[Row, list[Shared]]]:
    """What an agreement's periods have to share, and what the memo ledger has of each."""
    for period in periods:
        if period.agreement == name_of(agreement):
            yield period, [_shared(kind, period, agreement, figures) for kind in KINDS]


def _shared(
    kind: AccountKind,
    period: SharedPeriod | SharedRefunds,
    agreement: PairAgreement,
    figures: Iterable[SharedFigure],
) -> Shared:
    """One kind of figure in one period."""
    parts = dict.fromkeys(agreement.parties, 0)
    for one in figures:
        if (one.agreement, one.period, one.kind) == (period.agreement, period.period, kind):
            parts[one.region] += one.amount
    return Shared(kind, _base(kind, period), parts)


def _base(kind: AccountKind, period: SharedPeriod | SharedRefunds) -> int:
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
