"""The figures of a pair's quarter, kind by kind and party by party, as its page and its file show them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exchange.persistence.queries.power import PairEmitted
from exchange.persistence.queries.quarters import QuarterSides
from settlement.agreements import PairAgreement
from settlement.ledger.chart import AccountKind
from settlement.money import BasisPoints
from web.desks.shared import AgreementTable, own_shares
from web.pages.charts import FlowChart, flow_chart


@dataclass(frozen=True, slots=True)
class Part:
    """What one party counts of one kind, in fen: by the memo ledger, as agreed, and as recognised; and its shares.

    The ledger has what statements `posted`, and what was `refunded` in the quarter, which is below zero. `shares` are
    those of the agreement, version by version. None where nothing is agreed, or no document recognises it.
    """

    region: str
    shares: Sequence[BasisPoints]
    posted: int
    refunded: int = 0
    agreed: int | None = None
    recognised: int | None = None

    @property
    def computed(self) -> int:
        """What is left."""
        return self.posted + self.refunded

    @property
    def agreed_less_computed(self) -> int | None:
        """What was agreed beyond what was computed."""
        return None if self.agreed is None else self.agreed - self.computed

    @property
    def recognised_less_agreed(self) -> int | None:
        """What is recognised beyond what was agreed."""
        return None if self.agreed is None or self.recognised is None else self.recognised - self.agreed


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind over the quarter: what there was to share by the statements, the parties' parts, and how it flowed."""

    kind: AccountKind
    base: int
    parts: Sequence[Part]
    flow: FlowChart | None

    @property
    def refunded(self) -> int:
        """What refunds took off all parts."""
        return sum(part.refunded for part in self.parts)

    @property
    def adds_up(self) -> bool:
        """Whether the two books say the same, to the fen."""
        return self.base == sum(part.computed for part in self.parts)


@dataclass(frozen=True, slots=True)
class CarbonPart:
    """What one party counts of emissions, in grams by the carbon book, and its shares, version by version."""

    region: str
    shares: Sequence[BasisPoints]
    grams: int


@dataclass(frozen=True, slots=True)
class Carbon:
    """Emissions over the quarter: what lines under the agreements emitted, the parties' parts, and how it flowed."""

    found: PairEmitted
    parts: Sequence[CarbonPart]
    flow: FlowChart | None


def kind_of(kind: AccountKind, tables: Sequence[AgreementTable], sides: QuarterSides) -> Kind:
    """One kind under some versions: what statements gave to share, and what each party counts of it."""
    posted = [one for table in tables for one in table.posted if one.kind is kind]
    refunded = [one for table in tables for one in table.refunded if one.kind is kind]
    parts = [
        Part(
            region,
            shares,
            sum(one.parts.get(region, 0) for one in posted),
            sum(one.parts.get(region, 0) for one in refunded),
            sides.agreed_of(kind, region),
            sides.recognised_of(kind, region),
        )
        for region, shares in _shares_of(tables, lambda agreement: own_shares(agreement, kind)).items()
    ]
    flow = flow_chart([part.computed for part in parts])
    return Kind(kind, sum(one.base for one in (*posted, *refunded)), parts, flow)


def carbon_of(tables: Sequence[AgreementTable], found: PairEmitted) -> Carbon:
    """What was emitted, and what the carbon book gave each party of it: nothing where nothing was agreed about it."""
    shares = _shares_of(tables, lambda agreement: agreement.shares.carbon)
    parts = [CarbonPart(region, told, found.parts.get(region, 0)) for region, told in shares.items()]
    return Carbon(found, parts, flow_chart([part.grams for part in parts]))


def _shares_of(
    tables: Sequence[AgreementTable], shares_of: Callable[[PairAgreement], Sequence[BasisPoints]]
) -> dict[str, list[BasisPoints]]:
    """Every party's shares, version by version: the source first, the destination last."""
    ends = {tables[0].agreement.source, tables[0].agreement.destination}
    between = [code for table in tables for code in table.agreement.parties if code not in ends]
    found: dict[str, list[BasisPoints]] = {
        code: [] for code in (tables[0].agreement.source, *between, tables[0].agreement.destination)
    }
    for table in tables:
        # Where nothing was agreed about emissions, there are no shares.
        for code, share in zip(table.agreement.parties, shares_of(table.agreement), strict=False):
            found[code].append(share)
    return found
