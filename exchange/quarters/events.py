"""What can happen to a pair's quarter: nothing of it changes what was computed."""

from dataclasses import dataclass

from exchange.names import Instant, PartyId
from exchange.state import Signature
from matching.terms import RegionCode
from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from settlement.quarters import PairQuarter, QuarterFigures


@dataclass(frozen=True, slots=True)
class QuarterConfirmed:
    """A region agrees to these figures."""

    figures: QuarterFigures
    signature: Signature


@dataclass(frozen=True, slots=True)
class QuarterAgreed:
    """Every party has confirmed the same figures: they are agreed, for good."""

    figures: QuarterFigures
    digest: str


@dataclass(frozen=True, slots=True)
class QuarterDisputed:
    """A region does not agree."""

    pair: PairQuarter
    region: RegionCode
    by: PartyId
    key: str
    at: Instant
    reason: str


@dataclass(frozen=True, slots=True)
class AmountRecognised:
    """A document recognises an amount as a region's."""

    pair: PairQuarter
    region: str
    kind: AccountKind
    amount: Fen
    reference: str
    by: PartyId
    at: Instant


QuarterEvent = QuarterConfirmed | QuarterAgreed | QuarterDisputed | AmountRecognised
