"""What may be asked about a pair's quarter."""

from dataclasses import dataclass

from settlement.ledger.chart import AccountKind
from settlement.money import Fen
from settlement.quarters import PairQuarter, QuarterFigures


@dataclass(frozen=True, slots=True)
class ConfirmQuarter:
    """Agree to the figures of a quarter, for the region of whoever asks. `digest` is their SHA-256.

    Mostly they are those that were computed, but regions may agree to others. Once every party has confirmed the same
    ones, they are agreed.
    """

    figures: QuarterFigures
    key: str
    digest: str


@dataclass(frozen=True, slots=True)
class DisputeQuarter:
    """Say that a region does not agree, and why. It may confirm later."""

    pair: PairQuarter
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecogniseAmount:
    """Record what a finance office or statistics have recognised, by the reference of the document that says so.

    A correction is another document; its amount may be negative.
    """

    pair: PairQuarter
    region: str
    kind: AccountKind
    amount: Fen
    reference: str


QuarterCommand = ConfirmQuarter | DisputeQuarter | RecogniseAmount
